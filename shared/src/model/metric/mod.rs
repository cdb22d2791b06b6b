mod usage;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use usage::{ExperimentMetric, MetricUse};

use super::measure::beside_kind;
use super::{Counting, Definition, Kind, MetricKind};

/// The purpose of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Decides.
    Goal,
    /// Explains.
    Secondary,
    /// Must not get worse.
    Guardrail,
}

/// The direction that is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More is better.
    #[default]
    Increase,
    /// Less is better.
    Decrease,
}

impl Direction {
    fn is_increase(&self) -> bool {
        *self == Self::Increase
    }
}

/// A metric with its role in one experiment: what results are counted and judged by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Unique in the experiment.
    pub id: String,
    /// Name that people read.
    pub name: String,
    /// Part that it plays in the decision.
    pub role: Role,
    /// The way from events to a number.
    #[serde(flatten)]
    pub kind: MetricKind,
    /// The direction that is better.
    #[serde(default, skip_serializing_if = "Direction::is_increase")]
    pub direction: Direction,
    /// Relative loss that a guardrail tolerates; 0.02 is 2%. `None` is the statistics' default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// Events that count, and their values.
    #[serde(flatten)]
    pub counting: Counting,
    /// Fields of a newer schema.
    #[serde(flatten, deserialize_with = "beside_kind")]
    pub extra: Map<String, Value>,
}

impl Metric {
    /// Returns a metric with defaults: more is better, and every event until the phase ends counts.
    pub fn new(id: impl Into<String>, name: impl Into<String>, role: Role, kind: MetricKind) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            role,
            kind,
            direction: Direction::default(),
            margin: None,
            counting: Counting::default(),
            extra: Map::new(),
        }
    }
}

/// A metric of the workspace, defined once. Experiments of any site use it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricDefinition {
    /// The name in commands and exports.
    pub key: String,
    /// Name that people read.
    pub name: String,
    /// Text on its meaning and its importance.
    #[serde(default)]
    pub description: String,
    /// The direction that is better.
    #[serde(default)]
    pub direction: Direction,
    /// The way from events to a number.
    #[serde(flatten)]
    pub measure: MetricKind,
    /// Events that count, and their values.
    #[serde(flatten)]
    pub counting: Counting,
    /// Fields of a newer schema.
    #[serde(flatten, deserialize_with = "beside_kind")]
    pub extra: Map<String, Value>,
}

impl MetricDefinition {
    /// Returns a metric without a name: more is better, and every event until the phase ends counts.
    pub fn new(measure: MetricKind) -> Self {
        Self {
            key: String::new(),
            name: String::new(),
            description: String::new(),
            direction: Direction::default(),
            measure,
            counting: Counting::default(),
            extra: Map::new(),
        }
    }
}

impl Definition for MetricDefinition {
    const KIND: Kind = Kind::Metric;
    fn key(&self) -> &str {
        &self.key
    }
    fn name(&self) -> &str {
        &self.name
    }
}

#[cfg(test)]
mod tests;
