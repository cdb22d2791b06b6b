use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Definition, Kind};

/// A feature flag: a default value and ordered rules, the first that matches wins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flag {
    /// What code calls it, unique in the workspace.
    pub key: String,
    /// What people read.
    pub name: String,
    /// What it switches.
    #[serde(default)]
    pub description: String,
    /// Document ids of the sites that get it.
    pub site_ids: Vec<String>,
    /// The kill switch: `false` serves `null` to everybody, whatever the rules say.
    pub enabled: bool,
    /// Served when no rule matches. Every rule's value has the same JSON type.
    pub default_value: Value,
    /// In order of precedence.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// Fields of a newer schema.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Serves a value to a part of the visitors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Unique in the flag; also the merge unit.
    pub id: String,
    /// Who is eligible; an empty object is everybody.
    #[serde(default)]
    pub condition: Map<String, Value>,
    /// Share of the eligible that get the value, in parts of 10,000.
    pub coverage: u32,
    /// What they get.
    pub value: Value,
    /// Fields of a newer schema.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Definition for Flag {
    const KIND: Kind = Kind::Flag;
    fn key(&self) -> &str {
        &self.key
    }
    fn name(&self) -> &str {
        &self.name
    }
}
