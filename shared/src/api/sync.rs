use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    error::Problem,
    model::{Document, Kind},
};

/// The most ops in one push: four statements each, in one D1 batch each.
pub const MAX_OPS: usize = 10;
/// The most documents in one pull answer.
pub const PULL_PAGE: usize = 200;

/// One frozen operation: its bytes and its id never change until it is answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Op {
    /// UUIDv7 made by the device. The same id is the same op.
    pub op_id: String,
    /// The document it writes.
    pub doc_id: String,
    /// Kind of the definition in the body.
    pub kind: Kind,
    /// The draft's key.
    pub key: String,
    /// The revision it was made from; 0 creates the document.
    pub base_rev: u64,
    /// The op id of that revision. A revision number repeats itself after a restore, an op id never does; without it
    /// only the number is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_op: Option<String>,
    /// True if it deletes the document.
    pub deleted: bool,
    /// A [`crate::model::Body`] as JSON.
    pub body: Value,
    /// Unix milliseconds, by the device's clock. For people; nothing is ordered by it.
    pub at: i64,
}

/// The body of [`super::route::PUSH`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PushRequest {
    /// Id of the device that pushes.
    pub device: String,
    /// At most [`MAX_OPS`], each answered on its own.
    pub ops: Vec<Op>,
    /// [`Cursor::newest_seq`]. A server that does not have that change was restored, and takes no op before the device
    /// has read it again. Otherwise a new acknowledgement would hide that an older one was undone.
    #[serde(default)]
    pub newest_seq: u64,
    /// [`Cursor::newest_stamp`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub newest_stamp: String,
}

/// The outcome of one op.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum OpOutcome {
    /// It is in, now or since an earlier try.
    Ok {
        /// The op.
        op_id: String,
        /// The document's revision after it.
        rev: u64,
        /// The workspace's sequence number after it.
        seq: u64,
    },
    /// The document has moved on (or was never there: `None`).
    Stale {
        /// The op.
        op_id: String,
        /// The document as it stands.
        current: Option<Document>,
        /// True if the revision that the op was made from is in this server's history. A restore may have undone it:
        /// then it is no common ground for a merge.
        #[serde(default = "known")]
        base_known: bool,
    },
    /// It breaks a rule and will never be accepted as it is.
    Rejected {
        /// The op.
        op_id: String,
        /// Reason.
        problems: Vec<Problem>,
    },
}

fn known() -> bool {
    true
}

/// The answer to [`super::route::PUSH`], one outcome for each op, in order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PushResponse {
    /// Changes when the workspace is made again.
    pub epoch: String,
    /// One for each op, in order.
    pub outcomes: Vec<OpOutcome>,
    /// True if the server does not have the change that [`PushRequest`] names: it was restored to an earlier time, and
    /// took nothing.
    #[serde(default)]
    pub restored: bool,
    /// The sequence number of the server's newest change.
    #[serde(default)]
    pub newest_seq: u64,
    /// The stamp of that change.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub newest_stamp: String,
}

/// The place up to which a device has read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cursor {
    /// The workspace it was read from.
    pub epoch: String,
    /// The last sequence number read; 0 at the start.
    pub seq: u64,
    /// The stamp that the server gave the change at `seq`. After a restore, retries may bring an op back under its
    /// number; a stamp never comes back.
    pub stamp: String,
    /// The sequence number of the newest change that the server has answered with, by a page or to a push. A push is
    /// acknowledged before the cursor passes it, and a restore may undo it.
    pub newest_seq: u64,
    /// The stamp of that change; empty if there is none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub newest_stamp: String,
}

/// The answer to [`super::route::PULL`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PullResponse {
    /// Start of the next pull.
    pub cursor: Cursor,
    /// The server does not know the cursor: the documents start again from the first.
    pub resync: bool,
    /// True if there are more.
    pub more: bool,
    /// By `seq`, ascending.
    pub documents: Vec<Document>,
}
