//! From a payload's JSON to [`Definitions`].

use serde_json::{Map, Value};

use super::{
    Bandit, BanditLeaf, Definitions, Experiment, Feature, Filter, Meta, Namespace, Parent, Rollout, Rule, Serves,
};
use crate::eval::bucket::{Range, bucket_ranges};
use crate::eval::condition::{Condition, Group, is_truthy};
use crate::eval::hash::Seed;
use crate::eval::url::UrlPattern;

impl Definitions {
    /// Parses a payload: `{features, experiments, savedGroups}`.
    pub fn parse(payload: &Value) -> Self {
        let features = members(payload, "features").map(|(key, feature)| (key.clone(), Feature::parse(key, feature)));
        let groups = members(payload, "savedGroups").map(|(id, group)| (id.clone(), Group::parse(group)));
        let bandits = members(payload, "contextualBandits").map(|(id, bandit)| (id.clone(), Bandit::parse(bandit)));
        Self {
            features: features.collect(),
            experiments: list(payload, "experiments").filter_map(|e| Experiment::parse(e, None)).collect(),
            groups: groups.collect(),
            bandits: bandits.collect(),
        }
    }
}

impl Bandit {
    fn parse(bandit: &Value) -> Self {
        let leaf = |leaf: &Value| BanditLeaf {
            id: leaf.get("leafId").cloned().unwrap_or_default(),
            condition: condition(leaf).unwrap_or_default(),
            weights: leaf.get("weights").and_then(numbers),
        };
        Self { version: bandit.get("banditVersion").cloned(), leaves: list(bandit, "contexts").map(leaf).collect() }
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
    pub(crate) fn parse(feature: &str, rule: &Value) -> Self {
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
            seed: Seed::new(filled(rule, "seed").unwrap_or_else(|| feature.to_owned())),
            hash_attribute: filled(rule, "hashAttribute").unwrap_or_else(|| "id".to_owned()),
            fallback_attribute: filled(rule, "fallbackAttribute").filter(|_| !flag(rule, "disableStickyBucketing")),
            range,
            coverage,
            hash_version: version(rule, 1),
        })
    }
}

impl Filter {
    fn parse(filter: &Value) -> Self {
        Self {
            seed: Seed::new(text(filter, "seed").unwrap_or_default()),
            attribute: filled(filter, "attribute").unwrap_or_else(|| "id".to_owned()),
            ranges: list(filter, "ranges").map(range_or_none).collect(),
            hash_version: version(filter, 2),
        }
    }
}

impl Experiment {
    /// Parses an experiment, or the experiment that a rule of `feature` describes; `None` without variations.
    ///
    /// A contextual bandit's rule has them under another name, so that evaluators that do not know it skip the rule.
    pub fn parse(source: &Value, feature: Option<&str>) -> Option<Self> {
        let variations = source.get("contextualVariations").filter(|_| feature.is_some());
        let variations = variations.or_else(|| source.get("variations"))?.as_array()?.clone();
        let key = filled(source, "key").or_else(|| feature.map(str::to_owned)).unwrap_or_default();
        let weights: Option<Vec<f64>> = source.get("weights").and_then(numbers);
        let coverage = source.get("coverage").and_then(Value::as_f64).unwrap_or(1.0);
        let given = source.get("ranges").and_then(Value::as_array);
        let status = text(source, "status");
        Some(Self {
            source: source.clone(),
            ranges: given.map_or_else(
                || bucket_ranges(variations.len(), coverage, weights.as_deref()),
                |ranges| ranges.iter().map(range_or_none).collect(),
            ),
            fixed_ranges: given.is_some(),
            weights,
            coverage,
            bandit: filled(source, "contextualBanditRef"),
            hash_attribute: filled(source, "hashAttribute").unwrap_or_else(|| "id".to_owned()),
            fallback_attribute: filled(source, "fallbackAttribute"),
            hash_version: version(source, 1),
            sticky: !flag(source, "disableStickyBucketing"),
            bucket_version: counter(source, "bucketVersion"),
            min_bucket_version: counter(source, "minBucketVersion"),
            seed: Seed::new(filled(source, "seed").unwrap_or_else(|| key.clone())),
            meta: list(source, "meta").map(Meta::parse).collect(),
            filters: source.get("filters").and_then(Value::as_array).map(|f| f.iter().map(Filter::parse).collect()),
            namespace: source.get("namespace").and_then(Namespace::parse),
            condition: condition(source),
            // A rule checks its own prerequisites before its experiment runs.
            parents: if feature.is_some() { Vec::new() } else { parents(source) },
            url_patterns: url_patterns(source),
            active: status.as_deref() != Some("draft") && source.get("active").and_then(Value::as_bool) != Some(false),
            stopped: status.as_deref() == Some("stopped"),
            force: source.get("force").map(|f| f.as_i64().unwrap_or(-1)),
            persist_query: flag(source, "persistQueryString"),
            key,
            variations,
        })
    }
}

impl Meta {
    fn parse(meta: &Value) -> Self {
        Self { key: filled(meta, "key"), name: filled(meta, "name"), passthrough: flag(meta, "passthrough") }
    }
}

impl Namespace {
    /// `[id, start, end]`.
    pub fn parse(source: &Value) -> Option<Self> {
        let [id, start, end] = source.as_array()?.as_slice() else { return None };
        Some(Self { seed: Seed::new(format!("__{}", id.as_str()?)), range: (start.as_f64()?, end.as_f64()?) })
    }
}

fn parents(source: &Value) -> Vec<Parent> {
    let parent = |p: &Value| {
        Some(Parent { key: text(p, "id")?, condition: condition(p).unwrap_or_default(), gate: flag(p, "gate") })
    };
    list(source, "parentConditions").filter_map(parent).collect()
}

/// A condition that is none is true for nobody, unless JavaScript would call it false.
fn condition(source: &Value) -> Option<Condition> {
    match source.get("condition") {
        Some(Value::Object(members)) => Some(Condition::parse(members)),
        Some(other) if is_truthy(other) => Some(Condition::never()),
        _ => None,
    }
}

fn range(source: &Value) -> Option<Range> {
    let [from, to] = source.as_array()?.as_slice() else { return None };
    Some((from.as_f64()?, to.as_f64()?))
}

/// A range that is none holds nobody, but keeps its place.
fn range_or_none(source: &Value) -> Range {
    range(source).unwrap_or((0.0, 0.0))
}

fn url_patterns(source: &Value) -> Option<Vec<UrlPattern>> {
    Some(source.get("urlPatterns")?.as_array()?.iter().map(UrlPattern::parse).collect())
}

fn numbers(source: &Value) -> Option<Vec<f64>> {
    Some(source.as_array()?.iter().map(|n| n.as_f64().unwrap_or(f64::NAN)).collect())
}

fn flag(source: &Value, key: &str) -> bool {
    source.get(key).is_some_and(is_truthy)
}

fn counter(source: &Value, key: &str) -> u64 {
    source.get(key).and_then(Value::as_u64).unwrap_or(0)
}

/// The hash version: 1 and 2 are known, and 0 stands for all others.
fn version(source: &Value, default: u32) -> u32 {
    match source.get("hashVersion").filter(|v| is_truthy(v)) {
        None => default,
        Some(v) => match v.as_f64() {
            Some(1.0) => 1,
            Some(2.0) => 2,
            _ => 0,
        },
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
