CREATE TABLE documents (
  id            TEXT PRIMARY KEY,
  kind          TEXT NOT NULL,
  key           TEXT NOT NULL,
  base_rev      INTEGER,
  base_seq      INTEGER,
  base_deleted  INTEGER,
  base_body     TEXT,
  local_body    TEXT NOT NULL,
  deleted_local INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL,
  conflict      TEXT,
  problems      TEXT NOT NULL
) STRICT;
CREATE INDEX documents_kind ON documents (kind, updated_at);

-- At most one op in flight for each document; its bytes never change.
CREATE TABLE outbox (
  op_id      TEXT PRIMARY KEY,
  doc_id     TEXT NOT NULL UNIQUE REFERENCES documents (id),
  bytes      TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE changes (
  seq    INTEGER PRIMARY KEY AUTOINCREMENT,
  doc_id TEXT NOT NULL REFERENCES documents (id),
  at     INTEGER NOT NULL,
  origin TEXT NOT NULL,
  body   TEXT NOT NULL
) STRICT;
CREATE INDEX changes_document ON changes (doc_id, seq);

CREATE TABLE cursor (
  id    INTEGER PRIMARY KEY CHECK (id = 1),
  epoch TEXT NOT NULL,
  seq   INTEGER NOT NULL,
  op_id TEXT NOT NULL
) STRICT;

CREATE TABLE settings (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;
