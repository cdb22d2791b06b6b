//! What arrives while somebody types: a three-way merge, field by field, in which what was typed wins.

use serde_json::{Map, Value};

/// `theirs`, with every field that differs between `base` and `mine` taken from `mine`.
/// Lists are merged by position while all three have the same length, and taken whole otherwise.
pub fn merge(base: &Value, mine: &Value, theirs: &Value) -> Value {
    if mine == base {
        return theirs.clone();
    }
    match (base, mine, theirs) {
        (Value::Object(b), Value::Object(m), Value::Object(t)) => Value::Object(objects(b, m, t)),
        (Value::Array(b), Value::Array(m), Value::Array(t)) if b.len() == m.len() && m.len() == t.len() => {
            Value::Array(b.iter().zip(m).zip(t).map(|((b, m), t)| merge(b, m, t)).collect())
        }
        _ => mine.clone(),
    }
}

fn objects(base: &Map<String, Value>, mine: &Map<String, Value>, theirs: &Map<String, Value>) -> Map<String, Value> {
    let mut merged = theirs.clone();
    for (key, value) in mine {
        match (base.get(key), theirs.get(key)) {
            (Some(b), Some(t)) => merged.insert(key.clone(), merge(b, value, t)),
            (Some(b), None) if b == value => None,
            _ => merged.insert(key.clone(), value.clone()),
        };
    }
    for key in base.keys().filter(|k| !mine.contains_key(*k)) {
        merged.remove(key);
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::merge;
    use serde_json::json;

    #[test]
    fn what_was_typed_wins_and_the_rest_arrives() {
        let base = json!({"name": "a", "key": "k", "list": [1, 2]});
        let mine = json!({"name": "typed", "key": "k", "list": [1, 3]});
        let theirs = json!({"name": "remote", "key": "k2", "list": [9, 2]});
        assert_eq!(merge(&base, &mine, &theirs), json!({"name": "typed", "key": "k2", "list": [9, 3]}));
    }

    #[test]
    fn removals_and_additions_of_both_sides_hold() {
        let base = json!({"mine_removes": 1, "they_remove": 1});
        let mine = json!({"they_remove": 1, "mine_adds": 1});
        let theirs = json!({"mine_removes": 1, "they_add": 1});
        assert_eq!(merge(&base, &mine, &theirs), json!({"mine_adds": 1, "they_add": 1}));
    }

    #[test]
    fn a_list_of_another_length_is_taken_whole() {
        assert_eq!(merge(&json!([1]), &json!([1, 2]), &json!([3])), json!([1, 2]));
        assert_eq!(merge(&json!([1]), &json!([1]), &json!([3, 4])), json!([3, 4]));
    }
}
