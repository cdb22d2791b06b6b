//! From sufficient statistics to a decision.

use super::effect::{Scale, effect};
use super::{
    Analysis, Comparison, Engine, Health, MetricAnalysis, Plan, Proportion, Reason, Verdict, srm, verdict::sentence,
};
use crate::model::{Metric, Role};

/// The sequential engine decides nothing before every arm has this many conversions: its formula is asymptotic, and
/// looked at from the very start it gives far more false positives than alpha.
pub const MIN_CONVERSIONS: u64 = 50;

/// The share of visitors in more than one variant above which the split cannot be trusted.
pub const MAX_MULTIPLE_EXPOSURES: f64 = 0.01;

/// Analyses one experiment.
///
/// `samples` has one list for each of the plan's metrics, in it one sample for each of the plan's variants, in their
/// order; what is missing counts as empty. `multiple_exposures` are the visitors seen in more than one variant, who
/// are in none of the samples.
pub fn analyse(plan: &Plan, samples: &[Vec<Proportion>], multiple_exposures: u64) -> Analysis {
    let sample =
        |metric: usize, variant: usize| samples.get(metric).and_then(|s| s.get(variant)).copied().unwrap_or_default();
    let metrics: Vec<MetricAnalysis> = plan
        .metrics
        .iter()
        .enumerate()
        .map(|(m, metric)| {
            let arms: Vec<Proportion> = (0..plan.variants.len()).map(|v| sample(m, v)).collect();
            analyse_metric(plan, metric, &arms)
        })
        .collect();
    let units: Vec<u64> = (0..plan.variants.len()).map(|v| sample(0, v).units()).collect();
    let health = health(plan, &units, multiple_exposures);
    let verdict = decide(plan, &metrics, &health);
    let mut analysis = Analysis { plan: plan.clone(), metrics, health, verdict, sentence: String::new() };
    analysis.sentence = sentence(&analysis);
    analysis
}

fn analyse_metric(plan: &Plan, metric: &Metric, arms: &[Proportion]) -> MetricAnalysis {
    let baseline = arms.first().copied().unwrap_or_default();
    let compare = |index: usize, arm: Proportion| {
        let against = |scale| effect(plan.engine, scale, plan.alpha, plan.sequential_n, baseline, arm);
        let is_baseline = index == 0;
        let fewest = baseline.conversions().min(arm.conversions());
        let too_few = plan.engine == Engine::Sequential && fewest < MIN_CONVERSIONS;
        Comparison {
            variant: plan.variants.get(index).cloned().unwrap_or_default(),
            units: arm.units(),
            conversions: arm.conversions(),
            mean: arm.mean(),
            relative: (!is_baseline).then(|| against(Scale::Relative)),
            absolute: (!is_baseline).then(|| against(Scale::Absolute)),
            undecided: (!is_baseline && too_few).then_some(Reason::TooFewConversions),
        }
    };
    MetricAnalysis { metric: metric.clone(), variants: arms.iter().enumerate().map(|(i, a)| compare(i, *a)).collect() }
}

fn health(plan: &Plan, units: &[u64], multiple_exposures: u64) -> Health {
    let total = units.iter().sum::<u64>().saturating_add(multiple_exposures);
    let share = if total == 0 { 0.0 } else { multiple_exposures as f64 / total as f64 };
    Health {
        srm: srm(units, &plan.weights),
        multiple_exposures,
        multiple_exposures_alarm: share > MAX_MULTIPLE_EXPOSURES,
    }
}

fn decide(plan: &Plan, metrics: &[MetricAnalysis], health: &Health) -> Verdict {
    if health.srm.alarm || health.multiple_exposures_alarm {
        return Verdict::Untrustworthy;
    }
    let Some(goal) = metrics.iter().find(|m| m.metric.role == Role::Goal) else { return Verdict::TooEarly };
    // (variant, effect, whether it is significant) of what may decide.
    let decided: Vec<(&str, f64, bool)> = goal
        .variants
        .iter()
        .filter(|c| c.undecided.is_none())
        .filter_map(|c| {
            let estimate = c.relative?.or(c.absolute?).ok()?;
            Some((c.variant.as_str(), estimate.effect, estimate.p_value < plan.alpha))
        })
        .collect();
    let best = decided.iter().filter(|(_, e, s)| *s && *e > 0.0).max_by(|a, b| a.1.total_cmp(&b.1));
    let worst = decided.iter().filter(|(_, e, s)| *s && *e < 0.0).min_by(|a, b| a.1.total_cmp(&b.1));
    match (best, worst) {
        _ if decided.is_empty() => Verdict::TooEarly,
        (Some((variant, ..)), _) => Verdict::Winner { variant: (*variant).to_owned() },
        (None, Some((variant, ..))) => Verdict::Loser { variant: (*variant).to_owned() },
        (None, None) => Verdict::Undecided,
    }
}
