//! From a place in [0, 1) to a variation.

/// A half-open range in [0, 1].
pub type Range = (f64, f64);

/// `n` equal weights.
pub fn equal_weights(n: usize) -> Vec<f64> {
    if n == 0 { Vec::new() } else { vec![1.0 / n as f64; n] }
}

/// The range of each variation: it starts where the weights before it end, and covers `coverage` of its weight,
/// so that raising the coverage moves nobody who is in already.
///
/// Weights of another length than `n`, or that do not sum to one within 0.01, count as equal; the coverage is
/// clamped to [0, 1].
pub fn bucket_ranges(n: usize, coverage: f64, weights: Option<&[f64]>) -> Vec<Range> {
    let coverage = if coverage.is_nan() { 1.0 } else { coverage.clamp(0.0, 1.0) };
    let sound = |w: &&[f64]| w.len() == n && (0.99..=1.01).contains(&w.iter().sum::<f64>());
    let weights = weights.filter(sound).map_or_else(|| equal_weights(n), <[f64]>::to_vec);
    let mut start = 0.0;
    weights
        .into_iter()
        .map(|w| {
            let range = (start, start + coverage * w);
            start += w;
            range
        })
        .collect()
}

/// The index of the range that holds `at`, if any.
pub fn choose_variation(at: f64, ranges: &[Range]) -> Option<usize> {
    ranges.iter().position(|(from, to)| at >= *from && at < *to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coverage_grows_each_range_from_its_own_start() {
        assert_eq!(bucket_ranges(2, 1.0, None), [(0.0, 0.5), (0.5, 1.0)]);
        assert_eq!(bucket_ranges(2, 0.5, None), [(0.0, 0.25), (0.5, 0.75)]);
        assert_eq!(bucket_ranges(2, 0.0, Some(&[0.4, 0.6])), [(0.0, 0.0), (0.4, 0.4)]);
        assert_eq!(bucket_ranges(0, 1.0, None), []);
    }

    #[test]
    fn unsound_weights_count_as_equal() {
        for weights in [&[0.4, 0.1][..], &[1.0], &[0.5, 0.5, 0.0], &[f64::NAN, 0.5]] {
            assert_eq!(bucket_ranges(2, 1.0, Some(weights)), [(0.0, 0.5), (0.5, 1.0)], "{weights:?}");
        }
        assert_eq!(bucket_ranges(2, f64::INFINITY, None), [(0.0, 0.5), (0.5, 1.0)]);
        assert_eq!(bucket_ranges(2, -1.0, None), [(0.0, 0.0), (0.5, 0.5)]);
    }

    #[test]
    fn a_place_outside_all_ranges_has_no_variation() {
        let ranges = bucket_ranges(2, 0.5, None);
        for (at, expected) in [(0.0, Some(0)), (0.2499, Some(0)), (0.25, None), (0.5, Some(1)), (0.75, None)] {
            assert_eq!(choose_variation(at, &ranges), expected, "{at}");
        }
    }
}
