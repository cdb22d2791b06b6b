//! The standard normal distribution, far out too.
//!
//! The error function is the one of the C library: `statrs` has ten digits of it, and p-values here are good to twelve.

use std::f64::consts::{PI, SQRT_2};

use libm::erfc;
use statrs::distribution::{ContinuousCDF, Normal};

/// From here on the tail's expected excess comes from its continued fraction, since the difference would cancel.
const FAR: f64 = 6.0;

/// φ(z).
pub(super) fn density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / (2.0 * PI).sqrt()
}

/// P(Z > z), also for a huge z.
pub(super) fn upper_tail(z: f64) -> f64 {
    0.5 * erfc(z / SQRT_2)
}

/// The z with P(Z > z) = `tail`, 0 < `tail` < 1.
pub(super) fn upper_quantile(tail: f64) -> Option<f64> {
    if !(tail > 0.0 && tail < 1.0) {
        return None;
    }
    let mut z = -Normal::new(0.0, 1.0).ok()?.inverse_cdf(tail);
    // One or two of Newton's steps take ten digits to all of them. In the middle, the smaller tail has more of them.
    for _ in 0..2 {
        let error = if tail > 0.5 { (1.0 - tail) - upper_tail(-z) } else { upper_tail(z) - tail };
        let step = error / density(z);
        z += if step.is_finite() { step } else { 0.0 };
        if step.abs() < 1e-9 {
            break; // What is left is of the order of its square.
        }
    }
    z.is_finite().then_some(z)
}

/// E max(Z − z, 0) = φ(z) − z·P(Z > z).
pub(super) fn expected_excess(z: f64) -> f64 {
    if z < FAR {
        return density(z) - z * upper_tail(z);
    }
    // P(Z > z) = φ(z) / (z + K) with Laplace's K = 1/(z + 2/(z + 3/(z + …))), so the excess is φ(z) · K / (z + K).
    let k = (1..=60).rev().fold(0.0, |tail, i| f64::from(i) / (z + tail));
    density(z) * k / (z + k)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values from mpmath with 40 digits.
    #[test]
    fn far_tails_keep_their_digits() {
        let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-11, "{a} is not {b}");
        close(upper_tail(1.0), 0.15865525393145705);
        close(upper_tail(10.0), 7.619853024160526e-24);
        close(upper_tail(37.0), 5.725571222524577e-300);
        close(expected_excess(0.5), 0.19779655740130603);
        close(expected_excess(5.9), 2.9246723239566936e-10);
        close(expected_excess(6.1), 8.279605314850814e-11);
        close(expected_excess(30.0), 1.6319567340914012e-199);
        close(expected_excess(-1.0), 1.0833154705876863);
        assert_eq!(upper_quantile(0.0), None);
    }
}
