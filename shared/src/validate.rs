//! Every invariant of the model, as functions that return field-addressed problems.
//!
//! A draft may break them (nothing typed is ever refused); what is released may not. The desktop shows the
//! problems while the person types, the edge checks them again before it publishes.

mod experiment;
mod flag;
mod site;

use serde_json::Value;

pub use experiment::{experiment, locked_changes};
pub use flag::flag;
pub use site::{domain_matches, site};

use crate::error::Problem;
use crate::model::{Experiment, Flag, Kind, Site};

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
/// One, in the parts in which weights and coverage are written.
pub const WHOLE: u32 = 10_000;

/// The problems of a draft of any kind. A draft that is not even of the kind's shape has one, at the root.
pub fn document(kind: Kind, draft: &Value) -> Vec<Problem> {
    fn of<T: serde::de::DeserializeOwned>(draft: &Value, check: impl Fn(&T) -> Vec<Problem>) -> Vec<Problem> {
        match T::deserialize(draft) {
            Ok(definition) => check(&definition),
            Err(e) => vec![Problem::new("", format!("This is not a valid definition: {e}."))],
        }
    }
    match kind {
        Kind::Site => of::<Site>(draft, site),
        Kind::Experiment => of::<Experiment>(draft, experiment),
        Kind::Flag => of::<Flag>(draft, flag),
    }
}

/// What is wrong with a key: letters, digits, `_`, `-` and `.`, starting with a letter or digit.
fn key(pointer: &str, key: &str) -> Option<Problem> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if key.is_empty() {
        Some(Problem::new(pointer, "Give it a key: pages use it to name this."))
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

/// What is wrong with a name.
fn name(pointer: &str, name: &str) -> Option<Problem> {
    if name.trim().is_empty() {
        Some(Problem::new(pointer, "Give it a name."))
    } else if name.chars().count() > MAX_NAME {
        Some(Problem::new(pointer, format!("Shorten the name to at most {MAX_NAME} characters.")))
    } else {
        None
    }
}

/// What is wrong with a free text.
fn text(pointer: &str, text: &str) -> Option<Problem> {
    (text.chars().count() > MAX_TEXT)
        .then(|| Problem::new(pointer, format!("Shorten the text to at most {MAX_TEXT} characters.")))
}

/// What is wrong with a JSON value that pages will get.
fn value(pointer: &str, value: &Value) -> Option<Problem> {
    (value.to_string().len() > MAX_VALUE)
        .then(|| Problem::new(pointer, format!("Shorten the value to at most {} KiB.", MAX_VALUE / 1024)))
}

/// What is wrong with a share in parts of [`WHOLE`].
fn share(pointer: &str, share: u32) -> Option<Problem> {
    (share > WHOLE).then(|| Problem::new(pointer, "Choose a share between 0 % and 100 %."))
}

/// The first of `keys` that occurs a second time, with its index.
fn first_duplicate<'a>(keys: impl IntoIterator<Item = &'a str>) -> Option<(usize, &'a str)> {
    let mut seen = std::collections::BTreeSet::new();
    keys.into_iter().enumerate().find(|(_, k)| !seen.insert(*k))
}

#[cfg(test)]
mod tests;
