//! Every invariant of the model, as functions that return field-addressed problems.
//!
//! A draft may break them (nothing typed is ever refused); what is released may not. The desktop shows the
//! problems while the person types, the edge checks them again before it publishes.

mod condition;
mod experiment;
mod flag;
mod metric;
mod pattern;
mod segment;
mod site;
mod targeting;
mod workspace;

use serde::Deserialize;
use serde_json::{Map, Value};

pub use condition::condition;
pub use experiment::{experiment, locked_changes};
pub use flag::flag;
pub use metric::metric;
pub use segment::segment;
pub use site::site;
pub use workspace::{Located, Workspace, workspace};

use crate::error::Problem;
use crate::eval::condition::MAX_DEPTH;
use crate::model::{Experiment, Flag, Kind, MetricDefinition, Segment, Site};
use crate::number::{changed_number, put_in_quotes};
use crate::typed::Refusal;

pub use crate::model::WHOLE;

/// The most characters in a key.
pub const MAX_KEY: usize = 64;
/// The most characters in a name.
pub const MAX_NAME: usize = 120;
/// The most characters in a free text.
pub const MAX_TEXT: usize = 4_000;
/// The most bytes of one document's body as JSON.
pub const MAX_BODY: usize = 64 * 1024;
/// The most domains of a site.
pub const MAX_DOMAINS: usize = 50;
/// The most variants of an experiment.
pub const MAX_VARIANTS: usize = 20;
/// The most metrics of an experiment.
pub const MAX_METRICS: usize = 50;
/// The most rules of a flag.
pub const MAX_RULES: usize = 100;
/// The most bytes of one variant's config or one flag value as JSON.
pub const MAX_VALUE: usize = 16 * 1024;
/// The most sites of a flag.
pub const MAX_SITES: usize = 100;
/// The most phases of an experiment.
pub const MAX_PHASES: usize = 100;
/// The most visitors that a phase can be planned for.
pub const MAX_PLANNED_VISITORS: u64 = 1_000_000_000_000;
/// The most days that a phase can be planned for.
pub const MAX_PLANNED_DAYS: u32 = 3650;
/// The largest lift that a phase can be planned for.
pub const MAX_PLANNED_LIFT: f64 = 1e6;
/// The most prerequisites of an experiment, a flag or a rule.
pub const MAX_PREREQUISITES: usize = 10;
/// The most page patterns of an experiment.
pub const MAX_PAGES: usize = 50;
/// The most characters in a pattern.
pub const MAX_PATTERN: usize = 500;
/// The most characters in an address.
pub const MAX_URL: usize = 2_000;
/// The most characters in a hash's seed.
pub const MAX_SEED: usize = 2 * MAX_KEY;
/// The most characters in an attribute's or an event's name.
pub const MAX_ATTRIBUTE: usize = 120;
/// The most parts (attributes, operators, elements) of a condition.
pub const MAX_CONDITION_PARTS: usize = 500;
/// The most levels of a condition. An operator's argument nests two levels of JSON, and the evaluator reads
/// [`MAX_DEPTH`] of those.
pub const MAX_CONDITION_DEPTH: usize = MAX_DEPTH / 4;
/// The most values in a list of a condition.
pub const MAX_LIST: usize = 1_000;
/// The most values of a segment.
pub const MAX_SEGMENT: usize = 5_000;
/// The longest window of a metric in hours: a year.
pub const MAX_WINDOW_HOURS: u32 = 8_760;
/// The most days before the exposure that a metric is adjusted by.
pub const MAX_ADJUST_DAYS: u32 = 90;
/// The largest margin of a guardrail: it may get worse by all there is.
pub const MAX_MARGIN: f64 = 1.0;

/// The problems of a draft of any kind. A draft that is not even of the kind's shape has one, at the root.
pub fn document(kind: Kind, draft: &Value) -> Vec<Problem> {
    fn of<T: serde::de::DeserializeOwned>(draft: &Value, check: impl Fn(&T) -> Vec<Problem>) -> Vec<Problem> {
        match T::deserialize(draft) {
            Ok(definition) => check(&definition),
            Err(e) => vec![Problem::new("", format!("This isn't a valid definition: {e}."))],
        }
    }
    match kind {
        Kind::Site => of::<Site>(draft, site),
        Kind::Experiment => of::<Experiment>(draft, experiment),
        Kind::Flag => of::<Flag>(draft, flag),
        Kind::Segment => of::<Segment>(draft, segment),
        Kind::Metric => of::<MetricDefinition>(draft, metric),
        Kind::Unknown => vec![Problem::new("", "Only a newer Beacon knows this kind of document. Update Beacon.")],
    }
}

/// Returns true if this version can read a draft of the kind.
pub fn is_readable(kind: Kind, draft: &Value) -> bool {
    match kind {
        Kind::Site => Site::deserialize(draft).is_ok(),
        Kind::Experiment => Experiment::deserialize(draft).is_ok(),
        Kind::Flag => Flag::deserialize(draft).is_ok(),
        Kind::Segment => Segment::deserialize(draft).is_ok(),
        Kind::Metric => MetricDefinition::deserialize(draft).is_ok(),
        Kind::Unknown => false,
    }
}

/// Returns true if the text is a valid key.
pub fn is_key(text: &str) -> bool {
    key("", text).is_none()
}

