//! Numbers as people read them.

/// A count with its thousands apart: 12345 is `12,345`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|g| std::str::from_utf8(g).ok()).collect();
    groups.join(",")
}

/// A number with about four digits that matter: `0.01235`, `1.23`, `12.35`, `123.5`, `12,345`.
pub fn number(x: f64) -> String {
    let size = x.abs();
    if size >= 1e15 || (size > 0.0 && size < 1e-6) {
        return format!("{x:.3e}");
    }
    let decimals = match size {
        0.0 => 0,
        1000.0.. => 0,
        100.0.. => 1,
        1.0.. => 2,
        _ => (3.0 - size.log10().floor()) as usize,
    };
    let text = format!("{size:.decimals$}");
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), count);
    let sign = if x < 0.0 { "−" } else { "" };
    rest.map_or_else(|| format!("{sign}{whole}"), |rest| format!("{sign}{whole}.{rest}"))
}

/// Returns a fraction as a percentage: 0.95 with one decimal is `95.0%`.
pub fn percent(fraction: f64, decimals: usize) -> String {
    format!("{}%", fixed(fraction * 100.0, decimals))
}

/// Returns a change as a percentage with its sign and one decimal: 0.123 is `+12.3%`.
pub fn signed_percent(fraction: f64) -> String {
    let text = percent(fraction, 1);
    if text.starts_with('−') { text } else { format!("+{text}") }
}

/// Returns a change as a percentage with its sign, with no more decimals than an interval of this width allows: a tenth of
/// a point says nothing where thirty points are uncertain.
pub fn signed_percent_to(fraction: f64, width: f64) -> String {
    let decimals = match width {
        0.1.. => 0,
        0.01.. => 1,
        _ => 2,
    };
    let text = percent(fraction, decimals);
    if text.starts_with('−') { text } else { format!("+{text}") }
}

/// A number with this many decimals, with a minus that is as wide as a plus, and no minus before a zero.
fn fixed(x: f64, decimals: usize) -> String {
    let text = format!("{x:.decimals$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.bytes().all(|c| matches!(c, b'0' | b'.')) => digits.to_owned(),
        Some(digits) => format!("−{digits}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_the_digits_that_matter() {
        let cases = [
            (0.0, "0"),
            (0.012_345_6, "0.01235"),
            (-0.5, "−0.5000"),
            (1.0, "1.00"),
            (12.345_6, "12.35"),
            (123.456, "123.5"),
            (1234.5, "1,234"),
            (-1_234_567.8, "−1,234,568"),
            (1e20, "1.000e20"),
            (1e-9, "1.000e-9"),
        ];
        for (x, text) in cases {
            assert_eq!(number(x), text);
        }
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn no_more_digits_than_the_noise_allows() {
        let cases =
            [(0.1234, 0.3, "+12%"), (0.1234, 0.05, "+12.3%"), (-0.1234, 0.005, "−12.34%"), (-0.001, 0.3, "+0%")];
        for (fraction, width, text) in cases {
            assert_eq!(signed_percent_to(fraction, width), text);
        }
    }

    #[test]
    fn percentages_have_no_space() {
        let cases = [(0.123, "+12.3%"), (0.0, "+0.0%"), (-0.000_01, "+0.0%"), (-0.02, "−2.0%"), (2.4, "+240.0%")];
        for (fraction, text) in cases {
            assert_eq!(signed_percent(fraction), text);
        }
        assert_eq!([percent(0.95, 0), percent(0.999, 1), percent(-0.5, 2)], ["95%", "99.9%", "−50.00%"]);
    }
}
