//! API keys, by the digest of each.

use serde::Deserialize;

use crate::sql::Statement;

const SELECT: &str = "SELECT id, name, scopes FROM keys WHERE sha256 = ?1 AND revoked_at IS NULL";

/// At most once an hour, because a write for every request would be too many.
const TOUCH: &str = "
UPDATE keys SET last_used_at = ?2 WHERE sha256 = ?1 AND COALESCE(last_used_at, 0) < ?2 - 3600000";

/// A key that is not revoked.
#[derive(Deserialize)]
pub struct KeyRow {
    /// The name that people read.
    pub name: String,
    /// A JSON array of scopes.
    pub scopes: String,
}

/// Returns the statement that finds a key by its digest.
pub fn select(sha256: &str) -> Statement {
    Statement::new(SELECT, [sha256.into()])
}

/// Returns the statement that notes the use of a key at `now`.
pub fn touch(sha256: &str, now: i64) -> Statement {
    Statement::new(TOUCH, [sha256.into(), now.into()])
}
