use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::{Reason, Source, StickyAssignment, StickyDocument};

/// The most bytes of a request that asks for an evaluation.
pub const MAX_EVALUATE_BYTES: usize = 64 * 1024;
/// The most flags that one request names.
pub const MAX_KEYS: usize = 500;

/// The body of [`super::route::ASSIGN`], [`super::route::RESOLVE`] and [`super::route::RESOLVE_ALL`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EvaluateRequest {
    /// Document id of the site. May be empty where only one published site can be meant.
    #[serde(alias = "siteId")]
    pub site_id: String,
    /// Id of the visitor: becomes the attribute `id`.
    #[serde(alias = "userId", alias = "visitor_id", alias = "visitorId")]
    pub user_id: String,
    /// Further attributes of the visitor.
    #[serde(alias = "context")]
    pub attributes: Map<String, Value>,
    /// The page's address, where targeting asks for it.
    pub url: String,
    /// Earlier assignments to keep, as answers gave them; none switches sticky bucketing off.
    pub sticky: Option<Vec<StickyDocument>>,
    /// The flags to resolve; none is all. Only for [`super::route::RESOLVE_ALL`].
    pub keys: Option<Vec<String>>,
}

/// The answer to [`super::route::ASSIGN`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AssignResponse {
    /// The experiment's key.
    pub experiment_id: String,
    /// The variant; `None` when the visitor is not in the experiment.
    pub variant_id: Option<String>,
    /// Display name.
    pub variant_name: Option<String>,
    /// The variant's configuration; null when the visitor is not in the experiment.
    pub config: Value,
    /// True if the visitor is in it.
    pub in_experiment: bool,
    /// Reason.
    pub reason: Reason,
    /// The visitor's place in [0, 1), when the hash decided.
    pub bucket: Option<f64>,
    /// Assignments to keep for the next request, where `sticky` was given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assigned: Vec<StickyAssignment>,
}

/// The answer to [`super::route::RESOLVE`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResolveResponse {
    /// The flag's key.
    pub key: String,
    /// Its value for this visitor.
    pub value: Value,
    /// True if JavaScript would call the value true.
    pub on: bool,
    /// Reason.
    pub source: Source,
    /// The rule that decided, or empty.
    pub rule_id: String,
    /// The rule's experiment, if one decided.
    pub experiment_id: Option<String>,
    /// The arm of that experiment.
    pub variant_id: Option<String>,
    /// Assignments to keep for the next request, where `sticky` was given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assigned: Vec<StickyAssignment>,
}

/// The answer to [`super::route::RESOLVE_ALL`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResolveAllResponse {
    /// By key. A key that was asked for and is nobody's has the source `unknownFeature`.
    pub flags: BTreeMap<String, ResolveResponse>,
}
