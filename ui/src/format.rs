//! Numbers and times as people read them.

/// How long ago, coarsely.
pub fn ago(unix_ms: i64) -> String {
    let seconds = ((js_sys::Date::now() - unix_ms as f64) / 1000.0).max(0.0) as u64;
    match seconds {
        0..60 => "just now".to_owned(),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..86_400 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}

/// Unix milliseconds in the person's language and time zone.
pub fn date_time(unix_ms: i64) -> String {
    let date = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(unix_ms as f64));
    date.to_locale_string("default", &wasm_bindgen::JsValue::UNDEFINED).into()
}

/// A fraction as percent: 0.1234 is `12.34 %`.
pub fn percent(fraction: f64) -> String {
    format!("{:.2} %", fraction * 100.0)
}

/// A relative effect with its sign: 0.1 is `+10.0 %`.
pub fn lift(fraction: f64) -> String {
    // A hyphen is too short to be seen as a minus.
    format!("{:+.1} %", fraction * 100.0).replace('-', "−")
}

/// A count with its thousands apart: 12345 is `12,345`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A p-value, without pretending to more digits than matter.
pub fn p_value(p: f64) -> String {
    if p < 0.001 { "p < 0.001".to_owned() } else { format!("p = {p:.3}") }
}

/// Parts of 10,000 as a percentage to edit: 3333 is `33.33`, 5000 is `50`.
pub fn parts(parts: u32) -> String {
    format!("{}", f64::from(parts) / 100.0)
}

/// The inverse of [`parts`], `None` for what is not a share. A decimal comma is understood.
pub fn parse_parts(text: &str) -> Option<u32> {
    let percent: f64 = text.trim().trim_end_matches('%').trim().replace(',', ".").parse().ok()?;
    (0.0..=100.0).contains(&percent).then(|| (percent * 100.0).round() as u32)
}

/// A key made from a name: `Home hero test` is `home_hero_test`.
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('_') {
            slug.push('_');
        }
    }
    slug.truncate(beacon_shared::validate::MAX_KEY);
    slug.trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::{count, lift, p_value, parse_parts, parts, percent, slug};

    #[test]
    fn shares_survive_editing() {
        for share in [0, 1, 3_333, 5_000, 9_999, 10_000] {
            assert_eq!(parse_parts(&parts(share)), Some(share));
        }
        assert_eq!(parse_parts("12,5 %"), Some(1_250));
        assert_eq!(parse_parts("101"), None);
        assert_eq!(parse_parts("half"), None);
    }

    #[test]
    fn a_name_becomes_a_valid_key() {
        assert_eq!(slug("  Home — Hero test! "), "home_hero_test");
        assert_eq!(slug("…"), "");
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(percent(0.125), "12.50 %");
        assert_eq!(lift(0.1), "+10.0 %");
        assert_eq!(lift(-0.02), "−2.0 %");
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(p_value(0.0001), "p < 0.001");
        assert_eq!(p_value(0.04), "p = 0.040");
    }
}
