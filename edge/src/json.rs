//! Errors in JSON, in words of our own.

use beacon_shared::error::{Error, Problem};

/// Returns what is wrong with a text that should be JSON, in words of our own.
pub fn problem(error: &serde_json::Error) -> Error {
    let detail = match error.classify() {
        serde_json::error::Category::Eof => "The body breaks off. Send all of it.".to_owned(),
        serde_json::error::Category::Data => {
            format!("The body isn't what this address takes: see line {}, column {}.", error.line(), error.column())
        }
        _ => format!("The body isn't valid JSON at line {}, column {}.", error.line(), error.column()),
    };
    Error::invalid(vec![Problem::new("", detail)])
}
