//! Fields and values of a review in the words of the editors.

use crate::format::{date_time, parts};

/// A JSON pointer as people read it: `/variants/1/weight` is `Variants › 2 › Share`.
pub fn field(pointer: &str) -> String {
    let parts: Vec<_> = pointer.split('/').skip(1).map(part).collect();
    if parts.is_empty() { "Everything".to_owned() } else { parts.join(" › ") }
}

fn part(token: &str) -> String {
    if let Ok(index) = token.parse::<usize>() {
        return (index + 1).to_string();
    }
    let name = token.replace("~1", "/").replace("~0", "~");
    label(&name).map_or(name, str::to_owned)
}

/// What the editors call a field; none for what people named themselves, such as the parts of a config.
fn label(name: &str) -> Option<&'static str> {
    Some(match name {
        "allow_localhost" => "Allow localhost",
        "auto_activate" => "Activate by itself",
        "condition" => "Who",
        "config" => "Config",
        "coverage" => "Traffic",
        "default_value" => "Default value",
        "description" => "Description",
        "domains" => "Domains",
        "enabled" => "Enabled",
        "ended_at" => "Ended",
        "hash_attribute" => "Hashed attribute",
        "hash_version" => "Hash version",
        "hypothesis" => "Hypothesis",
        "key" => "Key",
        "metrics" => "Metrics",
        "name" => "Name",
        "phases" => "Phases",
        "rules" => "Rules",
        "seed" => "Seed",
        "site_id" => "Site",
        "site_ids" => "Sites",
        "started_at" => "Started",
        "status" => "Status",
        "time_zone" => "Time zone",
        "variants" => "Variants",
        "weight" => "Share",
        _ => return None,
    })
}

/// A value as its field is edited. What pages get stays JSON, so that `"1"` and `1` look different.
pub fn value(pointer: &str, json: &str) -> String {
    if json.is_empty() {
        return "—".to_owned();
    }
    match pointer.rsplit('/').next().unwrap_or_default() {
        "coverage" | "weight" => json.parse().map_or_else(|_| json.to_owned(), |n| format!("{} %", parts(n))),
        "started_at" | "ended_at" => json.parse().map_or_else(|_| json.to_owned(), date_time),
        "name" | "key" | "hypothesis" | "description" | "status" | "seed" | "time_zone" | "hash_attribute" => {
            serde_json::from_str(json).unwrap_or_else(|_| json.to_owned())
        }
        _ => json.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{field, value};

    #[test]
    fn pointers_read_well() {
        assert_eq!(field("/variants/1/weight"), "Variants › 2 › Share");
        assert_eq!(field("/variants/0/config/a~1b"), "Variants › 1 › Config › a/b");
        assert_eq!(field(""), "Everything");
    }

    #[test]
    fn values_read_well_and_keep_their_type_where_it_matters() {
        assert_eq!(value("/coverage", "2500"), "25 %");
        assert_eq!(value("/name", "\"Shop\""), "Shop");
        assert_eq!(value("/default_value", "\"1\""), "\"1\"");
        assert_eq!(value("/name", ""), "—");
    }
}
