//! The workspace itself: its epoch, and the number of its newest change.

use beacon_shared::error::{Code, Error, Result};
use serde::Deserialize;

use super::run;
use crate::ports::Db;
use crate::sql::{Rows, Statement};

const SELECT: &str = "SELECT epoch, seq, released_seq FROM meta";

/// The newest release is that of publication `?1`, if it released anything.
const PUBLISHED: &str = "
UPDATE meta SET released_seq = seq
WHERE EXISTS (SELECT 1 FROM changes WHERE op_id > ?1 || ':' AND op_id < ?1 || ';')";

/// The row.
#[derive(Deserialize)]
pub struct Meta {
    /// The workspace's identity.
    pub epoch: String,
    /// The newest change's number.
    pub seq: u64,
    /// The newest change by a publication.
    pub released_seq: u64,
}

/// Returns the statement that reads the row.
pub fn select() -> Statement {
    Statement::new(SELECT, [])
}

/// Returns the statement that notes a publication's changes.
pub fn published(command_id: &str) -> Statement {
    Statement::new(PUBLISHED, [command_id.into()])
}

/// Returns the row that [`select`] gave.
pub fn read(rows: Rows) -> Result<Meta> {
    rows.first()?.ok_or_else(|| Error::new(Code::Storage, "The database has no workspace. Apply the migrations."))
}

/// Reads the workspace.
pub async fn get(db: &dyn Db) -> Result<Meta> {
    read(run(db, select()).await?)
}
