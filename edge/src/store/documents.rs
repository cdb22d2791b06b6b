//! The documents: the newest revision of each.

use beacon_shared::api::Cursor;
use beacon_shared::error::{Code, Error, Result};
use beacon_shared::model::{Document, Kind};
use serde::Deserialize;
use serde_json::json;

use crate::sql::{Argument, Statement};

/// The document from the change of op `?1`, only where it still stands at that change's base: a late duplicate must
/// not bring an old body back.
const UPSERT: &str = "
INSERT INTO docs (id, kind, key, rev, seq, op_id, deleted, schema, body)
SELECT doc_id, kind, key, rev, seq, op_id, deleted, schema, body FROM changes
WHERE op_id = ?1 AND base_rev = COALESCE((SELECT rev FROM docs WHERE id = changes.doc_id), 0)
ON CONFLICT (id) DO UPDATE SET key = excluded.key, rev = excluded.rev, seq = excluded.seq,
  op_id = excluded.op_id, deleted = excluded.deleted, schema = excluded.schema, body = excluded.body";

/// The documents from the changes of publication `?1`.
const PUBLISH: &str = "
UPDATE docs SET rev = c.rev, seq = c.seq, op_id = c.op_id, deleted = c.deleted, schema = c.schema, body = c.body
FROM changes AS c
WHERE c.op_id > ?1 || ':' AND c.op_id < ?1 || ';' AND c.doc_id = docs.id AND c.base_rev = docs.rev";

const SELECT: &str = "
SELECT id, kind, key, rev, seq, op_id, deleted, body FROM docs WHERE id = ?1";

/// The documents whose ids are in the JSON array `?1`, after id `?2`: whole ones until they have `?3` bytes, at least
/// one, and how many more rows there are.
const SELECT_NEXT_OF: &str = "
WITH wanted AS (
  SELECT id, octet_length(body) AS size FROM docs WHERE id IN (SELECT value FROM json_each(?1)) AND id > ?2
), page AS (
  SELECT id, SUM(size) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) - size AS before, COUNT(*) OVER () AS remaining
  FROM wanted
)
SELECT d.id, d.kind, d.key, d.rev, d.seq, d.op_id, d.deleted, d.body, page.remaining
FROM page JOIN docs AS d ON d.id = page.id WHERE page.before < ?3 ORDER BY d.id";

/// The documents whose ids are in the JSON array `?1`.
const SELECT_THESE: &str = "
SELECT id, kind, key, rev, seq, op_id, deleted, body FROM docs WHERE id IN (SELECT value FROM json_each(?1))";

/// Says whether the workspace knows the cursor (`?1` epoch, `?2` seq, `?3` its stamp, `?4` newest seq, `?5` its stamp
/// or empty). The start is known, unless the device knows a change that is not here any more.
const SELECT_CURSOR: &str = "
SELECT epoch, (?2 = 0 OR (epoch = ?1 AND EXISTS (SELECT 1 FROM changes AS c WHERE c.seq = ?2 AND c.stamp = ?3)))
  AND (?5 = '' OR EXISTS (SELECT 1 FROM changes AS c WHERE c.seq = ?4 AND c.stamp = ?5)) AS known FROM meta";

/// The next `?6` documents after the cursor (`?1` to `?5` as above), until they have `?7` bytes, at least one; from the first
/// if the cursor is not known. Each row says how many there would be without the limit of bytes.
const SELECT_PAGE: &str = "
WITH next AS (
SELECT id, octet_length(body) AS size, seq FROM docs
WHERE seq > (SELECT CASE WHEN meta.epoch = ?1
  AND EXISTS (SELECT 1 FROM changes AS c WHERE c.seq = ?2 AND c.stamp = ?3)
  AND (?5 = '' OR EXISTS (SELECT 1 FROM changes AS c WHERE c.seq = ?4 AND c.stamp = ?5)) THEN ?2 ELSE 0 END FROM meta)
ORDER BY seq LIMIT ?6
), page AS (
  SELECT id, SUM(size) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) - size AS before, COUNT(*) OVER () AS remaining
  FROM next
)
SELECT d.id, d.kind, d.key, d.rev, d.seq, d.op_id, d.deleted, d.body, page.remaining,
  (SELECT stamp FROM changes WHERE changes.seq = d.seq) AS stamp
