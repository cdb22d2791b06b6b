-- A revision's identity is its op id: numbers repeat themselves after a restore. It stands in the document, so that
-- old changes can go.
ALTER TABLE docs ADD COLUMN op_id TEXT NOT NULL DEFAULT '';
UPDATE docs SET op_id = COALESCE(
  (SELECT changes.op_id FROM changes WHERE changes.doc_id = docs.id AND changes.rev = docs.rev), '');
