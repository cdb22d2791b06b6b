//! Semantic versions, compared as padded strings the way GrowthBook does: numbers right-aligned to five places, build
//! metadata and a leading `v` dropped, and `~` behind a release so that it sorts after its prereleases.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use super::js;

/// The order of two versions.
pub fn compare(a: &Value, b: &Value) -> Ordering {
    padded(&text(a)).cmp(padded(&text(b)))
}

/// Returns a version as text. Anything but a number or a text is version 0.
fn text(version: &Value) -> Cow<'_, str> {
    match version {
        Value::Number(_) => js::string(version),
        Value::String(s) if !s.is_empty() => Cow::Borrowed(s),
        _ => Cow::Borrowed("0"),
    }
}

/// The UTF-16 units of the padded version, as JavaScript compares them; no text is built.
fn padded(version: &str) -> impl Iterator<Item = u16> + '_ {
    let version = version.strip_prefix('v').unwrap_or(version);
    let version = version.split_once('+').map_or(version, |(version, _)| version);
    let parts = || version.split(['-', '.']);
    let release = if parts().count() == 3 { "-~" } else { "" };
    parts()
        .enumerate()
        .flat_map(|(index, part)| {
            let number = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            let spaces = if number { 5_usize.saturating_sub(part.len()) } else { 0 };
            let dash = (index > 0).then_some(u16::from(b'-'));
            dash.into_iter().chain(std::iter::repeat_n(u16::from(b' '), spaces)).chain(part.encode_utf16())
        })
        .chain(release.encode_utf16())
}
