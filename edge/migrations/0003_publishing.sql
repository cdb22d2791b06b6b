-- Bodies that nobody needs any more are emptied, the oldest first.
CREATE INDEX changes_bodies ON changes (at) WHERE body <> '';
-- The newest change by a publication: while it stays, what is released stays.
ALTER TABLE meta ADD COLUMN released_seq INTEGER NOT NULL DEFAULT 0;
