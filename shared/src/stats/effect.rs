//! One arm against the baseline: the effect, its interval and its p-value.

use super::{Engine, Estimate, Proportion, Reason, student};

/// In which unit an effect is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// μB − μA.
    Absolute,
    /// (μB − μA) / |μA|.
    Relative,
}

/// The effect of `treatment` against `baseline`.
///
/// The variance is sB²/nB + sA²/nA for an absolute effect, and by the delta method sB²/(nB μA²) + sA² μB²/(nA μA⁴) for
/// a relative one.
pub fn effect(
    engine: Engine,
    scale: Scale,
    alpha: f64,
    sequential_n: f64,
    baseline: Proportion,
    treatment: Proportion,
) -> Result<Estimate, Reason> {
    computable(scale, baseline, treatment)?;
    let (mean_a, mean_b) = (baseline.mean(), treatment.mean());
    let (n_a, n_b) = (baseline.units() as f64, treatment.units() as f64);
    let difference = mean_b - mean_a;
    let (effect, variance) = match scale {
        Scale::Absolute => (difference, treatment.variance() / n_b + baseline.variance() / n_a),
        Scale::Relative => (
            difference / mean_a.abs(),
            treatment.variance() / (n_b * mean_a.powi(2))
                + baseline.variance() * mean_b.powi(2) / (n_a * mean_a.powi(4)),
        ),
    };
    let standard_error = variance.sqrt();
    let (half_width, p_value) = match engine {
        Engine::Frequentist => {
            let freedom = degrees_of_freedom(baseline, treatment);
            welch(effect, standard_error, alpha, freedom).ok_or(Reason::FewerThanTwoUnits)?
        }
        Engine::Sequential => sequential(effect, standard_error, alpha, n_a + n_b, sequential_n),
    };
    Ok(Estimate { effect, standard_error, lower: effect - half_width, upper: effect + half_width, p_value })
}

fn computable(scale: Scale, baseline: Proportion, treatment: Proportion) -> Result<(), Reason> {
    let fewest = baseline.units().min(treatment.units());
    if fewest == 0 {
        Err(Reason::NoUnits)
    } else if fewest < 2 {
        Err(Reason::FewerThanTwoUnits)
    } else if scale == Scale::Relative && baseline.conversions() == 0 {
        Err(Reason::ZeroBaseline)
    } else if baseline.variance() <= 0.0 || treatment.variance() <= 0.0 {
        Err(Reason::ZeroVariance)
    } else {
        Ok(())
    }
}

/// Welch–Satterthwaite, from the unscaled variances.
fn degrees_of_freedom(a: Proportion, b: Proportion) -> f64 {
    let (n_a, n_b) = (a.units() as f64, b.units() as f64);
    let (v_a, v_b) = (a.variance() / n_a, b.variance() / n_b);
    (v_a + v_b).powi(2) / (v_a.powi(2) / (n_a - 1.0) + v_b.powi(2) / (n_b - 1.0))
}

/// Half-width of the two-sided 1 − alpha interval, and the p-value. The tail comes from the survival function: a huge
/// effect has a tiny p-value, not zero.
fn welch(effect: f64, standard_error: f64, alpha: f64, freedom: f64) -> Option<(f64, f64)> {
    let half_width = student::upper_quantile(alpha / 2.0, freedom)? * standard_error;
    let p_value = 2.0 * student::upper_tail((effect / standard_error).abs(), freedom);
    (half_width.is_finite() && p_value.is_finite()).then_some((half_width, probability(p_value)))
}

/// Half-width and p-value of the asymptotic confidence sequence of Waudby-Smith et al., arXiv 2103.06476, tuned to be
/// tightest at `tuning` units. Both stay valid however often one looks, from some size on (see [`super::MIN_CONVERSIONS`]).
fn sequential(effect: f64, standard_error: f64, alpha: f64, n: f64, tuning: f64) -> (f64, f64) {
    let rho2 = (-2.0 * alpha.ln() + (1.0 - 2.0 * alpha.ln()).ln()) / tuning;
    let growth = n * rho2 + 1.0;
    let half_width = standard_error * n.sqrt() * (2.0 * growth / (n * n * rho2) * (growth.sqrt() / alpha).ln()).sqrt();
    let t2 = effect.powi(2) * n / standard_error.powi(2);
    let p_value = growth.sqrt() * (-rho2 * t2 / (2.0 * growth)).exp();
    (half_width, probability(p_value))
}

/// At most 1, and never 0: what underflows is still possible.
fn probability(p: f64) -> f64 {
    p.clamp(f64::MIN_POSITIVE, 1.0)
}
