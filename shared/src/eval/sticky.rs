//! Sticky assignments: who was assigned once stays there, whatever becomes of weights and coverage.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use super::condition::to_text;
use super::context::Context;
use super::definitions::{Definitions, Experiment, Serves};
use crate::model::{StickyAssignment, StickyDocuments, sticky_key};

/// A hash value as documents have it: lists and objects as JSON.
fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Array(_) | Value::Object(_) => Cow::Owned(value.to_string()),
        _ => to_text(value),
    }
}

pub(super) fn experiment_key(key: &str, version: u64) -> String {
    format!("{key}__{version}")
}

/// The stored assignment to an experiment.
pub(super) enum Stuck {
    /// Nothing that counts.
    Nothing,
    /// This variation.
    Variation(usize),
    /// An assignment from before the least version that still counts: the visitor is out of it.
    Blocked,
}

pub(super) fn find(experiment: &Experiment, context: &Context<'_>, documents: &StickyDocuments) -> Stuck {
    let assignments = |attribute: &str| {
        let value = text(context.hashed(attribute));
        documents.get(&sticky_key(attribute, &value)).map(|d| &d.assignments)
    };
    // The reference looks under `id` when there is no second attribute.
    let fallback = experiment.fallback_attribute.as_deref().unwrap_or("id");
    let fallback = if context.hash_value(fallback).is_empty() { None } else { assignments(fallback) };
    let own = assignments(&experiment.hash_attribute);
    let assigned = |version: u64| {
        let key = experiment_key(&experiment.key, version);
        own.and_then(|a| a.get(&key)).or_else(|| fallback.and_then(|a| a.get(&key)))
    };
    let blocked = |a: &BTreeMap<String, String>| {
        a.keys().any(|key| {
            let version = key.strip_prefix(experiment.key.as_str()).and_then(|rest| rest.strip_prefix("__"));
            version.and_then(|v| v.parse::<u64>().ok()).is_some_and(|v| v < experiment.min_bucket_version)
        })
    };
    if [own, fallback].into_iter().flatten().any(blocked) {
        return Stuck::Blocked;
    }
    let variation = assigned(experiment.bucket_version)
        .and_then(|key| experiment.meta.iter().position(|m| m.key.as_ref() == Some(key)));
    variation.map_or(Stuck::Nothing, Stuck::Variation)
}

impl Definitions {
    /// The keys of all documents that can matter to this visitor: what a caller has to load before evaluating.
    pub fn sticky_keys(&self, context: &Context<'_>) -> Vec<String> {
        let in_rules =
            self.features.values().flat_map(|feature| &feature.rules).filter_map(|rule| match &rule.serves {
                Serves::Experiment(experiment) => Some(experiment.as_ref()),
                _ => None,
            });
        let experiments = in_rules.chain(&self.experiments);
        let attributes = experiments.flat_map(|e| std::iter::once(&e.hash_attribute).chain(&e.fallback_attribute));
        let mut keys: Vec<String> = attributes.map(|name| sticky_key(name, &text(context.hashed(name)))).collect();
        keys.sort();
        keys.dedup();
        keys
    }
}

pub(super) fn assignment(
    experiment: &Experiment,
    attribute: &str,
    value: &Value,
    variation: String,
) -> StickyAssignment {
    StickyAssignment {
        attribute_name: attribute.to_owned(),
        attribute_value: text(value).into_owned(),
        experiment: experiment_key(&experiment.key, experiment.bucket_version),
        variation,
    }
}
