//! Two arms against each other: the effect and its variance, for every kind of metric.
//!
//! One formula serves all kinds. An arm is a vector of K means with their covariance, and the metric a smooth function
//! of it, so the delta method gives the variance gA' ΣA gA / nA + gB' ΣB gB / nB, with the gradients of the effect. For
//! a mean that is sA²/nA + sB²/nB (absolute) and sB²/(nB μA²) + sA² μB²/(nA μA⁴) (relative); for a ratio, the variance
//! of one unit is var(m)/d̄² − 2 cov(m,d) m̄/d̄³ + m̄² var(d)/d̄⁴ (Deng, Knoblich & Lu, KDD 2018, arXiv 1803.06336).
//! CUPED subtracts θ times what was measured before (Deng, Xu, Kohavi & Walker, WSDM 2013).

use serde::{Deserialize, Serialize};

use super::{Moments, Reason, Sample};

/// In which unit an effect is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// μB − μA.
    Absolute,
    /// (μB − μA) / |μA|, with the unadjusted μA.
    Relative,
}

/// The smallest θ that is worth an adjustment of a ratio.
const SMALLEST_THETA: f64 = 1e-8;

/// An effect before any engine judged it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contrast {
    /// Absolute or relative.
    pub scale: Scale,
    /// The point estimate; a fraction when relative.
    pub effect: f64,
    /// Its sampling variance.
    pub variance: f64,
    /// Welch–Satterthwaite degrees of freedom, from the unscaled variances.
    pub freedom: f64,
    /// Units in both arms.
    pub units: f64,
    /// The baseline's unadjusted mean.
    pub baseline: f64,
}

impl Contrast {
    /// √variance.
    pub fn standard_error(&self) -> f64 {
        self.variance.sqrt()
    }
}

/// A vector of up to four numbers; unused places are 0.
pub(super) type Vector = [f64; 4];
/// Their covariance.
pub(super) type Matrix = [[f64; 4]; 4];

/// How the vector of an arm becomes the metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shape {
    /// x₀.
    Mean,
    /// x₀ / x₁.
    Ratio,
    /// x₀ − θ x₁.
    Cuped { theta: f64 },
    /// x₀ / x₁ − θ x₂ / x₃.
    CupedRatio { theta: f64 },
}

impl Shape {
    /// The metric, adjusted.
    pub fn value(self, [a, b, c, d]: Vector) -> f64 {
        match self {
            Self::Mean => a,
            Self::Ratio => a / b,
            Self::Cuped { theta } => a - theta * b,
            Self::CupedRatio { theta } => a / b - theta * c / d,
        }
    }

    pub fn gradient(self, [a, b, c, d]: Vector) -> Vector {
        match self {
            Self::Mean => [1.0, 0.0, 0.0, 0.0],
            Self::Ratio => [1.0 / b, -a / (b * b), 0.0, 0.0],
            Self::Cuped { theta } => [1.0, -theta, 0.0, 0.0],
            Self::CupedRatio { theta } => [1.0 / b, -a / (b * b), -theta / d, theta * c / (d * d)],
        }
    }

    /// The same metric without the adjustment.
    pub fn unadjusted(self) -> Self {
        match self {
            Self::Mean | Self::Cuped { .. } => Self::Mean,
            Self::Ratio | Self::CupedRatio { .. } => Self::Ratio,
        }
    }

    /// Returns true if every denominator is there.
    pub fn is_defined(self, [_, b, _, d]: Vector) -> bool {
        match self {
            Self::Mean | Self::Cuped { .. } => true,
            Self::Ratio => b != 0.0,
            Self::CupedRatio { .. } => b != 0.0 && d != 0.0,
        }
    }
}

/// An arm as the delta method sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arm {
    pub units: f64,
    pub means: Vector,
    pub covariance: Matrix,
}

impl Arm {
    /// g' Σ g: the variance of one unit along the gradient.
    pub fn variance_along(&self, gradient: Vector) -> f64 {
        quadratic(&self.covariance, gradient, gradient)
    }
}

