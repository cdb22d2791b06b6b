//! Bandits: which arm is best, and how much traffic each one gets next.

use serde::{Deserialize, Serialize};

use super::contrast::{arm, shape};
use super::{Reason, Sample, normal};

/// No arm's traffic changes before every arm has this many units.
pub const MIN_BANDIT_UNITS: u64 = 100;

/// Beyond this many standard deviations an arm's posterior weighs less than 1e-32.
const REACH: i32 = 12;

/// Gauss–Legendre nodes and weights on (−1, 1), 16 of them by symmetry.
const NODES: [(f64, f64); 8] = [
    (0.09501250983763745, 0.18945061045506859),
    (0.2816035507792589, 0.1826034150449236),
    (0.45801677765722737, 0.16915651939500262),
    (0.6178762444026438, 0.14959598881657676),
    (0.755404408355003, 0.12462897125553403),
    (0.8656312023878318, 0.09515851168249259),
    (0.9445750230732326, 0.062253523938647706),
    (0.9894009349916499, 0.027152459411754037),
];

/// What is known of an arm's true mean: N(mean, sd²).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmPosterior {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub standard_deviation: f64,
}

impl ArmPosterior {
    /// The central 1 − alpha credible interval.
    pub fn interval(&self, alpha: f64) -> Result<(f64, f64), Reason> {
        let z = if alpha < 1.0 { normal::upper_quantile(alpha / 2.0) } else { None }.ok_or(Reason::UnknownParameter)?;
        Ok((self.mean - z * self.standard_deviation, self.mean + z * self.standard_deviation))
    }
}

/// The posteriors of all arms under a N(mean, variance) prior of each arm's mean, or a flat one. CUPED arms share one θ.
///
/// An arm in which nothing varies yet tells nothing: its posterior is the prior, so it keeps being tried; under a flat
/// prior that is [`Reason::ZeroVariance`].
pub fn arm_posteriors(arms: &[Sample], prior: Option<(f64, f64)>) -> Result<Vec<ArmPosterior>, Reason> {
    if prior.is_some_and(|(mean, variance)| !(mean.is_finite() && variance > 0.0 && variance.is_finite())) {
        return Err(Reason::UnknownParameter);
    }
    let pairs: Vec<(&Sample, &Sample)> = arms.iter().map(|sample| (sample, sample)).collect();
    let shape = shape(&pairs)?;
    let (prior_mean, prior_precision) = prior.map_or((0.0, 0.0), |(mean, variance)| (mean, 1.0 / variance));
    arms.iter()
        .map(|sample| {
            let arm = arm(sample);
            let value = shape.value(arm.means);
            let variance = arm.variance_along(shape.gradient(arm.means));
            let known = arm.units >= 1.0 && variance > 0.0;
            let precision = if known { arm.units / variance } else { 0.0 };
            let total = prior_precision + precision;
            if total <= 0.0 {
                return Err(Reason::ZeroVariance);
            }
            let weighted = if known { precision * value } else { 0.0 };
            let posterior = ArmPosterior {
                mean: (prior_precision * prior_mean + weighted) / total,
                standard_deviation: (1.0 / total).sqrt(),
            };
            let finite = posterior.mean.is_finite() && posterior.standard_deviation > 0.0;
            finite.then_some(posterior).ok_or(Reason::NotFinite)
        })
        .collect()
}

