//! FNV-1a over UTF-16 code units, as JavaScript sees strings.

/// FNV-1a, 32 bits. GrowthBook's JavaScript XORs whole code units, so a character outside ASCII is not hashed as UTF-8.
fn fnv1a(units: impl Iterator<Item = u16>) -> u32 {
    units.fold(0x811c_9dc5, |h, unit| (h ^ u32::from(unit)).wrapping_mul(0x0100_0193))
}

/// Where `value` falls in [0, 1), or `None` for an unknown hash version.
///
/// Version 1: `fnv(value + seed) % 1000 / 1000`. Version 2: `fnv(str(fnv(seed + value))) % 10000 / 10000`, which
/// does not correlate between seeds.
pub fn hash(seed: &str, value: &str, version: u32) -> Option<f64> {
    match version {
        1 => Some(f64::from(fnv1a(value.encode_utf16().chain(seed.encode_utf16())) % 1000) / 1000.0),
        2 => {
            let first = fnv1a(seed.encode_utf16().chain(value.encode_utf16()));
            Some(f64::from(fnv1a(first.to_string().encode_utf16()) % 10_000) / 10_000.0)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fnv_matches_its_published_vectors() {
        assert_eq!(fnv1a("".encode_utf16()), 0x811c_9dc5);
        assert_eq!(fnv1a("a".encode_utf16()), 0xe40c_292c);
        assert_eq!(fnv1a("foobar".encode_utf16()), 0xbf9c_f968);
    }

    #[test]
    fn versions() {
        assert!(hash("seed", "value", 1).is_some_and(|h| (0.0..1.0).contains(&h)));
        assert!(hash("seed", "value", 2).is_some_and(|h| (0.0..1.0).contains(&h)));
        assert_eq!(hash("seed", "value", 0), None);
        assert_eq!(hash("seed", "value", 3), None);
    }

    #[test]
    fn version_2_spreads_evenly() {
        let mut tenths = [0u32; 10];
        for i in 0..100_000 {
            let h = hash("experiment", &format!("visitor-{i}"), 2).expect("a known version");
            tenths[(h * 10.0) as usize] += 1;
        }
        let chi2: f64 = tenths.iter().map(|n| (f64::from(*n) - 10_000.0).powi(2) / 10_000.0).sum();
        assert!(chi2 < 33.7, "chi-square with 9 degrees of freedom is above its 0.9999 quantile: {chi2} {tenths:?}");
    }
}
