//! Bandits, against exact quadrature; the reference's own probabilities are Monte Carlo.

use anyhow::{Context, Result, anyhow, bail};
use beacon_shared::stats::{Sample, arm_posteriors, bandit_weights, best_arm_probabilities};
use serde_json::Value;

use super::compare::{Check, number, numbers, text};
use super::input;

/// Four standard errors of 10,000 draws.
const MONTE_CARLO: f64 = 4.0 * 0.005;

/// A case of `bandits`.
pub fn case(case: &Value, _: &Value) -> Result<Check> {
    let kind = text(case, "kind")?;
    let arms = case.get("arms").and_then(Value::as_array).context("`arms` is not a list")?;
    let arms: Vec<Sample> = arms.iter().map(|arm| input::sample(kind, arm)).collect::<Result<_>>()?;
    let lower_is_better = case.get("inverse").and_then(Value::as_bool).unwrap_or(false);
    let posteriors = arm_posteriors(&arms, prior(case)?).map_err(|reason| anyhow!("{reason}"))?;
    let p = best_arm_probabilities(&posteriors, lower_is_better).map_err(|reason| anyhow!("{reason}"))?;
    let mut check = Check::default();
    check.list(
        "posterior_mean",
        &numbers(case, "posterior_mean")?,
        &posteriors.iter().map(|p| p.mean).collect::<Vec<_>>(),
    );
    let sds: Vec<f64> = posteriors.iter().map(|p| p.standard_deviation).collect();
    check.list("posterior_sd", &numbers(case, "posterior_sd")?, &sds);
    let intervals = case.get("ci_95").and_then(Value::as_array).context("`ci_95` is not a list")?;
    check.same("length of ci_95", intervals.len(), arms.len());
    for ((posterior, arm), expected) in posteriors.iter().zip(&arms).zip(intervals) {
        // The reference centres the posterior's interval on the arm's own mean, which the prior has moved by a hair.
        let moved = arm.mean() - posterior.mean;
        let (low, high) = posterior.interval(0.05).map_err(|reason| anyhow!("{reason}"))?;
        let (low, high) = (low + moved, high + moved);
        let expected: Vec<f64> = expected.as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
        check.list("ci_95", &expected, &[low, high]);
    }
    check.list("exact_best_arm_prob_quadrature", &numbers(case, "exact_best_arm_prob_quadrature")?, &p);
    if let Ok(drawn) = numbers(case, "gbstats_best_arm_prob_mc10000_seed100_numpy_pcg64") {
        for (drawn, exact) in drawn.iter().zip(&p) {
            check.within("the reference's Monte Carlo", *drawn, *exact, MONTE_CARLO);
        }
    }
    weights(case, &arms, &p, &mut check)?;
    Ok(check)
}

fn weights(case: &Value, arms: &[Sample], p: &[f64], check: &mut Check) -> Result<()> {
    let units: Vec<u64> = arms.iter().map(Sample::units).collect();
    // Where the case itself does not say, its weights do.
    let floor = floor(case, p)?;
    let ours = bandit_weights(p, &units, floor).map_err(|reason| anyhow!("{reason}"))?;
    if let Some(enough) = case.get("enough_units").and_then(Value::as_bool) {
        check.same("enough_units", enough, ours.is_some());
    }
    match (case.get("weights_from_exact_prob").filter(|w| !w.is_null()), ours) {
        (Some(_), Some(ours)) => check.list("weights", &numbers(case, "weights_from_exact_prob")?, &ours),
        (None, None) => check.same("no weights", true, true),
        (expected, ours) => check.differ("weights", format!("{expected:?}"), format!("{ours:?}")),
    }
    Ok(())
}

fn floor(case: &Value, p: &[f64]) -> Result<f64> {
    match case.get("min_variation_weight") {
        Some(_) => number(case, "min_variation_weight"),
        None if p.is_empty() => bail!("there are no arms"),
        None => Ok(0.01),
    }
}

fn prior(case: &Value) -> Result<Option<(f64, f64)>> {
    let Some(prior) = case.get("prior") else { return Ok(None) };
    let proper = prior.get("proper").and_then(Value::as_bool).unwrap_or(true);
    Ok(if proper { Some((number(prior, "mean")?, number(prior, "variance")?)) } else { None })
}