/// Returns what is wrong with a key: letters, digits, `_`, `-` and `.`, starting with a letter or digit.
fn key(pointer: &str, key: &str) -> Option<Problem> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if key.is_empty() {
        Some(Problem::new(pointer, "Enter a key. Pages use it."))
    } else if key.len() > MAX_KEY {
        Some(Problem::new(pointer, format!("Shorten the key to at most {MAX_KEY} characters.")))
    } else if !key.chars().all(plain) || !key.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        Some(Problem::new(
            pointer,
            "Use only letters, digits, '_', '-' and '.' in the key, and start it with a letter or a digit.",
        ))
    } else {
        None
    }
}

/// Returns what is wrong with a name.
fn name(pointer: &str, name: &str) -> Option<Problem> {
    if name.trim().is_empty() {
        Some(Problem::new(pointer, "Enter a name."))
    } else if name.chars().count() > MAX_NAME {
        Some(Problem::new(pointer, format!("Shorten the name to at most {MAX_NAME} characters.")))
    } else {
        None
    }
}

/// Returns what is wrong with a free text.
fn text(pointer: &str, text: &str) -> Option<Problem> {
    (text.chars().count() > MAX_TEXT)
        .then(|| Problem::new(pointer, format!("Shorten the text to at most {MAX_TEXT} characters.")))
}

/// Returns what is wrong with a JSON value that pages will get.
fn value(pointer: &str, value: &Value) -> Option<Problem> {
    (value.to_string().len() > MAX_VALUE)
        .then(|| Problem::new(pointer, format!("Shorten the value to at most {} KiB.", MAX_VALUE / 1024)))
}

/// Returns what is wrong with an event's name.
fn event_name(pointer: &str, name: &str) -> Option<Problem> {
    if name.trim().is_empty() {
        Some(Problem::new(pointer, "Enter the event to count, as the page names it."))
    } else if name.len() > MAX_ATTRIBUTE {
        Some(Problem::new(pointer, format!("Shorten the event's name to at most {MAX_ATTRIBUTE} characters.")))
    } else {
        None
    }
}

/// Returns what is wrong with the weights of variants or arms.
fn weights(pointer: &str, what: &str, weights: impl ExactSizeIterator<Item = u32>) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !(2..=MAX_VARIANTS).contains(&weights.len()) {
        problems.push(Problem::new(pointer, format!("Use between 2 and {MAX_VARIANTS} {what}.")));
    }
    let sum: u64 = weights.map(u64::from).sum();
    if sum != u64::from(WHOLE) {
        let percent = sum as f64 / 100.0;
        problems.push(Problem::new(pointer, format!("Weights must add up to 100%. They add up to {percent}%.")));
    }
    problems
}

/// Returns what is wrong with a hash version.
fn hash_version(pointer: &str, version: u32) -> Option<Problem> {
    (!matches!(version, 1 | 2)).then(|| Problem::new(pointer, "Use hash version 2, or 1 for an imported experiment."))
}

/// The end of the name under which a draft keeps a text that is not JSON yet, or not the number that is wanted:
/// `config_text`, `coverage_text`.
pub const UNFINISHED: &str = "_text";

/// Returns a problem for a JSON field whose last text, kept in `extra`, is not JSON. Without this the last text that
/// was JSON would go live instead of what the person sees.
fn unfinished(pointer: &str, extra: &Map<String, Value>) -> Option<Problem> {
    let field = pointer.rsplit('/').next().unwrap_or_default();
    let text = extra.get(&format!("{field}{UNFINISHED}"))?.as_str().unwrap_or_default();
    let detail = changed_number(text).map(put_in_quotes);
    Some(Problem::new(pointer, detail.unwrap_or_else(|| not_yet(text).to_owned())))
}

/// Returns the reason why a text is kept beside the value instead of being it.
fn not_yet(text: &str) -> &'static str {
    match serde_json::from_str::<Value>(text) {
        Ok(_) => r#"Write an object, such as {"country": "DE"}."#,
        Err(_) => "Not valid JSON yet. Fix it before publishing.",
    }
}

/// Returns what is wrong with a condition. While its last text is not one, that is all there is to say: the condition
/// before it is not what the person sees.
fn typed_condition(pointer: &str, typed: &Map<String, Value>, extra: &Map<String, Value>) -> Vec<Problem> {
    unfinished(pointer, extra).map_or_else(|| condition(pointer, typed), |problem| vec![problem])
}

/// Returns a problem for a number field whose last text, kept in `extra`, is not such a number.
fn unfinished_number<T>(
    pointer: &str,
    extra: &Map<String, Value>,
    read: fn(&str) -> Result<T, Refusal>,
) -> Option<Problem> {
    let field = pointer.rsplit('/').next().unwrap_or_default();
    let text = extra.get(&format!("{field}{UNFINISHED}"))?.as_str().unwrap_or_default();
    Some(Problem::new(pointer, read(text).err().unwrap_or("Type this number again.")))
}

/// Returns what is wrong with a share in parts of [`WHOLE`].
fn share(pointer: &str, share: u32) -> Option<Problem> {
    (share > WHOLE).then(|| Problem::new(pointer, "Choose a share between 0% and 100%."))
}

/// The first of `keys` that occurs a second time, with its index.
fn first_duplicate<'a>(keys: impl IntoIterator<Item = &'a str>) -> Option<(usize, &'a str)> {
    let mut seen = std::collections::BTreeSet::new();
    keys.into_iter().enumerate().find(|(_, k)| !seen.insert(*k))
}

#[cfg(test)]
mod tests;
