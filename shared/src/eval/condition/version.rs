//! Semantic versions, compared as padded strings the way GrowthBook does.

use serde_json::Value;

use super::js;

/// A version in a form that sorts as a string: numbers right-aligned to five places, build metadata and a leading `v`
/// dropped, and `~` behind a release so that it sorts after its prereleases.
pub fn pad(version: &Value) -> String {
    let text = match version {
        Value::Number(_) => js::string(version),
        Value::String(s) if !s.is_empty() => s.as_str().into(),
        _ => "0".into(),
    };
    let text = text.strip_prefix('v').unwrap_or(&text);
    let text = text.split_once('+').map_or(text, |(version, _)| version);
    let mut parts: Vec<String> = text.split(['-', '.']).map(pad_part).collect();
    if parts.len() == 3 {
        parts.push("~".to_owned());
    }
    parts.join("-")
}

fn pad_part(part: &str) -> String {
    let number = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if number { format!("{part:>5}") } else { part.to_owned() }
}
