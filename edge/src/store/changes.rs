//! Every accepted change, by its op id. It is also the audit log.

use beacon_shared::api::Op;
use beacon_shared::model::{Revision, SCHEMA};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::sql::{Argument, Statement};

/// The change of one op (`?1` op id, `?2` document, `?3` kind, `?4` key, `?5` base revision, `?6` device, `?7` actor,
/// `?8` at, `?9` deleted, `?10` schema, `?11` body, `?12` op id of the base revision or empty, `?13` the
/// edge's time): only at its base revision, and only with a key that is free. `key <> ''` is for the index of keys.
const INSERT: &str = "
INSERT INTO changes (seq, op_id, doc_id, kind, key, rev, base_rev, device, actor, at, deleted, schema, body, stamp,
  stored_at)
SELECT (SELECT seq + 1 FROM meta), ?1, ?2, ?3, ?4, ?5 + 1, ?5, ?6, ?7, ?8, ?9, ?10, ?11, lower(hex(randomblob(8))), ?13
WHERE ?5 = COALESCE((SELECT rev FROM docs WHERE id = ?2), 0)
  AND (?12 = '' OR ?12 = COALESCE((SELECT op_id FROM docs WHERE id = ?2), ''))
  AND (?9 = 1 OR ?4 = '' OR NOT EXISTS (
    SELECT 1 FROM docs WHERE kind = ?3 AND key = ?4 AND key <> '' AND deleted = 0 AND id <> ?2))
ON CONFLICT (op_id) DO NOTHING";

/// The changes of op `?1` and of the op `?2` that it was made from.
const SELECT: &str = "SELECT op_id, doc_id, rev, seq FROM changes WHERE op_id IN (?1, ?2)";

/// The changes that a publication makes, from a part `?1` of its entries (`?2` device, `?3` actor, `?4` at, `?5` all its
/// documents as `[[id, rev, op_id], …]`, `?6` the newest release that it was checked against, or -1): every document at
/// its revision or none. Bodies are made here, so that a release
/// sends none: the draft becomes what is released.
const PUBLISH: &str = "
INSERT INTO changes (seq, op_id, doc_id, kind, key, rev, base_rev, device, actor, at, deleted, schema, body, stamp,
  stored_at, published)
SELECT (SELECT seq FROM meta) + 1 + r.key, r.value ->> 'op_id', d.id, d.kind, d.key, d.rev + 1, d.rev, ?2, ?3, ?4,
  COALESCE(r.value ->> 'deleted', 0), COALESCE(r.value ->> 'schema', d.schema),
  CASE WHEN r.value ->> 'deleted' THEN json_set(d.body, '$.released', NULL)
    WHEN r.value -> 'body' IS NOT NULL THEN r.value ->> 'body'
    WHEN r.value -> 'phases' IS NOT NULL THEN json_set(d.body, '$.schema', r.value ->> 'schema',
      '$.draft.phases', json(r.value -> 'phases'),
      '$.released', json(json_set(d.body -> 'draft', '$.phases', json(r.value -> 'phases'))))
    ELSE json_set(d.body, '$.released', json(d.body -> 'draft')) END, lower(hex(randomblob(8))), ?4, 1
FROM json_each(?1) AS r JOIN docs AS d ON d.id = r.value ->> 'id'
WHERE NOT EXISTS (
  SELECT 1 FROM json_each(?5) AS e LEFT JOIN docs AS x ON x.id = e.value ->> 0
  WHERE x.rev IS NOT (e.value ->> 1) OR x.op_id IS NOT (e.value ->> 2) OR x.deleted <> 0)
  AND (?6 < 0 OR (SELECT released_seq FROM meta) = ?6)
ORDER BY r.key
ON CONFLICT (op_id) DO NOTHING";

/// The stamp of the change at a sequence number `?1`.
const SELECT_STAMP: &str = "SELECT seq, stamp FROM changes WHERE seq = ?1";

const SELECT_NEWEST: &str = "SELECT seq, stamp FROM changes ORDER BY seq DESC LIMIT 1";

/// The number of changes that publication `?1` has made.
const COUNT_PUBLISHED: &str = "
SELECT COUNT(*) AS count FROM changes WHERE op_id > ?1 || ':' AND op_id < ?1 || ';'";

/// Empties the bodies that a later change of the same document by the same device replaced within the same minute, for
/// the documents in the JSON array `?1`. What was published keeps its body. Rows stay: a late retry finds its op.
const COALESCE: &str = "
UPDATE changes SET body = '' WHERE body <> '' AND seq IN (
  SELECT c.seq FROM json_each(?1) AS wanted
  JOIN docs AS d ON d.id = wanted.value
  JOIN changes AS c ON c.doc_id = d.id AND c.rev BETWEEN d.rev - 20 AND d.rev - 1
  WHERE c.published = 0 AND EXISTS (
    SELECT 1 FROM changes AS later WHERE later.doc_id = c.doc_id AND later.rev BETWEEN c.rev + 1 AND d.rev
      AND later.device = c.device AND later.at / 60000 = c.at / 60000))";

