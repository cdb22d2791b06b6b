//! Every statement the edge runs on D1. Compare-and-swap lives in them, so the tests run the same texts.

/// The change of one op (`?1` op id, `?2` document, `?3` kind, `?4` key, `?5` base revision, `?6` device, `?7` actor,
/// `?8` at, `?9` deleted, `?10` schema, `?11` body, `?12` op id of the base revision or empty): only at its base
/// revision, and only with a key that is free.
pub const INSERT_CHANGE: &str = "
INSERT INTO changes (seq, op_id, doc_id, kind, key, rev, base_rev, device, actor, at, deleted, schema, body)
SELECT (SELECT seq + 1 FROM meta), ?1, ?2, ?3, ?4, ?5 + 1, ?5, ?6, ?7, ?8, ?9, ?10, ?11
WHERE ?5 = COALESCE((SELECT rev FROM docs WHERE id = ?2), 0)
  AND (?12 = '' OR ?12 = COALESCE((SELECT op_id FROM docs WHERE id = ?2), ''))
  AND (?9 = 1 OR ?4 = '' OR NOT EXISTS (
    SELECT 1 FROM docs WHERE kind = ?3 AND key = ?4 AND deleted = 0 AND id <> ?2))
ON CONFLICT (op_id) DO NOTHING";

/// The document from the change of op `?1`, only where it still stands at that change's base: a late duplicate must
/// not bring an old body back.
pub const UPSERT_DOCUMENT: &str = "
INSERT INTO docs (id, kind, key, rev, seq, op_id, deleted, schema, body)
SELECT doc_id, kind, key, rev, seq, op_id, deleted, schema, body FROM changes
WHERE op_id = ?1 AND base_rev = COALESCE((SELECT rev FROM docs WHERE id = changes.doc_id), 0)
ON CONFLICT (id) DO UPDATE SET key = excluded.key, rev = excluded.rev, seq = excluded.seq,
  op_id = excluded.op_id, deleted = excluded.deleted, schema = excluded.schema, body = excluded.body";

/// The change of op `?1`.
pub const SELECT_CHANGE: &str = "SELECT doc_id, rev, seq FROM changes WHERE op_id = ?1";

/// Document `?1`.
pub const SELECT_DOCUMENT: &str = "
SELECT id, kind, key, rev, seq, op_id, deleted, body FROM docs WHERE id = ?1";

/// The documents whose ids are in the JSON array `?1`.
pub const SELECT_DOCUMENTS: &str = "
SELECT id, kind, key, rev, seq, op_id, deleted, body FROM docs WHERE id IN (SELECT value FROM json_each(?1))";

/// The workspace.
pub const SELECT_META: &str = "SELECT epoch, seq FROM meta";

/// The workspace, and whether it knows the cursor (`?1` epoch, `?2` seq, `?3` op id). The start is always known.
pub const SELECT_CURSOR: &str = "
SELECT epoch, seq, (?2 = 0 OR (epoch = ?1 AND EXISTS (
  SELECT 1 FROM changes WHERE changes.seq = ?2 AND changes.op_id = ?3))) AS known FROM meta";

/// The next `?4` documents after the cursor (`?1` epoch, `?2` seq, `?3` op id); from the first if it is not known.
pub const SELECT_PAGE: &str = "
SELECT id, kind, key, rev, seq, op_id, deleted, body FROM docs
WHERE seq > (SELECT CASE WHEN meta.epoch = ?1 AND EXISTS (
  SELECT 1 FROM changes AS c WHERE c.seq = ?2 AND c.op_id = ?3) THEN ?2 ELSE 0 END FROM meta)
ORDER BY seq LIMIT ?4";

/// The changes that release the documents in the JSON array `?1` of `{id, rev, op_id, body}` (`?2` device, `?3` actor,
/// `?4` at): all of them or, when one document is not at its revision any more, none.
pub const RELEASE_CHANGES: &str = "
INSERT INTO changes (seq, op_id, doc_id, kind, key, rev, base_rev, device, actor, at, deleted, schema, body)
SELECT (SELECT seq FROM meta) + 1 + r.key, r.value ->> 'op_id', d.id, d.kind, d.key, d.rev + 1, d.rev, ?2, ?3, ?4, 0,
  d.schema, r.value ->> 'body'
FROM json_each(?1) AS r JOIN docs AS d ON d.id = r.value ->> 'id'
WHERE NOT EXISTS (
  SELECT 1 FROM json_each(?1) AS e LEFT JOIN docs AS x ON x.id = e.value ->> 'id'
  WHERE x.rev IS NOT (e.value ->> 'rev') OR x.deleted <> 0)
ORDER BY r.key
ON CONFLICT (op_id) DO NOTHING";

/// The documents from those changes.
pub const RELEASE_DOCUMENTS: &str = "
UPDATE docs SET rev = c.rev, seq = c.seq, op_id = c.op_id, body = c.body FROM changes AS c
WHERE c.doc_id = docs.id AND c.base_rev = docs.rev
  AND c.op_id IN (SELECT value ->> 'op_id' FROM json_each(?1))";

/// How many of the op ids in the JSON array `?1` have a change.
pub const COUNT_CHANGES: &str = "
SELECT COUNT(*) AS count FROM changes WHERE op_id IN (SELECT value FROM json_each(?1))";

/// All living documents.
pub const SELECT_LIVING: &str = "
SELECT id, kind, key, rev, seq, op_id, deleted, body FROM docs WHERE deleted = 0 ORDER BY id";

/// A publication (`?1` id, `?2` seq, `?3` hash, `?4` at, `?5` actor).
pub const INSERT_PUBLICATION: &str = "
INSERT INTO publications (id, seq, hash, at, actor) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (id) DO NOTHING";

/// Makes publication `?1` live, unless what is live is newer: of two that overlap, the later one stays.
pub const FLIP_POINTER: &str = "
INSERT INTO pointer (id, publication_id) VALUES (1, ?1)
ON CONFLICT (id) DO UPDATE SET publication_id = excluded.publication_id
WHERE (SELECT seq FROM publications WHERE id = pointer.publication_id)
   <= (SELECT seq FROM publications WHERE id = excluded.publication_id)";

/// Publication `?1`.
pub const SELECT_PUBLICATION: &str = "
SELECT p.id, p.seq, p.hash, p.at, p.actor, p.id IS (SELECT publication_id FROM pointer) AS live
FROM publications AS p WHERE p.id = ?1";

/// The newest `?1` publications.
pub const SELECT_PUBLICATIONS: &str = "
SELECT p.id, p.seq, p.hash, p.at, p.actor, p.id IS (SELECT publication_id FROM pointer) AS live
FROM publications AS p ORDER BY p.seq DESC, p.at DESC LIMIT ?1";

/// What is live.
pub const SELECT_LIVE: &str = "
SELECT p.seq, p.hash, p.at FROM pointer JOIN publications AS p ON p.id = pointer.publication_id";

/// The key with the digest `?1`.
pub const SELECT_KEY: &str = "SELECT id, name, scopes FROM keys WHERE sha256 = ?1 AND revoked_at IS NULL";

/// Notes that key `?1` was used at `?2`, once an hour: a write for every request would be too many.
pub const TOUCH_KEY: &str = "
UPDATE keys SET last_used_at = ?2 WHERE sha256 = ?1 AND COALESCE(last_used_at, 0) < ?2 - 3600000";
