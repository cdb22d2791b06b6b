//! The workspace itself: its epoch, and the number of its newest change.

use beacon_shared::error::{Code, Error, Result};
use serde::Deserialize;

use super::run;
use crate::ports::Db;
use crate::sql::{Rows, Statement};

const SELECT: &str = "SELECT epoch, seq, released_seq FROM meta";

const PUBLISHED: &str = "UPDATE meta SET released_seq = seq";

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
pub fn published() -> Statement {
    Statement::new(PUBLISHED, [])
}

/// Returns the row that [`select`] gave.
pub fn read(rows: Rows) -> Result<Meta> {
    rows.first()?.ok_or_else(|| Error::new(Code::Storage, "The database has no workspace. Apply the migrations."))
}

/// Reads the workspace.
pub async fn get(db: &dyn Db) -> Result<Meta> {
    read(run(db, select()).await?)
}
