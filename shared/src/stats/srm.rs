//! Sample ratio mismatch: is the split what was asked for?

use serde::{Deserialize, Serialize};
use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::Arrivals;
use super::exact::{SPLIT, log_evidence};

/// The chance that a right split ever raises the alarm, however often somebody looks.
pub const SRM_ALPHA: f64 = 0.01;
/// Pearson's χ² is an approximation that needs this many units expected in every arm.
const FEWEST_EXPECTED: f64 = 5.0;

/// Sample ratio mismatch of the units against the expected shares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Srm {
    /// Pearson's χ² at this look; `None` when there are no units or fewer than two live arms.
    pub p_value: Option<f64>,
    /// Whether the exact sequential test has ever found a mismatch.
    pub alarm: bool,
    /// The day on which it first did, since 1970-01-01 in the site's time zone, where days are known.
    #[serde(default)]
    pub since: Option<i64>,
}

/// The arms with a positive weight: their units and planned shares.
fn live(units: &[u64], weights: &[f64]) -> (Vec<u64>, Vec<f64>) {
    let (units, weights): (Vec<u64>, Vec<f64>) =
        units.iter().copied().zip(weights.iter().copied()).filter(|(_, w)| *w > 0.0).unzip();
    let whole: f64 = weights.iter().sum();
    (units, weights.into_iter().map(|w| w / whole).collect())
}

/// Pearson's χ² of `units` against `weights`, over the arms with a positive weight, and the exact test.
pub fn srm(units: &[u64], weights: &[f64]) -> Srm {
    let (units, shares) = live(units, weights);
    let total: f64 = units.iter().map(|n| *n as f64).sum();
    if units.len() < 2 || total <= 0.0 {
        return Srm { p_value: None, alarm: false, since: None };
    }
    let part = |(n, share): (&u64, &f64)| (*n as f64 - total * share).powi(2) / (total * share);
    let chi2: f64 = units.iter().zip(&shares).map(part).sum();
    let p_value = ChiSquared::new((units.len() - 1) as f64).ok().map(|d| d.sf(chi2).clamp(f64::MIN_POSITIVE, 1.0));
    Srm { p_value, alarm: is_mismatch(&units, &shares), since: None }
}

/// The alarm is that of a sequential test (Lindon & Malek, arXiv 2011.03567), exact from the first visitor, so that small
/// arms and many looks raise no false one; χ² at p < 0.001 did so in 8% of 99/1 splits.
fn is_mismatch(units: &[u64], shares: &[f64]) -> bool {
    units.len() > 1 && log_evidence(&SPLIT, units, shares, shares) > -SRM_ALPHA.ln()
}

/// The same over days: what was found once stays found. Without days it is one look at `units`. No p-value is shown where
/// too few units are expected in an arm.
pub(super) fn watched(units: &[u64], weights: &[f64], days: &[Arrivals]) -> Srm {
    let now = srm(units, weights);
    let (_, shares) = live(units, weights);
    let total: f64 = units.iter().map(|n| *n as f64).sum();
    let p_value = now.p_value.filter(|_| shares.iter().all(|share| share * total >= FEWEST_EXPECTED));
    let mut sum = vec![0u64; units.len()];
    let since = days.iter().find(|day| {
        sum.iter_mut().zip(&day.units).for_each(|(sum, n)| *sum = sum.saturating_add(*n));
        let (units, shares) = live(&sum, weights);
        is_mismatch(&units, &shares)
    });
    Srm { p_value, alarm: now.alarm || since.is_some(), since: since.map(|day| day.day) }
}
