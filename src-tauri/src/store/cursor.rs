use beacon_shared::api::Cursor;
use beacon_shared::error::Result;
use rusqlite::{Connection, OptionalExtension};

use super::failure::storage;

pub fn get(c: &Connection) -> Result<Cursor> {
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Cursor { epoch: row.get(0)?, seq: row.get(1)?, op_id: row.get(2)?, newest_op: String::new(), newest_seq: 0 })
    };
    let found = c.query_row("SELECT epoch, seq, op_id FROM cursor WHERE id = 1", [], read).optional();
    let newest = "SELECT base_op, base_seq FROM documents WHERE base_seq IS NOT NULL ORDER BY base_seq DESC LIMIT 1";
    let newest = c.query_row(newest, [], |row| Ok((row.get(0)?, row.get(1)?))).optional().map_err(storage)?;
    let (newest_op, newest_seq) = newest.unwrap_or_default();
    Ok(Cursor { newest_op, newest_seq, ..found.map_err(storage)?.unwrap_or_default() })
}

pub fn set(c: &Connection, cursor: &Cursor) -> Result<()> {
    let sql = "INSERT INTO cursor (id, epoch, seq, op_id) VALUES (1, ?1, ?2, ?3)
        ON CONFLICT (id) DO UPDATE SET epoch = ?1, seq = ?2, op_id = ?3";
    c.execute(sql, (&cursor.epoch, cursor.seq, &cursor.op_id)).map_err(storage)?;
    Ok(())
}
