//! Guardrails: a metric that must not get worse by more than a margin.

use serde::{Deserialize, Serialize};

use super::lift::Lift;
use super::{Contrast, Engine, MetricOptions, Plan, Reason, Scale, Tail, bayesian, frequentist, normal, sequential};

/// What is known of a guardrail.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Guardrail {
    /// Non-inferiority: of the null that it got worse by the margin or more; of the Bayesian engine, the posterior
    /// probability of that.
    pub p_value: f64,
    /// Where it stands.
    pub state: GuardrailState,
    /// How many times the present number of visitors clears it, if the lift stays as measured; `None` when it is cleared,
    /// or nothing would clear it.
    #[serde(default)]
    pub more: Option<f64>,
}

/// Where a guardrail stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuardrailState {
    /// It did not get worse by the margin: non-inferior. It may be worse by less: that is what a margin is for.
    Safe,
    /// It got worse by more than the margin.
    WorseThanMargin,
    /// It got worse, and whether by more than the margin is open.
    Worse,
    /// Neither is shown yet.
    Unclear,
}

/// Judges a guardrail on the decision scale: D(∓margin) for safety and for more harm than the margin, D(0) for harm.
///
/// Safety is tested two-sided at alpha, as the shown interval is, and is not corrected: to ship, every guardrail must be
/// safe, which makes shipping rarer and never easier (Schultzberg, Ankargren & Frånberg, arXiv 2402.11609). Harm is
/// corrected by the number of guardrails and variants: any of them stops a variant.
pub(super) fn guarded(plan: &Plan, lift: &Lift, options: MetricOptions) -> Guardrail {
    let (limit, bad) = limit(options.margin, options.lower_is_better);
    let harm_alpha = plan.alpha / plan.guarded() as f64;
    let is_bad = |lift_at: f64| lift.is_above(lift_at) == (bad == Tail::Greater);
    let at_limit = lift.p_value(limit, Tail::TwoSided);
    let p_value = if is_bad(limit) { 1.0 } else { at_limit };
    let state = if p_value < plan.alpha {
        GuardrailState::Safe
    } else if lift.p_value(limit, bad) < harm_alpha {
        GuardrailState::WorseThanMargin
    } else if lift.p_value(0.0, bad) < harm_alpha {
        GuardrailState::Worse
    } else {
        GuardrailState::Unclear
    };
    let more = if state == GuardrailState::Safe || is_bad(limit) { None } else { lift.more_units(limit, plan.alpha) };
    Guardrail { p_value, state, more }
}

/// The lift that is as bad as the margin allows, and the direction of worse.
fn limit(margin: f64, lower_is_better: bool) -> (f64, Tail) {
    if lower_is_better { (margin, Tail::Greater) } else { (-margin, Tail::Lesser) }
}

/// One-sided tests of a relative contrast at alpha, by the delta method: against −margin for safety, and against 0 for
/// harm. For comparison with other engines, and for the Bayesian engine's posterior; the others decide by
/// [`super::analyse()`].
pub fn non_inferiority(
    plan: &Plan,
    contrast: &Contrast,
    margin: f64,
    lower_is_better: bool,
) -> Result<Guardrail, Reason> {
    if !(margin >= 0.0 && margin.is_finite()) || contrast.scale != Scale::Relative {
        return Err(Reason::UnknownParameter);
    }
    let (limit, bad) = limit(margin, lower_is_better);
    let good = if lower_is_better { Tail::Lesser } else { Tail::Greater };
    let p_value = one_sided(plan, contrast, good, limit)?;
    let state = if p_value < plan.alpha {
        GuardrailState::Safe
    } else if one_sided(plan, contrast, bad, limit)? < plan.alpha {
        GuardrailState::WorseThanMargin
    } else if one_sided(plan, contrast, bad, 0.0)? < plan.alpha {
        GuardrailState::Worse
    } else {
        GuardrailState::Unclear
    };
    Ok(Guardrail { p_value, state, more: None })
}

fn one_sided(plan: &Plan, contrast: &Contrast, tail: Tail, null: f64) -> Result<f64, Reason> {
    match plan.engine {
        Engine::Frequentist => frequentist(contrast, tail, plan.alpha, null).map(|o| o.p_value),
        Engine::Sequential | Engine::PlannedEnd => {
            sequential(contrast, tail, plan.alpha, plan.sequential_n, null).map(|o| o.p_value)
        }
        Engine::Bayesian => {
            let posterior = bayesian(contrast, &plan.prior, plan.alpha, false)?;
            let z = (posterior.effect - null) / posterior.standard_error;
            Ok(normal::upper_tail(if tail == Tail::Lesser { -z } else { z }))
        }
    }
}
