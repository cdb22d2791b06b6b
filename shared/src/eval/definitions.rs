//! A payload, parsed once: what is needed to evaluate features and experiments many times.
//!
//! Parsing never fails. What has the wrong type counts as absent, as it would in JavaScript; conditions and URL
//! patterns that are not understood match nobody.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::bucket::Range;
use super::condition::{Condition, Groups};
use super::url::UrlPattern;

/// A parsed payload.
#[derive(Clone, Debug, Default)]
pub struct Definitions {
    /// Features by key.
    pub features: BTreeMap<String, Feature>,
    /// Experiments that run on pages by themselves, in order.
    pub experiments: Vec<Experiment>,
    /// Saved groups by id.
    pub groups: Groups,
}

/// A feature: a default and ordered rules.
#[derive(Clone, Debug)]
pub struct Feature {
    /// Served when no rule applies.
    pub default_value: Value,
    /// In order of precedence.
    pub rules: Vec<Rule>,
}

/// One rule of a feature.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its id, or empty.
    pub id: String,
    /// Features that must have a value first.
    pub parents: Vec<Parent>,
    /// Who may be in it at all.
    pub filters: Vec<Filter>,
    /// What it serves.
    pub serves: Serves,
}

/// What a rule serves.
#[derive(Clone, Debug)]
pub enum Serves {
    /// One value, to all or to a share.
    Force {
        /// The value.
        value: Value,
        /// Who is eligible.
        condition: Option<Condition>,
        /// To which share; `None` is all.
        rollout: Option<Rollout>,
    },
    /// A variation of an experiment.
    Experiment(Box<Experiment>),
    /// Nothing: the rule is incomplete.
    Nothing,
}

/// A share of the visitors.
#[derive(Clone, Debug)]
pub struct Rollout {
    /// Seed of the hash.
    pub seed: String,
    /// The attribute that is hashed.
    pub hash_attribute: String,
    /// The one that is hashed when the first is empty.
    pub fallback_attribute: Option<String>,
    /// Which places are in; takes precedence over `coverage`.
    pub range: Option<Range>,
    /// Places up to this are in.
    pub coverage: Option<f64>,
    /// 1 or 2.
    pub hash_version: u32,
}

/// A feature that must have a certain value.
#[derive(Clone, Debug)]
pub struct Parent {
    /// The feature's key.
    pub key: String,
    /// On `{value}`.
    pub condition: Condition,
    /// Whether its failing blocks the whole feature rather than the rule.
    pub gate: bool,
}

/// A part of the places of a hash; what namespaces became.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Seed of the hash.
    pub seed: String,
    /// The attribute that is hashed.
    pub attribute: String,
    /// Which places are in.
    pub ranges: Vec<Range>,
    /// 1 or 2.
    pub hash_version: u32,
}

/// An old-style namespace: version 1 hash of the id with `__` and its name, in a range.
#[derive(Clone, Debug)]
pub struct Namespace {
    /// Its name.
    pub id: String,
    /// Which places are in.
    pub range: Range,
}

/// What is known of a variation.
#[derive(Clone, Debug, Default)]
pub struct Meta {
    /// Its key; the index when there is none.
    pub key: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Whether the feature goes on to the next rule nevertheless (holdouts).
    pub passthrough: bool,
}

/// An experiment.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// As it was written.
    pub source: Value,
    /// Its key.
    pub key: String,
    /// What each variation serves.
    pub variations: Vec<Value>,
    /// Their shares.
    pub weights: Option<Vec<f64>>,
    /// Share of the eligible that enter.
    pub coverage: f64,
    /// The places of each variation; takes precedence over weights and coverage.
    pub ranges: Option<Vec<Range>>,
    /// The attribute that is hashed.
    pub hash_attribute: String,
    /// The one that is hashed when the first is empty and sticky bucketing is on.
    pub fallback_attribute: Option<String>,
    /// 1 or 2.
    pub hash_version: u32,
    /// Seed of the hash.
    pub seed: String,
    /// By variation.
    pub meta: Vec<Meta>,
    /// Who may be in it at all; takes precedence over the namespace.
    pub filters: Option<Vec<Filter>>,
    /// Mutual exclusion, old style.
    pub namespace: Option<Namespace>,
    /// Who is eligible.
    pub condition: Option<Condition>,
    /// Features that must have a value first.
    pub parents: Vec<Parent>,
    /// On which pages it runs; `None` is all.
    pub url_patterns: Option<Vec<UrlPattern>>,
    /// Neither a draft nor switched off.
    pub active: bool,
    /// Assigns nobody any more, though forced variations still work.
    pub stopped: bool,
    /// Everybody who would be in gets this one.
    pub force: Option<i64>,
}

impl Definitions {
    /// Parses a payload: `{features, experiments, savedGroups}`.
    pub fn parse(payload: &Value) -> Self {
        let features = members(payload, "features").map(|(key, feature)| (key.clone(), Feature::parse(key, feature)));
        let groups =
            members(payload, "savedGroups").filter_map(|(id, list)| Some((id.clone(), list.as_array()?.clone())));
        Self {
            features: features.collect(),
            experiments: list(payload, "experiments").filter_map(|e| Experiment::parse(e, None)).collect(),
            groups: groups.collect(),
        }
    }
}

impl Feature {
    fn parse(key: &str, feature: &Value) -> Self {
        Self {
            default_value: feature.get("defaultValue").cloned().unwrap_or_default(),
            rules: list(feature, "rules").map(|rule| Rule::parse(key, rule)).collect(),
        }
    }
}

