//! Attributes that an imported rule asks for and that no page has.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Importer;
use crate::model::{Experiment, Namespace, Rule, Sticky, WHOLE, is_page_attribute, page_name};

/// The depth of the search for attributes.
const MAX_DEPTH: usize = 32;

impl Importer<'_> {
    pub(super) fn note_rule_attributes(&mut self, at: &str, rule: &Rule) {
        let is_hashed = rule.experiment.is_some() || rule.coverage < WHOLE;
        let sticky = rule.experiment.as_ref().and_then(|experiment| experiment.sticky.as_ref());
        let hashed = is_hashed.then_some(rule.hash_attribute.as_str());
        self.note_attributes(at, hashed, rule.namespace.as_ref(), sticky, &rule.condition);
    }

    pub(super) fn note_experiment_attributes(&mut self, at: &str, e: &Experiment) {
        self.note_attributes(
            at,
            Some(&e.audience.hash_attribute),
            e.audience.namespace.as_ref(),
            e.audience.sticky.as_ref(),
            &e.condition,
        );
    }

    fn note_attributes(
        &mut self,
        at: &str,
        hashed: Option<&str>,
        namespace: Option<&Namespace>,
        sticky: Option<&Sticky>,
        condition: &Map<String, Value>,
    ) {
        let in_namespace = namespace.map(|n| n.attribute.as_str());
        let fallback = sticky.map(|s| s.fallback_attribute.as_str());
        let named = [hashed, in_namespace, fallback].into_iter().flatten().filter(|name| !name.is_empty());
        let splits: BTreeSet<&str> = named.collect();
        for name in splits.into_iter().filter(|name| !is_page_attribute(name)) {
            let detail = format!(
                "It splits visitors by '{name}', which pages don't have: no page visitor takes part.{}",
                advice(name)
            );
            self.note(at, detail);
        }
        let mut asked = BTreeSet::new();
        collect(condition, &mut asked, 0);
        for name in asked.into_iter().filter(|name| !is_page_attribute(name)) {
            self.note(
                at,
                format!("It asks for '{name}', which pages don't have: it is always missing.{}", advice(name)),
            );
        }
    }
}

fn advice(name: &str) -> String {
    match page_name(name) {
        Some(ours) => format!(" Use '{ours}' instead."),
        None => " Use another attribute, or send it from your own server.".to_owned(),
    }
}

/// The attributes that a condition asks for.
fn collect<'a>(condition: &'a Map<String, Value>, found: &mut BTreeSet<&'a str>, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    for (key, value) in condition {
        match (key.as_str(), value) {
            ("$and" | "$or" | "$nor", Value::Array(items)) => {
                items.iter().filter_map(Value::as_object).for_each(|nested| collect(nested, found, depth + 1));
            }
            ("$not", Value::Object(nested)) => collect(nested, found, depth + 1),
            (operator, _) if operator.starts_with('$') => {}
            (attribute, _) => drop(found.insert(attribute)),
        }
    }
}
