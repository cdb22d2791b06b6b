//! A Gaussian posterior of the effect.

use serde::{Deserialize, Serialize};

use super::{Contrast, PastLifts, Reason, Scale, normal};

/// The prior of effects: N(mean, sd²).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prior {
    /// True if it is used; a flat prior otherwise.
    pub proper: bool,
    /// In the unit of `scale`.
    pub mean: f64,
    /// The prior's standard deviation, as a relative effect; 0.3 says that effects beyond ±60% are rare.
    pub standard_deviation: f64,
    /// Scale of the two: relative effects, or the metric's unit.
    pub scale: Scale,
}

impl Default for Prior {
    /// N(0, 0.3²) relative, off.
    fn default() -> Self {
        Self { proper: false, mean: 0.0, standard_deviation: 0.3, scale: Scale::Relative }
    }
}

impl From<PastLifts> for Prior {
    /// Lifts are spread as they were in the past.
    fn from(past: PastLifts) -> Self {
        Self { proper: true, mean: 0.0, standard_deviation: past.spread, scale: Scale::Relative }
    }
}

impl Prior {
    /// Mean and variance on this contrast's scale: a relative effect is |μA| times smaller than an absolute one.
    fn on(&self, contrast: &Contrast) -> Result<Option<(f64, f64)>, Reason> {
        if !self.proper {
            return Ok(None);
        }
        let size = contrast.baseline.abs();
        let factor = match (self.scale, contrast.scale) {
            (Scale::Relative, Scale::Absolute) => size,
            (Scale::Absolute, Scale::Relative) => 1.0 / size,
            _ => 1.0,
        };
        let (mean, sd) = (self.mean * factor, self.standard_deviation * factor);
        if size == 0.0 && self.scale != contrast.scale {
            return Err(Reason::ZeroBaseline);
        }
        if mean.is_finite() && sd > 0.0 && sd.is_finite() {
            Ok(Some((mean, sd * sd)))
        } else {
            Err(Reason::UnknownParameter)
        }
    }
}

/// The posterior of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Posterior {
    /// Its mean.
    pub effect: f64,
    /// Its standard deviation.
    pub standard_error: f64,
    /// Lower end of the central 1 − alpha credible interval.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// Probability that the treatment is better: P(effect > 0), or P(effect < 0) where less is better.
    pub chance_to_win: f64,
    /// Expected loss in the effect's unit when the worse arm is kept: of keeping the baseline, E max(effect, 0), and of
    /// shipping the treatment, E max(−effect, 0); swapped where less is better.
    pub risk: [f64; 2],
}

/// The posterior under `prior`, conjugate: precisions add, and the mean is weighted by them.
///
/// `lower_is_better` swaps the chance to win and the risks, not the effect. E max(X, 0) = σφ(μ/σ) + μΦ(μ/σ) for
/// X ~ N(μ, σ²).
pub fn bayesian(contrast: &Contrast, prior: &Prior, alpha: f64, lower_is_better: bool) -> Result<Posterior, Reason> {
    let z = if alpha < 1.0 { normal::upper_quantile(alpha / 2.0) } else { None }.ok_or(Reason::UnknownParameter)?;
    let (mean, variance) = match prior.on(contrast)? {
        None => (contrast.effect, contrast.variance),
        Some((prior_mean, prior_variance)) => {
            let precision = 1.0 / contrast.variance + 1.0 / prior_variance;
            ((contrast.effect / contrast.variance + prior_mean / prior_variance) / precision, 1.0 / precision)
        }
    };
    let sd = variance.sqrt();
    let score = mean / sd;
    let gain = sd * normal::expected_excess(-score);
    let loss = sd * normal::expected_excess(score);
    let posterior = Posterior {
        effect: mean,
        standard_error: sd,
        lower: mean - z * sd,
        upper: mean + z * sd,
        chance_to_win: normal::upper_tail(if lower_is_better { score } else { -score }),
        risk: if lower_is_better { [loss, gain] } else { [gain, loss] },
    };
    let all = [posterior.effect, sd, posterior.lower, posterior.upper, posterior.chance_to_win, gain, loss];
    if all.into_iter().all(f64::is_finite) && sd > 0.0 { Ok(posterior) } else { Err(Reason::NotFinite) }
}
