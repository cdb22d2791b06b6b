-- When the edge took a change in, by its own clock: bodies are kept for a time after that, whatever the device's clock says.
-- What is here already is kept from today on.
ALTER TABLE changes ADD COLUMN stored_at INTEGER NOT NULL DEFAULT 0;
-- 1 for a change that a publication made. It keeps its body.
ALTER TABLE changes ADD COLUMN published INTEGER NOT NULL DEFAULT 0;
UPDATE changes SET stored_at = CAST(strftime('%s', 'now') AS INTEGER) * 1000,
  published = (substr(op_id, -length(doc_id) - 1) = ':' || doc_id);
DROP INDEX changes_bodies;
CREATE INDEX changes_bodies ON changes (stored_at) WHERE body <> '' AND published = 0;
