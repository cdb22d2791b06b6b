-- One workspace: its documents, every change of them (also the audit log), its keys and its publications.
CREATE TABLE meta (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  epoch TEXT NOT NULL,
  seq INTEGER NOT NULL
);
INSERT INTO meta (id, epoch, seq) VALUES (1, lower(hex(randomblob(16))), 0);

CREATE TABLE docs (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  rev INTEGER NOT NULL,
  seq INTEGER NOT NULL UNIQUE,
  deleted INTEGER NOT NULL,
  schema INTEGER NOT NULL,
  body TEXT NOT NULL
);
-- A key that is still empty is not taken by anybody.
CREATE UNIQUE INDEX docs_key ON docs (kind, key) WHERE deleted = 0 AND key <> '';

CREATE TABLE changes (
  seq INTEGER PRIMARY KEY,
  op_id TEXT NOT NULL UNIQUE,
  doc_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  rev INTEGER NOT NULL,
  base_rev INTEGER NOT NULL,
  device TEXT NOT NULL,
  actor TEXT NOT NULL,
  at INTEGER NOT NULL,
  deleted INTEGER NOT NULL,
  schema INTEGER NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (doc_id, rev)
);
-- The sequence number moves with the change itself, so that no statement can forget it.
CREATE TRIGGER changes_bump AFTER INSERT ON changes BEGIN
  UPDATE meta SET seq = NEW.seq;
END;

CREATE TABLE keys (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL UNIQUE,
  scopes TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER,
  revoked_at INTEGER
);

CREATE TABLE publications (
  id TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  hash TEXT NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL
);
CREATE INDEX publications_at ON publications (at);

CREATE TABLE pointer (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  publication_id TEXT NOT NULL REFERENCES publications (id)
);
