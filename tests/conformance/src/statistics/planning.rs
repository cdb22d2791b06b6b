//! Power, sample sizes and what remains.

use anyhow::{Context, Result, anyhow, bail};
use beacon_shared::stats::{
    Contrast, Goal, History, Judge, Mixture, Prior, Reason, Scale, Tail, bayesian, contrast, remaining, sample_size,
};
use serde_json::Value;

use super::compare::{Check, number, only, optional, text};
use super::{input, reference};

/// A case of `mid_experiment_power`.
pub fn remaining_case(case: &Value, file: &Value) -> Result<Check> {
    let (baseline, treatment) = input::arms(file, input::group(case), text(case, "input")?)?;
    let params = case.get("params").context("the case has no `params`")?;
    let (goal, effect, scale) = parameters(params)?;
    let contrast = contrast(scale, &baseline, &treatment).map_err(|reason| anyhow!("{reason}"))?;
    let mut check = Check::default();
    let power = |factor: f64| {
        let power = goal.power_at(effect, contrast.variance / (1.0 + factor), contrast.units * (1.0 + factor));
        power.map_err(|reason| anyhow!("{reason}"))
    };
    check.close("power_now", number(case, "power_now")?, power(0.0)?);
    let found = reference::bisected_factor(goal.power, power)?;
    let ours = remaining(&goal, &contrast, effect);
    match (optional(case, "scaling_factor")?, found) {
        (Some(expected), Some(found)) => {
            check.close("scaling_factor of the reference's bisection over our power", expected, found);
            exact(&mut check, &goal, ours, found, power)?;
        }
        (None, None) => check.same("remaining", Err(Reason::NotReachable), ours),
        (expected, found) => check.differ("scaling_factor", format!("{expected:?}"), format!("{found:?}")),
    }
    if let Some(users) = optional(case, "additional_users")? {
        check.close("additional_users", users, found.unwrap_or_default() * contrast.units);
    }
    Ok(check)
}

/// Ours is where the power is reached exactly; the reference's is within 1e-5 of it.
fn exact(
    check: &mut Check,
    goal: &Goal,
    ours: Result<beacon_shared::stats::Remaining, Reason>,
    found: f64,
    power: impl Fn(f64) -> Result<f64>,
) -> Result<()> {
    let ours = ours.map_err(|reason| anyhow!("{reason}"))?;
    if found == 0.0 {
        check.same("factor", 0.0, ours.factor);
        return Ok(());
    }
    check.within("power at our factor", goal.power, power(ours.factor)?, 1e-9);
    check.within("power at the reference's factor", goal.power, power(found)?, 1e-5);
    Ok(())
}

fn parameters(params: &Value) -> Result<(Goal, f64, Scale)> {
    const KNOWN: &[&str] = &[
        "target_mde_relative",
        "target_mde_absolute",
        "target_mde",
        "target_power",
        "alpha",
        "sequential",
        "sequential_tuning_parameter",
        "difference_type",
        "num_goal_metrics",
        "num_variations",
        "p_value_corrected",
    ];
    only(params, KNOWN)?;
    let scale = match text(params, "difference_type")? {
        "relative" => Scale::Relative,
        "absolute" => Scale::Absolute,
        other => bail!("the runner does not know effects of the type `{other}`"),
    };
    let specific = if scale == Scale::Relative { "target_mde_relative" } else { "target_mde_absolute" };
    let effect =
        optional(params, specific)?.or(optional(params, "target_mde")?).context("there is no target effect")?;
    let goals = optional(params, "num_goal_metrics")?.unwrap_or(1.0);
    let corrected = params.get("p_value_corrected").and_then(Value::as_bool).unwrap_or(false);
    let comparisons = if corrected { goals * (optional(params, "num_variations")?.unwrap_or(2.0) - 1.0) } else { 1.0 };
    let judge = if params.get("sequential").and_then(Value::as_bool).unwrap_or(false) {
        Judge::Sequential(number(params, "sequential_tuning_parameter")?)
    } else {
        Judge::FixedHorizon
    };
    // All goals must be found, so each needs more.
    let power = number(params, "target_power")?.powf(1.0 / goals);
    Ok((Goal { judge, alpha: number(params, "alpha")? / comparisons, power }, effect, scale))
}

