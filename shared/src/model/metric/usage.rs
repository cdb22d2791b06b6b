//! The metrics that an experiment is judged by, as its definition names them.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::{Metric, MetricDefinition, Role};

/// A metric in an experiment's definition.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ExperimentMetric {
    /// A metric of the workspace.
    Shared(MetricUse),
    /// A metric that the experiment defines itself, as all of them did until schema 2.
    Own(Metric),
}

/// The use of a workspace's metric by one experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricUse {
    /// Unique in the experiment; results name the metric by it.
    pub id: String,
    /// Document id of the metric.
    pub metric: String,
    /// Part that it plays in the decision.
    pub role: Role,
    /// Relative loss that a guardrail tolerates; 0.02 is 2%. `None` is the statistics' default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// Fields of a newer schema.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl MetricUse {
    /// Returns a use without a margin. Its id is the metric's, so that two people who add one metric add it once.
    pub fn new(metric: impl Into<String>, role: Role) -> Self {
        let metric = metric.into();
        Self { id: metric.clone(), metric, role, margin: None, extra: Map::new() }
    }

    /// Returns the metric that the experiment is judged by.
    pub fn resolved(&self, definition: &MetricDefinition) -> Metric {
        Metric {
            id: self.id.clone(),
            name: definition.name.clone(),
            role: self.role,
            kind: definition.measure.clone(),
            direction: definition.direction,
            margin: self.margin,
            counting: definition.counting.clone(),
            extra: Map::new(),
        }
    }
}

impl ExperimentMetric {
    /// Returns the id, which is unique in the experiment.
    pub fn id(&self) -> &str {
        match self {
            Self::Shared(used) => &used.id,
            Self::Own(metric) => &metric.id,
        }
    }

    /// Returns the document id of the workspace's metric; `None` for an own one.
    pub fn document(&self) -> Option<&str> {
        match self {
            Self::Shared(used) => Some(&used.metric),
            Self::Own(_) => None,
        }
    }

    /// Returns what it is for.
    pub fn role(&self) -> Role {
        match self {
            Self::Shared(used) => used.role,
            Self::Own(metric) => metric.role,
        }
    }

    /// Returns the margin of a guardrail, where one was chosen.
    pub fn margin(&self) -> Option<f64> {
        match self {
            Self::Shared(used) => used.margin,
            Self::Own(metric) => metric.margin,
        }
    }

    /// Returns the fields that this version does not know.
    pub fn extra(&self) -> &Map<String, Value> {
        match self {
            Self::Shared(used) => &used.extra,
            Self::Own(metric) => &metric.extra,
        }
    }

    /// Returns the fields that this version does not know, to change them.
    pub fn extra_mut(&mut self) -> &mut Map<String, Value> {
        match self {
            Self::Shared(used) => &mut used.extra,
            Self::Own(metric) => &mut metric.extra,
        }
    }

    /// Gives it another role. Only a guardrail keeps its margin.
    pub fn set_role(&mut self, role: Role) {
        let margin = self.margin().filter(|_| role == Role::Guardrail);
        match self {
            Self::Shared(used) => used.role = role,
            Self::Own(metric) => metric.role = role,
        }
        self.set_margin(margin);
    }

    /// Gives it another margin.
    pub fn set_margin(&mut self, margin: Option<f64>) {
        match self {
            Self::Shared(used) => used.margin = margin,
            Self::Own(metric) => metric.margin = margin,
        }
    }
}

/// A metric that names a document is a shared one. Read by hand, so that an error names the field that is wrong.
impl<'de> Deserialize<'de> for ExperimentMetric {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Value::deserialize(deserializer)?;
        let read = if fields.get("metric").is_some() {
            MetricUse::deserialize(fields).map(Self::Shared)
        } else {
            Metric::deserialize(fields).map(Self::Own)
        };
        read.map_err(serde::de::Error::custom)
    }
}