pub(super) fn quadratic(matrix: &Matrix, left: Vector, right: Vector) -> f64 {
    let row = |row: &Vector| row.iter().zip(right).map(|(m, r)| m * r).sum::<f64>();
    // Most kinds of metrics use one or two of the four places.
    matrix.iter().zip(left).filter(|(_, l)| *l != 0.0).map(|(m, l)| l * row(m)).sum()
}

/// The gradients of the effect by both arms' means, and the effect.
pub(super) struct Linear {
    pub effect: f64,
    pub baseline: f64,
    pub by_baseline: Vector,
    pub by_treatment: Vector,
}

/// The effect and its gradients at these means. A relative effect has no value at a baseline of zero.
pub(super) fn linear(scale: Scale, shape: Shape, a: Vector, b: Vector) -> Result<Linear, Reason> {
    if !shape.is_defined(a) || !shape.is_defined(b) {
        return Err(Reason::ZeroDenominator);
    }
    let plain = shape.unadjusted();
    let baseline = plain.value(a);
    let difference = shape.value(b) - shape.value(a);
    let (by_a, by_b) = (shape.gradient(a), shape.gradient(b));
    if scale == Scale::Absolute {
        return Ok(Linear { effect: difference, baseline, by_baseline: by_a.map(|g| -g), by_treatment: by_b });
    }
    if baseline == 0.0 {
        return Err(Reason::ZeroBaseline);
    }
    // With CUPED the unadjusted difference stands here: both estimate the same, and this is the usual formula.
    let slope = if matches!(shape, Shape::Cuped { .. }) { plain.value(b) - baseline } else { difference };
    let size = baseline.abs();
    let mut by_baseline = by_a.map(|g| -g / size);
    for (g, plain) in by_baseline.iter_mut().zip(plain.gradient(a)) {
        *g -= slope * plain / (baseline * size);
    }
    Ok(Linear { effect: difference / size, baseline, by_baseline, by_treatment: by_b.map(|g| g / size) })
}

/// The effect of `treatment` against `baseline`, or why there is none.
pub fn contrast(scale: Scale, baseline: &Sample, treatment: &Sample) -> Result<Contrast, Reason> {
    let shape = shape(&[(baseline, treatment)])?;
    enough(baseline, treatment)?;
    let (a, b) = (arm(baseline), arm(treatment));
    let linear = linear(scale, shape, a.means, b.means)?;
    let unit = |arm: &Arm| arm.variance_along(shape.gradient(arm.means));
    let (unit_a, unit_b) = (unit(&a), unit(&b));
    let variance = a.variance_along(linear.by_baseline) / a.units + b.variance_along(linear.by_treatment) / b.units;
    if !(unit_a > 0.0 && unit_b > 0.0 && variance > 0.0) {
        return Err(Reason::ZeroVariance);
    }
    let (v_a, v_b) = (unit_a / a.units, unit_b / b.units);
    let freedom = (v_a + v_b).powi(2) / (v_a.powi(2) / (a.units - 1.0) + v_b.powi(2) / (b.units - 1.0));
    finite(Contrast {
        scale,
        effect: linear.effect,
        variance,
        freedom,
        units: a.units + b.units,
        baseline: linear.baseline,
    })
}

/// Passes on what is a number.
pub(super) fn finite(c: Contrast) -> Result<Contrast, Reason> {
    let all = [c.effect, c.variance, c.freedom, c.units, c.baseline];
    if all.into_iter().all(f64::is_finite) && c.variance > 0.0 && c.freedom > 0.0 {
        Ok(c)
    } else {
        Err(Reason::NotFinite)
    }
}

/// Returns true if both arms have units enough for a variance.
pub(super) fn enough(baseline: &Sample, treatment: &Sample) -> Result<(), Reason> {
    let fewest = baseline.units().min(treatment.units());
    if fewest < 2 {
        return Err(if fewest == 0 { Reason::NoUnits } else { Reason::FewerThanTwoUnits });
    }
    for sample in [baseline, treatment] {
        let quantile = match sample {
            Sample::Quantile(quantile) => Some(*quantile),
            Sample::Totals(totals) => Some(totals.quantile()?),
            _ => None,
        };
        if let Some(reason) = quantile.and_then(|q| q.problem()) {
            return Err(reason);
        }
    }
    Ok(())
}

