//! The boundary of a test with a planned end, at any look before it and after it.
//!
//! The statistic times √t is a Brownian motion, t the share of the planned units that are there. Up to the planned end the
//! boundary is a level b of that motion: Lan and DeMets' spending function of O'Brien and Fleming's kind (Biometrika 70,
//! 1983), 2 − 2Φ(b/√t), is what such a level spends when somebody looks all the time. After the end it rises by 2b for as
//! many units again. What is spent on one side, for ever, then has a closed form with the density φ and the Mills ratio m:
//! φ(b)·(2m(b) + m(3b) − m(5b)), from the reflection principle up to the end, and from the chance e^(−4b(b − x)) that a
//! motion at x < b ever meets the line.

use std::f64::consts::{LN_2, PI};

use super::normal;

/// The rise after the planned end, in levels, for as many units as were planned.
const RISE: f64 = 2.0;
/// Beyond it the tail comes from its continued fraction.
const FAR: f64 = 6.0;
/// Terms of that fraction; six beyond the middle, these give all digits of a double.
const TERMS: u32 = 30;
/// The most steps towards a level; a few suffice.
const STEPS: u32 = 64;

/// (1 − Φ(x)) / φ(x), x ≥ 0.
fn mills(x: f64) -> f64 {
    if x < FAR {
        return normal::upper_tail(x) / normal::density(x);
    }
    // Laplace's continued fraction: 1/(x + 1/(x + 2/(x + …))).
    1.0 / (x + (1..=TERMS).rev().fold(0.0, |rest, i| f64::from(i) / (x + rest)))
}

/// ln of what a level spends on both sides, at most 0.
fn log_spent(level: f64) -> f64 {
    let sides = 2.0 * mills(level) + mills((2.0 * RISE - 1.0) * level) - mills((2.0 * RISE + 1.0) * level);
    (LN_2 - 0.5 * (level * level + (2.0 * PI).ln()) + sides.ln()).min(0.0)
}

/// Returns the boundary as a multiple of its level, at this share of the planned units.
fn growth(part: f64) -> f64 {
    1.0 + RISE * (part - 1.0).max(0.0)
}

/// ln of the evidence against the null, at `z` standard errors from it and this share of the planned units: minus ln of the
/// smallest alpha whose boundary is reached.
pub(super) fn log_evidence(z: f64, part: f64) -> f64 {
    -log_spent(z.abs() * part.sqrt() / growth(part))
}

/// Half of the interval's width in standard errors, with a level that spends one minus its confidence; infinite where
/// nothing is there.
pub(super) fn half_width(level: f64, part: f64) -> f64 {
    level * growth(part) / part.sqrt()
}

/// The level that spends alpha on both sides; infinite for an alpha that is not between 0 and 1.
pub(super) fn level(alpha: f64) -> f64 {
    // What a level spends up to the planned end alone, 4·(1 − Φ(b)), is nearly all of it.
    let Some(mut level) = normal::upper_quantile(alpha / 4.0).filter(|level| *level > 0.0) else {
        return f64::INFINITY;
    };
    for _ in 0..STEPS {
        // ln of a normal tail falls by about b + 1/b.
        let step = (log_spent(level) - alpha.ln()) / (level + 1.0 / level);
        level += step;
        if step.abs() < 1e-12 * level {
            break;
        }
    }
    level
}

#[cfg(test)]
mod tests {
    use super::super::crossing::ever_beyond;
    use super::*;

    #[test]
    fn what_a_level_spends() {
        // The same before the exponentials were put together.
        for b in [1.5_f64, 2.0] {
            let tail = |x: f64| normal::upper_tail(x);
            let side = 2.0 * tail(b) + (4.0 * b * b).exp() * tail(3.0 * b) - (12.0 * b * b).exp() * tail(5.0 * b);
            assert!((log_spent(b).exp() / (2.0 * side) - 1.0).abs() < 1e-9, "{b}");
        }
        for alpha in [1e-12, 0.001, 0.05, 0.5] {
            assert!((log_spent(level(alpha)) - f64::ln(alpha)).abs() < 1e-9, "{alpha}");
        }
        assert_eq!([0.0, -1.0, 4.0, f64::NAN].map(level), [f64::INFINITY; 4]);
        let b = level(0.05);
        assert!((log_spent(b) - 0.05_f64.ln()).abs() < 1e-9 && b > 2.2414 && b < 2.3, "{b}");
        // The evidence and the interval agree, before and after the end.
        for part in [0.01, 0.5, 1.0, 1.3, 4.0] {
            assert!((log_evidence(half_width(level(0.03), part), part) + 0.03_f64.ln()).abs() < 1e-6, "{part}");
        }
        assert!(log_evidence(1e6, 1.0).is_finite() && log_evidence(0.0, 0.5) == 0.0);
    }

    /// Looked at a few times, it spends less; at the end as good as all, and the rest for ever after.
    #[test]
    fn it_spends_no_more_than_alpha() {
        let level = level(0.05);
        let spent = |end: f64, looks| ever_beyond(|t| half_width(level, t * end), 0.0, looks);
        let (until_the_end, beyond) = (spent(1.0, 60), spent(3.0, 60));
        assert!(until_the_end > 0.03 && until_the_end < 0.047, "{until_the_end}");
        assert!(beyond < 0.05, "{beyond}");
    }

    /// The power of a fixed test that has 80%.
    #[test]
    fn it_keeps_most_of_the_power_of_one_look() {
        let level = level(0.05);
        let power = |looks| ever_beyond(|t| half_width(level, t), 2.801585, looks);
        assert!(power(28) > 0.72 && power(60) > power(28), "{} {}", power(28), power(60));
    }
}
