//! The expected and the actual values of a case.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::report::Suite;

pub const RELATIVE: f64 = 1e-7;
pub const P_ABSOLUTE: f64 = 1e-12;

/// The comparisons of one case.
#[derive(Default)]
pub struct Check {
    differences: Vec<(String, String, String)>,
    compared: usize,
    notes: Vec<String>,
}

impl Check {
    /// Fails unless both are within a relative tolerance; values far below the case's own scale only absolutely.
    pub fn close(&mut self, what: &str, expected: f64, actual: f64) {
        self.within(what, expected, actual, RELATIVE * expected.abs().max(1e-14));
    }

    /// Fails unless both are within an absolute tolerance.
    pub fn within(&mut self, what: &str, expected: f64, actual: f64, tolerance: f64) {
        self.compared += 1;
        let equal = expected == actual || (expected - actual).abs() <= tolerance;
        if !equal {
            self.differ(what, expected, actual);
        }
    }

    /// Fails unless both are the same.
    pub fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, expected: T, actual: T) {
        self.compared += 1;
        if expected != actual {
            self.differ(what, format!("{expected:?}"), format!("{actual:?}"));
        }
    }

    /// Fails.
    pub fn differ(&mut self, what: &str, expected: impl ToString, actual: impl ToString) {
        self.differences.push((what.to_owned(), expected.to_string(), actual.to_string()));
    }

    /// Each element of two lists.
    pub fn list(&mut self, what: &str, expected: &[f64], actual: &[f64]) {
        self.same(&format!("length of {what}"), expected.len(), actual.len());
        for (i, (expected, actual)) in expected.iter().zip(actual).enumerate() {
            self.close(&format!("{what}[{i}]"), *expected, *actual);
        }
    }

    /// Says something about a case that passes.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Puts the case on the suite.
    pub fn report(self, id: &str, suite: &mut Suite) {
        for note in &self.notes {
            println!("  {id}: {note}");
        }
        if self.differences.is_empty() && self.compared > 0 {
            return suite.pass();
        }
        if self.differences.is_empty() {
            return suite.fail(id, "something to compare", "nothing");
        }
        let join = |pick: fn(&(String, String, String)) -> String| {
            self.differences.iter().map(pick).collect::<Vec<_>>().join(", ")
        };
        suite.fail(id, join(|d| format!("{} {}", d.0, d.1)), join(|d| format!("{} {}", d.0, d.2)));
    }
}

/// The number under this key.
pub fn number(value: &Value, key: &str) -> Result<f64> {
    as_number(value.get(key).with_context(|| format!("`{key}` is missing"))?).with_context(|| format!("`{key}`"))
}

/// The number under this key, if it is there and not null.
pub fn optional(value: &Value, key: &str) -> Result<Option<f64>> {
    value.get(key).filter(|v| !v.is_null()).map(|v| as_number(v).with_context(|| format!("`{key}`"))).transpose()
}

fn as_number(value: &Value) -> Result<f64> {
    match value.as_str() {
        Some("inf") => Ok(f64::INFINITY),
        Some("-inf") => Ok(f64::NEG_INFINITY),
        _ => value.as_f64().with_context(|| format!("{value} is not a number")),
    }
}

/// The numbers under this key.
pub fn numbers(value: &Value, key: &str) -> Result<Vec<f64>> {
    let list = value.get(key).and_then(Value::as_array).with_context(|| format!("`{key}` is not a list"))?;
    list.iter().map(as_number).collect()
}

/// The text under this key.
pub fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    value.get(key).and_then(Value::as_str).with_context(|| format!("`{key}` is not a text"))
}

/// Refuses keys that nobody would read.
pub fn only(value: &Value, known: &[&str]) -> Result<()> {
    let unknown = value.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).find(|k| !known.contains(k));
    match unknown {
        Some(key) => bail!("the runner does not know the parameter `{key}`"),
        None => Ok(()),
    }
}
