//! A payload, parsed once: what is needed to evaluate features and experiments many times.
//!
//! Parsing never fails. What has the wrong type counts as absent, as it would in JavaScript; conditions and URL
//! patterns that are not understood match nobody.

mod parse;

use std::collections::BTreeMap;

use serde_json::Value;

use super::bucket::Range;
use super::condition::{Condition, Groups};
use super::hash::Seed;
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
    /// Contextual bandits by the name under which rules refer to them.
    pub bandits: BTreeMap<String, Bandit>,
}

/// A contextual bandit: who falls into which leaf, and how a leaf shares its visitors out.
#[derive(Clone, Debug)]
pub struct Bandit {
    /// Its version, if it has one.
    pub version: Option<Value>,
    /// In order of precedence.
    pub leaves: Vec<BanditLeaf>,
}

/// A leaf of a contextual bandit.
#[derive(Clone, Debug)]
pub struct BanditLeaf {
    /// Its id.
    pub id: Value,
    /// Condition for its visitors.
    pub condition: Condition,
    /// The shares of the variations; `None` are equal ones.
    pub weights: Option<Vec<f64>>,
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
    /// Filters that all must hold the visitor.
    pub filters: Vec<Filter>,
    /// Value or experiment that it serves.
    pub serves: Serves,
}

/// The value or the experiment that a rule serves.
#[derive(Clone, Debug)]
pub enum Serves {
    /// One value, to all or to a share.
    Force {
        /// The value.
        value: Value,
        /// Condition for eligible visitors.
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
    pub seed: Seed,
    /// The attribute that is hashed.
    pub hash_attribute: String,
    /// The one that is hashed when the first is empty and sticky bucketing is on.
    pub fallback_attribute: Option<String>,
    /// Places that are in; takes precedence over `coverage`.
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
    /// True if its failing blocks the whole feature rather than the rule.
    pub gate: bool,
}

/// A part of the places of a hash; what namespaces became.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Seed of the hash.
    pub seed: Seed,
    /// The attribute that is hashed.
    pub attribute: String,
    /// Places that are in.
    pub ranges: Vec<Range>,
    /// 1 or 2.
    pub hash_version: u32,
}

/// An old-style namespace: version 1 hash of the id with `__` and its name, in a range.
#[derive(Clone, Debug)]
pub struct Namespace {
    /// `__` and its name.
    pub seed: Seed,
    /// Places that are in.
    pub range: Range,
}

/// The names of a variation, and its behaviour.
#[derive(Clone, Debug, Default)]
pub struct Meta {
    /// Its key; the index when there is none.
    pub key: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// True if the feature goes on to the next rule nevertheless (holdouts).
    pub passthrough: bool,
}

/// An experiment.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// As it was written.
    pub source: Value,
    /// Its key.
    pub key: String,
    /// Value of each variation.
    pub variations: Vec<Value>,
    /// Their shares.
    pub weights: Option<Vec<f64>>,
    /// Share of the eligible that enter.
    pub coverage: f64,
    /// The places of each variation: as given, or from weights and coverage.
    pub ranges: Vec<Range>,
    /// True if the places were given, so that no weights change them.
    pub fixed_ranges: bool,
    /// The contextual bandit that sets the weights.
    pub bandit: Option<String>,
    /// The attribute that is hashed.
    pub hash_attribute: String,
    /// The one that is hashed when the first is empty and sticky bucketing is on.
    pub fallback_attribute: Option<String>,
    /// 1 or 2.
    pub hash_version: u32,
    /// True if earlier assignments are kept, where the caller keeps any.
    pub sticky: bool,
    /// Raising it makes everybody's assignment new.
    pub bucket_version: u64,
    /// A visitor with an assignment from before this version is out.
    pub min_bucket_version: u64,
    /// Seed of the hash.
    pub seed: Seed,
    /// By variation.
    pub meta: Vec<Meta>,
    /// Filters that all must hold the visitor; they take precedence over the namespace.
    pub filters: Option<Vec<Filter>>,
    /// Mutual exclusion, old style.
    pub namespace: Option<Namespace>,
    /// Condition for eligible visitors.
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
    /// True if a redirect takes the page's parameters along.
    pub persist_query: bool,
}
