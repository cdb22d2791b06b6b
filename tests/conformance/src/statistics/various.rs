//! Splits, corrections, and other engines' published numbers.

use anyhow::{Context, Result, anyhow, bail};
use beacon_shared::stats::{Correction, Prior, Scale, bayesian, contrast, srm};
use serde_json::Value;

use super::compare::{Check, P_ABSOLUTE, number, numbers, optional};
use super::{input, tests};

/// A case of `srm`: Pearson's χ² over the arms with a positive weight.
pub fn srm_case(case: &Value, _: &Value) -> Result<Check> {
    let mut check = Check::default();
    let actual = p_value(case)?;
    let reference = number(case, "gbstats_check_srm_p")?;
    match optional(case, "scipy_chisquare_p_positive_weight_arms_only")? {
        Some(exact) => {
            check.close("p", exact, actual.context("no p-value")?);
            if (exact - reference).abs() > P_ABSOLUTE {
                check.note(format!(
                    "quirk: the reference counts a dead arm as a degree of freedom and says {reference}"
                ));
            }
        }
        // Nothing to test: the reference says 1, we say that there is none.
        None => check.same("p", (None, 1.0), (actual, reference)),
    }
    Ok(check)
}

/// A case of `srm_growthbook_ts_constants`, with nine digits.
pub fn srm_constant(case: &Value, _: &Value) -> Result<Check> {
    let mut check = Check::default();
    let expected = number(case, "p_value_rounded_9dp")?;
    match p_value(case)? {
        Some(actual) => check.within("p", expected, actual, 1e-9),
        None => check.same("p of nothing to test", 1.0, expected),
    }
    Ok(check)
}

fn p_value(case: &Value) -> Result<Option<f64>> {
    let units: Vec<u64> = numbers(case, "users")?.into_iter().map(|n| n as u64).collect();
    Ok(srm(&units, &numbers(case, "weights")?).p_value)
}

/// A case of `multiple_testing`.
pub fn correction_case(case: &Value, _: &Value) -> Result<Check> {
    let mut check = Check::default();
    let p_values = numbers(case, "p_values")?;
    for (key, expected) in case.as_object().context("the case is not an object")? {
        let correction = match key.as_str() {
            "p_values" | "id" => continue,
            "holm_adjusted" => Correction::Holm,
            "benjamini_hochberg_adjusted" => Correction::BenjaminiHochberg,
            "bonferroni_adjusted" => Correction::Bonferroni,
            other => bail!("the runner does not know `{other}`"),
        };
        let expected: Vec<f64> = expected.as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
        check.list(key, &expected, &correction.adjust(&p_values));
    }
    Ok(check)
}

/// A case of `posthog_engine_constants`: published with four digits, recomputed in full.
pub fn other_engine_case(case: &Value, _: &Value) -> Result<Check> {
    let arm = |key: &str| input::flat(case.get(key).with_context(|| format!("`{key}` is missing"))?);
    let (baseline, treatment) = (arm("control")?, arm("treatment")?);
    let mut check = Check::default();
    let outcome = match case.get("test").and_then(Value::as_str) {
        Some("two_sided relative alpha .05") => {
            let o = tests::two_sided(&baseline, &treatment, Scale::Relative, 0.05)?;
            vec![
                ("expected", o.effect),
                ("ci[0]", o.lower.unwrap_or(f64::NAN)),
                ("ci[1]", o.upper.unwrap_or(f64::NAN)),
                ("p_value", o.p_value),
            ]
        }
        Some("bayesian relative flat prior 95%") => {
            let contrast = contrast(Scale::Relative, &baseline, &treatment).map_err(|reason| anyhow!("{reason}"))?;
            let p = bayesian(&contrast, &Prior::default(), 0.05, false).map_err(|reason| anyhow!("{reason}"))?;
            vec![("expected", p.effect), ("ci[0]", p.lower), ("ci[1]", p.upper), ("chance_to_win", p.chance_to_win)]
        }
        other => bail!("the runner does not know the test {other:?}"),
    };
    for (key, tolerance) in [("expected_4dp", 1e-4), ("independent_full_precision", 0.0)] {
        let Some(expected) = case.get(key) else { continue };
        for (name, actual) in &outcome {
            let value = match name.strip_prefix("ci") {
                Some(index) => numbers(expected, "ci")?.get(usize::from(index == "[1]")).copied(),
                None => optional(expected, name)?,
            };
            let value = value.with_context(|| format!("{key} has no {name}"))?;
            if tolerance > 0.0 {
                check.within(name, value, *actual, tolerance)
            } else {
                check.close(name, value, *actual)
            }
        }
    }
    Ok(check)
}
