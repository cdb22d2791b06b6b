//! What a result says about the events that it was counted from.

use serde::{Deserialize, Serialize};

/// A stretch of a site's log that the edge acknowledged and can no longer deliver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// First sequence number that is missing.
    pub first: u64,
    /// Last sequence number that is missing.
    pub last: u64,
    /// Unix milliseconds: when it was found.
    pub since: i64,
    /// Unix milliseconds: when the edge was last asked for it.
    pub tried: i64,
}
