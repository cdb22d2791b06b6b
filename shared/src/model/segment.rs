use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Definition, Kind};

/// A set of visitors that conditions refer to by its key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// Name in conditions.
    pub key: String,
    /// Display name.
    pub name: String,
    /// Description for people.
    #[serde(default)]
    pub description: String,
    /// Members.
    #[serde(flatten)]
    pub members: Members,
    /// Fields of a newer schema.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The members of a segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Members {
    /// Visitors whose attribute has one of these values. A condition asks with `{"<attribute>": {"$inGroup":
    /// "<key>"}}`.
    List {
        /// The attribute that the values are of; conditions may ask another one.
        attribute: String,
        /// Texts and numbers.
        values: Vec<Value>,
    },
    /// The visitors who satisfy a condition. A condition asks with `{"$savedGroup": {"id": "<key>"}}`.
    Condition {
        /// As the evaluator reads it.
        condition: Map<String, Value>,
    },
}

impl Definition for Segment {
    const KIND: Kind = Kind::Segment;
    fn key(&self) -> &str {
        &self.key
    }
    fn name(&self) -> &str {
        &self.name
    }
}
