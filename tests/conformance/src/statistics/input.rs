//! Sufficient statistics as the file writes them.

use anyhow::{Context, Result, anyhow, bail};
use beacon_shared::stats::{Moments, Proportion, Quantile, Sample};
use serde_json::Value;

use super::compare::{number, only, text};

/// Baseline and treatment of a case, found in the file's `inputs` by the metric's group and the input's name.
pub fn arms(file: &Value, group: Option<&str>, name: &str) -> Result<(Sample, Sample)> {
    let groups = file.get("inputs").and_then(Value::as_object).context("the file has no `inputs`")?;
    let in_group = group.and_then(|group| Some((group, groups.get(group)?.get(name)?)));
    let anywhere = || groups.iter().find_map(|(key, group)| Some((key.as_str(), group.get(name)?)));
    let (group, input) = in_group.or_else(anywhere).with_context(|| format!("there is no input `{name}`"))?;
    let kind = input.get("kind").and_then(Value::as_str).unwrap_or(group);
    let arm = |key: &str| sample(kind, input.get(key).with_context(|| format!("`{name}` has no {key}"))?);
    Ok((arm("control")?, arm("treatment")?))
}

/// One arm of a metric of this kind.
pub fn sample(kind: &str, arm: &Value) -> Result<Sample> {
    Ok(match kind {
        "proportion" => {
            only(arm, &["n", "sum"])?;
            Sample::Proportion(
                Proportion::new(units(arm)?, whole(arm, "sum")?).context("more converted than there are")?,
            )
        }
        "mean" | "count" => Sample::Mean(moments(units(arm)?, [arm], [])?),
        "ratio" => {
            let (m, d) = (part(arm, "m")?, part(arm, "d")?);
            Sample::Ratio(moments(units(arm)?, [m, d], [(0, 1, number(arm, "m_d_sum_of_products")?)])?)
        }
        "cuped_mean" | "cuped_proportion" | "cuped" => {
            let (post, pre) = (part(arm, "post")?, part(arm, "pre")?);
            Sample::Cuped(moments(units(arm)?, [post, pre], [(0, 1, number(arm, "post_pre_sum_of_products")?)])?)
        }
        "cuped_ratio" => {
            let parts = [part(arm, "m_post")?, part(arm, "d_post")?, part(arm, "m_pre")?, part(arm, "d_pre")?];
            let products = [
                (0, 1, number(arm, "m_post_d_post")?),
                (0, 2, number(arm, "m_post_m_pre")?),
                (0, 3, number(arm, "m_post_d_pre")?),
                (1, 2, number(arm, "m_pre_d_post")?),
                (1, 3, number(arm, "d_post_d_pre")?),
                (2, 3, number(arm, "m_pre_d_pre")?),
            ];
            Sample::CupedRatio(Box::new(moments(units(arm)?, parts, products)?))
        }
        "quantile" => {
            only(arm, &["n", "n_star", "nu", "quantile_hat", "quantile_lower", "quantile_upper"])?;
            Sample::Quantile(Quantile {
                units: units(arm)?,
                interval_units: whole(arm, "n_star")?,
                level: number(arm, "nu")?,
                value: number(arm, "quantile_hat")?,
                lower: number(arm, "quantile_lower")?,
                upper: number(arm, "quantile_upper")?,
            })
        }
        other => bail!("the runner does not know metrics of the kind `{other}`"),
    })
}

fn part<'a>(arm: &'a Value, key: &str) -> Result<&'a Value> {
    arm.get(key).with_context(|| format!("`{key}` is missing"))
}

/// From parts with `sum` and `sum_squares`; a part without squares is a proportion.
fn moments<const K: usize, const P: usize>(
    units: u64,
    parts: [&Value; K],
    cross: [(usize, usize, f64); P],
) -> Result<Moments<K>> {
    let mut sums = [0.0; K];
    let mut products = [[0.0; K]; K];
    let mut binary = [false; K];
    for (i, part) in parts.into_iter().enumerate() {
        sums[i] = number(part, "sum")?;
        binary[i] = part.get("sum_squares").is_none();
        products[i][i] = if binary[i] { sums[i] } else { number(part, "sum_squares")? };
    }
    for (i, j, product) in cross {
        products[i][j] = product;
    }
    let moments = Moments::from_sums(units, sums, products).map_err(|reason| anyhow!("{reason}"))?;
    Ok(moments.with_binary(binary))
}

fn units(arm: &Value) -> Result<u64> {
    whole(arm, "n")
}

fn whole(arm: &Value, key: &str) -> Result<u64> {
    let number = number(arm, key)?;
    if number >= 0.0 && number.fract() == 0.0 && number < 9e15 {
        return Ok(number as u64);
    }
    bail!("`{key}` is {number}, not a whole number")
}

/// The arms of a flat case with prefixed keys, such as `m_sum`, or of a plain one.
pub fn flat(arm: &Value) -> Result<Sample> {
    let has = |key: &str| arm.get(key).is_some();
    if has("m_sum") {
        let products = [[number(arm, "m_sum_squares")?, number(arm, "m_d")?], [0.0, number(arm, "d_sum_squares")?]];
        let sums = [number(arm, "m_sum")?, number(arm, "d_sum")?];
        let moments = Moments::from_sums(units(arm)?, sums, products).map_err(|reason| anyhow!("{reason}"))?;
        return Ok(Sample::Ratio(moments));
    }
    sample(if has("sum_squares") { "mean" } else { "proportion" }, arm)
}

/// The kind of metric a case names.
pub fn group(case: &Value) -> Option<&str> {
    text(case, "metric").ok()
}
