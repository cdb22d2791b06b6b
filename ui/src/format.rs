//! Numbers and times as people read them, and as they type them.

pub use beacon_shared::wording::count;

/// Returns a time as `5 minutes ago`, coarsely.
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

/// A day, as days since 1970-01-01, in the person's language.
pub fn date(day: i64) -> String {
    let date = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(day as f64 * 86_400_000.0));
    let options = js_sys::Object::new();
    // The day is the site's already: it must not be moved to another one by the person's time zone.
    let is_set = js_sys::Reflect::set(&options, &"timeZone".into(), &"UTC".into());
    debug_assert!(is_set.is_ok());
    date.to_locale_date_string("default", &options).into()
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

/// A fraction as a percentage to edit: 0.995 is `99.5`.
pub fn percentage(fraction: f64) -> String {
    format!("{}", (fraction * 1e8).round() / 1e6)
}

/// The inverse of [`percentage`], `None` for what is not a number. Which ones make sense is for others to say.
pub fn parse_percentage(text: &str) -> Option<f64> {
    parse_number(text.trim().trim_end_matches('%')).map(|percent| (percent * 1e6).round() / 1e8)
}

/// A number as typed. A decimal comma is understood.
pub fn parse_number(text: &str) -> Option<f64> {
    text.trim().replace(',', ".").parse().ok().filter(|x: &f64| x.is_finite())
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

/// Returns the key that goes with a new name, or `None` if the key stays as it is: pages may know it already, or
/// somebody chose it. Only a document that is younger than its editor changes its key with its name.
pub fn key_of_renamed(is_new: bool, key: &str, name: &str, renamed: &str) -> Option<String> {
    (is_new && key == slug(name)).then(|| slug(renamed))
}

#[cfg(test)]
mod tests {
    use super::{key_of_renamed, p_value, parse_number, parse_parts, parse_percentage, parts, percentage, slug};

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
    fn fractions_survive_editing() {
        for fraction in [0.0, 0.02, 0.07, 0.5, 0.95, 0.999, 1.0, 29.0 / 100.0] {
            assert_eq!(parse_percentage(&percentage(fraction)), Some(fraction));
        }
        assert_eq!(parse_percentage(" 2,5%"), Some(0.025));
        assert_eq!(parse_percentage("-1"), Some(-0.01));
        assert_eq!(parse_percentage("all"), None);
        assert_eq!([parse_number("1,5"), parse_number("inf"), parse_number("")], [Some(1.5), None, None]);
    }

    #[test]
    fn a_name_becomes_a_valid_key() {
        assert_eq!(slug("  Home — Hero test! "), "home_hero_test");
        assert_eq!(slug("…"), "");
    }

    /// X1, X2.
    #[test]
    fn a_key_follows_the_name_of_a_new_document_only() {
        assert_eq!(key_of_renamed(true, "", "", "Home hero").as_deref(), Some("home_hero"));
        assert_eq!(key_of_renamed(true, "home", "Home", "Home hero").as_deref(), Some("home_hero"));
        assert_eq!(key_of_renamed(true, "mine", "Home", "Home hero"), None, "somebody chose it");
        assert_eq!(key_of_renamed(false, "home", "Home", "Home hero"), None, "it may be published or imported");
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(p_value(0.0001), "p < 0.001");
        assert_eq!(p_value(0.04), "p = 0.040");
    }
}
