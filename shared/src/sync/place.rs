//! Places in a body, as conflicts name them: JSON pointers in which an element of a list is named by its id, and
//! `order` at a list's end is the order of its elements.

use serde_json::Value;

use crate::pointer::tokens;

/// Returns the value at a place; `None` where there is none.
pub fn get<'a>(body: &'a Value, pointer: &str) -> Option<std::borrow::Cow<'a, Value>> {
    let mut value = body;
    let mut tokens = tokens(pointer).peekable();
    while let Some(token) = tokens.next() {
        value = match value {
            Value::Object(fields) => fields.get(&token)?,
            Value::Array(list) => match list.iter().find(|element| has_id(element, &token)) {
                Some(element) => element,
                None if token == ORDER && tokens.peek().is_none() => {
                    return Some(std::borrow::Cow::Owned(list.iter().map(|element| element["id"].clone()).collect()));
                }
                None => return None,
            },
            _ => return None,
        };
    }
    Some(std::borrow::Cow::Borrowed(value))
}

/// Writes the value at a place; `null` removes it, as a missing value is `null` in a conflict. A place whose parent is
/// missing stays missing.
pub fn set(body: &mut Value, pointer: &str, value: Value) {
    let mut tokens: Vec<String> = tokens(pointer).collect();
    let Some(last) = tokens.pop() else {
        *body = value;
        return;
    };
    let mut parent = body;
    for token in tokens {
        let next = match parent {
            Value::Object(fields) => fields.get_mut(&token),
            Value::Array(list) => list.iter_mut().find(|element| has_id(element, &token)),
            _ => None,
        };
        let Some(next) = next else { return };
        parent = next;
    }
    match parent {
        Value::Object(fields) if value.is_null() => drop(fields.remove(&last)),
        Value::Object(fields) => drop(fields.insert(last, value)),
        Value::Array(list) => set_element(list, &last, value),
        _ => {}
    }
}

const ORDER: &str = "order";

fn set_element(list: &mut Vec<Value>, id: &str, value: Value) {
    match list.iter().position(|element| has_id(element, id)) {
        Some(index) if value.is_null() => drop(list.remove(index)),
        Some(index) => list[index] = value,
        None if id == ORDER && value.is_array() => {
            let order = value.as_array().map(Vec::as_slice).unwrap_or_default();
            // Elements that the order does not name stay behind the others.
            list.sort_by_key(|e| order.iter().position(|id| *id == e["id"]).unwrap_or(order.len()));
        }
        None if value.is_object() => list.push(value),
        None => {}
    }
}

fn has_id(element: &Value, id: &str) -> bool {
    element["id"].as_str() == Some(id)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn places_are_read_and_written_by_id() {
        let body = json!({"draft": {"a/b": 1, "rules": [{"id": "x", "v": 1}, {"id": "y", "v": 2}]}});
        for (pointer, value) in [
            ("/draft/a~1b", json!(2)),
            ("/draft/new", json!("n")),
            ("/draft/rules/y", json!({"id": "y", "v": 9})),
            ("/draft/rules/z", json!({"id": "z"})),
            ("/draft/rules/order", json!(["y", "x"])),
            ("/draft", json!({})),
            ("", json!(1)),
        ] {
            let mut changed = body.clone();
            set(&mut changed, pointer, value.clone());
            assert_eq!(get(&changed, pointer).as_deref(), Some(&value), "{pointer}");
        }
    }

    #[test]
    fn null_removes_and_what_has_no_parent_stays_away() {
        let mut body = json!({"draft": {"a": 1, "rules": [{"id": "x"}]}});
        for pointer in ["/draft/a", "/draft/rules/x", "/none/a", "/draft/rules/none/a"] {
            set(&mut body, pointer, Value::Null);
            assert_eq!(get(&body, pointer), None, "{pointer}");
        }
        assert_eq!(body, json!({"draft": {"rules": []}}));
    }
}