/// Empties the oldest bodies that the edge took in before `?1`, a few at a time. What was published keeps its body, and so
/// does a document's newest revision.
const EXPIRE: &str = "
UPDATE changes SET body = '' WHERE seq IN (
  SELECT c.seq FROM changes AS c WHERE c.body <> '' AND c.published = 0 AND c.stored_at < ?1
    AND NOT EXISTS (SELECT 1 FROM docs AS d WHERE d.id = c.doc_id AND d.rev = c.rev)
  ORDER BY c.stored_at LIMIT 100)";

/// Milliseconds for which a replaced body is kept.
const BODY_KEPT: i64 = 90 * 24 * 60 * 60 * 1000;

/// The change that an op has made.
#[derive(Deserialize)]
pub struct ChangeRow {
    /// The op.
    pub op_id: String,
    /// The document.
    pub doc_id: String,
    /// Its revision after the change.
    pub rev: u64,
    /// The workspace's number of the change.
    pub seq: u64,
}

/// The name of one change in one history.
#[derive(Default, Deserialize)]
pub struct StampRow {
    /// The workspace's number of the change.
    pub seq: u64,
    /// Its stamp.
    pub stamp: String,
}

/// A number of rows.
#[derive(Deserialize)]
pub struct Count {
    /// The number.
    pub count: usize,
}

/// The change that a publication makes to one document.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// The document.
    pub id: String,
    /// The revision at which it is done.
    #[serde(skip)]
    pub revision: Revision,
    /// The id of the change.
    pub op_id: String,
    /// 1 when the removal of the document is published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted: Option<u8>,
    /// The body's schema from now on, where it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<u32>,
    /// The draft's phases with their times, where they change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phases: Option<Value>,
    /// The whole body, where it is not made from the draft.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
}

/// Returns the statement that inserts the change of `op`, which the edge takes in at `now`.
pub fn insert(op: &Op, device: &str, actor: &str, now: i64) -> Statement {
    let schema = op.body.get("schema").and_then(Value::as_u64).unwrap_or(u64::from(SCHEMA));
    Statement::new(
        INSERT,
        [
            op.op_id.as_str().into(),
            op.doc_id.as_str().into(),
            op.kind.as_str().into(),
            op.key.as_str().into(),
            op.base_rev.into(),
            device.into(),
            actor.into(),
            op.at.into(),
            i64::from(op.deleted).into(),
            schema.into(),
            op.body.to_string().into(),
            op.base_op.as_deref().unwrap_or_default().into(),
            now.into(),
        ],
    )
}

/// Returns the statement that finds the changes of an op and of the op that it was made from.
pub fn select(op_id: &str, base_op: &str) -> Statement {
    Statement::new(SELECT, [op_id.into(), base_op.into()])
}

/// Returns the statement that reads the stamp of a change.
pub fn select_stamp(seq: u64) -> Statement {
    Statement::new(SELECT_STAMP, [seq.into()])
}

/// Returns the statement that reads the newest change's stamp.
pub fn select_newest() -> Statement {
    Statement::new(SELECT_NEWEST, [])
}

/// The conditions of a publication, and who makes it.
pub struct Terms<'t> {
    /// `[[id, rev, op_id], …]` of all its documents.
    pub all: &'t str,
    /// The newest release that it was checked against; `None` if it holds whatever else is live.
    pub checked: Option<u64>,
    /// The device.
    pub device: &'t str,
    /// The name of the key.
    pub actor: &'t str,
    /// Unix milliseconds.
    pub now: i64,
}

/// Returns the statement that inserts some of a publication's changes.
pub fn publish(part: &[Entry], terms: &Terms<'_>) -> Statement {
    let checked: Argument = terms.checked.map_or(Argument::Integer(-1), Argument::from);
    let Terms { all, device, actor, now, .. } = *terms;
    let part = json!(part).to_string();
    Statement::new(PUBLISH, [part.into(), device.into(), actor.into(), now.into(), all.into(), checked])
}

/// Returns the statement that counts the changes of a publication.
pub fn count_published(command_id: &str) -> Statement {
    Statement::new(COUNT_PUBLISHED, [command_id.into()])
}

/// Returns the statements that empty bodies nobody needs any more.
pub fn prune(doc_ids: &[&str], now: i64) -> [Statement; 2] {
    [Statement::new(COALESCE, [json!(doc_ids).to_string().into()]), Statement::new(EXPIRE, [(now - BODY_KEPT).into()])]
}
