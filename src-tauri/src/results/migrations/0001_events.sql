-- events.db: every site's log as far as it was fetched, and what counting needs in columns of its own.
CREATE TABLE events (
    site       TEXT    NOT NULL,
    seq        INTEGER NOT NULL,
    -- NULL when the site's log names the event twice: the number is taken, the event is not counted again.
    event_id   TEXT,
    ts         INTEGER NOT NULL,
    type       TEXT    NOT NULL,
    name       TEXT,
    visitor    TEXT    NOT NULL,
    experiment TEXT,
    variant    TEXT,
    marks      TEXT    NOT NULL,
    counts     INTEGER NOT NULL,
    body       TEXT    NOT NULL,
    PRIMARY KEY (site, seq),
    UNIQUE (site, event_id)
) STRICT;

CREATE INDEX exposures ON events (site, experiment, counts, ts, visitor, variant)
WHERE type = 'exposure' AND event_id IS NOT NULL;

CREATE INDEX outcomes ON events (site, name, visitor, ts)
WHERE type IN ('event', 'conversion') AND counts = 1 AND event_id IS NOT NULL;

CREATE TABLE logs (
    site   TEXT    PRIMARY KEY,
    -- Complete up to here.
    head   INTEGER NOT NULL DEFAULT 0,
    events INTEGER NOT NULL DEFAULT 0,
    as_of  INTEGER
) STRICT;
