//! Numbers as people type them into fields. What is not a number of the wanted kind is refused with the reason, and
//! never shortened or rounded to one.

use crate::model::WHOLE;

/// The reason why a text is not the wanted number, as a sentence that says what to do.
pub type Refusal = &'static str;

const NO_NUMBER: Refusal = "Enter a number, such as 25 or 33.3.";
/// The most decimals of a share: it is stored in parts of 10,000.
const SHARE_DECIMALS: usize = 2;

/// Reads a share as parts of 10,000: `33.33` and `33,33 %` are 3333.
pub fn share(text: &str) -> Result<u32, Refusal> {
    let digits = without_percent(text);
    if digits.is_empty() {
        return Err("Enter a percentage between 0% and 100%.");
    }
    let percent = decimal(digits).ok_or(NO_NUMBER)?;
    if !(0.0..=100.0).contains(&percent) {
        return Err("Choose a share between 0% and 100%.");
    }
    let decimals = digits.split(['.', ',']).nth(1).map_or(0, |rest| rest.trim_end_matches('0').len());
    if decimals > SHARE_DECIMALS || digits.contains(['e', 'E']) {
        return Err("Use at most two decimals, such as 33.33.");
    }
    // Within 0..=10,000, so that nothing is lost.
    Ok(((percent * 100.0).round() as u32).min(WHOLE))
}

/// Reads a percentage as a fraction: `2,5%` is 0.025. Whether it is in range is for the field's own rule to say.
pub fn percentage(text: &str) -> Result<f64, Refusal> {
    let percent = decimal(without_percent(text)).ok_or("Enter a percentage, such as 5 or 2.5.")?;
    Ok((percent * 1e6).round() / 1e8)
}

/// Reads a whole number, such as a number of hours.
pub fn whole(text: &str) -> Result<u32, Refusal> {
    text.trim().parse().map_err(|_| "Enter a whole number, such as 24.")
}

/// Reads an amount. A decimal comma is understood.
pub fn amount(text: &str) -> Result<f64, Refusal> {
    decimal(text.trim()).ok_or("Enter an amount, such as 100 or 99.9.")
}

fn without_percent(text: &str) -> &str {
    text.trim().trim_end_matches('%').trim()
}

/// Reads a finite number with a decimal point or a decimal comma. Two separators are none of both: `1,234.5` may mean two
/// things.
fn decimal(text: &str) -> Option<f64> {
    if text.matches([',', '.']).count() > 1 || text.contains(['n', 'N', 'i', 'I']) {
        return None;
    }
    text.replace(',', ".").parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// U1.
    #[test]
    fn a_share_is_what_was_typed_or_nothing() {
        for (text, parts) in [
            ("100", 10_000),
            ("0", 0),
            ("33,3", 3_330),
            ("33.33", 3_333),
            (" 12,5 % ", 1_250),
            ("5.10", 510),
            ("5.100", 510),
        ] {
            assert_eq!(share(text), Ok(parts), "{text}");
        }
        for (text, word) in [
            ("150", "between"),
            ("-1", "between"),
            ("", "Enter"),
            ("  %", "Enter"),
            ("abc", "number"),
            ("15o", "number"),
            ("1,234.5", "number"),
            ("NaN", "number"),
            ("inf", "number"),
            ("33.333", "decimals"),
            ("1e1", "decimals"),
        ] {
            assert!(share(text).is_err_and(|reason| reason.contains(word)), "{text}: {:?}", share(text));
        }
    }

    #[test]
    fn other_numbers_are_read_whole() {
        assert_eq!([percentage("2,5%"), percentage("-1"), percentage("29")], [Ok(0.025), Ok(-0.01), Ok(0.29)]);
        assert_eq!((whole(" 24 "), amount("99,9")), (Ok(24), Ok(99.9)));
        assert!([percentage(""), percentage("all"), amount("inf"), amount("1.000,5")].iter().all(Result::is_err));
        assert!(["", "1.5", "-1", "24 h", "99999999999"].iter().all(|text| whole(text).is_err()));
    }
}
