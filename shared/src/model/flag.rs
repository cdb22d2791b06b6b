use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::targeting::{is_newest_hash, newest_hash};
use super::units::WHOLE;
use super::{Definition, Kind, Namespace, Prerequisite, Schedule, Sticky};

/// A feature flag: a default value and ordered rules, the first that matches wins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flag {
    /// Name in code, unique in the workspace.
    pub key: String,
    /// Display name.
    pub name: String,
    /// Description for people.
    #[serde(default)]
    pub description: String,
    /// Document ids of the sites that get it.
    pub site_ids: Vec<String>,
    /// The kill switch: `false` serves `null` to everybody, whatever the rules say.
    pub enabled: bool,
    /// Served when no rule matches. Every rule's value has the same JSON type.
    pub default_value: Value,
    /// Flags that must have a value first; otherwise this one is `null`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prerequisites: Vec<Prerequisite>,
    /// Time in which its rules apply; outside of it, the default is served.
    #[serde(default, skip_serializing_if = "Schedule::is_always")]
    pub schedule: Schedule,
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
    /// Condition for eligible visitors; an empty object is everybody.
    #[serde(default)]
    pub condition: Map<String, Value>,
    /// Share of the eligible that get the value, in parts of 10,000.
    pub coverage: u32,
    /// Value that they get, unless `experiment` decides.
    pub value: Value,
    /// Splits the eligible between values instead of serving one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experiment: Option<RuleExperiment>,
    /// The attribute that is hashed where a share or a split is asked for.
    #[serde(default = "id", skip_serializing_if = "is_id")]
    pub hash_attribute: String,
    /// Seed of that hash; empty for the flag's key and the rule's id.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub seed: String,
    /// 2, the unbiased hash. 1 only in what was imported.
    #[serde(default = "newest_hash", skip_serializing_if = "is_newest_hash")]
    pub hash_version: u32,
    /// The part of a namespace in which it applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Namespace>,
    /// Flags that must have a value first; otherwise the next rule is asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prerequisites: Vec<Prerequisite>,
    /// Time in which it applies.
    #[serde(default, skip_serializing_if = "Schedule::is_always")]
    pub schedule: Schedule,
    /// Note for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Fields of a newer schema.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// An experiment on a flag's value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleExperiment {
    /// Name in events.
    pub key: String,
    /// The first one is the control. Weights are parts of 10,000 and sum to 10,000.
    pub arms: Vec<Arm>,
    /// Fallback attribute and versions of kept assignments; `None` keeps them while nothing changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sticky: Option<Sticky>,
}

/// One arm of a rule's experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// Name in events.
    pub id: String,
    /// Display name.
    #[serde(default)]
    pub name: String,
    /// Share of the participants, in parts of 10,000.
    pub weight: u32,
    /// Value that they get.
    pub value: Value,
}

fn id() -> String {
    "id".to_owned()
}

fn is_id(attribute: &String) -> bool {
    attribute == "id"
}

impl Default for Flag {
    /// A flag without a name that is off for everybody.
    fn default() -> Self {
        Self {
            key: String::new(),
            name: String::new(),
            description: String::new(),
            site_ids: Vec::new(),
            enabled: true,
            default_value: Value::Bool(false),
            prerequisites: Vec::new(),
            schedule: Schedule::default(),
            rules: Vec::new(),
            extra: Map::new(),
        }
    }
}

impl Default for Rule {
    /// A rule for everybody.
    fn default() -> Self {
        Self {
            id: String::new(),
            condition: Map::new(),
            coverage: WHOLE,
            value: Value::Null,
            experiment: None,
            hash_attribute: id(),
            seed: String::new(),
            hash_version: newest_hash(),
            namespace: None,
            prerequisites: Vec::new(),
            schedule: Schedule::default(),
            note: String::new(),
            extra: Map::new(),
        }
    }
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
