//! FNV-1a over UTF-16 code units, as JavaScript sees strings.

/// The first value of FNV-1a with 32 bits.
const START: u32 = 0x811c_9dc5;

fn step(hash: u32, unit: u16) -> u32 {
    (hash ^ u32::from(unit)).wrapping_mul(0x0100_0193)
}

/// FNV-1a, continued with a text. GrowthBook's JavaScript XORs whole code units, so a character outside ASCII is not
/// hashed as UTF-8.
fn fnv1a(hash: u32, text: &str) -> u32 {
    if text.is_ascii() {
        // The same units, without decoding them.
        return text.bytes().fold(hash, |hash, byte| step(hash, u16::from(byte)));
    }
    text.encode_utf16().fold(hash, step)
}

/// FNV-1a of a number's decimal digits; no text is built.
fn fnv1a_digits(number: u32) -> u32 {
    let mut digits = [0_u8; 10];
    let (mut rest, mut count) = (number, 0);
    for digit in &mut digits {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        count += 1;
        if rest == 0 {
            break;
        }
    }
    digits.iter().take(count).rev().fold(START, |hash, digit| step(hash, u16::from(*digit)))
}

/// A seed for ids, so that two experiments do not pick the same visitors. Its own part of the hash is
/// computed once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seed {
    text: String,
    state: u32,
}

impl Seed {
    /// The seed with this text.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { state: fnv1a(START, &text), text }
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns where `value` falls in [0, 1), or `None` for an unknown hash version.
    ///
    /// Version 1: `fnv(value + seed) % 1000 / 1000`. Version 2: `fnv(str(fnv(seed + value))) % 10000 / 10000`, which
    /// does not correlate between seeds.
    pub fn place(&self, value: &str, version: u32) -> Option<f64> {
        match version {
            1 => Some(f64::from(fnv1a(fnv1a(START, value), &self.text) % 1000) / 1000.0),
            2 => Some(f64::from(fnv1a_digits(fnv1a(self.state, value)) % 10_000) / 10_000.0),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fnv_matches_its_published_vectors() {
        assert_eq!(fnv1a(START, ""), 0x811c_9dc5);
        assert_eq!(fnv1a(START, "a"), 0xe40c_292c);
        assert_eq!(fnv1a(START, "foobar"), 0xbf9c_f968);
        assert_eq!(fnv1a(fnv1a(START, "foo"), "bar"), 0xbf9c_f968);
    }

    #[test]
    fn a_number_is_hashed_as_its_text() {
        for number in [0, 1, 9, 10, u32::MAX, 1_000_000_000, 907_060] {
            assert_eq!(fnv1a_digits(number), fnv1a(START, &number.to_string()), "{number}");
        }
    }

    #[test]
    fn versions() {
        assert!(Seed::new("seed").place("value", 1).is_some_and(|h| (0.0..1.0).contains(&h)));
        assert!(Seed::new("seed").place("value", 2).is_some_and(|h| (0.0..1.0).contains(&h)));
        assert_eq!(Seed::new("seed").place("value", 0), None);
        assert_eq!(Seed::new("seed").place("value", 3), None);
    }

    #[test]
    fn version_2_spreads_evenly() {
        let mut tenths = [0u32; 10];
        for i in 0..100_000 {
            let h = Seed::new("experiment").place(&format!("visitor-{i}"), 2).expect("a known version");
            tenths[(h * 10.0) as usize] += 1;
        }
        let chi2: f64 = tenths.iter().map(|n| (f64::from(*n) - 10_000.0).powi(2) / 10_000.0).sum();
        assert!(chi2 < 33.7, "chi-square with 9 degrees of freedom is above its 0.9999 quantile: {chi2} {tenths:?}");
    }
}
