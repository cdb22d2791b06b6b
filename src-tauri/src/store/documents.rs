use beacon_shared::api::Op;
use beacon_shared::error::Result;
use beacon_shared::ipc::Summary;
use beacon_shared::model::Kind;
use beacon_shared::sync::{Base, Content, Replica};
use rusqlite::{Connection, Params, named_params};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::failure::{storage, unreadable};
use super::summary::summary;
use super::{Row, Tally};

const SELECT: &str = "SELECT d.id, d.kind, d.base_rev, d.base_seq, d.base_deleted, d.base_body, d.local_body,
    d.deleted_local, d.updated_at, d.conflict, d.problems, o.bytes, d.base_op, d.contested,
    d.pulled_body
    FROM documents d LEFT JOIN outbox o ON o.doc_id = d.id";

/// A row as SQLite holds it.
struct Raw {
    id: String,
    kind: String,
    base: Option<(u64, u64, String, bool, String)>,
    local: String,
    deleted: bool,
    updated_at: i64,
    conflict: Option<String>,
    problems: String,
    op: Option<String>,
    contested: String,
    pulled: Option<String>,
}

impl Raw {
    fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        let base = match row.get::<_, Option<String>>(5)? {
            Some(body) => Some((row.get(2)?, row.get(3)?, row.get(12)?, row.get(4)?, body)),
            None => None,
        };
        Ok(Self {
            id: row.get(0)?,
            kind: row.get(1)?,
            base,
            local: row.get(6)?,
            deleted: row.get(7)?,
            updated_at: row.get(8)?,
            conflict: row.get(9)?,
            problems: row.get(10)?,
            op: row.get(11)?,
            contested: row.get(13)?,
            pulled: row.get(14)?,
        })
    }

    fn parse(self) -> Result<Row> {
        let kind = Kind::parse(&self.kind).ok_or_else(|| unreadable(&self.kind))?;
        let base = match self.base {
            Some((rev, seq, op_id, deleted, body)) => {
                Some(Base { rev, seq, op_id, content: Content { deleted, body: json(&body)? } })
            }
            None => None,
        };
        let replica = Replica {
            id: self.id,
            kind,
            base,
            local: Content { deleted: self.deleted, body: json(&self.local)? },
            in_flight: self.op.as_deref().map(json::<Op>).transpose()?,
            conflict: self.conflict.as_deref().map(json).transpose()?,
            contested: json(&self.contested)?,
            pulled: self.pulled.as_deref().map(json).transpose()?,
            rejected: json(&self.problems)?,
        };
        Ok(Row { replica, updated_at: self.updated_at })
    }
}

pub fn json<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(unreadable)
}

pub fn text(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(unreadable)
}

fn select(c: &Connection, rest: &str, params: impl Params) -> Result<Vec<Row>> {
    let mut statement = c.prepare_cached(&format!("{SELECT} {rest}")).map_err(storage)?;
    let rows = statement.query_map(params, Raw::read).map_err(storage)?;
    rows.map(|raw| raw.map_err(storage)?.parse()).collect()
}

pub fn get(c: &Connection, id: &str) -> Result<Option<Row>> {
    Ok(select(c, "WHERE d.id = ?1", [id])?.pop())
}

pub fn all(c: &Connection) -> Result<Vec<Row>> {
    select(c, "ORDER BY d.id", [])
}

pub fn by_kind(c: &Connection, kind: Kind) -> Result<Vec<Row>> {
    select(c, "WHERE d.kind = ?1 ORDER BY d.updated_at DESC, d.id", [kind.as_str()])
}

pub fn saying(c: &Connection, kind: Kind, word: &str) -> Result<Vec<Row>> {
    let condition = "WHERE d.kind = ?1 AND instr(d.local_body, ?2) > 0 ORDER BY d.updated_at DESC, d.id";
    select(c, condition, (kind.as_str(), Value::from(word).to_string()))
}

/// Returns the ids of the documents that need a new op, those that have waited longest first.
pub fn to_push(c: &Connection, most: usize) -> Result<Vec<String>> {
    let sql = "SELECT d.id FROM documents d LEFT JOIN outbox o ON o.doc_id = d.id
        WHERE d.pending = 1 AND o.op_id IS NULL AND d.conflict IS NULL AND d.problems = '[]'
        ORDER BY d.updated_at, d.id LIMIT ?1";
    ids(c, sql, [most])
}

/// Ids of the living documents of a kind that the edge has.
pub fn pushed(c: &Connection, kind: Kind) -> Result<Vec<String>> {
    let sql = "SELECT id FROM documents WHERE kind = ?1 AND deleted_local = 0 AND base_rev > 0 ORDER BY id";
    ids(c, sql, [kind.as_str()])
}

/// Ids of the living experiments that define metrics themselves.
pub fn with_own_metrics(c: &Connection) -> Result<Vec<String>> {
    ids(c, "SELECT id FROM documents WHERE json_extract(summary, '$.own_metrics') = 1 ORDER BY id", [])
}

fn ids(c: &Connection, sql: &str, params: impl Params) -> Result<Vec<String>> {
    let mut statement = c.prepare_cached(sql).map_err(storage)?;
    let rows = statement.query_map(params, |row| row.get(0)).map_err(storage)?;
    rows.collect::<rusqlite::Result<_>>().map_err(storage)
}

pub fn count(c: &Connection, kind: Kind) -> Result<usize> {
    let sql = "SELECT COUNT(*) FROM documents WHERE kind = ?1 AND deleted_local = 0";
    c.query_row(sql, [kind.as_str()], |row| row.get(0)).map_err(storage)
}

