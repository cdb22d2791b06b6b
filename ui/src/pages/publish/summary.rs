//! Values of a review that are more than one number or word, as a person would say them. Pure.

use beacon_shared::model::{Arm, Rule, Variant};
use beacon_shared::wording::{capitalised, listed};
use serde::Deserialize;
use serde_json::Value;

use super::field_names::Names;
use crate::format::parts;

/// The fields that people do not choose in the window.
const TECHNICAL: [&str; 7] = ["auto_activate", "hash_attribute", "hash_version", "keep_query", "phases", "seed", "key"];

/// Returns true for a field that belongs behind the others: nobody chose it for what it says.
pub fn is_technical(pointer: &str) -> bool {
    let field = pointer.split('/').nth(1).unwrap_or_default();
    TECHNICAL.contains(&field)
}

/// Returns true for a value that says nothing in a new document, such as an empty text.
pub fn is_empty(json: &str) -> bool {
    matches!(json, "" | "null" | "\"\"" | "[]" | "{}")
}

/// Returns a value in words; `None` where the value itself is clearer.
pub fn in_words(pointer: &str, json: &str, names: &Names) -> Option<String> {
    let value: Value = serde_json::from_str(json).ok()?;
    let tokens: Vec<&str> = pointer.split('/').skip(1).collect();
    match (tokens.as_slice(), &value) {
        (["site_id"], Value::String(id)) => Some(named(id, names)),
        (["site_ids"], Value::Array(ids)) => {
            Some(listed(&ids.iter().filter_map(Value::as_str).map(|id| named(id, names)).collect::<Vec<_>>()))
        }
        (["site_ids", _], Value::String(id)) => Some(named(id, names)),
        (["enabled" | "allow_localhost" | "auto_activate" | "keep_query"], Value::Bool(on)) => {
            Some(if *on { "On" } else { "Off" }.to_owned())
        }
        (["status"], Value::String(status)) => Some(capitalised(status)),
        (["domains"], Value::Array(domains)) => {
            Some(listed(&domains.iter().filter_map(Value::as_str).collect::<Vec<_>>()))
        }
        (["condition"] | ["rules", _, "condition"], Value::Object(all)) if all.is_empty() => {
            Some("Every visitor".to_owned())
        }
        (["variants"], Value::Array(all)) => lines(all, variant),
        (["variants", _], Value::Object(_)) => variant(&value),
        (["rules"], Value::Array(all)) => lines(all, rule),
        (["rules", _], Value::Object(_)) => rule(&value),
        _ => None,
    }
}

fn named(id: &str, names: &Names) -> String {
    names.get(id).cloned().unwrap_or_else(|| id.to_owned())
}

fn lines(all: &[Value], line: fn(&Value) -> Option<String>) -> Option<String> {
    Some(all.iter().map(line).collect::<Option<Vec<_>>>()?.join("\n")).filter(|text| !text.is_empty())
}

fn variant(value: &Value) -> Option<String> {
    let variant = Variant::deserialize(value).ok()?;
    let name = if variant.name.is_empty() { &variant.id } else { &variant.name };
    let redirect = variant.redirect.map(|to| format!(", sent to {to}")).unwrap_or_default();
    let config = variant.config.to_string();
    let config = if is_empty(&config) { String::new() } else { format!(": {config}") };
    Some(format!("{name} {}%{redirect}{config}", parts(variant.weight)))
}

fn rule(value: &Value) -> Option<String> {
    let rule = Rule::deserialize(value).ok()?;
    let who = match rule.condition.is_empty() {
        true => "Everyone".to_owned(),
        false => format!("If {}", Value::Object(rule.condition)),
    };
    let share = parts(rule.coverage);
    Some(match rule.experiment {
        None => format!("{who}: {share}% get {}", rule.value),
        Some(split) => {
            let arms: Vec<_> = split.arms.iter().map(arm).collect();
            format!("{who}: A/B split {} of {share}%: {}", split.key, listed(&arms))
        }
    })
}

fn arm(arm: &Arm) -> String {
    format!("{} {}%", arm.value, parts(arm.weight))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// U9.
    #[test]
    fn a_new_document_reads_as_a_person_would_say_it() {
        let names: Names =
            Names::new([("sit_1", "Shop"), ("sit_2", "Kiosk")].map(|(a, b)| (a.into(), b.into())).into());
        let variants = r#"[{"id":"control","name":"Control","weight":6667,"config":{}},
            {"id":"b","name":"","weight":3333,"config":{"h":"Save"},"redirect":"/b"}]"#;
        let rules = r#"[{"id":"r","condition":{"country":"DE"},"coverage":2500,"value":true},
            {"id":"s","coverage":10000,"value":null,"experiment":{"key":"btn","arms":[
                {"id":"0","weight":5000,"value":"blue"},{"id":"1","weight":5000,"value":"red"}]}}]"#;
        for (pointer, json, expected) in [
            ("/site_id", r#""sit_1""#, Some("Shop")),
            ("/site_ids", r#"["sit_1","sit_2","sit_3"]"#, Some("Shop, Kiosk and sit_3")),
            ("/enabled", "true", Some("On")),
            ("/status", r#""running""#, Some("Running")),
            ("/condition", "{}", Some("Every visitor")),
            ("/domains", r#"["a.example","b.example"]"#, Some("a.example and b.example")),
            ("/variants", variants, Some("Control 66.67%\nb 33.33%, sent to /b: {\"h\":\"Save\"}")),
            (
                "/rules",
                rules,
                Some(
                    "If {\"country\":\"DE\"}: 25% get true\nEveryone: A/B split btn of 100%: \"blue\" 50% and \"red\" 50%",
                ),
            ),
            ("/rules/r", r#"{"id":"r","coverage":10000,"value":1}"#, Some("Everyone: 100% get 1")),
            ("/variants/b/config/enabled", "true", None),
            ("/rules/r/value", "true", None),
            ("/name", r#""sit_1""#, None),
            ("/variants", "[]", None),
        ] {
            assert_eq!(in_words(pointer, json, &names).as_deref(), expected, "{pointer}");
        }
    }

    #[test]
    fn what_nobody_chose_stands_behind() {
        assert!(["/seed", "/hash_version", "/phases/p1/started"].iter().all(|pointer| is_technical(pointer)));
        assert!(!["/name", "/variants/seed/config", ""].iter().any(|pointer| is_technical(pointer)));
        assert!(["", "\"\"", "{}"].iter().all(|json| is_empty(json)) && !is_empty("0") && !is_empty("false"));
    }
}
