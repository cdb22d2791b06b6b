//! Asymptotic confidence sequences: valid however often one looks, from some size on (see
//! [`super::MIN_CONVERSIONS`]). Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas, Time-uniform central limit theory and
//! asymptotic confidence sequences, arXiv 2103.06476 (version 7: interval eq. 9, p-value eq. 155, tuning eq. 161; the
//! one-sided sequence is of the same appendix).

use super::{Contrast, Outcome, Reason, Tail};

/// Above this, the one-sided sequence says nothing.
const ONE_SIDED_LIMIT: f64 = 0.5;

/// ρ² of the Gaussian mixture behind a confidence sequence: where along the way it is tightest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mixture {
    rho2: f64,
}

impl Mixture {
    /// Tightest at `tuning` units in both arms together, for this alpha: ρ² = (−2 ln α + ln(1 − 2 ln α)) / N*, where a
    /// one-sided sequence has 2α for α.
    pub fn tuned(alpha: f64, tuning: f64, tail: Tail) -> Result<Self, Reason> {
        let (alpha, limit) = if tail == Tail::TwoSided { (alpha, 1.0) } else { (2.0 * alpha, 2.0 * ONE_SIDED_LIMIT) };
        if !(alpha > 0.0 && alpha < limit && tuning > 0.0 && tuning.is_finite()) {
            return Err(Reason::UnknownParameter);
        }
        Ok(Self { rho2: (-2.0 * alpha.ln() + (-2.0 * alpha.ln()).ln_1p()) / tuning })
    }

    /// Half of the 1 − alpha interval's width in standard errors, with `units` in both arms together. Grows without
    /// bound as alpha goes to 0.
    pub fn half_width(self, units: f64, alpha: f64, tail: Tail) -> f64 {
        let growth = units * self.rho2 + 1.0;
        let odds = match tail {
            Tail::TwoSided => (growth.sqrt() / alpha).ln(),
            Tail::Greater | Tail::Lesser => (growth.sqrt() / (2.0 * alpha)).ln_1p(),
        };
        (2.0 * growth / (units * self.rho2) * odds).sqrt()
    }

    /// ln of the evidence against the null at `z` standard errors from it (one-sided: in the direction asked about): the
    /// mixture's likelihood ratio, whose inverse is the p-value.
    pub(super) fn log_evidence(self, z: f64, units: f64, tail: Tail) -> f64 {
        let growth = units * self.rho2 + 1.0;
        let exponent = z * z * units * self.rho2 / (2.0 * growth);
        match tail {
            Tail::TwoSided => exponent - 0.5 * growth.ln(),
            _ if z <= 0.0 => f64::NEG_INFINITY,
            // ln 2(eˣ − 1), also for a huge x.
            Tail::Greater | Tail::Lesser => {
                std::f64::consts::LN_2 + exponent + (-(-exponent).exp_m1()).ln() - 0.5 * growth.ln()
            }
        }
    }

    /// The smallest alpha whose interval leaves out the null, at `z` standard errors from it (one-sided: in the
    /// direction asked about).
    fn p_value(self, z: f64, units: f64, tail: Tail) -> f64 {
        let growth = units * self.rho2 + 1.0;
        let exponent = z * z * units * self.rho2 / (2.0 * growth);
        if tail == Tail::TwoSided {
            return growth.sqrt() * (-exponent).exp();
        }
        let p = growth.sqrt() * (-exponent).exp() / (2.0 * -(-exponent).exp_m1());
        if z > 0.0 && p < ONE_SIDED_LIMIT { p } else { 1.0 }
    }
}

/// Tests the effect against `null`, with an interval of 1 − `alpha`, tuned to be tightest at `tuning` units.
///
/// One-sided, alpha must be below a half, and a p-value of a half or more is given as 1: there the sequence is not
/// defined.
pub fn sequential(contrast: &Contrast, tail: Tail, alpha: f64, tuning: f64, null: f64) -> Result<Outcome, Reason> {
    let mixture = Mixture::tuned(alpha, tuning, tail)?;
    let z = (contrast.effect - null) / contrast.standard_error();
    let towards = if tail == Tail::Lesser { -z } else { z };
    let half_width = mixture.half_width(contrast.units, alpha, tail) * contrast.standard_error();
    Outcome::new(contrast, tail, half_width, mixture.p_value(towards, contrast.units, tail))
}
