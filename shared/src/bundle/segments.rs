//! Segments in conditions: lists become saved groups, conditions are put where they are named, so that every
//! evaluator of the specification understands the payload.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::model::{Members, Segment};

/// The most segments that may be defined by one another in a row. A longer row, or a circle, is nobody.
const MAX_ROW: usize = 8;

/// The segments of a workspace by key.
#[derive(Default)]
pub struct Segments(BTreeMap<String, Members>);

impl Segments {
    /// Takes the segments of a workspace.
    pub fn new(segments: impl Iterator<Item = Segment>) -> Self {
        Self(segments.map(|s| (s.key, s.members)).collect())
    }

    /// The condition without `$savedGroup`.
    pub(super) fn expand(&self, condition: &Map<String, Value>) -> Value {
        self.members(condition, 0)
    }

    fn members(&self, condition: &Map<String, Value>, row: usize) -> Value {
        let mut out: Map<String, Value> = condition
            .iter()
            .filter(|(key, _)| *key != "$savedGroup")
            .map(|(key, value)| (key.clone(), self.value(value, row)))
            .collect();
        if let Some(named) = condition.get("$savedGroup") {
            let named = self.named(named, row);
            match out.get_mut("$and").and_then(Value::as_array_mut) {
                Some(list) => list.push(named),
                None => drop(out.insert("$and".to_owned(), json!([named]))),
            }
        }
        Value::Object(out)
    }

    fn value(&self, value: &Value, row: usize) -> Value {
        match value {
            Value::Object(members) => self.members(members, row),
            Value::Array(items) => items.iter().map(|item| self.value(item, row)).collect(),
            _ => value.clone(),
        }
    }

    /// Returns what a reference `{id, attributeKey?}` stands for.
    fn named(&self, reference: &Value, row: usize) -> Value {
        let nobody = || json!({"$not": {}});
        let Some(key) = reference.get("id").and_then(Value::as_str) else { return nobody() };
        match self.0.get(key) {
            Some(Members::Condition { condition }) if row < MAX_ROW => self.members(condition, row + 1),
            Some(Members::List { attribute, .. }) => {
                let asked = reference.get("attributeKey").and_then(Value::as_str).unwrap_or(attribute);
                Value::Object(Map::from_iter([(asked.to_owned(), json!({"$inGroup": key}))]))
            }
            _ => nobody(),
        }
    }

    /// The lists that the payload's conditions name, by key.
    pub(super) fn lists_in(&self, payload: &Value) -> Map<String, Value> {
        let mut lists = Map::new();
        self.collect(payload, &mut lists);
        lists
    }

    fn collect(&self, value: &Value, lists: &mut Map<String, Value>) {
        match value {
            Value::Object(members) => {
                for (key, value) in members {
                    let named = matches!(key.as_str(), "$inGroup" | "$notInGroup").then(|| value.as_str()).flatten();
                    if let Some((key, Members::List { values, .. })) = named.and_then(|key| self.0.get_key_value(key)) {
                        lists.insert(key.clone(), json!(values));
                    }
                    self.collect(value, lists);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.collect(item, lists)),
            _ => {}
        }
    }
}
