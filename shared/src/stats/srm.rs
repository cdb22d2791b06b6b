//! Sample ratio mismatch: is the split what was asked for?

use serde::{Deserialize, Serialize};
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// Below this, a split is called a mismatch. So strict because it is looked at every day, on every experiment.
pub const SRM_ALPHA: f64 = 0.001;

/// Sample ratio mismatch: Pearson's χ² of the units against the expected shares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Srm {
    /// `None` when there are no units or fewer than two live arms.
    pub p_value: Option<f64>,
    /// p < 0.001.
    pub alarm: bool,
}

/// Pearson's χ² of `units` against `weights`, over the arms with a positive weight.
pub fn srm(units: &[u64], weights: &[f64]) -> Srm {
    let live: Vec<(f64, f64)> =
        units.iter().zip(weights).filter(|(_, w)| **w > 0.0).map(|(n, w)| (*n as f64, *w)).collect();
    let total: f64 = live.iter().map(|(n, _)| n).sum();
    let weight: f64 = live.iter().map(|(_, w)| w).sum();
    if live.len() < 2 || total <= 0.0 {
        return Srm { p_value: None, alarm: false };
    }
    let chi2: f64 = live
        .iter()
        .map(|(n, w)| {
            let expected = total * w / weight;
            (n - expected).powi(2) / expected
        })
        .sum();
    let p_value = ChiSquared::new((live.len() - 1) as f64).ok().map(|d| d.sf(chi2).clamp(f64::MIN_POSITIVE, 1.0));
    Srm { p_value, alarm: p_value.is_some_and(|p| p < SRM_ALPHA) }
}
