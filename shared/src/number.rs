//! Numbers in JSON that people write, and whether they stay what they are.

use serde_json::Value;

/// The most digits of a fraction that a 64-bit floating-point number tells apart.
const DIGITS: usize = 17;

/// Returns the first number of a JSON text that cannot be kept as it is written: a whole number that needs more than 64
/// bits, a fraction with more digits than a page can read, or one too close to zero. Pages read 64-bit floating-point
/// numbers, so such a number would be another one there. `None` also for a text that is not JSON.
pub fn changed_number(json: &str) -> Option<&str> {
    let mut rest = json;
    loop {
        rest = rest.trim_start_matches(|c: char| !(c == '"' || c == '-' || c.is_ascii_digit()));
        match rest.chars().next()? {
            '"' => rest = after_string(rest)?,
            _ => {
                let end =
                    rest.find(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E')).unwrap_or(rest.len());
                let (number, after) = rest.split_at(end);
                if !is_kept(number) {
                    return Some(number);
                }
                rest = after;
            }
        }
    }
}

/// Returns the sentence that says what to do about a number that cannot be kept.
pub fn put_in_quotes(number: &str) -> String {
    let shown: String = number.chars().take(40).collect();
    let dots = if shown.len() < number.len() { "…" } else { "" };
    format!("Pages can't read the number {shown}{dots} exactly. Shorten it, or put it in quotes.")
}

/// Returns the text after a string.
fn after_string(text: &str) -> Option<&str> {
    let mut chars = text.char_indices().skip(1);
    while let Some((index, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            '"' => return text.get(index + 1..),
            _ => {}
        }
    }
    None
}

fn is_kept(number: &str) -> bool {
    let Ok(read @ Value::Number(_)) = serde_json::from_str::<Value>(number) else { return true };
    let (written, kept) = (Decimal::of(number), Decimal::of(&read.to_string()));
    let is_fraction = number.contains(['.', 'e', 'E']);
    written == kept || (is_fraction && written.digits.len() <= DIGITS && !kept.digits.is_empty())
}

/// A number's digits without zeros at either end, and the power of ten of the last one.
#[derive(PartialEq)]
struct Decimal {
    digits: String,
    exponent: i64,
}

impl Decimal {
    fn of(number: &str) -> Self {
        let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        let (whole, fraction) = mantissa.trim_start_matches('-').split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{}{fraction}", whole.trim_start_matches('-'));
        let digits = all.trim_end_matches('0');
        // An exponent beyond 64 bits is out of any range.
        let exponent = exponent.parse::<i64>().unwrap_or(i64::MAX / 2);
        let zeros = i64::try_from(all.len() - digits.len()).unwrap_or(i64::MAX / 2);
        let fraction = i64::try_from(fraction.len()).unwrap_or(i64::MAX / 2);
        let digits = digits.trim_start_matches('0').to_owned();
        let exponent = if digits.is_empty() { 0 } else { exponent.saturating_add(zeros).saturating_sub(fraction) };
        Self { digits, exponent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_would_change_are_found() {
        for (json, changed) in [
            ("9007199254740993", None),
            ("18446744073709551615", None),
            ("-9223372036854775808", None),
            ("18446744073709551616", Some("18446744073709551616")),
            ("-9223372036854775809", Some("-9223372036854775809")),
            ("[1, 123456789012345678901234567890]", Some("123456789012345678901234567890")),
            ("100000000000000000000", None),
            ("1e3", None),
            ("1.50E+2", None),
            ("0.1", None),
            ("1.10", None),
            ("-0", None),
            ("0.000e-500", None),
            ("0.33333333333333331", None),
            ("3.14159265358979323846", Some("3.14159265358979323846")),
            ("123456789.123456789123", Some("123456789.123456789123")),
            ("1e-400", Some("1e-400")),
            ("5e-324", None),
            ("1.7976931348623157e308", None),
            (r#"{"a": "18446744073709551616", "b\"": "\\", "c": 18446744073709551617}"#, Some("18446744073709551617")),
            (r#"{"18446744073709551616": true}"#, None),
            ("", None),
            ("{\"a\": ", None),
            ("\"open", None),
            // Not a number that JSON can hold: the text is no JSON, which others say.
            ("1e400", None),
            ("1-2", None),
        ] {
            assert_eq!(changed_number(json), changed, "{json}");
        }
    }
}
