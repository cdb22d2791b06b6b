//! Requests as typed values, and what is wrong with one that does not fit, in words of our own.

use beacon_shared::error::{Error, Problem, Result};
use beacon_shared::pointer::child;
use serde::Deserialize;
use serde_path_to_error::{Path, Segment};

/// Reads a JSON text. An error names the field.
pub fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut json)
        .map_err(|e| problem(e.inner(), &field(e.path(), &e.inner().to_string())))?;
    json.end().map_err(|e| problem(&e, ""))?;
    Ok(value)
}

/// Reads the parameters of a query. An error names the one that is missing or has another form.
pub fn read_query<T: for<'de> Deserialize<'de>>(query: &str) -> Result<T> {
    let given = serde_urlencoded::Deserializer::new(url::form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(given).map_err(|e| {
        let pointer = field(e.path(), &e.inner().to_string());
        let detail = match pointer.strip_prefix('/') {
            Some(name) => format!("The parameter '{name}' is missing or has the wrong form."),
            None => "A parameter is missing or has the wrong form.".to_owned(),
        };
        Error::invalid(vec![Problem::new(pointer, detail)])
    })
}

fn problem(error: &serde_json::Error, pointer: &str) -> Error {
    let detail = match error.classify() {
        serde_json::error::Category::Eof => "The body breaks off. Send all of it.".to_owned(),
        serde_json::error::Category::Data => {
            let what = if is_missing(&error.to_string()) { "is missing" } else { "has the wrong form" };
            let (line, column) = (error.line(), error.column());
            match pointer {
                "" => format!("The body isn't what this address takes: see line {line}, column {column}."),
                _ => format!("{pointer} {what}, at line {line}, column {column}."),
            }
        }
        _ => format!("The body isn't valid JSON at line {}, column {}.", error.line(), error.column()),
    };
    let pointer = if error.is_data() { pointer } else { "" };
    Error::invalid(vec![Problem::new(pointer, detail)])
}

/// Returns the pointer to the field that an error is about. Of a missing one, the path leads to what should have it.
fn field(path: &Path, message: &str) -> String {
    let at = path.iter().fold(String::new(), |at, segment| match segment {
        Segment::Seq { index } => child(&at, &index.to_string()),
        Segment::Map { key } => child(&at, key),
        Segment::Enum { variant } => child(&at, variant),
        Segment::Unknown => at,
    });
    match message.strip_prefix(MISSING).and_then(|rest| rest.split_once('`')) {
        Some((name, _)) => child(&at, name),
        None => at,
    }
}

/// The beginning of serde's message about a field that is not there.
const MISSING: &str = "missing field `";

fn is_missing(message: &str) -> bool {
    message.starts_with(MISSING)
}

#[cfg(test)]
mod tests {
    use beacon_shared::api::{Cursor, PublishRequest};

    use super::*;

    #[test]
    fn an_error_names_the_field() {
        let release = |revision: &str| {
            format!(
                r#"{{"command_id": "c", "device": "d", "release": [{{"doc_id": "x"{revision}}}], "transitions": []}}"#
            )
        };
        for (text, pointer, detail) in [
            (release(""), "/release/0/rev", "/release/0/rev is missing"),
            (r#"{"command_id": 7}"#.to_owned(), "/command_id", "/command_id has the wrong form"),
            (r#"{"device": "d"}"#.to_owned(), "/command_id", "/command_id is missing"),
            ("{\"command_id\": ".to_owned(), "", "The body breaks off"),
            ("{\"command_id\"}".to_owned(), "", "The body isn't valid JSON"),
            ("7".to_owned(), "", "The body isn't what this address takes"),
            ("{} x".to_owned(), "/command_id", "/command_id is missing"),
        ] {
            let problem = read::<PublishRequest>(&text).expect_err("an error").problems.remove(0);
            assert_eq!(problem.pointer, pointer, "{text}");
            assert!(problem.detail.starts_with(detail), "{text}: {}", problem.detail);
        }
    }

    #[test]
    fn an_error_in_a_query_names_the_parameter() {
        let problem = read_query::<Cursor>("epoch=e&seq=many").expect_err("an error").problems.remove(0);
        assert_eq!(problem.pointer, "/seq");
        assert_eq!(problem.detail, "The parameter 'seq' is missing or has the wrong form.");
    }
}
