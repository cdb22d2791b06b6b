//! What differs between two definitions, field by field.

use beacon_shared::ipc::FieldChange;
use beacon_shared::pointer::child;
use serde_json::Value;

/// The most differences that are listed for one document.
const MOST: usize = 200;

/// The fields that differ, by JSON pointer. Without a `before`, every field is new.
pub fn diff(before: Option<&Value>, after: &Value) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    let nothing = Value::Object(serde_json::Map::new());
    walk("", Some(before.unwrap_or(&nothing)), Some(after), &mut changes);
    changes.truncate(MOST);
    changes
}

fn walk(pointer: &str, before: Option<&Value>, after: Option<&Value>, changes: &mut Vec<FieldChange>) {
    match (before, after) {
        (b, a) if b == a => {}
        (Some(Value::Object(b)), Some(Value::Object(a))) => {
            let gone = b.keys().filter(|key| !a.contains_key(*key));
            for key in a.keys().chain(gone) {
                walk(&child(pointer, key), b.get(key), a.get(key), changes);
            }
        }
        (Some(Value::Array(b)), Some(Value::Array(a))) => {
            for i in 0..b.len().max(a.len()) {
                walk(&format!("{pointer}/{i}"), b.get(i), a.get(i), changes);
            }
        }
        (b, a) => {
            let text = |v: Option<&Value>| v.map(Value::to_string).unwrap_or_default();
            changes.push(FieldChange { pointer: pointer.to_owned(), before: text(b), after: text(a) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(before: Option<Value>, after: Value) -> Vec<(String, String, String)> {
        diff(before.as_ref(), &after).into_iter().map(|c| (c.pointer, c.before, c.after)).collect()
    }

    #[test]
    fn names_each_field_that_differs() {
        let before = json!({"a": 1, "same": [1], "list": [{"x": 1}], "gone": true});
        let after = json!({"a": 2, "same": [1], "list": [{"x": 1, "y/z": "new"}, 5]});
        let expected = [("/a", "1", "2"), ("/list/0/y~1z", "", "\"new\""), ("/list/1", "", "5"), ("/gone", "true", "")];
        assert_eq!(told(Some(before), after), expected.map(|(p, b, a)| (p.into(), b.into(), a.into())));
    }

    #[test]
    fn everything_is_new_without_a_before() {
        assert_eq!(told(None, json!({"a": [1]})), [("/a".into(), String::new(), "[1]".into())]);
    }
}
