//! The differences between two definitions, field by field.

use beacon_shared::ipc::FieldChange;
use beacon_shared::pointer::child;
use serde_json::{Map, Value};

/// Differences that are listed for one document.
const LISTED: usize = 200;

/// The differences between two definitions: at most [`LISTED`], and how many more there are.
#[derive(Debug, PartialEq)]
pub struct Diff {
    /// The fields that differ, by JSON pointer; an element of a list is named by its id.
    pub changes: Vec<FieldChange>,
    /// Number of changes that are not listed.
    pub more: usize,
}

/// Compares two definitions. Without a `before`, every field is new; without an `after`, every field goes.
pub fn diff(before: Option<&Value>, after: Option<&Value>) -> Diff {
    let nothing = Value::Object(Map::new());
    let mut changes = Vec::new();
    compare("", Some(before.unwrap_or(&nothing)), Some(after.unwrap_or(&nothing)), &mut changes);
    let more = changes.len().saturating_sub(LISTED);
    changes.truncate(LISTED);
    Diff { changes, more }
}

fn compare(pointer: &str, before: Option<&Value>, after: Option<&Value>, changes: &mut Vec<FieldChange>) {
    match (before, after) {
        (b, a) if b == a => {}
        (Some(Value::Object(b)), Some(Value::Object(a))) => {
            let gone = b.keys().filter(|key| !a.contains_key(*key));
            for key in a.keys().chain(gone) {
                compare(&child(pointer, key), b.get(key), a.get(key), changes);
            }
        }
        (Some(Value::Array(b)), Some(Value::Array(a))) => match (by_id(b), by_id(a)) {
            (Some(b), Some(a)) => compare_elements(pointer, &b, &a, changes),
            _ => {
                for i in 0..b.len().max(a.len()) {
                    compare(&child(pointer, &i.to_string()), b.get(i), a.get(i), changes);
                }
            }
        },
        (b, a) => push(pointer, b, a, changes),
    }
}

type Elements<'a> = Vec<(&'a str, &'a Value)>;

/// Compares lists by id: which elements there are, what differs in each, and their order.
fn compare_elements(pointer: &str, before: &Elements<'_>, after: &Elements<'_>, changes: &mut Vec<FieldChange>) {
    let find = |list: &Elements<'_>, id: &str| list.iter().find(|(other, _)| *other == id).map(|(_, v)| (*v).clone());
    let ids = |list: &Elements<'_>, other: &Elements<'_>| -> Vec<Value> {
        list.iter().filter(|(id, _)| find(other, id).is_some()).map(|(id, _)| Value::from(*id)).collect()
    };
    for (id, element) in after {
        compare(&child(pointer, id), find(before, id).as_ref(), Some(element), changes);
    }
    for (id, element) in before.iter().filter(|(id, _)| find(after, id).is_none()) {
        compare(&child(pointer, id), Some(element), None, changes);
    }
    let (was, is) = (ids(before, after), ids(after, before));
    if was != is {
        push(&child(pointer, "order"), Some(&Value::Array(was)), Some(&Value::Array(is)), changes);
    }
}

/// Returns the elements by id; `None` when one has no id, or two have the same.
fn by_id(list: &[Value]) -> Option<Elements<'_>> {
    let elements: Elements<'_> = list.iter().map(|v| v["id"].as_str().map(|id| (id, v))).collect::<Option<_>>()?;
    let mut ids: Vec<&str> = elements.iter().map(|(id, _)| *id).collect();
    ids.sort_unstable();
    ids.windows(2).all(|pair| pair[0] != pair[1]).then_some(elements)
}

fn push(pointer: &str, before: Option<&Value>, after: Option<&Value>, changes: &mut Vec<FieldChange>) {
    let text = |v: Option<&Value>| v.map(Value::to_string).unwrap_or_default();
    changes.push(FieldChange { pointer: pointer.to_owned(), before: text(before), after: text(after) });
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(before: Option<Value>, after: Value, expected: &[(&str, &str, &str)]) {
        let found = diff(before.as_ref(), Some(&after)).changes;
        let found: Vec<_> = found.iter().map(|c| (c.pointer.as_str(), c.before.as_str(), c.after.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn names_each_field_that_differs() {
        check(
            Some(json!({"a": 1, "same": [1], "list": [{"x": 1}], "gone": true})),
            json!({"a": 2, "same": [1], "list": [{"x": 1, "y/z": "new"}, 5]}),
            &[("/a", "1", "2"), ("/list/0/y~1z", "", "\"new\""), ("/list/1", "", "5"), ("/gone", "true", "")],
        );
        check(None, json!({"a": [1]}), &[("/a", "", "[1]")]);
    }

    #[test]
    fn a_rule_inserted_at_the_top_is_one_change() {
        check(
            Some(json!({"rules": [{"id": "a", "v": 1}, {"id": "b", "v": 2}]})),
            json!({"rules": [{"id": "new", "v": 0}, {"id": "a", "v": 1}, {"id": "b", "v": 3}]}),
            &[("/rules/new", "", r#"{"id":"new","v":0}"#), ("/rules/b/v", "2", "3")],
        );
    }

    #[test]
    fn another_order_is_said_once() {
        check(
            Some(json!({"rules": [{"id": "a"}, {"id": "b"}, {"id": "c"}]})),
            json!({"rules": [{"id": "c"}, {"id": "a"}]}),
            &[("/rules/b", r#"{"id":"b"}"#, ""), ("/rules/order", r#"["a","c"]"#, r#"["c","a"]"#)],
        );
    }

    #[test]
    fn what_is_cut_is_counted() {
        let after: Map<String, Value> = (0..LISTED + 37).map(|i| (format!("f{i}"), json!(i))).collect();
        let found = diff(None, Some(&Value::Object(after)));
        assert_eq!((found.changes.len(), found.more), (LISTED, 37));
    }
}
