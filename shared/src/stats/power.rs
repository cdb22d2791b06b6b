//! How many visitors an experiment needs, and how many more.

use serde::{Deserialize, Serialize};

use super::crossing::ever_beyond;
use super::{Contrast, Mixture, Reason, Scale, Tail, normal};

/// Bisections end here at the latest; doubling finds nothing beyond 2^60 times as much.
const MAX_STEPS: u32 = 200;
const MAX_DOUBLINGS: u32 = 60;
/// The most looks that power is computed for.
const MAX_LOOKS: u32 = 1000;

/// The way in which the result will be judged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judge {
    /// A two-sided test at the end.
    FixedHorizon,
    /// A confidence sequence, tightest at this many units, at the last look only.
    Sequential(f64),
    /// The same, looked at again and again at even distances.
    Watched {
        /// Units at which it is tightest.
        tuning: f64,
        /// Number of looks; 1 to 1,000.
        looks: u32,
    },
    /// The credible interval under a proper prior with this mean and variance, on the effect's scale.
    Bayesian {
        /// Mean.
        mean: f64,
        /// Variance.
        variance: f64,
    },
}

/// The aim of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Goal {
    /// The way in which the result will be judged.
    pub judge: Judge,
    /// The accepted false-positive rate, divided by the number of comparisons it is shared by.
    pub alpha: f64,
    /// The wanted probability to find the effect when it is there, such as 0.8.
    pub power: f64,
}

impl Goal {
    fn check(&self) -> Result<(), Reason> {
        let share = |x: f64| x > 0.0 && x < 1.0;
        let judge = match self.judge {
            Judge::FixedHorizon => true,
            Judge::Sequential(tuning) => tuning > 0.0 && tuning.is_finite(),
            Judge::Watched { tuning, looks } => tuning > 0.0 && tuning.is_finite() && (1..=MAX_LOOKS).contains(&looks),
            Judge::Bayesian { mean, variance } => mean.is_finite() && variance > 0.0 && variance.is_finite(),
        };
        if share(self.alpha) && share(self.power) && judge { Ok(()) } else { Err(Reason::UnknownParameter) }
    }

    /// The probability that the interval leaves out zero, on either side, when the true effect is `effect`, its
    /// estimate has the variance `variance`, and there are `units` in both arms.
    pub fn power_at(&self, effect: f64, variance: f64, units: f64) -> Result<f64, Reason> {
        self.check()?;
        let se = variance.sqrt();
        let z = normal::upper_quantile(self.alpha / 2.0).ok_or(Reason::UnknownParameter)?;
        // In standard errors: how far the estimate must be from zero, and what a prior adds to it.
        let (half_width, shift) = match self.judge {
            Judge::FixedHorizon => (z, 0.0),
            Judge::Sequential(tuning) => {
                (Mixture::tuned(self.alpha, tuning, Tail::TwoSided)?.half_width(units, self.alpha, Tail::TwoSided), 0.0)
            }
            Judge::Watched { tuning, looks } => {
                let mixture = Mixture::tuned(self.alpha, tuning, Tail::TwoSided)?;
                let width = |part: f64| mixture.half_width(units * part, self.alpha, Tail::TwoSided);
                let power = ever_beyond(width, effect / se, looks);
                return power.is_finite().then_some(power).ok_or(Reason::NotFinite);
            }
            Judge::Bayesian { mean, variance: prior } => {
                (se * (1.0 / prior + 1.0 / variance).sqrt() * z, se * mean / prior)
            }
        };
        let score = effect.abs() / se;
        let power = normal::upper_tail(half_width - shift - score) + normal::upper_tail(half_width + shift + score);
        power.is_finite().then_some(power.min(1.0)).ok_or(Reason::NotFinite)
    }
}

/// What a metric looks like before an experiment: the site's own history.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Mean per unit.
    pub mean: f64,
    /// Variance of one unit.
    pub variance: f64,
    /// True for a conversion rate, whose variance follows from its mean.
    pub proportion: bool,
}

impl History {
    /// Of a conversion rate.
    pub fn proportion(rate: f64) -> Self {
        Self { mean: rate, variance: rate * (1.0 - rate), proportion: true }
    }

    /// Mean and variance of the treatment when it has this relative effect.
    fn treated(&self, effect: f64) -> (f64, f64) {
        let mean = self.mean + effect * self.mean.abs();
        (mean, if self.proportion { mean * (1.0 - mean) } else { self.variance })
    }

    fn check(&self, effect: f64, ratio: f64) -> Result<(), Reason> {
        if self.mean == 0.0 {
            return Err(Reason::ZeroBaseline);
        }
        let (_, treated) = self.treated(effect);
        if !(self.variance > 0.0 && treated > 0.0) {
            return Err(Reason::ZeroVariance);
        }
        let numbers = [self.mean, self.variance, treated, effect, ratio].into_iter().all(f64::is_finite);
        if numbers && effect != 0.0 && ratio > 0.0 { Ok(()) } else { Err(Reason::UnknownParameter) }
    }

    /// Sampling variance of the effect with `units` in the baseline and `ratio` times as many in the treatment.
    pub fn variance_of(&self, scale: Scale, effect: f64, units: f64, ratio: f64) -> f64 {
        let (mean, variance) = self.treated(effect);
        let (a, b) = (self.variance / units, variance / (units * ratio));
        match scale {
            Scale::Absolute => a + b,
            Scale::Relative => b / self.mean.powi(2) + a * mean.powi(2) / self.mean.powi(4),
        }
    }
}

