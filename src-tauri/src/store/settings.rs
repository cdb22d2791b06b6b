use beacon_shared::error::Result;
use rusqlite::{Connection, OptionalExtension};

use super::failure::storage;

/// A value that is remembered besides documents. A secret never is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// The device's id at the edge.
    Device,
    /// Address of the edge that is connected.
    Edge,
    /// Address of the edge that was connected last, kept when the connection is forgotten.
    LastEdge,
    /// Id of the workspace that the documents belong to.
    Workspace,
    /// The publish commands whose answers are not known, as a JSON array.
    Publishing,
    /// The number of kinds of documents that were known when one of an unknown kind was passed over.
    KindsKnown,
    /// The publication that was live when the edge was last asked, as JSON.
    Live,
}

impl Setting {
    fn key(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Edge => "edge",
            Self::LastEdge => "last_edge",
            Self::Workspace => "workspace",
            Self::Publishing => "publishing",
            Self::KindsKnown => "kinds_known",
            Self::Live => "live",
        }
    }
}

pub fn get(c: &Connection, key: Setting) -> Result<Option<String>> {
    c.query_row("SELECT value FROM settings WHERE key = ?1", [key.key()], |row| row.get(0)).optional().map_err(storage)
}

pub fn set(c: &Connection, key: Setting, value: Option<&str>) -> Result<()> {
    let sql = match value {
        Some(_) => "INSERT INTO settings (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2",
        None => "DELETE FROM settings WHERE key = ?1 AND ?2 IS NULL",
    };
    c.execute(sql, (key.key(), value)).map_err(storage)?;
    Ok(())
}