/// A case of `fixed_horizon_sample_size`.
pub fn sample_size_case(case: &Value, _: &Value) -> Result<Check> {
    let goal = Goal { judge: Judge::FixedHorizon, alpha: number(case, "alpha")?, power: number(case, "power")? };
    let (rate, effect) = (number(case, "baseline")?, number(case, "relative_mde")?);
    let ratio = number(case, "ratio_treat_to_control")?;
    let ours = sample_size(&goal, &History::proportion(rate), effect, ratio).map_err(|reason| anyhow!("{reason}"))?;
    let mut check = Check::default();
    check.close("n_control_unpooled_z", number(case, "n_control_unpooled_z")?, ours);
    if let Some(arcsine) = optional(case, "n_control_statsmodels_NormalIndPower_arcsine")? {
        // Cohen's h: on this scale a rate has variance 1, and the power counts both tails.
        let h = 2.0 * (rate * (1.0 + effect)).sqrt().asin() - 2.0 * rate.sqrt().asin();
        let variance = (1.0 + 1.0 / ratio) / arcsine;
        let power = goal.power_at(h, variance, arcsine * (1.0 + ratio)).map_err(|reason| anyhow!("{reason}"))?;
        check.close("power at the arcsine approximation's n", goal.power, power);
    }
    Ok(check)
}

/// GrowthBook's planner, which publishes five digits.
pub fn constants(case: &Value, _: &Value) -> Result<Check> {
    let metric = case.get("mean_metric").context("there is no `mean_metric`")?;
    let history = History { mean: number(metric, "mean")?, variance: number(metric, "variance")?, proportion: false };
    let (alpha, effect) = (number(metric, "alpha")?, number(metric, "effectSize")?);
    let units = number(metric, "n")? / number(metric, "nVariations")?;
    let goal = Goal { judge: Judge::FixedHorizon, alpha, power: 0.8 };
    let mut check = Check::default();
    // The planner's sequential standard error is the one whose z-interval is as wide as the sequence; it then has the
    // fixed horizon's power. That overstates the power, and is theirs alone: `remaining` uses the sequence itself.
    let widening = widening(alpha, 2.0 * units)?;
    let power = |effect: f64, widening: f64| {
        let variance = history.variance_of(Scale::Relative, effect, units, 1.0) * widening * widening;
        goal.power_at(effect, variance, 2.0 * units).map_err(|reason| anyhow!("{reason}"))
    };
    check.within("power_fixed", number(case, "power_fixed_5dp")?, power(effect, 1.0)?, 6e-6);
    check.within("power_sequential", number(case, "power_sequential_5000_5dp")?, power(effect, widening)?, 6e-6);
    check.note("their sequential power is of a z-test with a widened standard error; ours is of the sequence itself");
    for (key, widening) in [("mde_fixed_power80_5dp", 1.0), ("mde_sequential_5000_power80_5dp", widening)] {
        check.within(&format!("power at {key}"), 0.8, power(number(case, key)?, widening)?, 2e-4);
    }
    variances(case, &mut check)?;
    Ok(check)
}

fn widening(alpha: f64, units: f64) -> Result<f64> {
    let mixture = Mixture::tuned(alpha, 5000.0, Tail::TwoSided).map_err(|reason| anyhow!("{reason}"))?;
    // Under a flat prior, a unit normal's upper end is the z of a fixed horizon.
    let unit = Contrast { scale: Scale::Absolute, effect: 0.0, variance: 1.0, freedom: 1.0, units, baseline: 1.0 };
    let z = bayesian(&unit, &Prior::default(), alpha, false).map_err(|reason| anyhow!("{reason}"))?.upper;
    Ok(mixture.half_width(units, alpha, Tail::TwoSided) / z)
}

fn variances(case: &Value, check: &mut Check) -> Result<()> {
    for constant in case.get("frequentistVariance").and_then(Value::as_array).into_iter().flatten() {
        let arguments = constant.get("args").and_then(Value::as_array).context("`args` is not a list")?;
        let at = |i: usize| arguments.get(i).and_then(Value::as_f64).context("an argument is missing");
        let arm = |variance: f64, mean: f64, n: f64| -> Result<beacon_shared::stats::Sample> {
            // Only n, mean and variance count, so two sums that have them serve.
            let squares = variance * (n - 1.0) + n * mean * mean;
            let moments = beacon_shared::stats::Mean::from_sums(n as u64, [n * mean], [[squares]]);
            Ok(moments.map_err(|reason| anyhow!("{reason}"))?.into())
        };
        if at(2)?.fract() != 0.0 || at(5)?.fract() != 0.0 {
            bail!("a number of units is not whole");
        }
        let relative = arguments.get(6).and_then(Value::as_bool).context("no scale")?;
        let scale = if relative { Scale::Relative } else { Scale::Absolute };
        let c: Contrast = contrast(scale, &arm(at(0)?, at(1)?, at(2)?)?, &arm(at(3)?, at(4)?, at(5)?)?)
            .map_err(|reason| anyhow!("{reason}"))?;
        check.within("variance", number(constant, "value_5dp")?, c.variance, 6e-6);
    }
    Ok(())
}
