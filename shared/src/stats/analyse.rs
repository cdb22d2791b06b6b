//! From sufficient statistics to a decision.

use super::contrast::Contrast;
use super::decide::decide;
use super::guardrail::guarded;
use super::health::health;
use super::lift::Lift;
use super::verdict::sentence;
use super::{
    Analysis, Comparison, Engine, Estimate, Guardrail, MetricAnalysis, MetricOptions, Plan, Reason, Sample, Tail,
    Traffic, bayesian, frequentist, sequential,
};
use crate::model::{Metric, Role};

/// Analyses one experiment.
///
/// `samples` has one list for each of the plan's metrics, in it one sample for each of the plan's variants, in their
/// order; what is missing counts as empty.
pub fn analyse<S: Clone + Into<Sample>>(plan: &Plan, samples: &[Vec<S>], traffic: &Traffic) -> Analysis {
    let samples: Vec<Vec<Sample>> = samples.iter().map(|arms| arms.iter().cloned().map(Into::into).collect()).collect();
    let arms: Vec<Vec<Sample>> = (0..plan.metrics.len())
        .map(|m| {
            let sample = |v: usize| samples.get(m).and_then(|s| s.get(v)).cloned().unwrap_or_default();
            (0..plan.variants.len()).map(sample).collect()
        })
        .collect();
    let lifts: Vec<Vec<Option<Lift>>> = arms.iter().map(|arms| lifts(plan, arms)).collect();
    let judged = plan.metrics.iter().zip(&arms).zip(&lifts);
    let mut metrics: Vec<MetricAnalysis> =
        judged.map(|((metric, arms), lifts)| compare(plan, metric, arms, lifts, traffic)).collect();
    correct(plan, &mut metrics);
    for (metric, lifts) in metrics.iter_mut().zip(&lifts) {
        estimate_all(plan, metric, lifts);
    }
    let health = health(plan, &samples, traffic);
    let (standings, verdict) = decide(plan, &metrics, &arms, &health);
    let mut analysis = Analysis {
        plan: plan.clone(),
        metrics,
        health,
        standings,
        days: traffic.span(),
        visitors: traffic.visitors(),
        verdict,
        sentence: String::new(),
    };
    analysis.sentence = sentence(&analysis);
    analysis
}

/// Each arm against the baseline; `None` for the baseline itself.
fn lifts(plan: &Plan, arms: &[Sample]) -> Vec<Option<Lift>> {
    let empty = Sample::default();
    let baseline = arms.get(plan.baseline).unwrap_or(&empty);
    let lift = |(index, arm): (usize, &Sample)| {
        (index != plan.baseline).then(|| Lift::new(plan, baseline, arm, plan.weights_of(plan.baseline, index)))
    };
    arms.iter().enumerate().map(lift).collect()
}

fn compare(plan: &Plan, metric: &Metric, arms: &[Sample], lifts: &[Option<Lift>], traffic: &Traffic) -> MetricAnalysis {
    let variants = arms.iter().zip(lifts).enumerate().map(|(index, (arm, lift))| Comparison {
        variant: plan.variants.get(index).cloned().unwrap_or_default(),
        units: arm.units(),
        conversions: arm.conversions().unwrap_or_default(),
        nonzero: arm.nonzero(),
        open: traffic.open_of(&metric.id, index),
        mean: arm.mean(),
        relative: None,
        absolute: None,
        undecided: lift.as_ref().and_then(|lift| lift.wait),
        p_value: lift.as_ref().map(|lift| lift.p_value(0.0, Tail::TwoSided)),
        higher: lift.as_ref().is_some_and(|lift| lift.is_above(0.0)),
        adjusted_p: None,
        alpha: plan.alpha,
        guardrail: lift.as_ref().and_then(|lift| guardrail(plan, metric, lift)),
        more: None,
        likely: None,
        futile: false,
    });
    MetricAnalysis { metric: metric.clone(), variants: variants.collect() }
}

/// Adjusts the p-values of the goals over all variants, and finds the level of each interval. A comparison that can't be
/// computed counts as one that found nothing, so that the family does not depend on the data. Secondary metrics are
/// outside of the family: they decide nothing. A posterior is not adjusted: it has a prior.
fn correct(plan: &Plan, metrics: &mut [MetricAnalysis]) {
    if plan.engine == Engine::Bayesian {
        return;
    }
    let goals = metrics.iter_mut().filter(|m| m.metric.role == Role::Goal).flat_map(|m| m.variants.iter_mut());
    let mut family: Vec<&mut Comparison> = goals.filter(|c| c.p_value.is_some()).collect();
    let p_values: Vec<f64> = family.iter().filter_map(|c| c.p_value).collect();
    let adjusted = plan.correction.adjust(&p_values);
    let levels = plan.correction.levels(&p_values, plan.alpha);
    for ((comparison, adjusted), level) in family.iter_mut().zip(adjusted).zip(levels) {
        comparison.adjusted_p = Some(adjusted);
        comparison.alpha = level;
    }
}

