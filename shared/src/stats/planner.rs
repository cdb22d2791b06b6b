//! What an experiment can find, before it starts.

use super::contrast::{arm, shape};
use super::lift::SEQUENCE_WEIGHT;
use super::{Goal, History, Judge, Plan, Reason, Sample, Scale, minimum_detectable_effect, normal};
use crate::model::{Metric, PhasePlan, Role};
use crate::validate::{MAX_PLANNED_DAYS, MAX_PLANNED_LIFT, MAX_PLANNED_VISITORS};

/// The probability with which a plan's smallest lift is found.
pub const PLAN_POWER: f64 = 0.8;
/// Looks that a plan expects: one each day of four weeks.
pub const PLAN_LOOKS: u32 = 28;

/// Returns what a metric looked like for these visitors; `None` for a quantile, and where too little is known.
pub fn history(sample: &Sample) -> Option<History> {
    if matches!(sample, Sample::Quantile(_) | Sample::Totals(_)) {
        return None;
    }
    let shape = shape(&[(sample, sample)]).ok()?;
    let arm = arm(sample);
    let plain = shape.unadjusted();
    if sample.units() < 2 || !shape.is_defined(arm.means) {
        return None;
    }
    let (mean, variance) = (plain.value(arm.means), arm.variance_along(shape.gradient(arm.means)));
    let is_known = mean != 0.0 && variance > 0.0 && mean.is_finite() && variance.is_finite();
    let proportion = matches!(sample, Sample::Proportion(_));
    is_known.then_some(History { mean, variance, proportion })
}

/// Returns the plan of a phase in which `visitors` are expected in `days`, split by `shares` with the baseline first.
///
/// `metrics` have what the site's visitors did before. The smallest lift of each goal is the one that the app's engine
/// finds with [`PLAN_POWER`] when it is looked at daily, for the variant with the fewest visitors, corrected for the number
/// of goals and variants by Bonferroni. Without a history a goal has none.
pub fn phase_plan(metrics: &[(&Metric, Sample)], shares: &[f64], visitors: u64, days: u32) -> PhasePlan {
    let visitors = visitors.clamp(1, MAX_PLANNED_VISITORS);
    let days = days.clamp(1, MAX_PLANNED_DAYS);
    let goals: Vec<_> = metrics.iter().filter(|(metric, _)| metric.role == Role::Goal).collect();
    let whole: f64 = shares.iter().sum();
    let Some((baseline, others)) = shares.split_first() else {
        return PhasePlan { visitors, days, ..PhasePlan::default() };
    };
    let fewest = others.iter().copied().fold(f64::INFINITY, f64::min);
    let units = visitors as f64 * baseline / whole;
    let alpha = Plan::default().alpha / (goals.len() * others.len()).max(1) as f64;
    let lift = |(metric, sample): &&(&Metric, Sample)| {
        let alpha = if sample.conversions().is_some() { alpha * SEQUENCE_WEIGHT } else { alpha };
        let tuning = units * (1.0 + fewest / baseline);
        let goal = Goal { judge: Judge::Watched { tuning, looks: PLAN_LOOKS }, alpha, power: PLAN_POWER };
        let lift = minimum_detectable_effect(&goal, &history(sample)?, Scale::Absolute, units, fewest / baseline);
        Some((metric.id.clone(), lift.ok().filter(|lift| *lift > 0.0 && *lift <= MAX_PLANNED_LIFT)?))
    };
    PhasePlan { visitors, days, lifts: goals.iter().filter_map(lift).collect(), ..PhasePlan::default() }
}

/// Returns the margin at which a guardrail that is not harmed is cleared with the goal's power: by `units` in the baseline
/// and `ratio` times as many in the treatment. A smaller margin asks for more visitors.
///
/// On the decision scale, D(−m) of an unharmed guardrail is m·μ with the variance σ²(1/(n·ratio) + (1 − m)²/n), which is
/// largest for m = 0; so the margin is one that the power at m = 0 says, and errs to the safe side.
pub fn suggested_margin(goal: &Goal, history: &History, units: f64, ratio: f64) -> Result<f64, Reason> {
    if history.mean == 0.0 {
        return Err(Reason::ZeroBaseline);
    }
    let variance = history.variance / units * (1.0 + 1.0 / ratio);
    let power = |margin: f64| goal.power_at(margin * history.mean.abs(), variance, units * (1.0 + ratio));
    if !(units > 0.0 && ratio > 0.0 && variance > 0.0 && variance.is_finite()) {
        return Err(Reason::UnknownParameter);
    }
    // The power grows with the margin; z standard errors away, it is sure.
    let sure = normal::upper_quantile(1e-9).unwrap_or(6.0) * 3.0 * variance.sqrt() / history.mean.abs();
    let (mut low, mut high) = (0.0, sure);
    if power(high)? < goal.power {
        return Err(Reason::NotReachable);
    }
    while high - low > 1e-6 * high {
        let middle = (low + high) / 2.0;
        if power(middle)? < goal.power { low = middle } else { high = middle }
    }
    if high < 1.0 { Ok(high) } else { Err(Reason::NotReachable) }
}
