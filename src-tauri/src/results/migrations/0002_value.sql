-- What an event is worth, in a column of its own: sums over visitors read it.
ALTER TABLE events ADD COLUMN value REAL;
UPDATE events SET value = json_extract(body, '$.value');

-- Has all that a sum needs, so that the rows, large as their bodies are, stay unread.
DROP INDEX outcomes;
CREATE INDEX outcomes ON events (site, name, visitor, ts, type, value, experiment)
WHERE type IN ('event', 'conversion') AND counts = 1 AND event_id IS NOT NULL;
