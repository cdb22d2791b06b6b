-- A log has an identity of its own, so that a cursor is never continued in another edge's log; an event has its phase
-- and the site's own id in columns.
ALTER TABLE logs RENAME TO logs_2;
ALTER TABLE events RENAME TO events_2;
DROP INDEX exposures;
DROP INDEX outcomes;

CREATE TABLE logs (
    log     INTEGER PRIMARY KEY,
    site    TEXT    NOT NULL,
    -- The edge's id of the log; empty until the edge has named it.
    log_id  TEXT    NOT NULL,
    -- 1 for the log that the site's events are fetched from.
    current INTEGER NOT NULL,
    -- Unix milliseconds of the first fetch; NULL for a log of an older version.
    since   INTEGER,
    -- Complete up to here, apart from the gaps.
    head    INTEGER NOT NULL DEFAULT 0,
    events  INTEGER NOT NULL DEFAULT 0,
    as_of   INTEGER,
    UNIQUE (site, log_id)
) STRICT;

CREATE UNIQUE INDEX current_log ON logs (site) WHERE current = 1;

INSERT INTO logs (site, log_id, current, head, events, as_of) SELECT site, '', 1, head, events, as_of FROM logs_2;
INSERT INTO logs (site, log_id, current) SELECT DISTINCT site, '', 1 FROM events_2 WHERE site NOT IN (SELECT site FROM logs);
DROP TABLE logs_2;

CREATE TABLE gaps (
    log   INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last  INTEGER NOT NULL,
    -- Unix milliseconds: when it was found, and when the edge was last asked for it.
    since INTEGER NOT NULL,
    tried INTEGER NOT NULL,
    PRIMARY KEY (log, first)
) STRICT;

CREATE TABLE events (
    log        INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    site       TEXT    NOT NULL,
    -- NULL when the site's logs name the event twice: the number is taken, the event is not counted again.
    event_id   TEXT,
    ts         INTEGER NOT NULL,
    received   INTEGER NOT NULL,
    -- Empty for a line that this version cannot read.
    type       TEXT    NOT NULL,
    name       TEXT,
    visitor    TEXT    NOT NULL,
    experiment TEXT,
    variant    TEXT,
    phase      TEXT,
    -- The site's own id, such as an order number: counts once.
    id         TEXT,
    marks      TEXT    NOT NULL,
    counts     INTEGER NOT NULL,
    value      REAL,
    -- The line as the edge sent it.
    body       TEXT    NOT NULL,
    PRIMARY KEY (log, seq),
    UNIQUE (site, event_id)
) STRICT;

-- Scripts of version 0.1 send the phase, and sites an order's number, among the properties.
INSERT INTO events
    (log, seq, site, event_id, ts, received, type, name, visitor, experiment, variant, phase, id, marks, counts, value, body)
SELECT
    l.log, e.seq, e.site, e.event_id, e.ts,
    CASE WHEN json_valid(e.body) THEN coalesce(json_extract(e.body, '$.received_at'), e.ts) ELSE e.ts END,
    e.type, e.name, e.visitor, e.experiment, e.variant,
    CASE WHEN e.type IN ('exposure', 'conversion') AND json_valid(e.body) THEN (
        SELECT CAST(value AS TEXT) FROM json_each(e.body, '$.props')
        WHERE key = 'phase' AND type IN ('text', 'integer') AND value <> ''
    ) END,
    CASE WHEN e.type IN ('event', 'conversion') AND json_valid(e.body) THEN (
        SELECT CAST(value AS TEXT) FROM json_each(e.body, '$.props')
        WHERE key IN ('order_id', 'transaction_id') AND type IN ('text', 'integer') AND value <> '' ORDER BY key LIMIT 1
    ) END,
    e.marks, e.counts, e.value, e.body
FROM events_2 AS e JOIN logs AS l ON l.site = e.site
ORDER BY l.log, e.seq;
DROP TABLE events_2;

CREATE INDEX exposures ON events (site, experiment, counts, phase, visitor, ts, received, variant)
WHERE type = 'exposure' AND event_id IS NOT NULL;

-- Has all that a sum needs, so that the rows, large as their bodies are, stay unread.
CREATE INDEX outcomes ON events (site, name, visitor, ts, type, value, experiment, phase, id)
WHERE type IN ('event', 'conversion') AND counts = 1 AND event_id IS NOT NULL;

CREATE INDEX own_ids ON events (site, name, id, ts, seq, type, experiment)
WHERE type IN ('event', 'conversion') AND counts = 1 AND event_id IS NOT NULL AND id IS NOT NULL;

CREATE INDEX left_out ON events (site, name, visitor)
WHERE type IN ('event', 'conversion') AND counts = 0 AND event_id IS NOT NULL;

CREATE INDEX unreadable ON events (log) WHERE type = '';
