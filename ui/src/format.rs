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

/// Returns this computer's time in Unix milliseconds.
pub fn now_ms() -> i64 {
    js_sys::Date::now() as i64
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

/// A fraction as a percentage to edit: 0.995 is `99.5`.
pub fn percentage(fraction: f64) -> String {
    format!("{}", (fraction * 1e8).round() / 1e6)
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
    use beacon_shared::typed;

    use super::{key_of_renamed, p_value, parts, percentage, slug};

    #[test]
    fn shares_survive_editing() {
        for share in [0, 1, 3_333, 5_000, 9_999, 10_000] {
            assert_eq!(typed::share(&parts(share)), Ok(share));
        }
    }

    #[test]
    fn fractions_survive_editing() {
        for fraction in [0.0, 0.02, 0.07, 0.5, 0.95, 0.999, 1.0, 29.0 / 100.0] {
            assert_eq!(typed::percentage(&percentage(fraction)), Ok(fraction));
        }
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