FROM page JOIN docs AS d ON d.id = page.id WHERE page.before < ?7 ORDER BY d.seq";

/// The live parts of the kinds in the JSON array `?3`, after id `?1`: the released parts until they have `?2` bytes, at
/// least one, and how many more rows there are. Experiments that do not run are on no page.
const SELECT_RELEASED: &str = "
WITH live AS (
  SELECT id, octet_length(body -> 'released') AS size FROM docs
  WHERE deleted = 0 AND body ->> 'released' IS NOT NULL AND id > ?1 AND kind IN (SELECT value FROM json_each(?3))
    AND (kind <> 'experiment' OR body ->> '$.released.status' = 'running')
), page AS (
  SELECT id, SUM(size) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) - size AS before, COUNT(*) OVER () AS remaining
  FROM live
)
SELECT d.id, '' AS site, d.kind, d.key, d.body -> 'released' AS released, page.remaining
FROM page JOIN docs AS d ON d.id = page.id WHERE page.before < ?2 ORDER BY d.id";

/// The flags and running experiments of the sites that are live and enabled, by site and document, after site `?1` and
/// document `?2`: one row for each site that a document is on, until the rows have `?3` bytes.
const SELECT_PLACED: &str = "
WITH site AS (
  SELECT id FROM docs WHERE kind = 'site' AND key <> '' AND deleted = 0 AND body ->> '$.released.enabled'
), placed AS (
  SELECT d.body ->> '$.released.site_id' AS site, d.id, octet_length(d.body -> 'released') AS size FROM docs AS d
  WHERE d.kind = 'experiment' AND d.deleted = 0 AND d.body ->> '$.released.status' = 'running'
  UNION ALL
  SELECT s.value, d.id, octet_length(d.body -> 'released') FROM docs AS d, json_each(d.body, '$.released.site_ids') AS s
  WHERE d.kind = 'flag' AND d.deleted = 0
), page AS (
  SELECT site, id, SUM(size) OVER (ORDER BY site, id ROWS UNBOUNDED PRECEDING) - size AS before,
    COUNT(*) OVER () AS remaining
  FROM placed WHERE (site, id) > (?1, ?2) AND site IN (SELECT id FROM site)
)
SELECT d.id, page.site, d.kind, d.key, d.body -> 'released' AS released, page.remaining
FROM page JOIN docs AS d ON d.id = page.id WHERE page.before < ?3 ORDER BY page.site, d.id";

/// Says whether there is or was a site `?1`.
const IS_SITE: &str = "SELECT EXISTS (SELECT 1 FROM docs WHERE id = ?1 AND kind = 'site') AS known";

/// The released sites, which have keys. `key <> ''` and `+id` are for the index of keys.
const SELECT_SITE_IDS: &str = "
SELECT id FROM docs WHERE kind = 'site' AND key <> '' AND deleted = 0 AND body ->> 'released' IS NOT NULL ORDER BY +id LIMIT ?1";

/// The most bytes of bodies in a page, so that it arrives over a slow connection and fits into an isolate.
const PAGE_BYTES: u64 = 2_000_000;

/// A document.
#[derive(Deserialize)]
pub struct DocumentRow {
    /// Its id.
    pub id: String,
    kind: Kind,
    key: String,
    rev: u64,
    seq: u64,
    op_id: String,
    deleted: u8,
    body: String,
}

impl DocumentRow {
    /// Parses the body.
    pub fn document(self) -> Result<Document> {
        let body = serde_json::from_str(&self.body)
            .map_err(|e| Error::new(Code::Internal, format!("Document {} cannot be read: {e}.", self.id)))?;
        let Self { id, kind, key, rev, seq, op_id, deleted, .. } = self;
        Ok(Document { id, kind, key, rev, seq, op_id, deleted: deleted != 0, body })
    }
}

/// A document, and the number of rows from the first one of its page on, the page's included.
#[derive(Deserialize)]
pub struct CountedRow {
    /// The document.
    #[serde(flatten)]
    pub document: DocumentRow,
    /// The rows.
    pub remaining: usize,
}

