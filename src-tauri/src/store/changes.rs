use beacon_shared::error::Result;
use beacon_shared::sync::Replica;
use rusqlite::Connection;

use super::documents::text;
use super::failure::storage;

/// How many changes of one document are kept.
const KEPT: i64 = 100;

/// Whose change it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The person's, on this machine.
    Here,
    /// Someone else's, by way of the edge.
    Edge,
}

/// Logs what a document says now, and forgets its oldest changes.
pub fn add(c: &Connection, replica: &Replica, at: i64, origin: Origin) -> Result<()> {
    let origin = match origin {
        Origin::Here => "here",
        Origin::Edge => "edge",
    };
    c.prepare_cached("INSERT INTO changes (doc_id, at, origin, body) VALUES (?1, ?2, ?3, ?4)")
        .map_err(storage)?
        .execute((&replica.id, at, origin, text(&replica.local)?))
        .map_err(storage)?;
    let prune = "DELETE FROM changes WHERE doc_id = ?1 AND seq <= (
        SELECT seq FROM changes WHERE doc_id = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)";
    c.prepare_cached(prune).map_err(storage)?.execute((&replica.id, KEPT)).map_err(storage)?;
    Ok(())
}