impl Rule {
    fn parse(feature: &str, rule: &Value) -> Self {
        let serves = match rule.get("force") {
            Some(value) => Serves::Force {
                value: value.clone(),
                condition: condition(rule),
                rollout: Rollout::parse(feature, rule),
            },
            None => match Experiment::parse(rule, Some(feature)) {
                Some(experiment) => Serves::Experiment(Box::new(experiment)),
                None => Serves::Nothing,
            },
        };
        Self {
            id: text(rule, "id").unwrap_or_default(),
            parents: parents(rule),
            filters: list(rule, "filters").map(Filter::parse).collect(),
            serves,
        }
    }
}

impl Rollout {
    fn parse(feature: &str, rule: &Value) -> Option<Self> {
        let range = rule.get("range").and_then(range);
        let coverage = rule.get("coverage").and_then(Value::as_f64);
        (range.is_some() || coverage.is_some()).then(|| Self {
            seed: filled(rule, "seed").unwrap_or_else(|| feature.to_owned()),
            hash_attribute: filled(rule, "hashAttribute").unwrap_or_else(|| "id".to_owned()),
            fallback_attribute: filled(rule, "fallbackAttribute"),
            range,
            coverage,
            hash_version: version(rule, 1),
        })
    }
}

impl Filter {
    fn parse(filter: &Value) -> Self {
        Self {
            seed: text(filter, "seed").unwrap_or_default(),
            attribute: filled(filter, "attribute").unwrap_or_else(|| "id".to_owned()),
            ranges: list(filter, "ranges").filter_map(range).collect(),
            hash_version: version(filter, 2),
        }
    }
}

impl Experiment {
    /// Parses an experiment, or the experiment that a rule of `feature` describes; `None` without variations.
    pub fn parse(source: &Value, feature: Option<&str>) -> Option<Self> {
        let variations = source.get("variations")?.as_array()?.clone();
        let key = filled(source, "key").or_else(|| feature.map(str::to_owned)).unwrap_or_default();
        let numbers = |v: &Value| Some(v.as_array()?.iter().map(|n| n.as_f64().unwrap_or(f64::NAN)).collect());
        Some(Self {
            source: source.clone(),
            weights: source.get("weights").and_then(numbers),
            coverage: source.get("coverage").and_then(Value::as_f64).unwrap_or(1.0),
            ranges: source.get("ranges").and_then(Value::as_array).map(|r| r.iter().filter_map(range).collect()),
            hash_attribute: filled(source, "hashAttribute").unwrap_or_else(|| "id".to_owned()),
            fallback_attribute: filled(source, "fallbackAttribute"),
            hash_version: version(source, 1),
            seed: filled(source, "seed").unwrap_or_else(|| key.clone()),
            meta: list(source, "meta").map(Meta::parse).collect(),
            filters: source.get("filters").and_then(Value::as_array).map(|f| f.iter().map(Filter::parse).collect()),
            namespace: source.get("namespace").and_then(Namespace::parse),
            condition: condition(source),
            // A rule checks its own prerequisites before its experiment runs.
            parents: if feature.is_some() { Vec::new() } else { parents(source) },
            url_patterns: source
                .get("urlPatterns")
                .and_then(Value::as_array)
                .map(|patterns| patterns.iter().map(UrlPattern::parse).collect()),
            active: text(source, "status").as_deref() != Some("draft")
                && source.get("active").and_then(Value::as_bool) != Some(false),
            stopped: text(source, "status").as_deref() == Some("stopped"),
            force: source.get("force").map(|f| f.as_i64().unwrap_or(-1)),
            key,
            variations,
        })
    }
}

impl Meta {
    fn parse(meta: &Value) -> Self {
        Self {
            key: filled(meta, "key"),
            name: filled(meta, "name"),
            passthrough: meta.get("passthrough").and_then(Value::as_bool).unwrap_or_default(),
        }
    }
}

impl Namespace {
    /// `[id, start, end]`.
    pub fn parse(source: &Value) -> Option<Self> {
        let [id, start, end] = source.as_array()?.as_slice() else { return None };
        Some(Self { id: id.as_str()?.to_owned(), range: (start.as_f64()?, end.as_f64()?) })
    }
}

fn parents(source: &Value) -> Vec<Parent> {
    let parent = |p: &Value| {
        Some(Parent {
            key: text(p, "id")?,
            condition: condition(p).unwrap_or_default(),
            gate: p.get("gate").and_then(Value::as_bool).unwrap_or_default(),
        })
    };
    list(source, "parentConditions").filter_map(parent).collect()
}

fn condition(source: &Value) -> Option<Condition> {
    source.get("condition").and_then(Value::as_object).map(Condition::parse)
}

fn range(source: &Value) -> Option<Range> {
    let [from, to] = source.as_array()?.as_slice() else { return None };
    Some((from.as_f64()?, to.as_f64()?))
}

fn version(source: &Value, default: u32) -> u32 {
    match source.get("hashVersion").and_then(Value::as_u64) {
        None | Some(0) => default,
        Some(v) => u32::try_from(v).unwrap_or(u32::MAX),
    }
}

fn text(source: &Value, key: &str) -> Option<String> {
    source.get(key).and_then(Value::as_str).map(str::to_owned)
}

/// A text that is not empty.
fn filled(source: &Value, key: &str) -> Option<String> {
    text(source, key).filter(|s| !s.is_empty())
}

fn list<'a>(source: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    source.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn members<'a>(source: &'a Value, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    source.get(key).and_then(Value::as_object).into_iter().flat_map(Map::iter)
}
