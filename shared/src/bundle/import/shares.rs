//! Ranges of a hash's places, as whole parts of [`WHOLE`].

use crate::eval::{Range, bucket_ranges};
use crate::model::WHOLE;

/// The largest error of rounding in a double, in parts.
const ROUNDING: f64 = 1e-7;

/// The first part at or beyond a place: places are whole parts, so all below this one are below `place`.
pub(super) fn first_part(place: f64) -> u32 {
    // A float becomes the nearest number that fits, and NaN becomes 0.
    ((place * f64::from(WHOLE) - ROUNDING).ceil() as u32).min(WHOLE)
}

/// The share of a rollout that includes places up to `coverage`, the end included.
pub(super) fn up_to(coverage: f64) -> u32 {
    ((coverage * f64::from(WHOLE) + ROUNDING).floor() as u32).min(WHOLE)
}

/// Weights and coverage whose ranges hold the same places as these; `None` when there are none. Without a coverage, it
/// is that of the first range.
pub(super) fn weights(ranges: &[Range], coverage: Option<f64>) -> Option<(Vec<u32>, u32)> {
    let mut starts: Vec<u32> = ranges.iter().map(|(from, _)| first_part(*from)).collect();
    if starts.first() != Some(&0) || ranges.iter().any(|(from, to)| !(from.is_finite() && to.is_finite())) {
        return None;
    }
    starts.push(WHOLE);
    let weights: Vec<u32> =
        starts.iter().zip(starts.iter().skip(1)).map(|(a, b)| b.checked_sub(*a)).collect::<Option<_>>()?;
    let parts: Vec<f64> = weights.iter().map(|w| f64::from(*w) / f64::from(WHOLE)).collect();
    let covered = |((from, to), part): (&Range, &f64)| (*part > 0.0).then(|| (to - from) / part);
    let coverage = coverage.or_else(|| ranges.iter().zip(&parts).find_map(covered)).unwrap_or(1.0);
    let share = (coverage.clamp(0.0, 1.0) * f64::from(WHOLE)).round() as u32;
    let again = bucket_ranges(ranges.len(), f64::from(share) / f64::from(WHOLE), Some(&parts));
    let same = |(a, b): (&Range, &Range)| {
        // Empty ranges hold the same places wherever they are.
        let places = |r: &Range| (first_part(r.0), first_part(r.1));
        let ((a, b), (c, d)) = (places(a), places(b));
        (a, b) == (c, d) || (a >= b && c >= d)
    };
    ranges.iter().zip(&again).all(same).then_some((weights, share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirds_and_halves_have_the_same_places() {
        let thirds = bucket_ranges(3, 1.0, None);
        assert_eq!(weights(&thirds, Some(1.0)), Some((vec![3334, 3333, 3333], WHOLE)));
        let some = bucket_ranges(2, 0.5, Some(&[0.4, 0.6]));
        assert_eq!(weights(&some, None), Some((vec![4000, 6000], 5000)));
        assert_eq!(weights(&[(0.0, 0.0), (0.0, 1.0)], Some(1.0)), Some((vec![0, WHOLE], WHOLE)));
    }

    #[test]
    fn what_has_other_places_has_no_weights() {
        for (ranges, coverage) in [
            (vec![(0.1, 0.5), (0.5, 1.0)], 1.0),
            (vec![(0.0, 0.5), (0.5, 0.6)], 1.0),
            (vec![(0.5, 1.0), (0.0, 0.5)], 1.0),
            (vec![(0.0, f64::NAN), (0.5, 1.0)], 1.0),
            (vec![(0.0, 0.33333), (0.33333, 0.6)], 0.77777),
            (vec![], 1.0),
        ] {
            assert_eq!(weights(&ranges, Some(coverage)), None, "{ranges:?}");
        }
    }

    #[test]
    fn places_before_and_up_to() {
        assert_eq!([0.0, 0.25, 0.33333, 1.0, 7.0, -1.0].map(first_part), [0, 2500, 3334, WHOLE, WHOLE, 0]);
        assert_eq!([0.0, 0.25, 0.33337, 1.0, 7.0, -1.0].map(up_to), [0, 2500, 3333, WHOLE, WHOLE, 0]);
    }
}
