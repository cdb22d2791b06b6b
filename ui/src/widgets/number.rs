//! Number fields, whose text is kept as it was typed until it is a number.

use beacon_shared::typed::Refusal;
use serde_json::{Map, Value};

/// Returns the number that was typed. A text that is refused is kept beside it as `name` in `extra`, so that it is saved
/// and shown instead of the number before it.
pub fn read_or_keep<T>(
    read: Result<T, Refusal>,
    text: String,
    extra: &mut Map<String, Value>,
    name: &str,
) -> Option<T> {
    match read {
        Ok(number) => {
            extra.remove(name);
            Some(number)
        }
        Err(_) => {
            extra.insert(name.to_owned(), Value::String(text));
            None
        }
    }
}

/// Returns what a number field shows: the text that is not a number yet, or the number.
pub fn shown(extra: &Map<String, Value>, name: &str, number: impl FnOnce() -> String) -> String {
    extra.get(name).and_then(Value::as_str).map_or_else(number, str::to_owned)
}

#[cfg(test)]
mod tests {
    use beacon_shared::typed;

    use super::*;

    /// U1.
    #[test]
    fn what_is_typed_is_shown_until_it_is_a_number() {
        let (mut share, mut extra) = (5_000, Map::new());
        for (text, expected) in [("5", 500), ("", 500), ("150", 500), ("abc", 500), ("33,3", 3_330)] {
            let read = read_or_keep(typed::share(text), text.to_owned(), &mut extra, "coverage_text");
            share = read.unwrap_or(share);
            assert_eq!(share, expected, "{text}");
            let said = shown(&extra, "coverage_text", || share.to_string());
            assert!(said == text || typed::share(text) == Ok(share), "{text} is shown as {said}");
        }
        assert!(extra.is_empty());
    }
}
