//! Phases: stretches in which an experiment's assignment does not change.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::Audience;

/// The reason why a phase began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A person started it.
    #[default]
    Person,
    /// A bandit moved the weights.
    Bandit,
    /// A schedule came due.
    Schedule,
}

/// The share of one variant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weight {
    /// The variant's id.
    pub variant: String,
    /// Its share of the participants, in parts of 10,000.
    pub weight: u32,
}

/// The allocation of visitors to variants. A phase keeps its own copy, so that later edits move no visitor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// The seed of the hash. Another seed gives visitors other variants.
    pub seed: String,
    /// One for each variant; they sum to 10,000.
    pub weights: Vec<Weight>,
    /// The visitors who take part.
    #[serde(flatten)]
    pub audience: Audience,
    /// Condition for eligible visitors; an empty object is everybody.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub condition: Map<String, Value>,
}

impl Assignment {
    /// Returns the share of a variant in parts of 10,000; 0 for a variant that the phase does not have.
    pub fn weight(&self, variant: &str) -> u32 {
        self.weights.iter().find(|w| w.variant == variant).map_or(0, |w| w.weight)
    }
}

/// The size that a phase is planned for. It is fixed when the phase begins, and does not follow the data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PhasePlan {
    /// Visitors of all variants together.
    pub visitors: u64,
    /// Days in which that many are expected.
    pub days: u32,
    /// True if the phase is meant to end with these visitors: until then smaller lifts are found, and hardly any after it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ends: bool,
    /// By metric id, the smallest lift of a goal that this many visitors find with a probability of 80%; 0.05 is 5%.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lifts: BTreeMap<String, f64>,
    /// Fields of a newer schema.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A stretch of time in which the assignment did not change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// Unique in the experiment; exposures and conversions carry it. Phases of schema 1 are called by their index.
    #[serde(default)]
    pub id: String,
    /// Reason why it began.
    #[serde(default)]
    pub cause: Cause,
    /// The assignment while it runs. `None` in a phase of schema 1, which had the experiment's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<Assignment>,
    /// The size that it is planned for. `None` where nothing was known about the site's visitors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PhasePlan>,
    /// Unix milliseconds, stamped by the edge when the phase went live; `None` until then.
    #[serde(default, alias = "started_at")]
    pub started: Option<i64>,
    /// Unix milliseconds, stamped by the edge when the phase's end went live; `None` until then.
    #[serde(default, alias = "ended_at")]
    pub ended: Option<i64>,
    /// Fields of a newer schema.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Names of fields that a phase had in schema 1, and has under other names now.
pub(super) const RETIRED: [&str; 2] = ["started_at", "ended_at"];

/// Reads phases, and calls those without an id by their index.
pub(super) fn numbered<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Phase>, D::Error> {
    let mut phases = Vec::<Phase>::deserialize(deserializer)?;
    for (index, phase) in phases.iter_mut().enumerate() {
        if phase.id.is_empty() {
            phase.id = index.to_string();
        }
    }
    Ok(phases)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::model::Experiment;

    #[test]
    fn phases_of_schema_1_are_read() {
        let body = json!({
            "key": "hero", "name": "Hero", "site_id": "s", "status": "running", "coverage": 5000, "hash_attribute": "id",
            "hash_version": 2, "seed": "hero", "auto_activate": true, "metrics": [],
            "variants": [{"id": "a", "name": "A", "weight": 4000}, {"id": "b", "name": "B", "weight": 6000}],
            "phases": [{"started_at": 1, "ended_at": 2}, {"started_at": 3, "ended_at": null}],
        });
        let experiment: Experiment = serde_json::from_value(body).expect("an experiment");
        assert!(experiment.extra.is_empty(), "{:?}", experiment.extra);
        let phase = experiment.phase().expect("a phase");
        assert_eq!((phase.id.as_str(), phase.started, phase.ended), ("1", Some(3), None));
        let assignment = experiment.assignment(phase);
        assert_eq!((assignment.seed.as_str(), assignment.audience.coverage), ("hero", 5000));
        assert_eq!([assignment.weight("a"), assignment.weight("b"), assignment.weight("c")], [4000, 6000, 0]);
    }
}
