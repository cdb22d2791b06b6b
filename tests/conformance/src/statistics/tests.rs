//! Effects of two arms, by every engine.

use anyhow::{Context, Result, anyhow, bail};
use beacon_shared::stats::{
    Contrast, Mixture, Outcome, Posterior, Prior, Reason, Sample, Scale, Tail, bayesian, contrast, frequentist,
    sequential,
};
use serde_json::Value;

use super::compare::{Check, P_ABSOLUTE, RELATIVE, number, numbers, only, optional, text};
use super::{input, reference};

/// The subject of a case.
enum Test {
    Frequentist(Tail),
    Sequential(Tail, f64),
    Bayesian(Prior, bool),
}

struct Parameters {
    test: Test,
    scale: Scale,
    alpha: f64,
}

/// A case of `tests`.
pub fn case(case: &Value, file: &Value) -> Result<Check> {
    let (baseline, treatment) = input::arms(file, input::group(case), text(case, "input")?)?;
    let parameters = parameters(case.get("params").context("the case has no `params`")?)?;
    let expected = case.get("expected").context("the case has no `expected`")?;
    let mut check = Check::default();
    let contrast = contrast(parameters.scale, &baseline, &treatment);
    if let Some(word) = expected.get("error").and_then(Value::as_str) {
        match contrast {
            Err(reason) if reference::means(word, reason, &baseline, &treatment) => check.same("error", true, true),
            other => check.differ("error", word, format!("{other:?}")),
        }
        return Ok(check);
    }
    let contrast = match contrast {
        Ok(contrast) => contrast,
        Err(reason) => {
            check.differ("result", "a result", reason);
            return Ok(check);
        }
    };
    let independent = case.get("independent").filter(|value| value.is_object());
    match parameters.test {
        Test::Bayesian(prior, lower_is_better) => {
            let quirk = prior.proper && prior.scale == Scale::Absolute && parameters.scale == Scale::Relative;
            let posterior = |prior: &Prior| judged(bayesian(&contrast, prior, parameters.alpha, lower_is_better));
            if quirk && independent.is_none() {
                check.note("quirk: the reference takes an absolute prior for a relative one; ours is rescaled");
                compare_posterior(&mut check, expected, &posterior(&Prior { scale: Scale::Relative, ..prior })?)?;
                rescaled(&mut check, &contrast, &prior, &posterior(&prior)?, posterior)?;
            } else {
                compare_posterior(
                    &mut check,
                    if quirk { independent.unwrap_or(expected) } else { expected },
                    &posterior(&prior)?,
                )?;
            }
        }
        Test::Frequentist(tail) => {
            let outcome = judged(frequentist(&contrast, tail, parameters.alpha, 0.0))?;
            compare_outcome(&mut check, expected, independent, &outcome)?;
            if let Some(freedom) = independent.and_then(|i| i.get("dof")).and_then(Value::as_f64) {
                check.close("dof", freedom, contrast.freedom);
            }
        }
        Test::Sequential(Tail::TwoSided, tuning) => {
            let outcome = judged(sequential(&contrast, Tail::TwoSided, parameters.alpha, tuning, 0.0))?;
            compare_outcome(&mut check, expected, independent, &outcome)?;
        }
        Test::Sequential(tail, tuning) => {
            let p = optional(expected, "p_value")?;
            one_sided(&mut check, expected, p, &contrast, (tail, tuning, parameters.alpha))?;
        }
    }
    Ok(check)
}

/// A case of `sequential_one_sided_extra`, whose p-value comes from the reference's bisection.
pub fn one_sided_case(case: &Value, file: &Value) -> Result<Check> {
    let (baseline, treatment) = input::arms(file, input::group(case), text(case, "input")?)?;
    let parameters = parameters(case.get("params").context("the case has no `params`")?)?;
    let expected = case.get("expected").context("the case has no `expected`")?;
    only(expected, &["expected", "ci_lower", "ci_upper", "stderr", "p_value_bisection_tol1e-6", "p_error"])?;
    let Test::Sequential(tail @ (Tail::Greater | Tail::Lesser), tuning) = parameters.test else {
        bail!("the case is not a one-sided sequential test");
    };
    let contrast = contrast(parameters.scale, &baseline, &treatment).map_err(|reason| anyhow!("{reason}"))?;
    let mut check = Check::default();
    let p = optional(expected, "p_value_bisection_tol1e-6")?;
    one_sided(&mut check, expected, p, &contrast, (tail, tuning, parameters.alpha))?;
    Ok(check)
}

fn one_sided(
    check: &mut Check,
    expected: &Value,
    expected_p: Option<f64>,
    contrast: &Contrast,
    (tail, tuning, alpha): (Tail, f64, f64),
) -> Result<()> {
    let outcome = judged(sequential(contrast, tail, alpha, tuning, 0.0))?;
    compare_effect(check, expected, &outcome)?;
    let Some(expected_p) = expected_p else { return Ok(()) };
    let mixture = Mixture::tuned(alpha, tuning, tail).map_err(|reason| anyhow!("{reason}"))?;
    let Some((low, high, found)) = reference::bisected_p(contrast, mixture, tail) else {
        bail!("the reference's search gives no p-value here, but the case has one");
    };
    check.within("p-value of the reference's bisection over our interval", expected_p, found, 1e-9);
    // Ours is exact: it lies where the search stopped.
    let inside = outcome.p_value >= low * (1.0 - RELATIVE) && outcome.p_value <= high * (1.0 + RELATIVE);
    check.same(&format!("p-value {} between {low} and {high}", outcome.p_value), true, inside);
    Ok(())
}

