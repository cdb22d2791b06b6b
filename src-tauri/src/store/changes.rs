//! The history of each document on this machine.

use beacon_shared::error::Result;
use beacon_shared::sync::Replica;
use rusqlite::Connection;

use super::documents::text;
use super::failure::storage;

/// Changes of one origin within this many milliseconds are one entry.
const COALESCED_MS: i64 = 30_000;
/// Bytes of history that are kept for one document.
const KEPT_BYTES: i64 = 4 * 1024 * 1024;

/// The source of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The person on this machine.
    Here,
    /// A colleague or another device, through the edge.
    Edge,
    /// A newer Beacon, which keeps the same in another shape.
    Upgrade,
}

impl Origin {
    fn as_str(self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::Edge => "edge",
            Self::Upgrade => "upgrade",
        }
    }
}

/// Logs what a document says now. A change that follows one of the same origin within 30 seconds replaces it.
pub fn add(c: &Connection, replica: &Replica, at: i64, origin: Origin) -> Result<()> {
    let body = text(&replica.local)?;
    let coalesce = "UPDATE changes SET at = ?3, body = ?4 WHERE origin = ?2 AND ?3 - began_at BETWEEN 0 AND ?5
        AND seq = (SELECT MAX(seq) FROM changes WHERE doc_id = ?1)";
    let coalesced = c
        .prepare_cached(coalesce)
        .map_err(storage)?
        .execute((&replica.id, origin.as_str(), at, &body, COALESCED_MS))
        .map_err(storage)?;
    if coalesced > 0 {
        return Ok(());
    }
    c.prepare_cached("INSERT INTO changes (doc_id, at, began_at, origin, body) VALUES (?1, ?2, ?2, ?3, ?4)")
        .map_err(storage)?
        .execute((&replica.id, at, origin.as_str(), body))
        .map_err(storage)?;
    prune(c, &replica.id)
}

/// Forgets the oldest entries of a document beyond the bytes that are kept.
fn prune(c: &Connection, id: &str) -> Result<()> {
    let sql = "DELETE FROM changes WHERE doc_id = ?1 AND seq IN (
        SELECT seq FROM (SELECT seq, SUM(OCTET_LENGTH(body)) OVER (ORDER BY seq DESC) AS bytes
            FROM changes WHERE doc_id = ?1) WHERE bytes > ?2)";
    c.prepare_cached(sql).map_err(storage)?.execute((id, KEPT_BYTES)).map_err(storage)?;
    Ok(())
}
