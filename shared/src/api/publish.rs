use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use crate::lifecycle::Action;
use crate::model::Revision;

/// Copies a document's draft to its released part, at the revision that was reviewed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Release {
    /// The document.
    pub doc_id: String,
    /// The revision that the review showed.
    #[serde(flatten)]
    pub revision: Revision,
}

/// Applies a command to the released part of a document, and to its draft, at the revision that the person saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transition {
    /// The document.
    pub doc_id: String,
    /// The revision that the person saw.
    #[serde(flatten)]
    pub revision: Revision,
    /// The command.
    pub action: Action,
}

/// The body of [`super::route::PUBLISH`]: all of `release` and `transitions` or nothing, then a bundle at one sequence
/// number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PublishRequest {
    /// UUIDv7; sending it twice publishes once.
    pub command_id: String,
    /// Id of the device that asks.
    pub device: String,
    /// Documents that were ticked in the review.
    pub release: Vec<Release>,
    /// Commands on what is released. A document stands in one of the two lists only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transitions: Vec<Transition>,
    /// Unix milliseconds, by the device's clock.
    pub at: i64,
}

/// One bundle that went live.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Publication {
    /// The command's id.
    pub id: String,
    /// The bundle is the released documents at this sequence number.
    pub seq: u64,
    /// SHA-256 of the bundle's bytes, hex.
    pub hash: String,
    /// Unix milliseconds, by the server's clock.
    pub at: i64,
    /// Name of the key that published.
    pub actor: String,
    /// True if it is what websites get now.
    pub live: bool,
}

/// The object of all sites in R2, as it was before each site had its own. It is still served.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bundle {
    /// The released documents at this sequence number.
    pub seq: u64,
    /// By site id.
    pub sites: BTreeMap<String, SiteBundle>,
}

/// The data from which the edge serves one site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SiteBundle {
    /// Hosts that may send events.
    pub domains: Vec<String>,
    /// True if localhost counts.
    pub allow_localhost: bool,
    /// A disabled site's events are refused.
    pub enabled: bool,
    /// The GrowthBook payload: `{features: {key: {defaultValue, rules}}, experiments: [{key, variations, …}]}`.
    pub payload: Value,
    /// Keys of the site's experiments, by document id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub experiments: BTreeMap<String, String>,
}
