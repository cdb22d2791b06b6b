use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Problem;

/// The body of the two event routes. `events` are [`crate::event::Event`]s as JSON: each is validated on its own,
/// so that one bad event does not cost the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CollectRequest {
    /// The site all of them belong to.
    pub site_id: String,
    /// At most [`crate::event::MAX_BATCH`].
    pub events: Vec<Value>,
    /// `navigator.webdriver`: a driven browser says so itself.
    #[serde(default)]
    pub webdriver: bool,
    /// Unix milliseconds by the client's clock when the batch leaves. The server's time minus this is the clock's
    /// skew, which is added to every `ts` of the batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<i64>,
}

/// An event that was not accepted and never will be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refused {
    /// Its place in the batch.
    pub index: usize,
    /// Problems of the event.
    pub problems: Vec<Problem>,
}

/// The answer to the event routes. What is not in `refused` is on disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatchResponse {
    /// Number of events on disk, duplicates included.
    pub accepted: usize,
    /// Number of those that were there already.
    pub duplicates: usize,
    /// The others.
    pub refused: Vec<Refused>,
}

/// A stretch of one site's log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentInfo {
    /// Its name; also where to get it.
    pub id: String,
    /// First sequence number in it.
    pub first: u64,
    /// Last sequence number in it.
    pub last: u64,
    /// Sealed segments never change and lie in R2; the open tail grows.
    pub sealed: bool,
}

/// The query of [`super::route::SEGMENTS`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentsQuery {
    /// Document id of the site.
    pub site: String,
    /// The last sequence number that the reader has.
    #[serde(default)]
    pub after: u64,
}

/// The path of [`super::route::SEGMENT`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentId {
    /// As [`SegmentInfo::id`].
    pub id: String,
}

/// The answer to [`super::route::SEGMENTS`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentList {
    /// The last sequence number that the log holds.
    pub head: u64,
    /// Unix milliseconds by the server's clock: everything acknowledged before it is in.
    pub as_of: i64,
    /// The log's identity: random, made once by its single writer. A reader that meets another id starts a new local
    /// log and never continues its cursor in it. Empty from an edge that does not send it yet.
    #[serde(default)]
    pub log_id: String,
    /// Those with a sequence number above `after`, ascending; the open tail last.
    pub segments: Vec<SegmentInfo>,
}

/// The end of one site's log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogHead {
    /// Document id of the site.
    pub site_id: String,
    /// As [`SegmentList::log_id`].
    pub log_id: String,
    /// The last sequence number that the log holds.
    pub head: u64,
}

/// The answer to [`super::route::HEADS`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heads {
    /// Unix milliseconds by the server's clock: everything acknowledged before it is in.
    pub as_of: i64,
    /// One for each published site whose log has an event.
    pub logs: Vec<LogHead>,
    /// Document ids of published sites whose logs did not answer.
    #[serde(default)]
    pub unknown: Vec<String>,
    /// False if there are more published sites than one answer covers.
    #[serde(default = "complete")]
    pub complete: bool,
}

/// An edge of before there was a bound in the answer names every site.
fn complete() -> bool {
    true
}
