-- What an event is worth, in a column of its own: sums over visitors read it.
ALTER TABLE events ADD COLUMN value REAL;
UPDATE events SET value = json_extract(body, '$.value');

DROP INDEX outcomes;
CREATE INDEX outcomes ON events (site, name, visitor, ts, value)
WHERE type IN ('event', 'conversion') AND counts = 1 AND event_id IS NOT NULL;
