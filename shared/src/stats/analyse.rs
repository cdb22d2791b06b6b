//! From sufficient statistics to a decision.

use super::contrast::{Contrast, Scale, contrast};
use super::decide::decide;
use super::health::health;
use super::verdict::sentence;
use super::{
    Analysis, Comparison, Engine, Estimate, MIN_CONVERSIONS, MIN_UNITS, MetricAnalysis, Plan, Reason, Sample, Tail,
    bayesian, frequentist, non_inferiority, sequential,
};
use crate::model::{Metric, Role};

/// Analyses one experiment.
///
/// `samples` has one list for each of the plan's metrics, in it one sample for each of the plan's variants, in their
/// order; what is missing counts as empty. `multiple_exposures` are the visitors seen in more than one variant, who
/// are in none of the samples.
pub fn analyse<S: Clone + Into<Sample>>(plan: &Plan, samples: &[Vec<S>], multiple_exposures: u64) -> Analysis {
    let samples: Vec<Vec<Sample>> = samples.iter().map(|arms| arms.iter().cloned().map(Into::into).collect()).collect();
    let metrics = plan.metrics.iter().enumerate().map(|(m, metric)| {
        let sample = |v: usize| samples.get(m).and_then(|s| s.get(v)).cloned().unwrap_or_default();
        let arms: Vec<Sample> = (0..plan.variants.len()).map(sample).collect();
        analyse_metric(plan, metric, &arms)
    });
    let mut metrics: Vec<MetricAnalysis> = metrics.collect();
    correct(plan, &mut metrics);
    let health = health(plan, &samples, multiple_exposures);
    let verdict = decide(plan, &metrics, &health);
    let mut analysis = Analysis { plan: plan.clone(), metrics, health, verdict, sentence: String::new() };
    analysis.sentence = sentence(&analysis);
    analysis
}

fn analyse_metric(plan: &Plan, metric: &Metric, arms: &[Sample]) -> MetricAnalysis {
    let empty = Sample::default();
    let baseline = arms.get(plan.baseline).unwrap_or(&empty);
    let lower_is_better = plan.options_of(metric).lower_is_better;
    let compare = |index: usize, arm: &Sample| {
        let against = |scale| contrast(scale, baseline, arm).and_then(|c| estimate(plan, &c, lower_is_better));
        let compared = index != plan.baseline;
        Comparison {
            variant: plan.variants.get(index).cloned().unwrap_or_default(),
            units: arm.units(),
            conversions: arm.conversions().unwrap_or_default(),
            mean: arm.mean(),
            relative: compared.then(|| against(Scale::Relative)),
            absolute: compared.then(|| against(Scale::Absolute)),
            undecided: if compared { too_few(plan, baseline, arm) } else { None },
            adjusted_p: None,
            guardrail: if compared { guardrail(plan, metric, baseline, arm) } else { None },
        }
    };
    let variants = arms.iter().enumerate().map(|(i, arm)| compare(i, arm)).collect();
    MetricAnalysis { metric: metric.clone(), variants }
}

/// The plan's engine on one contrast, two-sided.
pub fn estimate(plan: &Plan, contrast: &Contrast, lower_is_better: bool) -> Result<Estimate, Reason> {
    let outcome = match plan.engine {
        Engine::Frequentist => frequentist(contrast, Tail::TwoSided, plan.alpha, 0.0)?,
        Engine::Sequential => sequential(contrast, Tail::TwoSided, plan.alpha, plan.sequential_n, 0.0)?,
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

/// Returns true if the sequential engine has to wait.
fn too_few(plan: &Plan, baseline: &Sample, arm: &Sample) -> Option<Reason> {
    if plan.engine != Engine::Sequential {
        return None;
    }
    match (baseline.conversions(), arm.conversions()) {
        (Some(a), Some(b)) => (a.min(b) < MIN_CONVERSIONS).then_some(Reason::TooFewConversions),
        _ => (baseline.units().min(arm.units()) < MIN_UNITS).then_some(Reason::TooFewUnits),
    }
}

fn guardrail(plan: &Plan, metric: &Metric, baseline: &Sample, arm: &Sample) -> Option<super::Guardrail> {
    if metric.role != Role::Guardrail {
        return None;
    }
    let options = plan.options_of(metric);
    let contrast = contrast(Scale::Relative, baseline, arm).ok()?;
    non_inferiority(plan, &contrast, options.margin, options.lower_is_better).ok()
}

/// Adjusts the p-values of goals and secondary metrics over all variants. A posterior is not adjusted: it has a prior.
fn correct(plan: &Plan, metrics: &mut [MetricAnalysis]) {
    if plan.engine == Engine::Bayesian {
        return;
    }
    let mut comparisons: Vec<&mut Comparison> = metrics
        .iter_mut()
        .filter(|m| m.metric.role != Role::Guardrail)
        .flat_map(|m| m.variants.iter_mut())
        .filter(|c| c.estimate().is_some())
        .collect();
    let p_values: Vec<f64> = comparisons.iter().filter_map(|c| c.estimate()).map(|e| e.p_value).collect();
    for (comparison, p) in comparisons.iter_mut().zip(plan.correction.adjust(&p_values)) {
        comparison.adjusted_p = Some(p);
    }
}
