//! Guardrails: a metric that must not get worse by more than a margin.

use serde::{Deserialize, Serialize};

use super::{Contrast, Engine, Plan, Prior, Reason, Scale, Tail, bayesian, frequentist, normal, sequential};

/// What is known of a guardrail.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Guardrail {
    /// Non-inferiority: of the null that it got worse by the margin or more; of the Bayesian engine, the posterior
    /// probability of that.
    pub p_value: f64,
    /// Where it stands.
    pub state: GuardrailState,
}

/// Where a guardrail stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuardrailState {
    /// It did not get worse by the margin: non-inferior.
    Safe,
    /// It got worse, by whatever amount.
    Worse,
    /// Neither is shown yet.
    Unclear,
}

/// One-sided tests of a relative contrast at alpha: against −margin for safety, and against 0 for harm. What is both
/// (worse, but by less than the margin) is safe: that is what a margin is for.
pub fn non_inferiority(
    plan: &Plan,
    contrast: &Contrast,
    margin: f64,
    lower_is_better: bool,
) -> Result<Guardrail, Reason> {
    if !(margin >= 0.0 && margin.is_finite()) || contrast.scale != Scale::Relative {
        return Err(Reason::UnknownParameter);
    }
    let good = if lower_is_better { Tail::Lesser } else { Tail::Greater };
    let bad = if lower_is_better { Tail::Greater } else { Tail::Lesser };
    let limit = if lower_is_better { margin } else { -margin };
    let p_value = one_sided(plan, contrast, good, limit)?;
    let harm = one_sided(plan, contrast, bad, 0.0)?;
    let state = if p_value < plan.alpha {
        GuardrailState::Safe
    } else if harm < plan.alpha {
        GuardrailState::Worse
    } else {
        GuardrailState::Unclear
    };
    Ok(Guardrail { p_value, state })
}

fn one_sided(plan: &Plan, contrast: &Contrast, tail: Tail, null: f64) -> Result<f64, Reason> {
    match plan.engine {
        Engine::Frequentist => frequentist(contrast, tail, plan.alpha, null).map(|o| o.p_value),
        Engine::Sequential => sequential(contrast, tail, plan.alpha, plan.sequential_n, null).map(|o| o.p_value),
        Engine::Bayesian => {
            let posterior = bayesian(contrast, &Prior { ..plan.prior }, plan.alpha, false)?;
            let z = (posterior.effect - null) / posterior.standard_error;
            Ok(normal::upper_tail(if tail == Tail::Lesser { -z } else { z }))
        }
    }
}