/// The estimates, each with the interval of its comparison's level.
fn estimate_all(plan: &Plan, metric: &mut MetricAnalysis, lifts: &[Option<Lift>]) {
    let lower_is_better = plan.options_of(&metric.metric).lower_is_better;
    for (comparison, lift) in metric.variants.iter_mut().zip(lifts) {
        let Some(lift) = lift else { continue };
        comparison.relative = Some(lift.relative(comparison.alpha));
        comparison.absolute = Some(lift.absolute(comparison.alpha));
        match plan.engine {
            Engine::Bayesian => believed(comparison, lift, lower_is_better),
            _ => comparison.likely = likely(plan, lift, comparison),
        }
        if metric.metric.role == Role::Goal && !comparison.is_significant(plan) {
            comparison.more = lift.more_units(0.0, comparison.alpha);
            comparison.futile = is_futile(comparison, plan.options_of(&metric.metric));
        }
    }
}

/// Adds to both estimates of a posterior the chance to win, and the expected losses in their unit.
fn believed(comparison: &mut Comparison, lift: &Lift, lower_is_better: bool) {
    let Some(chance) = lift.chance() else { return };
    let add = |estimate: &mut Option<Result<Estimate, Reason>>, unit: f64| {
        let Some(Ok(estimate)) = estimate else { return };
        let [gain, loss] = chance.risk.map(|risk| risk / unit);
        estimate.chance_to_win = Some(if lower_is_better { 1.0 - chance.larger } else { chance.larger });
        estimate.risk = Some(if lower_is_better { [loss, gain] } else { [gain, loss] });
    };
    add(&mut comparison.relative, chance.baseline);
    add(&mut comparison.absolute, 1.0);
}

/// The likely lift, where it is within the interval: outside of it, lifts here are not what they usually are.
fn likely(plan: &Plan, lift: &Lift, comparison: &Comparison) -> Option<f64> {
    let measured = comparison.relative?.ok()?;
    let shrunk = || plan.past.likely(measured.effect, measured.standard_error);
    let likely = lift.likely(plan.past).unwrap_or_else(shrunk);
    (measured.lower..=measured.upper).contains(&likely).then_some(likely)
}

/// Returns true if the interval excludes the smallest lift that is worth finding, and any larger one.
fn is_futile(comparison: &Comparison, options: MetricOptions) -> bool {
    let (Some(Ok(lift)), Some(smallest)) = (comparison.relative, options.smallest_lift) else { return false };
    if options.lower_is_better { lift.lower > -smallest } else { lift.upper < smallest }
}

/// The plan's engine on one contrast, two-sided: the delta method, for comparison with other engines.
pub fn estimate(plan: &Plan, contrast: &Contrast, lower_is_better: bool) -> Result<Estimate, Reason> {
    let outcome = match plan.engine {
        Engine::Frequentist => frequentist(contrast, Tail::TwoSided, plan.alpha, 0.0)?,
        Engine::Sequential | Engine::PlannedEnd => {
            sequential(contrast, Tail::TwoSided, plan.alpha, plan.sequential_n, 0.0)?
        }
        Engine::Bayesian => {
            let p = bayesian(contrast, &plan.prior, plan.alpha, lower_is_better)?;
            let other = bayesian(contrast, &plan.prior, plan.alpha, !lower_is_better)?.chance_to_win;
            return Ok(Estimate {
                effect: p.effect,
                standard_error: p.standard_error,
                lower: p.lower,
                upper: p.upper,
                p_value: super::frequentist::probability(2.0 * p.chance_to_win.min(other)),
                chance_to_win: Some(p.chance_to_win),
                risk: Some(p.risk),
            });
        }
    };
    // Two-sided, both ends are there.
    let (Some(lower), Some(upper)) = (outcome.lower, outcome.upper) else { return Err(Reason::NotFinite) };
    Ok(Estimate {
        effect: outcome.effect,
        standard_error: outcome.standard_error,
        lower,
        upper,
        p_value: outcome.p_value,
        chance_to_win: None,
        risk: None,
    })
}

/// The state of a guardrail; `None` for a metric of another role.
fn guardrail(plan: &Plan, metric: &Metric, lift: &Lift) -> Option<Guardrail> {
    (metric.role == Role::Guardrail).then(|| guarded(plan, lift, plan.options_of(metric)))
}
