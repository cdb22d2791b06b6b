//! Who is asking, and what the answer looks like.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::definitions::{Experiment, Meta};

/// Who is asking, from where, with what forced.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// What is known of the visitor: an object.
    pub attributes: &'a Value,
    /// The page's address, or empty.
    pub url: &'a str,
    /// Variation by experiment key.
    pub forced_variations: BTreeMap<String, i64>,
    /// `false` keeps everybody out of all experiments.
    pub enabled: bool,
    /// `true` keeps everybody out of experiments that are not forced.
    pub qa_mode: bool,
}

impl<'a> Context<'a> {
    /// A visitor with these attributes, nothing forced.
    pub fn new(attributes: &'a Value) -> Self {
        Self { attributes, url: "", forced_variations: BTreeMap::new(), enabled: true, qa_mode: false }
    }

    /// The attribute's value. A literal key wins over a dotted path.
    pub(super) fn attribute(&self, name: &str) -> Option<&'a Value> {
        let literal = self.attributes.get(name);
        literal.or_else(|| {
            name.split('.').try_fold(self.attributes, |here, part| match here {
                Value::Array(items) => items.get(part.parse::<usize>().ok()?),
                _ => here.get(part),
            })
        })
    }

    /// The attribute's value as it is hashed; empty when there is nothing to hash.
    pub(super) fn hash_value(&self, attribute: &str) -> Cow<'a, str> {
        match self.attribute(attribute) {
            None | Some(Value::Null | Value::Bool(false)) => Cow::Borrowed(""),
            Some(Value::Number(n)) if n.as_f64() == Some(0.0) => Cow::Borrowed(""),
            Some(value) => super::condition::to_text(value),
        }
    }
}

/// Why a feature has its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// There is no such feature.
    UnknownFeature,
    /// No rule applied.
    DefaultValue,
    /// A rule forced it.
    Force,
    /// A rule's experiment assigned it.
    Experiment,
    /// A gating prerequisite failed.
    Prerequisite,
    /// The feature depends on itself.
    CyclicPrerequisite,
}

impl Source {
    /// As the specification spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownFeature => "unknownFeature",
            Self::DefaultValue => "defaultValue",
            Self::Force => "force",
            Self::Experiment => "experiment",
            Self::Prerequisite => "prerequisite",
            Self::CyclicPrerequisite => "cyclicPrerequisite",
        }
    }
}

/// A feature's value, and why.
#[derive(Clone, Debug)]
pub struct FeatureResult<'d> {
    /// The value.
    pub value: &'d Value,
    /// Why.
    pub source: Source,
    /// The rule that decided, or empty.
    pub rule_id: &'d str,
    /// The experiment that decided, if one did.
    pub experiment: Option<ExperimentResult<'d>>,
}

/// Which variation, and how it came to be.
#[derive(Clone, Debug)]
pub struct ExperimentResult<'d> {
    /// The experiment.
    pub experiment: &'d Experiment,
    /// The feature whose rule it is, if it is one's.
    pub feature: Option<&'d str>,
    /// Index of the variation; 0 when not in the experiment.
    pub variation: usize,
    /// Whether the visitor is in it.
    pub in_experiment: bool,
    /// Whether the hash decided: only then does it count.
    pub hash_used: bool,
    /// The visitor's place in [0, 1), when the hash decided.
    pub bucket: Option<f64>,
    /// The attribute that was hashed.
    pub hash_attribute: &'d str,
    /// Its value as the attributes have it; an empty string when there is none.
    pub hash_value: Value,
}

impl ExperimentResult<'_> {
    /// What the variation serves.
    pub fn value(&self) -> &Value {
        self.experiment.variations.get(self.variation).unwrap_or(&Value::Null)
    }

    /// The variation's key.
    pub fn key(&self) -> String {
        self.meta().and_then(|m| m.key.clone()).unwrap_or_else(|| self.variation.to_string())
    }

    pub(super) fn meta(&self) -> Option<&Meta> {
        self.experiment.meta.get(self.variation)
    }

    /// As the specification's `Result`.
    pub fn to_json(&self) -> Value {
        let mut out = json!({
            "key": self.key(), "featureId": self.feature, "inExperiment": self.in_experiment,
            "hashUsed": self.hash_used, "variationId": self.variation, "value": self.value(),
            "hashAttribute": self.hash_attribute, "hashValue": self.hash_value, "stickyBucketUsed": false,
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
        out
    }
}

impl FeatureResult<'_> {
    /// Whether the value is truthy as JavaScript sees it.
    pub fn on(&self) -> bool {
        super::condition::is_truthy(self.value)
    }

    /// As the specification's `FeatureResult`, without the experiment's definition.
    pub fn to_json(&self) -> Value {
        let mut out = Map::new();
        out.insert("value".into(), self.value.clone());
        out.insert("on".into(), json!(self.on()));
        out.insert("off".into(), json!(!self.on()));
        out.insert("source".into(), json!(self.source.as_str()));
        out.insert("ruleId".into(), json!(self.rule_id));
        if let Some(result) = &self.experiment {
            out.insert("experimentResult".into(), result.to_json());
        }
        Value::Object(out)
    }
}
