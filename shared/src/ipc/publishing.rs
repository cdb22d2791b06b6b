use serde::{Deserialize, Serialize};

use crate::api::Publication;
use crate::error::Problem;
use crate::model::{Kind, Revision};

/// The changes that publishing would make.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReviewView {
    /// Documents whose draft differs from what is released.
    pub items: Vec<ReviewItem>,
    /// Publication that is live.
    pub live: Option<Publication>,
    /// Reason why nothing can be published now.
    pub blocked: Option<String>,
    /// True while the edge's answer to a publication is not known.
    #[serde(default)]
    pub unconfirmed: bool,
}

/// One document in the review.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReviewItem {
    /// Document id.
    pub doc_id: String,
    /// Its kind.
    pub kind: Kind,
    /// Display name.
    pub name: String,
    /// The revision that is shown.
    pub revision: Revision,
    /// True if publishing would take it off the sites and delete it.
    #[serde(default)]
    pub removed: bool,
    /// True if the edge does not have it yet as it is here: it can be ticked once it is synced.
    #[serde(default)]
    pub syncing: bool,
    /// Differences, field by field.
    pub changes: Vec<FieldChange>,
    /// Number of differences that are not listed in `changes`.
    #[serde(default)]
    pub more: usize,
    /// Document ids of the sites and metrics that have to be published with it.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Problems that keep this one from being released.
    pub problems: Vec<Problem>,
}

/// One field that differs. Values are JSON in one line, or empty where there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// JSON pointer into the definition.
    pub pointer: String,
    /// Live value.
    pub before: String,
    /// Value after publishing.
    pub after: String,
}

/// The documents that were ticked in the review, at the revision that was shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PublishTicks {
    /// Document ids with revisions.
    pub release: Vec<crate::api::Release>,
}
