//! The limits of regular expressions. Pages run them in a backtracking engine, in every visitor's browser.

use super::MAX_PATTERN;
use crate::eval::condition::{compile_regex, slow_part};

/// Returns what is wrong with a regular expression.
pub(super) fn pattern(pattern: &str, insensitive: bool) -> Option<String> {
    if pattern.len() > MAX_PATTERN {
        return Some(format!("Shorten the pattern to at most {MAX_PATTERN} characters."));
    }
    if let Err(error) = compile_regex(pattern, insensitive) {
        let why = error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        return Some(format!(
            "This pattern doesn't work on every side: {why}. Leave out look-around and back-references."
        ));
    }
    let slow = slow_part(pattern, insensitive)?;
    Some(if slow == pattern {
        "This pattern can match the same text in too many ways, which can freeze a visitor's browser. \
         Use fewer repeats, or start it with ^."
            .to_owned()
    } else {
        format!(
            "'{slow}' can match the same text in too many ways, which can freeze a visitor's browser. \
             Repeat fewer parts of it, or make its alternatives begin differently."
        )
    })
}
