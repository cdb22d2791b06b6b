//! From the comparisons to a verdict.
//!
//! The rule of Schultzberg, Ankargren & Frånberg, Risk-aware product decisions in A/B tests with multiple metrics, arXiv
//! 2402.11609: a variant is ready to ship when some goal is better, every guardrail is non-inferior, nothing is worse and
//! the numbers can be trusted.

use super::lift::Lift;
use super::{Comparison, GuardrailState, Health, MetricAnalysis, Plan, Sample, Standing, State, Tail, Verdict};
use crate::model::Role;

/// Where every variant stands, and the verdict on the experiment. `arms` has each metric's samples.
pub(super) fn decide(
    plan: &Plan,
    metrics: &[MetricAnalysis],
    arms: &[Vec<Sample>],
    health: &Health,
) -> (Vec<Standing>, Verdict) {
    let others = || (0..plan.variants.len()).filter(|v| *v != plan.baseline);
    let standings: Vec<Standing> = others().map(|v| standing(plan, metrics, v)).collect();
    let verdict = if health.is_alarming() {
        Verdict::Untrustworthy
    } else {
        let in_state =
            |state: State| others().zip(&standings).filter(|(_, s)| s.state == state).map(|(v, _)| v).collect();
        verdict(plan, &standings, arms, in_state)
    };
    (standings, verdict)
}

fn verdict(
    plan: &Plan,
    standings: &[Standing],
    arms: &[Vec<Sample>],
    in_state: impl Fn(State) -> Vec<usize>,
) -> Verdict {
    let id = |v: &usize| plan.variants.get(*v).cloned().unwrap_or_default();
    let ready = in_state(State::Ready);
    if let Some(best) = best(plan, arms, &ready) {
        return Verdict::Winner { variant: id(&best) };
    }
    if !ready.is_empty() {
        return Verdict::Winners { variants: ready.iter().map(id).collect() };
    }
    let ahead = in_state(State::Ahead);
    if !ahead.is_empty() {
        return Verdict::Ahead { variants: ahead.iter().map(id).collect() };
    }
    if let Some(mixed) = standings.iter().find(|s| s.state == State::Mixed) {
        let metric = mixed.worse.first().cloned().unwrap_or_default();
        return Verdict::Conflict { variant: mixed.variant.clone(), metric };
    }
    match standings {
        [first, ..] if standings.iter().all(|s| s.state == State::Worse) => {
            Verdict::Loser { variant: first.variant.clone() }
        }
        [_, ..] if standings.iter().all(|s| matches!(s.state, State::Worse | State::Futile)) => Verdict::Futile,
        _ if standings.iter().all(|s| s.state == State::Waiting) => Verdict::TooEarly,
        _ => Verdict::Undecided,
    }
}

fn standing(plan: &Plan, metrics: &[MetricAnalysis], variant: usize) -> Standing {
    let (mut better, mut worse, mut uncleared) = (Vec::new(), Vec::new(), Vec::new());
    let (mut waits, mut futile) = (true, true);
    for m in metrics {
        let Some(comparison) = m.variants.get(variant) else { continue };
        let id = || m.metric.id.clone();
        match m.metric.role {
            Role::Goal => {
                waits &= is_waiting(comparison);
                futile &= comparison.futile;
                let is_good = comparison.higher != plan.options_of(&m.metric).lower_is_better;
                if comparison.is_significant(plan) {
                    if is_good { better.push(id()) } else { worse.push(id()) }
                }
            }
            Role::Guardrail => match comparison.guardrail.map(|g| g.state) {
                Some(GuardrailState::Safe) => {}
                Some(GuardrailState::Worse | GuardrailState::WorseThanMargin) => worse.push(id()),
                Some(GuardrailState::Unclear) | None => uncleared.push(id()),
            },
            Role::Secondary => {}
        }
    }
    let state = match (better.is_empty(), worse.is_empty(), uncleared.is_empty()) {
        (false, true, true) => State::Ready,
        (false, true, false) => State::Ahead,
        (false, false, _) => State::Mixed,
        (true, false, _) => State::Worse,
        (true, true, _) if waits => State::Waiting,
        (true, true, _) if futile => State::Futile,
        (true, true, _) => State::Open,
    };
    Standing { variant: plan.variants.get(variant).cloned().unwrap_or_default(), state, better, worse, uncleared }
}

/// Returns true if nothing can be said of it yet.
fn is_waiting(comparison: &Comparison) -> bool {
    comparison.undecided.is_some() || comparison.estimate().is_none()
}

/// Returns the one of these that is better than all others on some goal and worse on none, at alpha over all pairs and
/// goals; the only one when there is one.
fn best(plan: &Plan, arms: &[Vec<Sample>], candidates: &[usize]) -> Option<usize> {
    let goals: Vec<usize> =
        plan.metrics.iter().enumerate().filter(|(_, m)| m.role == Role::Goal).map(|(i, _)| i).collect();
    let pairs = candidates.len() * candidates.len().saturating_sub(1) / 2;
    let alpha = plan.alpha / (pairs * goals.len()).max(1) as f64;
    let beats = |first: usize, second: usize| {
        let (mut better, mut worse) = (false, false);
        for goal in &goals {
            let sample = |v: usize| arms.get(*goal).and_then(|arms| arms.get(v));
            let (Some(a), Some(b)) = (sample(second), sample(first)) else { continue };
            let lift = Lift::new(plan, a, b, plan.weights_of(second, first));
            if lift.p_value(0.0, Tail::TwoSided) < alpha {
                let lower = plan.metrics.get(*goal).is_some_and(|m| plan.options_of(m).lower_is_better);
                if lift.is_above(0.0) != lower { better = true } else { worse = true }
            }
        }
        better && !worse
    };
    candidates.iter().copied().find(|v| candidates.iter().all(|other| other == v || beats(*v, *other)))
}