/// For each arm, the probability that it is the best: ∫ φᵢ(x) Πⱼ≠ᵢ Φⱼ(x) dx by Gauss–Legendre quadrature over pieces of
/// one standard deviation, good to about 1e-13. They sum to 1.
pub fn best_arm_probabilities(arms: &[ArmPosterior], lower_is_better: bool) -> Result<Vec<f64>, Reason> {
    let sign = if lower_is_better { -1.0 } else { 1.0 };
    let known: Vec<(f64, f64)> = arms.iter().map(|a| (sign * a.mean, a.standard_deviation)).collect();
    if known.is_empty() {
        return Err(Reason::NoUnits);
    }
    if known.iter().any(|(mean, sd)| !(mean.is_finite() && sd.is_finite() && *sd > 0.0)) {
        return Err(Reason::NotFinite);
    }
    let mut cuts: Vec<f64> =
        known.iter().flat_map(|(mean, sd)| (-REACH..=REACH).map(move |c| mean + f64::from(c) * sd)).collect();
    cuts.sort_unstable_by(f64::total_cmp);
    let mut sums = vec![0.0; known.len()];
    for (from, to) in cuts.iter().zip(cuts.iter().skip(1)) {
        let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
        for (node, weight) in NODES {
            for x in [middle - half * node, middle + half * node] {
                add(&mut sums, &known, x, weight * half);
            }
        }
    }
    let total: f64 = sums.iter().sum();
    if total > 0.0 { Ok(sums.into_iter().map(|p| p / total).collect()) } else { Err(Reason::NotFinite) }
}

/// Adds the integrands at x.
fn add(sums: &mut [f64], known: &[(f64, f64)], x: f64, weight: f64) {
    for (i, (sum, (mean, sd))) in sums.iter_mut().zip(known).enumerate() {
        let density = normal::density((x - mean) / sd) / sd;
        if density * weight > 0.0 {
            let others = known.iter().enumerate().filter(|(j, _)| *j != i);
            *sum += weight * density * others.map(|(_, (m, s))| normal::upper_tail((m - x) / s)).product::<f64>();
        }
    }
}

/// The shares of traffic from the probabilities: floor + (1 − k · floor) · P. `None` with fewer than
/// [`MIN_BANDIT_UNITS`] units in an arm, when the shares should stay what they are.
pub fn bandit_weights(probabilities: &[f64], units: &[u64], floor: f64) -> Result<Option<Vec<f64>>, Reason> {
    let spread = 1.0 - probabilities.len() as f64 * floor;
    if !(floor >= 0.0 && spread >= 0.0) || probabilities.len() != units.len() {
        return Err(Reason::UnknownParameter);
    }
    if units.iter().any(|n| *n < MIN_BANDIT_UNITS) {
        return Ok(None);
    }
    Ok(Some(probabilities.iter().map(|p| floor + spread * p).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arms(arms: &[(f64, f64)]) -> Vec<ArmPosterior> {
        arms.iter().map(|(mean, sd)| ArmPosterior { mean: *mean, standard_deviation: *sd }).collect()
    }

    #[test]
    fn two_arms_have_a_closed_form() {
        for (a, b) in [((0.0, 1.0), (0.5, 2.0)), ((10.0, 0.001), (10.002, 3.0)), ((1.0, 1.0), (1.0, 1.0))] {
            let p = best_arm_probabilities(&arms(&[a, b]), false).expect("computable");
            let exact = normal::upper_tail((b.0 - a.0) / f64::hypot(a.1, b.1));
            assert!((p[0] - exact).abs() < 1e-12, "{a:?} {b:?}: {} is not {exact}", p[0]);
            let least = best_arm_probabilities(&arms(&[a, b]), true).expect("computable");
            assert!((least[0] + p[0] - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn equal_arms_share_equally_and_a_hopeless_one_gets_the_floor() {
        let p = best_arm_probabilities(&arms(&[(0.1, 0.01); 7]), false).expect("computable");
        assert!(p.iter().all(|p| (p - 1.0 / 7.0).abs() < 1e-12), "{p:?}");
        let p = best_arm_probabilities(&arms(&[(0.1, 0.01), (0.9, 0.01)]), false).expect("computable");
        let weights = bandit_weights(&p, &[100, 100], 0.05).expect("known").expect("enough units");
        assert!((weights[0] - 0.05).abs() < 1e-12 && (weights[1] - 0.95).abs() < 1e-12);
        assert_eq!(bandit_weights(&p, &[99, 1000], 0.05), Ok(None));
        assert_eq!(bandit_weights(&p, &[100, 100], 0.6), Err(Reason::UnknownParameter));
    }
}
