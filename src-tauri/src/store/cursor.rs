use beacon_shared::api::Cursor;
use beacon_shared::error::Result;
use rusqlite::{Connection, OptionalExtension};

use super::failure::storage;

pub fn get(c: &Connection) -> Result<Cursor> {
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Cursor {
            epoch: row.get(0)?,
            seq: row.get(1)?,
            stamp: row.get(2)?,
            newest_seq: row.get(3)?,
            newest_stamp: row.get(4)?,
        })
    };
    let sql = "SELECT epoch, seq, stamp, newest_seq, newest_stamp FROM cursor WHERE id = 1";
    Ok(c.query_row(sql, [], read).optional().map_err(storage)?.unwrap_or_default())
}

pub fn set(c: &Connection, cursor: &Cursor) -> Result<()> {
    let sql = "INSERT INTO cursor (id, epoch, seq, op_id, stamp) VALUES (1, ?1, ?2, '', ?3)
        ON CONFLICT (id) DO UPDATE SET epoch = ?1, seq = ?2, stamp = ?3";
    c.execute(sql, (&cursor.epoch, cursor.seq, &cursor.stamp)).map_err(storage)?;
    Ok(())
}

/// Remembers the newest change that the edge spoke of, if it is newer than the one remembered.
pub fn set_newest(c: &Connection, seq: u64, stamp: &str) -> Result<()> {
    let sql = "INSERT INTO cursor (id, epoch, seq, op_id, newest_seq, newest_stamp) VALUES (1, '', 0, '', ?1, ?2)
        ON CONFLICT (id) DO UPDATE SET newest_seq = ?1, newest_stamp = ?2 WHERE newest_seq < ?1";
    c.execute(sql, (seq, stamp)).map_err(storage)?;
    Ok(())
}

/// Reads everything the edge has again. What is known stays as it is.
pub fn start_over(c: &Connection) -> Result<()> {
    c.execute("UPDATE cursor SET seq = 0, op_id = '', stamp = ''", ()).map_err(storage)?;
    Ok(())
}

/// Forgets the newest change: the edge was restored, and everything it has was read again.
pub fn forget_newest(c: &Connection) -> Result<()> {
    c.execute("UPDATE cursor SET newest_seq = 0, newest_stamp = ''", ()).map_err(storage)?;
    Ok(())
}
