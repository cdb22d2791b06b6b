//! The form of an answer, with its reason.

use serde_json::{Map, Value, json};

use super::definitions::{Experiment, Meta};
use crate::model::{Reason, Source};

/// A feature's value, and why.
#[derive(Clone, Debug)]
pub struct FeatureResult<'e> {
    /// The value.
    pub value: &'e Value,
    /// Reason.
    pub source: Source,
    /// The rule that decided, or empty.
    pub rule_id: &'e str,
    /// The experiment that decided, if one did.
    pub experiment: Option<ExperimentResult<'e>>,
}

/// The variation of a visitor, and how it came to be.
#[derive(Clone, Debug)]
pub struct ExperimentResult<'e> {
    /// The experiment.
    pub experiment: &'e Experiment,
    /// The feature whose rule the experiment is; `None` for an experiment of its own.
    pub feature: Option<&'e str>,
    /// Index of the variation; 0 when not in the experiment.
    pub variation: usize,
    /// True if the visitor is in it.
    pub in_experiment: bool,
    /// True if the hash decided: only then does it count.
    pub hash_used: bool,
    /// True if an earlier assignment was kept, or kept the visitor out.
    pub sticky_used: bool,
    /// The visitor's place in [0, 1), when the hash decided.
    pub bucket: Option<f64>,
    /// The attribute that was hashed.
    pub hash_attribute: &'e str,
    /// Its value as the attributes have it; an empty string when there is none.
    pub hash_value: &'e Value,
    /// Reason.
    pub reason: Reason,
    /// Leaf in which a contextual bandit placed the visitor.
    pub bandit: Option<Leaf<'e>>,
}

/// The leaf of a contextual bandit that a visitor falls into.
#[derive(Clone, Debug)]
pub struct Leaf<'e> {
    /// Its id; -1 when no leaf's condition held.
    pub id: Option<&'e Value>,
    /// The shares it gives to the variations; `None` are equal ones.
    pub weights: Option<&'e [f64]>,
    /// The bandit's version, if it has one.
    pub version: Option<&'e Value>,
}

impl Leaf<'_> {
    fn members(&self, variations: usize) -> Vec<(&'static str, Value)> {
        let equal;
        let weights = match self.weights {
            Some(weights) => weights,
            None => {
                equal = super::equal_weights(variations);
                &equal
            }
        };
        let mut out =
            vec![("leafId", self.id.cloned().unwrap_or_else(|| json!(-1))), ("variationWeights", json!(weights))];
        out.extend(self.version.map(|version| ("banditVersion", version.clone())));
        out
    }
}

impl<'e> ExperimentResult<'e> {
    /// Returns what the variation serves.
    pub fn value(&self) -> &'e Value {
        self.experiment.variations.get(self.variation).unwrap_or(&Value::Null)
    }

    /// The variation's key.
    pub fn key(&self) -> String {
        self.meta().and_then(|m| m.key.clone()).unwrap_or_else(|| self.variation.to_string())
    }

    pub(super) fn meta(&self) -> Option<&'e Meta> {
        self.experiment.meta.get(self.variation)
    }

    fn counted_leaf(&self) -> Option<&Leaf<'e>> {
        self.bandit.as_ref().filter(|_| self.hash_used && self.in_experiment)
    }

    /// As the specification's `Result`.
    pub fn to_json(&self) -> Value {
        let mut out = json!({
            "key": self.key(), "featureId": self.feature, "inExperiment": self.in_experiment,
            "hashUsed": self.hash_used, "variationId": self.variation, "value": self.value(),
            "hashAttribute": self.hash_attribute, "hashValue": self.hash_value,
            "stickyBucketUsed": self.sticky_used,
        });
        let mut set = |key: &str, value: Value| drop(out.as_object_mut().map(|o| o.insert(key.to_owned(), value)));
        if let Some(bucket) = self.bucket {
            set("bucket", json!(bucket));
        }
        if let Some(name) = self.meta().and_then(|m| m.name.as_ref()) {
            set("name", json!(name));
        }
        if self.meta().is_some_and(|m| m.passthrough) {
            set("passthrough", json!(true));
        }
        let leaf = self.counted_leaf().map(|leaf| leaf.members(self.experiment.variations.len()));
        leaf.into_iter().flatten().for_each(|(key, value)| set(key, value));
        out
    }

    /// The experiment's definition as the specification's `Experiment`, with what a bandit made of its weights.
    pub fn definition(&self) -> Value {
        let mut out = Map::new();
        let source = &self.experiment.source;
        for name in CARRIED {
            out.extend(source.get(name).map(|value| (name.to_owned(), value.clone())));
        }
        out.insert("key".to_owned(), json!(self.experiment.key));
        out.insert("variations".to_owned(), json!(self.experiment.variations));
        if let Some(weights) = self.bandit.as_ref().and_then(|leaf| leaf.weights) {
            out.insert("weights".to_owned(), json!(weights));
        }
        if let Some(leaf) = self.counted_leaf() {
            let members = leaf.members(self.experiment.variations.len()).into_iter();
            let members: Map<String, Value> = members.map(|(key, value)| (key.to_owned(), value)).collect();
            out.insert("contextualBandit".to_owned(), Value::Object(members));
        }
        Value::Object(out)
    }
}

/// The members that an experiment takes from the rule that describes it, besides its key and variations.
const CARRIED: [&str; 16] = [
    "coverage",
    "weights",
    "hashAttribute",
    "fallbackAttribute",
    "disableStickyBucketing",
    "bucketVersion",
    "minBucketVersion",
    "namespace",
    "meta",
    "ranges",
    "name",
    "phase",
    "seed",
    "hashVersion",
    "filters",
    "condition",
];

impl FeatureResult<'_> {
    /// Returns true if the value is truthy as JavaScript sees it.
    pub fn on(&self) -> bool {
        super::condition::is_truthy(self.value)
    }

    /// As the specification's `FeatureResult`.
    pub fn to_json(&self) -> Value {
        let mut out = Map::new();
        out.insert("value".into(), self.value.clone());
        out.insert("on".into(), json!(self.on()));
        out.insert("off".into(), json!(!self.on()));
        out.insert("source".into(), json!(self.source.as_str()));
        out.insert("ruleId".into(), json!(self.rule_id));
        if let Some(result) = &self.experiment {
            out.insert("experiment".into(), result.definition());
            out.insert("experimentResult".into(), result.to_json());
        }
        Value::Object(out)
    }
}
