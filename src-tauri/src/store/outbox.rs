use beacon_shared::api::Op;
use beacon_shared::error::Result;
use rusqlite::Connection;

use super::documents::{json, text};
use super::failure::storage;

/// Ops whose answer is not known, oldest first.
pub fn oldest(c: &Connection, most: usize) -> Result<Vec<Op>> {
    let sql = "SELECT bytes FROM outbox ORDER BY created_at, op_id LIMIT ?1";
    let mut statement = c.prepare_cached(sql).map_err(storage)?;
    let rows = statement.query_map([most], |row| row.get::<_, String>(0)).map_err(storage)?;
    rows.map(|bytes| json(&bytes.map_err(storage)?)).collect()
}

/// Makes this the document's op in flight.
pub fn put(c: &Connection, doc_id: &str, op: Option<&Op>) -> Result<()> {
    c.prepare_cached("DELETE FROM outbox WHERE doc_id = ?1").map_err(storage)?.execute([doc_id]).map_err(storage)?;
    let Some(op) = op else { return Ok(()) };
    c.prepare_cached("INSERT INTO outbox (op_id, doc_id, bytes, created_at) VALUES (?1, ?2, ?3, ?4)")
        .map_err(storage)?
        .execute((&op.op_id, doc_id, text(op)?, op.at))
        .map_err(storage)?;
    Ok(())
}