/// A rescaled prior must be the one whose numbers were divided by hand.
fn rescaled(
    check: &mut Check,
    contrast: &Contrast,
    prior: &Prior,
    ours: &Posterior,
    posterior: impl Fn(&Prior) -> Result<Posterior>,
) -> Result<()> {
    let size = contrast.baseline.abs();
    let by_hand = Prior {
        mean: prior.mean / size,
        standard_deviation: prior.standard_deviation / size,
        scale: Scale::Relative,
        ..*prior
    };
    check.close("effect under the rescaled prior", posterior(&by_hand)?.effect, ours.effect);
    Ok(())
}

fn parameters(params: &Value) -> Result<Parameters> {
    const KNOWN: &[&str] =
        &["test", "difference_type", "alpha", "sequential_tuning_parameter", "prior", "prior_type", "inverse"];
    only(params, KNOWN)?;
    let scale = match text(params, "difference_type")? {
        "relative" => Scale::Relative,
        "absolute" => Scale::Absolute,
        other => bail!("the runner does not know effects of the type `{other}`"),
    };
    let tuning = || number(params, "sequential_tuning_parameter");
    let test = match text(params, "test")? {
        "two_sided_welch_t" => Test::Frequentist(Tail::TwoSided),
        "one_sided_greater" => Test::Frequentist(Tail::Greater),
        "one_sided_lesser" => Test::Frequentist(Tail::Lesser),
        "sequential_two_sided" => Test::Sequential(Tail::TwoSided, tuning()?),
        "sequential_one_sided_greater" => Test::Sequential(Tail::Greater, tuning()?),
        "sequential_one_sided_lesser" => Test::Sequential(Tail::Lesser, tuning()?),
        "bayesian_effect" => Test::Bayesian(prior(params)?, flag(params, "inverse")?),
        other => bail!("the runner does not know the test `{other}`"),
    };
    Ok(Parameters { test, scale, alpha: number(params, "alpha")? })
}

fn prior(params: &Value) -> Result<Prior> {
    let prior = params.get("prior").context("`prior` is missing")?;
    only(prior, &["mean", "variance", "proper"])?;
    let scale = match params.get("prior_type").and_then(Value::as_str) {
        Some("relative") | None => Scale::Relative,
        Some("absolute") => Scale::Absolute,
        Some(other) => bail!("the runner does not know priors of the type `{other}`"),
    };
    Ok(Prior {
        proper: flag(prior, "proper")?,
        mean: number(prior, "mean")?,
        standard_deviation: number(prior, "variance")?.sqrt(),
        scale,
    })
}

fn flag(value: &Value, key: &str) -> Result<bool> {
    value.get(key).map_or(Some(false), Value::as_bool).with_context(|| format!("`{key}` is not true or false"))
}

fn compare_outcome(check: &mut Check, expected: &Value, independent: Option<&Value>, outcome: &Outcome) -> Result<()> {
    compare_effect(check, expected, outcome)?;
    if outcome.p_value <= 0.0 {
        check.differ("p_value", "more than 0", outcome.p_value);
    }
    match independent {
        Some(independent) => {
            compare_effect(check, independent, outcome)?;
            check.close("p_value", number(independent, "p_value")?, outcome.p_value);
        }
        None => check.within("p_value", number(expected, "p_value")?, outcome.p_value, P_ABSOLUTE),
    }
    Ok(())
}

/// Effect, standard error and interval. An end that is not there is infinite.
fn compare_effect(check: &mut Check, expected: &Value, outcome: &Outcome) -> Result<()> {
    check.close("expected", number(expected, "expected")?, outcome.effect);
    check.close("stderr", number(expected, "stderr")?, outcome.standard_error);
    let (lower, upper) = (outcome.lower.unwrap_or(f64::NEG_INFINITY), outcome.upper.unwrap_or(f64::INFINITY));
    if expected.get("ci").is_some() {
        interval(check, expected, lower, upper)?;
    }
    for (key, actual) in [("ci_lower", lower), ("ci_upper", upper)] {
        if let Some(expected) = optional(expected, key)? {
            check.close(key, expected, actual);
        }
    }
    Ok(())
}

fn interval(check: &mut Check, expected: &Value, lower: f64, upper: f64) -> Result<()> {
    match numbers(expected, "ci")?.as_slice() {
        [low, high] => {
            // An end near zero is a small difference of two larger numbers, so its tolerance is the interval's.
            let width = if (upper - lower).is_finite() { upper - lower } else { lower.abs().min(upper.abs()) };
            check.within("ci[0]", *low, lower, RELATIVE * low.abs().max(1e-5 * width));
            check.within("ci[1]", *high, upper, RELATIVE * high.abs().max(1e-5 * width));
            Ok(())
        }
        _ => bail!("`ci` is not a pair"),
    }
}

fn compare_posterior(check: &mut Check, expected: &Value, posterior: &Posterior) -> Result<()> {
    check.close("expected", number(expected, "expected")?, posterior.effect);
    check.close("stderr", number(expected, "stderr")?, posterior.standard_error);
    interval(check, expected, posterior.lower, posterior.upper)?;
    check.within("chance_to_win", number(expected, "chance_to_win")?, posterior.chance_to_win, 1e-10);
    check.list("risk", &numbers(expected, "risk")?, &posterior.risk);
    Ok(())
}

fn judged<T>(result: Result<T, Reason>) -> Result<T> {
    result.map_err(|reason| anyhow!("no result: {reason}"))
}

/// Used by other suites too: the arms of a flat case under one engine.
pub fn two_sided(baseline: &Sample, treatment: &Sample, scale: Scale, alpha: f64) -> Result<Outcome> {
    let contrast = contrast(scale, baseline, treatment).map_err(|reason| anyhow!("{reason}"))?;
    judged(frequentist(&contrast, Tail::TwoSided, alpha, 0.0))
}
