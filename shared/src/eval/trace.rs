//! Every step on the way to a result, in the order in which it was taken.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::bucket::Range;
use super::condition::Part;
use crate::model::{Reason, Source};

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// A feature is looked at; the steps until its `decided` belong to it.
    Feature {
        /// Its key.
        key: String,
    },
    /// A rule is tried.
    Rule {
        /// From 0.
        index: usize,
        /// Its id, or empty.
        id: String,
    },
    /// A prerequisite was resolved.
    Prerequisite {
        /// The other feature.
        feature: String,
        /// Its value.
        value: Value,
        /// True if the condition on that value holds.
        passed: bool,
        /// True if its failing blocks the whole feature.
        gate: bool,
    },
    /// A condition was tested, part by part.
    Condition {
        /// Its parts. All are listed, also those after the first that failed.
        parts: Vec<Part>,
        /// True if all hold.
        passed: bool,
    },
    /// A value was hashed.
    Hash {
        /// Purpose of the hash.
        purpose: Purpose,
        /// The attribute.
        attribute: String,
        /// Its value as text.
        value: String,
        /// The seed.
        seed: String,
        /// 1 or 2.
        version: u32,
        /// The place in [0, 1); `None` without a value or with an unknown version.
        place: Option<f64>,
        /// The places that are in, or those of each variation.
        ranges: Vec<Range>,
        /// The index of the range that holds the place.
        chosen: Option<usize>,
    },
    /// The page was compared with URL patterns.
    Url {
        /// The page.
        page: String,
        /// True if it is targeted.
        passed: bool,
    },
    /// An experiment came to an end.
    Experiment {
        /// Its key.
        key: String,
        /// The index of the variation, if the visitor is in.
        variation: Option<usize>,
        /// Reason.
        reason: Reason,
    },
    /// A rule served nothing, and the next one is asked.
    Skipped {
        /// From 0.
        index: usize,
    },
    /// A feature has its value.
    Decided {
        /// Its key.
        key: String,
        /// The value.
        value: Value,
        /// Reason.
        source: Source,
    },
}

/// The purpose of a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A rule's share of the visitors.
    Rollout,
    /// A filter, or a namespace.
    Filter,
    /// The variation.
    Variation,
}

/// Receives the steps of an evaluation.
pub(super) trait Witness {
    /// Takes the step, or leaves it unmade.
    fn see(&mut self, step: impl FnOnce() -> Step);
}

/// Nobody: steps are not even made.
impl Witness for () {
    #[inline]
    fn see(&mut self, _: impl FnOnce() -> Step) {}
}

impl Witness for Vec<Step> {
    fn see(&mut self, step: impl FnOnce() -> Step) {
        self.push(step());
    }
}