/// The shape these pairs of arms share, with θ pooled over all of them.
pub(super) fn shape(pairs: &[(&Sample, &Sample)]) -> Result<Shape, Reason> {
    let samples = || pairs.iter().flat_map(|(a, b)| [*a, *b]).filter(|sample| sample.units() > 0);
    let Some(first) = samples().next() else { return Err(Reason::NoUnits) };
    if samples().any(|s| std::mem::discriminant(s) != std::mem::discriminant(first)) {
        return Err(Reason::DifferentKinds);
    }
    Ok(match first {
        Sample::Proportion(_) | Sample::Mean(_) | Sample::Quantile(_) | Sample::Totals(_) => Shape::Mean,
        Sample::Ratio(_) => Shape::Ratio,
        Sample::Cuped(_) => cuped(samples().filter_map(|s| if let Sample::Cuped(m) = s { Some(m) } else { None })),
        Sample::CupedRatio(_) => {
            cuped_ratio(samples().filter_map(|s| if let Sample::CupedRatio(m) = s { Some(m.as_ref()) } else { None }))
        }
    })
}

/// θ = cov(after, before) / var(before) over all units together; no adjustment where nothing varies.
fn cuped<'a>(samples: impl Iterator<Item = &'a Moments<2>>) -> Shape {
    let pooled = samples.fold(Moments::default(), |all, sample| all.merge(sample));
    let before = pooled.covariance(1, 1);
    if before <= 0.0 || pooled.covariance(0, 0) <= 0.0 {
        return Shape::Mean;
    }
    let theta = pooled.covariance(0, 1) / before;
    if theta == 0.0 { Shape::Mean } else { Shape::Cuped { theta } }
}

/// θ = Σ cov(ratio after, ratio before) / Σ var(ratio before) over the arms, linearised by the delta method.
fn cuped_ratio<'a>(samples: impl Iterator<Item = &'a Moments<4>>) -> Shape {
    let (mut covariance, mut variance) = (0.0, 0.0);
    for sample in samples {
        let arm = from_moments(sample);
        if !(Shape::CupedRatio { theta: 1.0 }).is_defined(arm.means) {
            return Shape::Ratio;
        }
        let [a, b, c, d] = (Shape::CupedRatio { theta: -1.0 }).gradient(arm.means);
        covariance += quadratic(&arm.covariance, [a, b, 0.0, 0.0], [0.0, 0.0, c, d]);
        variance += quadratic(&arm.covariance, [0.0, 0.0, c, d], [0.0, 0.0, c, d]);
    }
    let theta = covariance / variance;
    if variance > 0.0 && theta.abs() >= SMALLEST_THETA { Shape::CupedRatio { theta } } else { Shape::Ratio }
}

/// The sample as the delta method sees it.
pub(super) fn arm(sample: &Sample) -> Arm {
    let single = |units: u64, mean: f64, variance: f64| Arm {
        units: units as f64,
        means: [mean, 0.0, 0.0, 0.0],
        covariance: [[variance, 0.0, 0.0, 0.0], [0.0; 4], [0.0; 4], [0.0; 4]],
    };
    match sample {
        Sample::Proportion(p) => single(p.units(), p.mean(), p.variance()),
        Sample::Quantile(q) => single(q.units, q.value, q.variance()),
        Sample::Totals(t) => {
            t.quantile().map_or_else(|_| single(0, 0.0, 0.0), |q| single(q.units, q.value, q.variance()))
        }
        Sample::Mean(m) => single(m.units(), m.mean(0), m.covariance(0, 0)),
        Sample::Ratio(m) | Sample::Cuped(m) => from_moments(m),
        Sample::CupedRatio(m) => from_moments(m),
    }
}

fn from_moments<const K: usize>(moments: &Moments<K>) -> Arm {
    let places = [0, 1, 2, 3];
    Arm {
        units: moments.units() as f64,
        means: places.map(|i| moments.mean(i)),
        covariance: places.map(|i| places.map(|j| moments.covariance(i, j))),
    }
}
