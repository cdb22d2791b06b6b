use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Definition, Kind, MetricKind};

/// Which way is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More is better.
    #[default]
    Increase,
    /// Less is better.
    Decrease,
}

/// A metric that several experiments use, defined once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricDefinition {
    /// What experiments call it.
    pub key: String,
    /// What people read.
    pub name: String,
    /// What it measures, and why that matters.
    #[serde(default)]
    pub description: String,
    /// Which way is better.
    #[serde(default)]
    pub direction: Direction,
    /// How events become a number.
    #[serde(flatten)]
    pub measure: MetricKind,
    /// Fields of a newer schema.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
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
