//! Fields that this version does not know, kept when a typed copy of a document is written back.

use serde_json::{Map, Value};

use super::phase::RETIRED;

/// Returns `edited` with the fields of `stored` that this version does not know.
///
/// `known` is `stored` as this version reads and writes it: a field of `stored` that is not in `known` belongs to
/// another version. Elements of lists are matched by id, else by what this version knows of them, else by position.
pub fn keep_unknown(stored: &Value, known: &Value, edited: Value) -> Value {
    match (stored, known, edited) {
        (Value::Object(stored), Value::Object(known), Value::Object(edited)) => object(stored, known, edited),
        (Value::Array(stored), Value::Array(known), Value::Array(edited)) if stored.len() == known.len() => {
            let same_length = edited.len() == stored.len();
            let element = |(index, edited): (usize, Value)| {
                let found = find(known, &edited).or(same_length.then_some(index));
                match found.and_then(|i| Some((stored.get(i)?, known.get(i)?))) {
                    Some((stored, known)) => keep_unknown(stored, known, edited),
                    None => edited,
                }
            };
            Value::Array(edited.into_iter().enumerate().map(element).collect())
        }
        (_, _, edited) => edited,
    }
}

fn object(stored: &Map<String, Value>, known: &Map<String, Value>, mut edited: Map<String, Value>) -> Value {
    for (field, value) in stored {
        match (known.get(field), edited.remove(field)) {
            (Some(known), Some(edit)) => drop(edited.insert(field.clone(), keep_unknown(value, known, edit))),
            (None, None) if !RETIRED.contains(&field.as_str()) => drop(edited.insert(field.clone(), value.clone())),
            (_, Some(edit)) => drop(edited.insert(field.clone(), edit)),
            (_, None) => {}
        }
    }
    Value::Object(edited)
}

/// Returns the place of the element with the same id, or that is equal.
fn find(known: &[Value], edited: &Value) -> Option<usize> {
    let id = edited["id"].as_str();
    match id {
        Some(_) => known.iter().position(|element| element["id"].as_str() == id),
        None => known.iter().position(|element| element == edited),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Experiment, Flag};

    /// Writes a typed edit of `stored` back.
    fn edited<T: serde::Serialize + serde::de::DeserializeOwned>(stored: &Value, edit: impl FnOnce(&mut T)) -> Value {
        let mut typed: T = serde_json::from_value(stored.clone()).expect("a definition");
        let known = json!(typed);
        edit(&mut typed);
        keep_unknown(stored, &known, json!(typed))
    }

    #[test]
    fn unknown_fields_survive_anywhere() {
        let stored = json!({
            "key": "f", "name": "F", "site_ids": [], "enabled": true, "default_value": 1, "newer": 9_007_199_254_740_993_u64,
            "schedule": {"from": 1, "repeat": "weekly"},
            "prerequisites": [{"flag": "a", "condition": {}, "why": "x"}, {"flag": "b", "condition": {}, "why": "y"}],
            "rules": [
                {"id": "r1", "coverage": 10_000, "value": 1, "experiment": {"key": "e", "ramp": true,
                    "arms": [{"id": "a", "weight": 1, "value": 1, "color": "red"}]}},
                {"id": "r2", "coverage": 10_000, "value": 2, "namespace": {"key": "n", "from": 0, "until": 1, "zone": "z"}},
            ],
        });
        let after = edited::<Flag>(&stored, |flag| {
            flag.name = "Renamed".into();
            flag.rules.reverse();
            flag.prerequisites.remove(0);
        });
        assert_eq!(after["name"], json!("Renamed"));
        assert_eq!(after["newer"], stored["newer"]);
        assert_eq!(after["schedule"], stored["schedule"]);
        assert_eq!(after["prerequisites"], json!([stored["prerequisites"][1]]));
        assert_eq!(after["rules"][0]["namespace"]["zone"], json!("z"));
        assert_eq!(after["rules"][1]["experiment"]["ramp"], json!(true));
        assert_eq!(after["rules"][1]["experiment"]["arms"][0]["color"], json!("red"));
    }

    #[test]
    fn what_a_person_removes_is_gone() {
        let stored = json!({
            "key": "f", "name": "F", "site_ids": [], "enabled": true, "default_value": 1, "schedule": {"from": 1},
            "rules": [{"id": "r1", "coverage": 1, "value": 1, "hint": "x"}],
        });
        let after = edited::<Flag>(&stored, |flag| {
            flag.rules.clear();
            flag.schedule = Default::default();
        });
        assert_eq!((&after["rules"], after.get("schedule")), (&json!([]), None));
    }

    #[test]
    fn names_that_were_given_up_do_not_come_back() {
        let stored = json!({
            "key": "e", "name": "E", "site_id": "s", "status": "stopped", "variants": [], "coverage": 1,
            "hash_attribute": "id", "hash_version": 2, "seed": "e", "auto_activate": true, "metrics": [],
            "phases": [{"started_at": 1, "ended_at": 2, "winner": "b"}],
        });
        let after = edited::<Experiment>(&stored, |e| e.phases.push(Default::default()));
        assert_eq!(after["phases"][0], json!({"id": "0", "cause": "person", "started": 1, "ended": 2, "winner": "b"}));
        assert!(serde_json::from_value::<Experiment>(after).is_ok());
        let same = edited::<Experiment>(&stored, |e| e.name = "E2".into());
        assert_eq!(same["phases"][0]["winner"], json!("b"));
    }
}