/// The live part of a document.
#[derive(Deserialize)]
pub struct LiveRow {
    /// The document's id.
    pub id: String,
    /// The site that this row is for; empty where a statement does not ask by site.
    pub site: String,
    /// The document's kind.
    pub kind: Kind,
    /// The document's key.
    pub key: String,
    /// Rows from the first one of the page on, this page's included.
    pub remaining: usize,
    released: String,
}

impl LiveRow {
    /// Parses the released part; `None` if it does not have the shape of a `T`.
    pub fn read<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(&self.released).ok()
    }
}

/// A document in a page, with the stamp of its newest change.
#[derive(Deserialize)]
pub struct PageRow {
    /// The document.
    #[serde(flatten)]
    pub document: DocumentRow,
    /// The stamp.
    pub stamp: Option<String>,
    /// The rows from this page's first one on, as far as they were counted.
    pub remaining: usize,
}

/// Parses all bodies.
pub fn documents(rows: Vec<DocumentRow>) -> Result<Vec<Document>> {
    rows.into_iter().map(DocumentRow::document).collect()
}

/// The answer to whether a cursor is of this workspace.
#[derive(Deserialize)]
pub struct CursorRow {
    /// The workspace's identity.
    pub epoch: String,
    /// 1 when it is.
    pub known: u8,
}

/// The answer to whether something exists.
#[derive(Deserialize)]
pub struct Known {
    /// 1 when it does.
    pub known: u8,
}

/// An id.
#[derive(Deserialize)]
pub struct Id {
    /// The id.
    pub id: String,
}

/// Returns the statement that writes the document of an accepted op.
pub fn upsert(op_id: &str) -> Statement {
    Statement::new(UPSERT, [op_id.into()])
}

/// Returns the statement that writes the documents of a publication.
pub fn publish(command_id: &str) -> Statement {
    Statement::new(PUBLISH, [command_id.into()])
}

/// Returns the statement that reads a document.
pub fn select(id: &str) -> Statement {
    Statement::new(SELECT, [id.into()])
}

/// Returns the statement that reads several documents.
pub fn select_these(ids: &[&str]) -> Statement {
    Statement::new(SELECT_THESE, [json!(ids).to_string().into()])
}

/// Returns the statement that reads several documents by id, a page at a time.
pub fn select_next_of(ids: &[&str], after: &str, bytes: u64) -> Statement {
    Statement::new(SELECT_NEXT_OF, [json!(ids).to_string().into(), after.into(), bytes.into()])
}

/// Returns the statements that check a cursor and read the page after it.
pub fn select_page(cursor: &Cursor, most: u64) -> [Statement; 2] {
    let known: [Argument; 5] = [
        cursor.epoch.as_str().into(),
        cursor.seq.into(),
        cursor.stamp.as_str().into(),
        cursor.newest_seq.into(),
        cursor.newest_stamp.as_str().into(),
    ];
    let [epoch, seq, stamp, newest_seq, newest_stamp] = known.clone();
    [
        Statement::new(SELECT_CURSOR, known),
        Statement::new(SELECT_PAGE, [epoch, seq, stamp, newest_seq, newest_stamp, most.into(), PAGE_BYTES.into()]),
    ]
}

/// Returns the statement that reads released parts of these kinds, by id.
pub fn select_released(kinds: &[Kind], after: &str, bytes: u64) -> Statement {
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
    Statement::new(SELECT_RELEASED, [after.into(), bytes.into(), json!(kinds).to_string().into()])
}

/// Returns the statement that reads the flags and experiments of each site, after a site's document.
pub fn select_placed(site: &str, id: &str, bytes: u64) -> Statement {
    Statement::new(SELECT_PLACED, [site.into(), id.into(), bytes.into()])
}

/// Returns the statement that says whether there is or was a site.
pub fn is_site(id: &str) -> Statement {
    Statement::new(IS_SITE, [id.into()])
}

/// Returns the statement that lists the sites that have something released.
pub fn select_site_ids(most: u64) -> Statement {
    Statement::new(SELECT_SITE_IDS, [most.into()])
}