/// How many units the baseline needs so that a relative effect of `effect` is found with the wanted power; the treatment
/// has `ratio` times as many.
///
/// Judged on the absolute scale with unpooled variances: n = (z_{α/2} + z_β)² (σA² + σB²/ratio) / δ², for the fixed
/// horizon; for the others the n at which the power is reached.
pub fn sample_size(goal: &Goal, history: &History, effect: f64, ratio: f64) -> Result<f64, Reason> {
    goal.check()?;
    history.check(effect, ratio)?;
    let difference = effect * history.mean.abs();
    let variance = |units: f64| history.variance_of(Scale::Absolute, effect, units, ratio);
    if goal.judge == Judge::FixedHorizon {
        let z = |tail| normal::upper_quantile(tail).ok_or(Reason::UnknownParameter);
        let both = z(goal.alpha / 2.0)? + z(1.0 - goal.power)?;
        return Ok(both * both * variance(1.0) / (difference * difference));
    }
    let goal = on_scale(goal, history.mean.abs());
    smallest(1.0, |units| Ok(goal.power_at(difference, variance(units), units * (1.0 + ratio))? - goal.power))
}

/// A prior of relative effects, in the metric's own unit.
fn on_scale(goal: &Goal, size: f64) -> Goal {
    let judge = match goal.judge {
        Judge::Bayesian { mean, variance } => Judge::Bayesian { mean: mean * size, variance: variance * size * size },
        other => other,
    };
    Goal { judge, ..*goal }
}

/// The smallest relative effect, upwards, that `units` in the baseline and `ratio` times as many in the treatment find
/// with the wanted power.
pub fn minimum_detectable_effect(
    goal: &Goal,
    history: &History,
    scale: Scale,
    units: f64,
    ratio: f64,
) -> Result<f64, Reason> {
    goal.check()?;
    history.check(1e-9, ratio)?;
    if !(units >= 2.0 && units.is_finite()) {
        return Err(Reason::FewerThanTwoUnits);
    }
    let size = history.mean.abs();
    let (judged, unit) = match scale {
        Scale::Relative => (*goal, 1.0),
        Scale::Absolute => (on_scale(goal, size), size),
    };
    // A rate cannot be more than 1.
    let largest = if history.proportion { 1.0 / history.mean - 1.0 } else { f64::INFINITY };
    let found = smallest(1e-3, |effect| {
        if effect >= largest {
            return Err(Reason::NotReachable);
        }
        let variance = history.variance_of(scale, effect, units, ratio);
        Ok(judged.power_at(effect * unit, variance, units * (1.0 + ratio))? - goal.power)
    });
    found.map_err(|reason| if reason == Reason::NotFinite { Reason::NotReachable } else { reason })
}

/// How much more a running experiment needs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Remaining {
    /// The power there is now, to find the effect asked about.
    pub power: f64,
    /// How many times the units so far are needed in addition; 0 when there are enough.
    pub factor: f64,
    /// The same in units of both arms together.
    pub units: f64,
}

impl Remaining {
    /// Whole days until then, at `units_per_day` in both arms together; `None` when nobody comes.
    pub fn days(&self, units_per_day: f64) -> Option<f64> {
        let days = (self.units / units_per_day).ceil();
        if self.units == 0.0 { Some(0.0) } else { (units_per_day > 0.0 && days.is_finite()).then_some(days) }
    }
}

/// How many units a running experiment still needs, from its own variance, so that an effect of `effect` (on the
/// contrast's scale) is found with the wanted power: more units divide the variance by 1 + factor.
pub fn remaining(goal: &Goal, contrast: &Contrast, effect: f64) -> Result<Remaining, Reason> {
    let power =
        |factor: f64| goal.power_at(effect, contrast.variance / (1.0 + factor), contrast.units * (1.0 + factor));
    let now = power(0.0)?;
    if effect == 0.0 || !effect.is_finite() {
        return Err(Reason::UnknownParameter);
    }
    let factor = if now > goal.power { 0.0 } else { smallest(1.0, |factor| Ok(power(factor)? - goal.power))? };
    Ok(Remaining { power: now, factor, units: factor * contrast.units })
}

/// The positive number at which a growing function becomes 0, by doubling from `start`, then bisection.
fn smallest(start: f64, excess: impl Fn(f64) -> Result<f64, Reason>) -> Result<f64, Reason> {
    let mut high = start;
    let mut low = 0.0;
    for step in 0.. {
        match excess(high) {
            Ok(above) if above >= 0.0 => break,
            // Where the function is not defined any more, the answer may still be between.
            Err(Reason::NotReachable) if step < MAX_DOUBLINGS && high - low > 1e-12 * high => {
                high = 0.5 * (low + high);
                continue;
            }
            Err(reason) => return Err(reason),
            Ok(_) if step >= MAX_DOUBLINGS => return Err(Reason::NotReachable),
            Ok(_) => (low, high) = (high, 2.0 * high),
        }
    }
    for _ in 0..MAX_STEPS {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if excess(middle)? >= 0.0 { high = middle } else { low = middle }
    }
    Ok(high)
}
