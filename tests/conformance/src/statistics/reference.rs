//! The reference engine's searches, replayed on our functions, and its words.

use anyhow::Result;
use beacon_shared::stats::{Contrast, Mixture, Reason, Sample, Scale, Tail, contrast};

/// The one-sided sequential p-value by bisection: the reference stops when an end of the interval is within 1e-6 of
/// zero, and looks only between these two.
const SMALLEST_P: f64 = 1e-5;
const LARGEST_P: f64 = 0.4999;

/// The outcome of the reference's search with our interval: the p-values between which it stopped, and the one it
/// names.
pub fn bisected_p(contrast: &Contrast, mixture: Mixture, tail: Tail) -> Option<(f64, f64, f64)> {
    let towards = if tail == Tail::Lesser { -contrast.effect } else { contrast.effect };
    // Positive when the interval leaves out zero.
    let clear = |alpha| towards - mixture.half_width(contrast.units, alpha, tail) * contrast.standard_error();
    if clear(SMALLEST_P) > 0.0 {
        return Some((0.0, SMALLEST_P, SMALLEST_P));
    }
    if clear(LARGEST_P) < 0.0 {
        return Some((LARGEST_P, 1.0, LARGEST_P));
    }
    let (mut low, mut high) = (SMALLEST_P, LARGEST_P);
    let mut alpha = 0.5 * (low + high);
    for _ in 0..100 {
        let difference = clear(alpha);
        if difference < 0.0 {
            low = alpha
        } else {
            high = alpha
        }
        alpha = 0.5 * (low + high);
        if difference.abs() < 1e-6 {
            return Some((low, high, alpha));
        }
    }
    None
}

/// The factor by which a running experiment must grow, by doubling and bisection: the reference stops within 1e-5 of
/// the wanted power.
pub fn bisected_factor(target: f64, power: impl Fn(f64) -> Result<f64>) -> Result<Option<f64>> {
    if power(0.0)? > target {
        return Ok(Some(0.0));
    }
    let mut factor = 1.0;
    for _ in 0..27 {
        if power(factor)? >= target {
            break;
        }
        factor *= 2.0;
    }
    if power(factor)? < target {
        return Ok(None);
    }
    let (mut low, mut high) = (0.0, factor);
    let mut excess = power(factor)? - target;
    for _ in 0..100 {
        if excess > 0.0 {
            high = factor
        } else {
            low = factor
        }
        factor = 0.5 * (low + high);
        excess = power(factor)? - target;
        if excess.abs() < 1e-5 {
            break;
        }
    }
    Ok(Some(factor))
}

/// Returns true if the reference's word for an error stands for our reason. Its word for any variance that cannot be
/// computed or is zero is `ZERO_NEGATIVE_VARIANCE`, and it looks at that first.
pub fn means(word: &str, reason: Reason, baseline: &Sample, treatment: &Sample) -> bool {
    match (word, reason) {
        ("ZERO_NEGATIVE_VARIANCE", Reason::ZeroVariance | Reason::NoUnits | Reason::FewerThanTwoUnits) => true,
        ("ZERO_NEGATIVE_VARIANCE", Reason::TooFewUnits | Reason::ZeroDenominator) => true,
        ("ZERO_NEGATIVE_VARIANCE", Reason::ZeroBaseline) => {
            contrast(Scale::Absolute, baseline, treatment) == Err(Reason::ZeroVariance)
        }
        ("ZERO_NEGATIVE_BASELINE_VARIATION", Reason::ZeroBaseline) => true,
        ("NO_UNITS_IN_VARIATION", Reason::NoUnits) => true,
        _ => false,
    }
}
