//! From the comparisons to a verdict.

use super::{Comparison, Estimate, GuardrailState, Health, MetricAnalysis, Plan, Verdict};
use crate::model::Role;

/// How one variant did on one goal or guardrail.
struct Standing<'a> {
    variant: &'a str,
    metric: &'a str,
    role: Role,
    /// Positive is better; only of what may decide.
    improvement: f64,
    significant: bool,
}

pub(super) fn decide(plan: &Plan, metrics: &[MetricAnalysis], health: &Health) -> Verdict {
    if health.srm.alarm || health.multiple_exposures_alarm {
        return Verdict::Untrustworthy;
    }
    let standings: Vec<Standing<'_>> = metrics.iter().flat_map(|m| standings(plan, m)).collect();
    if !standings.iter().any(|s| s.role == Role::Goal) {
        return Verdict::TooEarly;
    }
    let worse = |variant: &str| standings.iter().find(|s| s.variant == variant && s.is_worse());
    let better = || standings.iter().filter(|s| s.role == Role::Goal && s.significant && s.improvement > 0.0);
    let strongest = |a: &&Standing<'_>, b: &&Standing<'_>| a.improvement.total_cmp(&b.improvement);
    if let Some(best) = better().filter(|s| worse(s.variant).is_none()).max_by(strongest) {
        return Verdict::Winner { variant: best.variant.to_owned() };
    }
    if let Some(best) = better().max_by(strongest) {
        let metric = worse(best.variant).map_or(best.metric, |s| s.metric);
        return Verdict::Conflict { variant: best.variant.to_owned(), metric: metric.to_owned() };
    }
    match standings.iter().filter(|s| s.is_worse()).min_by(strongest) {
        Some(worst) => Verdict::Loser { variant: worst.variant.to_owned() },
        None => Verdict::Undecided,
    }
}

impl Standing<'_> {
    fn is_worse(&self) -> bool {
        self.significant && self.improvement < 0.0
    }
}

fn standings<'a>(plan: &'a Plan, metric: &'a MetricAnalysis) -> Vec<Standing<'a>> {
    let role = metric.metric.role;
    let direction = if plan.options_of(&metric.metric).lower_is_better { -1.0 } else { 1.0 };
    let standing = |comparison: &'a Comparison| {
        let estimate = comparison.estimate()?;
        let significant = match (role, comparison.guardrail) {
            (Role::Goal, _) => is_significant(plan, comparison, &estimate),
            (Role::Guardrail, Some(guardrail)) => guardrail.state == GuardrailState::Worse,
            _ => false,
        };
        let improvement = direction * estimate.effect;
        Some(Standing { variant: &comparison.variant, metric: &metric.metric.id, role, improvement, significant })
    };
    metric.variants.iter().filter(|c| c.undecided.is_none()).filter_map(standing).collect()
}

/// Returns true if the comparison is beyond chance, at the plan's alpha and after its correction.
pub(super) fn is_significant(plan: &Plan, comparison: &Comparison, estimate: &Estimate) -> bool {
    comparison.adjusted_p.unwrap_or(estimate.p_value) < plan.alpha
}
