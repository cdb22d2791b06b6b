//! Welch's t-test: valid when looked at once.

use serde::{Deserialize, Serialize};

use super::{Contrast, Reason, student};

/// Which alternative a test asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tail {
    /// The effect is not what the null says.
    TwoSided,
    /// The effect is larger.
    Greater,
    /// The effect is smaller.
    Lesser,
}

/// What a test says about an effect.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The point estimate.
    pub effect: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Lower end of the 1 − alpha interval; `None` is −∞.
    pub lower: Option<f64>,
    /// Upper end of the 1 − alpha interval; `None` is +∞.
    pub upper: Option<f64>,
    /// Of the null effect; never 0, because what underflows is still possible.
    pub p_value: f64,
}

impl Outcome {
    /// Fails when one of the numbers is none.
    pub(super) fn new(contrast: &Contrast, tail: Tail, half_width: f64, p_value: f64) -> Result<Self, Reason> {
        let effect = contrast.effect;
        let outcome = Self {
            effect,
            standard_error: contrast.standard_error(),
            lower: (tail != Tail::Lesser).then_some(effect - half_width),
            upper: (tail != Tail::Greater).then_some(effect + half_width),
            p_value: probability(p_value),
        };
        (half_width.is_finite() && p_value.is_finite()).then_some(outcome).ok_or(Reason::NotFinite)
    }
}

/// Tests the effect against `null` (0 asks whether there is any), with an interval of 1 − `alpha`.
///
/// Degrees of freedom by Welch (Biometrika 34, 1947) and Satterthwaite, for proportions too. The tail comes from the
/// survival function: a huge effect has a tiny p-value, not zero.
pub fn frequentist(contrast: &Contrast, tail: Tail, alpha: f64, null: f64) -> Result<Outcome, Reason> {
    if !(alpha > 0.0 && alpha < 1.0 && null.is_finite()) {
        return Err(Reason::UnknownParameter);
    }
    let standard_error = contrast.standard_error();
    let t = (contrast.effect - null) / standard_error;
    let above = |t: f64| {
        let tail = student::upper_tail(t.abs(), contrast.freedom);
        if t >= 0.0 { tail } else { 1.0 - tail }
    };
    let (beyond, p_value) = match tail {
        Tail::TwoSided => (alpha / 2.0, 2.0 * above(t.abs())),
        Tail::Greater => (alpha, above(t)),
        Tail::Lesser => (alpha, above(-t)),
    };
    let quantile = student::quantile_above(beyond, contrast.freedom).ok_or(Reason::NotFinite)?;
    Outcome::new(contrast, tail, quantile * standard_error, p_value)
}

/// At most 1, and never 0: what underflows is still possible.
pub(super) fn probability(p: f64) -> f64 {
    p.clamp(f64::MIN_POSITIVE, 1.0)
}
