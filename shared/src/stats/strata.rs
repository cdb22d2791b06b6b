//! Post-stratification: what the arms have in common in unequal parts (country, device) is taken out of the comparison.
//!
//! Each stratum counts by its share of all units: x̂ = Σ wₖ x̄ₖ in both arms (Miratrix, Sekhon & Yu, JRSS B 75, 2013).
//! The strata's sizes are random too, which adds (1/N) Σ wₖ (effect in k − effect)², linearised.

use super::contrast::{Arm, Linear, Shape, Vector, arm, contrast, enough, finite, linear, shape};
use super::{Contrast, Reason, Sample, Scale};

/// Baseline and treatment in one stratum.
pub type Stratum = (Sample, Sample);

/// The effect over all strata together. A stratum that has fewer than two units in an arm is put together with its
/// likes, and with the largest one when that is not enough.
pub fn stratified_contrast(scale: Scale, strata: &[Stratum]) -> Result<Contrast, Reason> {
    let strata = usable(strata)?;
    if let [(a, b)] = strata.as_slice() {
        return contrast(scale, a, b);
    }
    let pairs: Vec<(&Sample, &Sample)> = strata.iter().map(|(a, b)| (a, b)).collect();
    let shape = shape(&pairs)?;
    let arms: Vec<(Arm, Arm)> = pairs.iter().map(|(a, b)| (arm(a), arm(b))).collect();
    let units: f64 = arms.iter().map(|(a, b)| a.units + b.units).sum();
    let share = |(a, b): &(Arm, Arm)| (a.units + b.units) / units;
    let (mut mean_a, mut mean_b) = (Vector::default(), Vector::default());
    for pair in &arms {
        for (sum, arm) in [(&mut mean_a, pair.0), (&mut mean_b, pair.1)] {
            sum.iter_mut().zip(arm.means).for_each(|(sum, mean)| *sum += share(pair) * mean);
        }
    }
    let linear = linear(scale, shape, mean_a, mean_b)?;
    let variance = arms.iter().map(|pair| share(pair).powi(2) * within(pair, &linear)).sum::<f64>()
        + arms.iter().map(|pair| share(pair) * between(pair, &linear, mean_a, mean_b).powi(2)).sum::<f64>() / units;
    let freedom = freedom(&arms, shape, mean_a, mean_b, share)?;
    finite(Contrast { scale, effect: linear.effect, variance, freedom, units, baseline: linear.baseline })
}

fn within((a, b): &(Arm, Arm), linear: &Linear) -> f64 {
    a.variance_along(linear.by_baseline) / a.units + b.variance_along(linear.by_treatment) / b.units
}

fn between((a, b): &(Arm, Arm), linear: &Linear, mean_a: Vector, mean_b: Vector) -> f64 {
    let along = |gradient: Vector, x: Vector, mean: Vector| -> f64 {
        gradient.iter().zip(x.iter().zip(mean)).map(|(g, (x, m))| g * (x - m)).sum()
    };
    along(linear.by_baseline, a.means, mean_a) + along(linear.by_treatment, b.means, mean_b)
}

/// Satterthwaite's, over all strata of both arms; no variance in an arm is an error.
fn freedom(
    arms: &[(Arm, Arm)],
    shape: Shape,
    mean_a: Vector,
    mean_b: Vector,
    share: impl Fn(&(Arm, Arm)) -> f64,
) -> Result<f64, Reason> {
    let part = |pair: &(Arm, Arm), arm: &Arm, mean: Vector| {
        (share(pair).powi(2) * arm.variance_along(shape.gradient(mean)) / arm.units, arm.units)
    };
    let of_a: Vec<(f64, f64)> = arms.iter().map(|pair| part(pair, &pair.0, mean_a)).collect();
    let of_b: Vec<(f64, f64)> = arms.iter().map(|pair| part(pair, &pair.1, mean_b)).collect();
    let total = |parts: &[(f64, f64)]| parts.iter().map(|(v, _)| v).sum::<f64>();
    if !(total(&of_a) > 0.0 && total(&of_b) > 0.0) {
        return Err(Reason::ZeroVariance);
    }
    let below: f64 = of_a.iter().chain(&of_b).map(|(v, n)| v * v / (n - 1.0)).sum();
    Ok((total(&of_a) + total(&of_b)).powi(2) / below)
}

fn usable(strata: &[Stratum]) -> Result<Vec<Stratum>, Reason> {
    let large_enough = |(a, b): &Stratum| a.units().min(b.units()) >= 2;
    let (mut kept, small): (Vec<Stratum>, Vec<Stratum>) = strata.iter().cloned().partition(large_enough);
    if small.is_empty() && !kept.is_empty() {
        return Ok(kept);
    }
    let rest = (Sample::merged(small.iter().map(|s| &s.0))?, Sample::merged(small.iter().map(|s| &s.1))?);
    if large_enough(&rest) {
        kept.push(rest);
        return Ok(kept);
    }
    match kept.iter_mut().max_by_key(|(a, b)| a.units().saturating_add(b.units())) {
        Some(largest) => *largest = (largest.0.merge(&rest.0)?, largest.1.merge(&rest.1)?),
        None => {
            enough(&rest.0, &rest.1)?;
            kept.push(rest);
        }
    }
    Ok(kept)
}
