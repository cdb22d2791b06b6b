//! JavaScript's conversions of JSON values, as far as conditions depend on them.

use std::borrow::Cow;

use serde_json::Value;

/// `String(value)`.
pub(in crate::eval) fn string(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(s) => Cow::Borrowed(s),
        Value::Null => Cow::Borrowed("null"),
        Value::Bool(true) => Cow::Borrowed("true"),
        Value::Bool(false) => Cow::Borrowed("false"),
        Value::Number(n) => Cow::Owned(number_string(n)),
        Value::Array(items) => {
            let part = |v: &Value| if v.is_null() { String::new() } else { string(v).into_owned() };
            Cow::Owned(items.iter().map(part).collect::<Vec<_>>().join(","))
        }
        Value::Object(_) => Cow::Borrowed("[object Object]"),
    }
}

/// A number as JavaScript prints it: no trailing `.0`, exponents from 1e21 and below 1e-6.
fn number_string(n: &serde_json::Number) -> String {
    let Some(f) = n.as_f64() else { return n.to_string() };
    let size = f.abs();
    if f == 0.0 {
        "0".to_owned()
    } else if (1e-6..1e21).contains(&size) {
        format!("{f}")
    } else {
        let text = format!("{f:e}");
        if size >= 1.0 { text.replace('e', "e+") } else { text }
    }
}

/// `Number(value)`, `None` for NaN.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Null | Value::Bool(false) => Some(0.0),
        Value::Bool(true) => Some(1.0),
        Value::Number(n) => n.as_f64(),
        Value::String(s) => parse(s),
        Value::Array(_) => parse(&string(value)),
        Value::Object(_) => None,
    }
}

fn parse(s: &str) -> Option<f64> {
    let s = s.trim();
    let digits = |prefix: &str, upper: &str| s.strip_prefix(prefix).or_else(|| s.strip_prefix(upper));
    let radix = |digits: &str, radix| u64::from_str_radix(digits, radix).ok().map(|n| n as f64);
    if let Some(hex) = digits("0x", "0X") {
        return radix(hex, 16);
    }
    if let Some(octal) = digits("0o", "0O") {
        return radix(octal, 8);
    }
    if let Some(binary) = digits("0b", "0B") {
        return radix(binary, 2);
    }
    match s {
        "" => Some(0.0),
        "Infinity" | "+Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        // Rust also reads "inf" and "nan", which JavaScript does not.
        _ if s.contains(|c: char| c.is_ascii_alphabetic() && !matches!(c, 'e' | 'E')) => None,
        _ => s.parse().ok(),
    }
}

/// `!!value`.
pub(crate) fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(b) => *b,
        Value::Number(n) => n.as_f64().is_some_and(|n| n != 0.0),
        Value::String(s) => !s.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

/// `a === b` for primitives; lists and objects are never the same one.
pub(super) fn identical(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(_) | Value::Object(_), _) => false,
        _ => same(a, b),
    }
}

/// Equal as JSON, with 1 and 1.0 the same number.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|w| same(v, w)))
        }
        _ => a == b,
    }
}

/// The name of a value's type as `$type` has it.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
