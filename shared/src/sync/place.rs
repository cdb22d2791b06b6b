//! Places in a body, as conflicts name them: JSON pointers in which an element of a list is named by its id, and
//! `order` at a list's end is the order of its elements.

use serde_json::{Map, Value};

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

/// Returns true if anything that `stored` has and `base` does not is as in `source`, down to single fields: a value may be
/// partly from there and partly from elsewhere.
pub fn is_from(base: Option<&Value>, stored: Option<&Value>, source: Option<&Value>) -> bool {
    if stored == base {
        return false;
    }
    if stored == source {
        return true;
    }
    match (stored, source) {
        (Some(Value::Object(stored)), Some(Value::Object(source))) => {
            let base = base.and_then(Value::as_object);
            let mut keys = stored.keys().chain(source.keys()).chain(base.into_iter().flat_map(Map::keys));
            keys.any(|key| is_from(base.and_then(|b| b.get(key)), stored.get(key), source.get(key)))
        }
        (Some(Value::Array(stored)), Some(Value::Array(source))) => {
            let base = base.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let ids = |list: &[Value]| list.iter().map(|e| e["id"].as_str().map(str::to_owned)).collect::<Vec<_>>();
            let (before, here, there) = (ids(base), ids(stored), ids(source));
            let find = |list: &'_ [Value], id: &str| list.iter().find(|e| has_id(e, id)).cloned();
            let mut all = before.iter().chain(&here).chain(&there).flatten();
            let is_order = here == there && here != before;
            is_order
                || all.any(|id| is_from(find(base, id).as_ref(), find(stored, id).as_ref(), find(source, id).as_ref()))
        }
        _ => false,
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
    fn what_comes_from_elsewhere_is_found_in_any_field() {
        let list = |a: &str, b: &str, weight: u32| json!([{"id": "a", "name": a, "weight": weight}, {"id": "b", "name": b, "weight": 10 - weight}]);
        let base = list("A", "B", 5);
        for (stored, source, expected) in [
            (list("A", "B", 5), list("A", "B2", 5), false),
            (list("A", "B2", 5), list("A", "B2", 5), true),
            (list("A2", "B2", 5), list("A", "B2", 5), true),
            (list("A2", "B", 5), list("A", "B2", 5), false),
            (list("A2", "B", 5), list("A", "B", 5), false),
            (json!([{"id": "a", "name": "A2"}]), json!([{"id": "a", "name": "A"}]), true),
            (json!([base[1], base[0]]), json!([base[1], {"id": "a", "name": "other", "weight": 5}]), true),
            (json!([base[1], base[0]]), json!([{"id": "a", "name": "other"}, base[1]]), false),
        ] {
            assert_eq!(is_from(Some(&base), Some(&stored), Some(&source)), expected, "{stored} from {source}");
        }
        assert!(is_from(Some(&base), None, None), "it is gone there too");
        assert!(!is_from(Some(&base), None, Some(&base)));
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
