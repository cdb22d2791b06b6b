-- The op id of the base, its identity; and what a person wrote without having seen what the edge had.
ALTER TABLE documents ADD COLUMN base_op TEXT NOT NULL DEFAULT '';
ALTER TABLE documents ADD COLUMN contested TEXT NOT NULL DEFAULT '[]';
-- The body that somebody else's newest revision brought.
ALTER TABLE documents ADD COLUMN pulled_body TEXT;
-- Whether the edge does not have it as it is here, and what lists show: written with every change, so that lists and
-- counts read no bodies. Rows of an older version are filled in when the file is opened.
ALTER TABLE documents ADD COLUMN pending INTEGER NOT NULL DEFAULT 1;
ALTER TABLE documents ADD COLUMN summary TEXT;
CREATE INDEX documents_pending ON documents (updated_at) WHERE pending = 1;
CREATE INDEX documents_conflict ON documents (id) WHERE conflict IS NOT NULL;
-- The newest revision that the edge told of.
CREATE INDEX documents_newest ON documents (base_seq);
-- An entry of the history covers the changes of one origin that follow each other quickly.
ALTER TABLE changes ADD COLUMN began_at INTEGER NOT NULL DEFAULT 0;
UPDATE changes SET began_at = at;
