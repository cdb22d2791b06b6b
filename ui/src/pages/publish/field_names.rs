//! Fields and values of a review, called what the editors call them.

use std::collections::BTreeMap;
use std::rc::Rc;

use beacon_shared::model::MetricUse;
use beacon_shared::pointer;
use beacon_shared::wording::capitalised;
use serde::Deserialize;
use serde_json::Value;

use crate::format::{date_time, parts, percentage};

/// The names of metrics, by document id.
pub type Names = Rc<BTreeMap<String, String>>;

/// Returns a JSON pointer as people read it: `/variants/1/weight` is `Variants › 2 › Share`.
pub fn field(pointer: &str, metrics: &Names) -> String {
    let mut own = false;
    let parts = pointer::tokens(pointer).map(|token| {
        let text = metrics.get(&token).filter(|_| !own).cloned().unwrap_or_else(|| part(&token, own));
        own |= matches!(token.as_str(), "config" | "default_value" | "value");
        text
    });
    let parts: Vec<_> = parts.collect();
    if parts.is_empty() { "Everything".to_owned() } else { parts.join(" › ") }
}

/// Returns one step of a pointer. `own` says that people named it themselves.
fn part(token: &str, own: bool) -> String {
    if let Ok(index) = token.parse::<usize>() {
        return (index + 1).to_string();
    }
    label(token).filter(|_| !own).unwrap_or(token).to_owned()
}

/// Returns the editors' name of a field. `None` for what people named themselves, such as the parts of a config.
fn label(name: &str) -> Option<&'static str> {
    Some(match name {
        "adjust" => "Days before (CUPED)",
        "allow_localhost" => "Allow localhost",
        "auto_activate" => "Activate by itself",
        "cap" => "Cap",
        "condition" => "Who",
        "config" => "Config",
        "coverage" => "Traffic",
        "default_value" => "Default value",
        "denominator" => "Divided by",
        "description" => "Description",
        "direction" => "Better is",
        "domains" => "Domains",
        "enabled" => "Enabled",
        "ended_at" => "Ended",
        "event" => "Event",
        "filter" => "Only events with",
        "hash_attribute" => "Hashed attribute",
        "hash_version" => "Hash version",
        "hypothesis" => "Hypothesis",
        "key" => "Key",
        "kind" => "Measures",
        "level" => "Percentile",
        "margin" => "Margin",
        "metric" => "Metric",
        "metrics" => "Metrics",
        "name" => "Name",
        "numerator" => "Of",
        "phases" => "Phases",
        "role" => "Role",
        "rules" => "Rules",
        "seed" => "Seed",
        "site_id" => "Site",
        "site_ids" => "Sites",
        "started_at" => "Started",
        "status" => "Status",
        "time_zone" => "Time zone",
        "variants" => "Variants",
        "weight" => "Share",
        "window" => "Window (h)",
        _ => return None,
    })
}

/// Returns a value as its field is edited. What pages get stays JSON, so that `"1"` and `1` look different.
pub fn value(pointer: &str, json: &str) -> String {
    if json.is_empty() {
        return "—".to_owned();
    }
    match pointer.rsplit('/').next().unwrap_or_default() {
        "coverage" | "weight" => json.parse().map_or_else(|_| json.to_owned(), |n| format!("{}%", parts(n))),
        "level" | "margin" if pointer.starts_with("/metrics/") || pointer == "/level" => {
            json.parse().map_or_else(|_| json.to_owned(), |n| format!("{}%", percentage(n)))
        }
        "started_at" | "ended_at" => json.parse().map_or_else(|_| json.to_owned(), date_time),
        "name" | "key" | "hypothesis" | "description" | "status" | "seed" | "time_zone" | "hash_attribute" => {
            serde_json::from_str(json).unwrap_or_else(|_| json.to_owned())
        }
        _ => json.to_owned(),
    }
}

/// Returns metrics of an experiment by their names: one that is added or removed, and their order. `None` for any other
/// field.
pub fn metric_value(pointer: &str, json: &str, metrics: &Names) -> Option<String> {
    let value: Value = serde_json::from_str(json).ok().filter(|_| pointer.starts_with("/metrics"))?;
    let name = |id: &str| metrics.get(id).cloned().unwrap_or_else(|| id.to_owned());
    let used = |value: &Value| {
        let used = MetricUse::deserialize(value).ok()?;
        let role = capitalised(serde_json::to_value(used.role).ok()?.as_str()?);
        Some(format!("{} ({role})", name(&used.metric)))
    };
    match (&value, pointer.rsplit('/').next()) {
        (Value::Array(list), Some("order")) => {
            Some(list.iter().filter_map(Value::as_str).map(name).collect::<Vec<_>>().join(", "))
        }
        (Value::Array(list), _) => list.iter().map(used).collect::<Option<Vec<_>>>().map(|all| all.join(", ")),
        (Value::String(id), Some("metric")) => Some(name(id)),
        (Value::String(role), Some("role")) => Some(capitalised(role)),
        (value, _) => used(value),
    }
}

#[cfg(test)]
mod tests {
    use super::{Names, field, metric_value, value};

    #[test]
    fn metrics_are_called_by_their_names() {
        let metrics: Names = Names::new([("met_1".to_owned(), "Orders".to_owned())].into());
        assert_eq!(field("/metrics/met_1/role", &metrics), "Metrics › Orders › Role");
        for (pointer, json, expected) in [
            ("/metrics/met_1", r#"{"id":"met_1","metric":"met_1","role":"goal"}"#, Some("Orders (Goal)")),
            ("/metrics", r#"[{"id":"m","metric":"met_2","role":"guardrail"}]"#, Some("met_2 (Guardrail)")),
            ("/metrics/order", r#"["met_1","m"]"#, Some("Orders, m")),
            ("/metrics/m/metric", r#""met_1""#, Some("Orders")),
            ("/metrics/m/role", r#""goal""#, Some("Goal")),
            ("/metrics/m/margin", "0.2", None),
            ("/metrics", "", None),
            ("/name", r#""met_1""#, None),
        ] {
            assert_eq!(metric_value(pointer, json, &metrics).as_deref(), expected, "{pointer} {json}");
        }
    }

    #[test]
    fn pointers_read_well() {
        let field = |pointer: &str| field(pointer, &Names::default());
        assert_eq!(field("/variants/1/weight"), "Variants › 2 › Share");
        assert_eq!(field("/variants/0/config/a~1b"), "Variants › 1 › Config › a/b");
        assert_eq!(field("/variants/0/config/event"), "Variants › 1 › Config › event");
        assert_eq!(field("/metrics/0/numerator/event"), "Metrics › 1 › Of › Event");
        assert_eq!(field(""), "Everything");
    }

    #[test]
    fn values_read_well_and_keep_their_type_where_it_matters() {
        assert_eq!(value("/coverage", "2500"), "25%");
        assert_eq!(value("/name", "\"Shop\""), "Shop");
        assert_eq!(value("/metrics/0/margin", "0.025"), "2.5%");
        assert_eq!(value("/variants/0/config/margin", "0.025"), "0.025");
        assert_eq!(value("/default_value", "\"1\""), "\"1\"");
        assert_eq!(value("/name", ""), "—");
    }
}
