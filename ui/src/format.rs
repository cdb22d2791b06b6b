//! Numbers and times as people read them, and as they type them.

use beacon_shared::model::Kind;
pub use beacon_shared::wording::count;

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

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

/// A key made from a name: `Home hero test` is `home_hero_test`, and `Läden & Cafés` is `laeden_cafes`. Empty for a name
/// without Latin letters or digits.
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in DecomposingNormalizerBorrowed::new_nfkd().normalize(&umlauts(name)).chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !is_accent(c) && !slug.is_empty() && !slug.ends_with('_') {
            slug.push('_');
        }
    }
    slug.truncate(beacon_shared::validate::MAX_KEY);
    slug.trim_end_matches('_').to_owned()
}

/// Writes letters that are more than a letter with an accent as people write them in ASCII.
fn umlauts(name: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc().normalize(name).chars().fold(String::new(), |mut text, c| {
        match c {
            'ä' | 'Ä' | 'æ' | 'Æ' => text.push_str("ae"),
            'ö' | 'Ö' | 'ø' | 'Ø' | 'œ' | 'Œ' => text.push_str("oe"),
            'ü' | 'Ü' => text.push_str("ue"),
            'ß' | 'ẞ' => text.push_str("ss"),
            'å' | 'Å' => text.push_str("aa"),
            'ł' | 'Ł' => text.push('l'),
            'đ' | 'Đ' | 'ð' | 'Ð' => text.push('d'),
            'þ' | 'Þ' => text.push_str("th"),
            'ı' => text.push('i'),
            other => text.push(other),
        }
        text
    })
}

/// Returns true for the marks that stand above or below a decomposed letter.
fn is_accent(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

/// Returns the key that goes with a new name, or `None` if the key stays as it is: pages may know it already, or
/// somebody chose it. Only a document that is younger than its editor changes its key with its name.
pub fn key_of_renamed(kind: Kind, is_new: bool, key: &str, name: &str, renamed: &str) -> Option<String> {
    (is_new && key == key_of(kind, name)).then(|| key_of(kind, renamed))
}

/// Returns the key for a name; for one without Latin letters, the kind with a number that belongs to the name.
fn key_of(kind: Kind, name: &str) -> String {
    let slug = slug(name);
    if !slug.is_empty() || name.trim().is_empty() {
        return slug;
    }
    let number = name.trim().bytes().fold(7u32, |number, byte| number.wrapping_mul(31).wrapping_add(u32::from(byte)));
    format!("{}_{:04}", kind.as_str(), number % 10_000)
}

#[cfg(test)]
mod tests {
    use beacon_shared::model::Kind;
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
        // U27.
        for (name, expected) in [
            ("Läden", "laeden"),
            ("La\u{308}den", "laeden"),
            ("Cafés à São Paulo", "cafes_a_sao_paulo"),
            ("Große Größe", "grosse_groesse"),
            ("Łódź", "lodz"),
            ("ﬁrst №1", "first_no1"),
            ("日本語", ""),
            ("🎉", ""),
        ] {
            assert_eq!(slug(name), expected, "{name}");
        }
    }

    /// X1, X2.
    #[test]
    fn a_key_follows_the_name_of_a_new_document_only() {
        let renamed = |is_new, key, name, to| key_of_renamed(Kind::Flag, is_new, key, name, to);
        assert_eq!(renamed(true, "", "", "Home hero").as_deref(), Some("home_hero"));
        assert_eq!(renamed(true, "home", "Home", "Home hero").as_deref(), Some("home_hero"));
        assert_eq!(renamed(true, "mine", "Home", "Home hero"), None, "somebody chose it");
        assert_eq!(renamed(false, "home", "Home", "Home hero"), None, "it may be published or imported");
        let japanese = renamed(true, "", "", "日本語").expect("a key");
        assert!(beacon_shared::validate::is_key(&japanese) && japanese.starts_with("flag_"), "{japanese}");
        assert_eq!(renamed(true, &japanese, "日本語", "").as_deref(), Some(""));
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(p_value(0.0001), "p < 0.001");
        assert_eq!(p_value(0.04), "p = 0.040");
    }
}
