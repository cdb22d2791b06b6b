//! A text field for JSON.

use beacon_shared::number::{changed_number, put_in_quotes};
use serde_json::{Map, Value};
use yew::prelude::*;

use super::{Field, FieldKind};

/// A text that was typed: JSON, or something that is kept as it is, because it is not JSON yet or has a number that
/// would change.
#[derive(Clone, PartialEq, Debug)]
pub enum JsonEdit {
    Valid(Value),
    Invalid(String),
}

impl JsonEdit {
    /// Reads what was typed; nothing at all is `null`.
    pub fn read(text: &str) -> Self {
        if text.trim().is_empty() {
            return Self::Valid(Value::Null);
        }
        match serde_json::from_str(text) {
            Ok(value) if changed_number(text).is_none() => Self::Valid(value),
            _ => Self::Invalid(text.to_owned()),
        }
    }

    /// Stores JSON in `value`, and what is not JSON yet beside it as `name` in `extra`, so that it is saved too.
    pub fn store(self, value: &mut Value, extra: &mut Map<String, Value>, name: &str) {
        match self {
            Self::Valid(new) => {
                *value = new;
                extra.remove(name);
            }
            Self::Invalid(text) => {
                extra.insert(name.to_owned(), Value::String(text));
            }
        }
    }

    /// Stores a condition, which is an object. Anything else is kept as text until it is one.
    pub fn store_condition(self, condition: &mut Map<String, Value>, extra: &mut Map<String, Value>, name: &str) {
        let kept = match self {
            Self::Valid(Value::Object(typed)) => {
                *condition = typed;
                None
            }
            Self::Valid(Value::Null) => {
                *condition = Map::new();
                None
            }
            Self::Valid(other) => Some(other.to_string()),
            Self::Invalid(text) => Some(text),
        };
        match kept {
            Some(text) => extra.insert(name.to_owned(), Value::String(text)),
            None => extra.remove(name),
        };
    }
}

/// Edits a JSON value, and says in place what is wrong with it.
#[derive(Properties, PartialEq)]
pub struct JsonEditorProps {
    pub label: AttrValue,
    pub testid: AttrValue,
    pub value: Value,
    /// Text that was typed last and is not JSON yet.
    #[prop_or_default]
    pub unfinished: Option<String>,
    pub on_change: Callback<JsonEdit>,
    pub on_blur: Callback<()>,
    #[prop_or_default]
    pub hint: AttrValue,
    #[prop_or_default]
    pub problem: Option<AttrValue>,
    #[prop_or_default]
    pub disabled: bool,
    #[prop_or(4)]
    pub rows: u32,
}

#[component]
pub fn JsonEditor(props: &JsonEditorProps) -> Html {
    let text = props.unfinished.clone().unwrap_or_else(|| pretty(&props.value));
    let problem = props.unfinished.as_deref().and_then(explain).map(AttrValue::from).or_else(|| props.problem.clone());
    let on_change = props.on_change.clone();
    let on_input = Callback::from(move |text: String| on_change.emit(JsonEdit::read(&text)));
    html! {
        <Field label={props.label.clone()} testid={props.testid.clone()} kind={FieldKind::Json}
            value={text} {on_input}
            on_blur={props.on_blur.clone()} {problem} hint={props.hint.clone()} disabled={props.disabled}
            rows={props.rows} />
    }
}

/// Returns a text that is not JSON yet, as [`JsonEdit::store`] kept it.
pub fn unfinished(extra: &Map<String, Value>, name: &str) -> Option<String> {
    extra.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// Returns what keeps `text` from being stored as JSON, and where.
fn explain(text: &str) -> Option<String> {
    let error = match serde_json::from_str::<Value>(text) {
        Ok(_) => return changed_number(text).map(put_in_quotes),
        Err(error) => error,
    };
    let what = error.to_string();
    let what = what.split(" at line").next().unwrap_or_default();
    Some(format!(
        "Not valid JSON yet: {what} at line {}, column {}. What you typed is saved; fix it before publishing.",
        error.line(),
        error.column()
    ))
}

#[cfg(test)]
mod tests {
    use super::{JsonEdit, explain};
    use serde_json::{Map, Value, json};

    #[test]
    fn what_is_not_json_yet_is_kept_next_to_the_last_valid_value() {
        let (mut value, mut extra) = (json!({"a": 1}), Map::new());
        JsonEdit::read("{\"a\": ").store(&mut value, &mut extra, "config_text");
        assert_eq!((&value, &extra["config_text"]), (&json!({"a": 1}), &json!("{\"a\": ")));
        JsonEdit::read("{\"a\": 2}").store(&mut value, &mut extra, "config_text");
        assert_eq!((value, extra.is_empty()), (json!({"a": 2}), true));
        assert_eq!(JsonEdit::read("  "), JsonEdit::Valid(Value::Null));
    }

    #[test]
    fn a_number_that_would_change_is_kept_as_it_was_typed() {
        let (mut value, mut extra) = (json!(1), Map::new());
        for number in ["18446744073709551616", "3.14159265358979323846", "1e-400"] {
            JsonEdit::read(number).store(&mut value, &mut extra, "value_text");
            assert_eq!((&value, &extra["value_text"]), (&json!(1), &json!(number)));
            assert!(explain(number).is_some_and(|e| e.contains(number) && e.contains("in quotes")));
        }
        JsonEdit::read("18446744073709551615").store(&mut value, &mut extra, "value_text");
        assert_eq!((value.to_string().as_str(), extra.is_empty()), ("18446744073709551615", true));
    }

    #[test]
    fn a_condition_is_an_object() {
        let (mut condition, mut extra) = (Map::new(), Map::new());
        JsonEdit::read("[1]").store_condition(&mut condition, &mut extra, "filter_text");
        assert_eq!((condition.is_empty(), &extra["filter_text"]), (true, &json!("[1]")));
        JsonEdit::read("{\"a\": 1}").store_condition(&mut condition, &mut extra, "filter_text");
        assert_eq!((Value::from(condition.clone()), extra.is_empty()), (json!({"a": 1}), true));
        JsonEdit::read("").store_condition(&mut condition, &mut extra, "filter_text");
        assert!(condition.is_empty() && extra.is_empty());
    }

    #[test]
    fn the_explanation_names_the_place() {
        assert!(explain("{\n  \"a\" 1\n}").is_some_and(|e| e.contains("at line 2, column 7")));
        assert_eq!(explain("{}"), None);
    }
}