/// Counts the documents that publishing would change, without reading a body. An experiment that never ran and a metric
/// that no such document uses are noticed by no page.
pub fn count_changes(c: &Connection) -> Result<usize> {
    let sql = "WITH known AS (
            SELECT id, kind, summary ->> '$.unpublished' AS edited, summary ->> '$.live' AS live, summary ->> '$.status' AS status,
                summary -> '$.metrics' AS metrics
            FROM documents WHERE deleted_local = 0 AND summary IS NOT NULL
        ), changed AS (
            SELECT * FROM known
            WHERE edited OR (NOT live AND (kind IN ('site', 'flag', 'segment') OR (kind = 'experiment' AND status <> 'draft')))
        )
        SELECT (SELECT COUNT(*) FROM changed) + (
            SELECT COUNT(*) FROM known WHERE kind = 'metric' AND NOT live AND id IN (
                SELECT used.value FROM changed, json_each(changed.metrics) AS used WHERE changed.kind = 'experiment'))";
    let mut statement = c.prepare_cached(sql).map_err(storage)?;
    statement.query_row([], |row| row.get(0)).map_err(storage)
}

/// Counts what waits for the edge, or for a person, without reading a body.
pub fn tally(c: &Connection) -> Result<Tally> {
    let sql = "SELECT (SELECT COUNT(*) FROM documents WHERE pending = 1),
        (SELECT COUNT(*) FROM documents WHERE conflict IS NOT NULL)";
    let mut statement = c.prepare_cached(sql).map_err(storage)?;
    statement.query_row([], |row| Ok(Tally { pending: row.get(0)?, conflicts: row.get(1)? })).map_err(storage)
}

/// Returns what lists show of the documents of a kind, the newest change first.
pub fn summaries(c: &Connection, kind: Kind, first: Option<usize>) -> Result<Vec<Summary>> {
    let sql = "SELECT summary FROM documents WHERE kind = ?1 AND (deleted_local = 0 OR conflict IS NOT NULL) AND summary IS NOT NULL
        ORDER BY updated_at DESC, id LIMIT ?2";
    let mut statement = c.prepare_cached(sql).map_err(storage)?;
    // SQLite takes a negative limit as none.
    let most = first.and_then(|first| i64::try_from(first).ok()).unwrap_or(-1);
    let rows = statement.query_map((kind.as_str(), most), |row| row.get::<_, String>(0)).map_err(storage)?;
    rows.map(|text| json(&text.map_err(storage)?)).collect()
}

/// Returns what lists show of these documents of a kind. Deleted ones are left out.
pub fn summaries_of(c: &Connection, kind: Kind, ids: &[String]) -> Result<Vec<Summary>> {
    let sql = "SELECT summary FROM documents WHERE id = ?1 AND kind = ?2 AND deleted_local = 0 AND summary IS NOT NULL";
    let mut statement = c.prepare_cached(sql).map_err(storage)?;
    let mut found = Vec::new();
    for id in ids {
        let rows = statement.query_map([id.as_str(), kind.as_str()], |row| row.get::<_, String>(0)).map_err(storage)?;
        for text in rows {
            found.push(json(&text.map_err(storage)?)?);
        }
    }
    Ok(found)
}

/// Writes the columns that an older version did not know, for rows that lack them.
pub fn fill_in(c: &Connection) -> Result<()> {
    for id in ids(c, "SELECT id FROM documents WHERE summary IS NULL", [])? {
        // A row that cannot be read stays as it is: a newer Beacon wrote it.
        if let Ok(Some(row)) = get(c, &id) {
            put(c, &row)?;
        }
    }
    Ok(())
}

pub fn put(c: &Connection, row: &Row) -> Result<()> {
    let r = &row.replica;
    let sql = "INSERT INTO documents (id, kind, key, base_rev, base_seq, base_deleted, base_body, local_body,
            deleted_local, updated_at, conflict, problems, base_op, contested, pulled_body, pending, summary)
        VALUES (:id, :kind, :key, :base_rev, :base_seq, :base_deleted, :base_body, :local_body, :deleted_local,
            :updated_at, :conflict, :problems, :base_op, :contested, :pulled_body, :pending,
            :summary)
        ON CONFLICT (id) DO UPDATE SET key = :key, base_rev = :base_rev, base_seq = :base_seq,
            base_deleted = :base_deleted, base_body = :base_body, local_body = :local_body,
            deleted_local = :deleted_local, updated_at = :updated_at, conflict = :conflict, problems = :problems,
            base_op = :base_op, contested = :contested, pulled_body = :pulled_body, pending = :pending, summary = :summary";
    let mut statement = c.prepare_cached(sql).map_err(storage)?;
    statement
        .execute(named_params! {
            ":id": r.id,
            ":kind": r.kind.as_str(),
            ":key": r.local.text("key"),
            ":base_rev": r.base.as_ref().map(|b| b.rev),
            ":base_seq": r.base.as_ref().map(|b| b.seq),
            ":base_deleted": r.base.as_ref().map(|b| b.content.deleted),
            ":base_body": r.base.as_ref().map(|b| b.content.body.to_string()),
            ":local_body": r.local.body.to_string(),
            ":deleted_local": r.local.deleted,
            ":updated_at": row.updated_at,
            ":conflict": r.conflict.as_ref().map(text).transpose()?,
            ":problems": text(&r.rejected)?,
            ":base_op": r.base.as_ref().map_or("", |b| b.op_id.as_str()),
            ":contested": text(&r.contested)?,
            ":pulled_body": r.pulled.as_ref().map(Value::to_string),
            ":pending": r.pending(),
            ":summary": text(&summary(row))?,
        })
        .map_err(storage)?;
    Ok(())
}
