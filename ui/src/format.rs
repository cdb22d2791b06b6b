//! Numbers, shares and times as people read them.

use js_sys::Date;
use wasm_bindgen::JsValue;

/// `1,234,567`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A fraction as a percentage: 0.1234 is `12.34 %`.
pub fn percent(fraction: f64, decimals: usize) -> String {
    format!("{:.decimals$} %", fraction * 100.0)
}

/// A fraction as a signed percentage with one decimal: 0.123 is `+12.3 %`.
pub fn signed_percent(fraction: f64) -> String {
    let rounded = (fraction * 1000.0).round() / 10.0;
    let sign = if rounded < 0.0 { "−" } else { "+" };
    format!("{sign}{:.1} %", rounded.abs())
}

/// Parts of 10,000 as a percentage without needless zeros: 5000 is `50`, 3333 is `33.33`.
pub fn share(parts: u32) -> String {
    let text = format!("{}.{:02}", parts / 100, parts % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The inverse of [`share`]; `None` for what is not a percentage between 0 and 100.
pub fn parse_share(text: &str) -> Option<u32> {
    let percent: f64 = text.trim().trim_end_matches('%').trim().replace(',', ".").parse().ok()?;
    (0.0..=100.0).contains(&percent).then(|| (percent * 100.0).round() as u32)
}

/// A p-value: three decimals, or `< 0.001`.
pub fn p_value(p: f64) -> String {
    if p < 0.001 { "< 0.001".to_owned() } else { format!("{p:.3}") }
}

/// `1 change`, `2 changes`.
pub fn plural(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{} {noun}s", count(n as u64)) }
}

/// A slug for a name: `Home hero, 2nd try` is `home_hero_2nd_try`.
pub fn slug(name: &str, separator: char) -> String {
    let mut slug = String::new();
    for c in name.trim().chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with(separator) {
            slug.push(separator);
        }
        if slug.len() >= 48 {
            break;
        }
    }
    slug.trim_end_matches(separator).to_owned()
}

/// A moment in the person's own time zone: `24 Nov 2026, 14:03`.
pub fn moment(ms: i64) -> String {
    let date = Date::new(&JsValue::from_f64(ms as f64));
    let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        .get(date.get_month() as usize)
        .copied()
        .unwrap_or_default();
    format!("{} {month} {}, {}", date.get_date(), date.get_full_year(), clock(ms))
}

/// The time of day: `14:03`.
pub fn clock(ms: i64) -> String {
    let date = Date::new(&JsValue::from_f64(ms as f64));
    format!("{:02}:{:02}", date.get_hours(), date.get_minutes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(signed_percent(0.1234), "+12.3 %");
        assert_eq!(signed_percent(-0.05), "−5.0 %");
        assert_eq!(p_value(0.0004), "< 0.001");
        assert_eq!(plural(1, "change"), "1 change");
        assert_eq!(plural(0, "change"), "0 changes");
    }

    #[test]
    fn shares_lead_back() {
        for (parts, text) in [(5000, "50"), (3333, "33.33"), (10_000, "100"), (0, "0"), (1250, "12.5")] {
            assert_eq!(share(parts), text);
            assert_eq!(parse_share(text), Some(parts));
        }
        for text in ["", "x", "-1", "100.5", "NaN"] {
            assert_eq!(parse_share(text), None, "{text}");
        }
    }

    #[test]
    fn slugs() {
        assert_eq!(slug("Home hero, 2nd try!", '_'), "home_hero_2nd_try");
        assert_eq!(slug("  Ünicode  ", '-'), "nicode");
        assert_eq!(slug("", '_'), "");
    }
}
