//! The HTTP contract between the desktop (or any client) and the edge: routes and bodies.
//! Errors are `application/problem+json`, see [`ProblemDetails`].

pub mod endpoint;
mod evaluate;
mod events;
mod publish;
mod sync;

pub use evaluate::{
    AssignResponse, EvaluateRequest, MAX_EVALUATE_BYTES, MAX_KEYS, ResolveAllResponse, ResolveResponse,
};
pub use events::{
    BatchResponse, CollectRequest, Heads, LogHead, Refused, SegmentId, SegmentInfo, SegmentList, SegmentsQuery,
};
pub use publish::{Action, Bundle, Publication, PublishRequest, Release, SiteBundle, Transition};
pub use sync::{Cursor, MAX_OPS, Op, OpOutcome, PULL_PAGE, PullResponse, PushRequest, PushResponse};

use serde::{Deserialize, Serialize};

use crate::error::{Code, Problem};

/// The paths, as axum writes them. [`endpoint`] says how each is asked, and by whom.
pub mod route {
    /// The worker runs.
    pub const HEALTH: &str = "/health";
    /// The holder of the key.
    pub const WHOAMI: &str = "/api/whoami";
    /// Pushes operations.
    pub const PUSH: &str = "/api/sync/push";
    /// Pulls documents.
    pub const PULL: &str = "/api/sync/pull";
    /// Publishes.
    pub const PUBLISH: &str = "/api/admin/publish/all";
    /// The newest publications.
    pub const PUBLICATIONS: &str = "/api/admin/publications";
    /// Events: the same as [`BATCH`].
    pub const COLLECT: &str = "/api/events/collect";
    /// Events: up to [`crate::event::MAX_BATCH`].
    pub const BATCH: &str = "/api/events/batch";
    /// The segments of a site's log.
    pub const SEGMENTS: &str = "/api/events/segments";
    /// The end of every published site's log.
    pub const HEADS: &str = "/api/events/heads";
    /// A segment: newline-delimited JSON of [`crate::event::Logged`].
    pub const SEGMENT: &str = "/api/events/segments/{id}";
    /// A GrowthBook payload.
    pub const FEATURES: &str = "/api/features/{site_id}";
    /// The variant that a visitor gets. The id is the experiment's key or document id.
    pub const ASSIGN: &str = "/api/experiments/{id}/assign";
    /// A flag's value for a visitor.
    pub const RESOLVE: &str = "/api/flags/{key}/resolve";
    /// Several flags' values, or those of all.
    pub const RESOLVE_ALL: &str = "/api/flags/resolve";
    /// OFREP's bulk evaluation. A provider's base address is `/sites/{site_id}`.
    pub const OFREP_ALL: &str = "/sites/{site_id}/ofrep/v1/evaluate/flags";
    /// OFREP's evaluation of one flag.
    pub const OFREP_ONE: &str = "/sites/{site_id}/ofrep/v1/evaluate/flags/{key}";
    /// The script. The query's `site` inlines the definitions.
    pub const SCRIPT: &str = "/beacon.js";
}

/// The header that carries the API key. `Authorization: Bearer` works too.
pub const KEY_HEADER: &str = "x-api-key";

/// Every API key starts with this.
pub const KEY_PREFIX: &str = "bcn_";

/// A permission of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Ask for assignments from a server.
    Evaluate,
    /// Read documents and events.
    Read,
    /// Push documents.
    Write,
    /// Publish.
    Publish,
    /// Implies all others.
    Admin,
}

/// The answer to [`route::WHOAMI`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WhoAmI {
    /// Always `beacon-edge`: how a client knows that it talks to one.
    pub product: String,
    /// The edge's version.
    pub version: String,
    /// The key's name.
    pub key_name: String,
    /// The key's permissions.
    pub scopes: Vec<Scope>,
    /// The workspace's identity: another address with the same epoch is the same workspace.
    #[serde(default)]
    pub epoch: String,
}

/// The answer to [`route::HEALTH`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// Always `ok`.
    pub status: String,
}

/// The value of [`WhoAmI::product`].
pub const PRODUCT: &str = "beacon-edge";

/// RFC 9457 problem details.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProblemDetails {
    /// HTTP status.
    pub status: u16,
    /// The HTTP status in words.
    pub title: String,
    /// Code for programs to branch on.
    pub code: Code,
    /// A full sentence.
    pub detail: String,
    /// The wrong fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Problem>,
}
