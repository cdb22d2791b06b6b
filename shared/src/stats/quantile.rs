//! A quantile of the visitors' totals, with its uncertainty.

use serde::{Deserialize, Serialize};

use super::{Reason, normal};

/// The interval that carries the uncertainty is a 95% one, whatever alpha the analysis has.
const INTERVAL_ALPHA: f64 = 0.05;
/// From this many units on, a variance of zero means ties, not certainty.
const TIES_FROM: u64 = 1000;
/// From this many units on the variance is at least [`SMALLEST_VARIANCE`].
const FLOOR_FROM: u64 = 100;
const SMALLEST_VARIANCE: f64 = 1e-5;

/// A sample quantile with the order statistics around it.
///
/// Two of them cannot be merged: a quantile needs the visitors' totals themselves.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantile {
    /// How many totals there are.
    pub units: u64,
    /// The number of totals that `lower` and `upper` were found for; `units` unless they came from elsewhere.
    pub interval_units: u64,
    /// Which quantile, between 0 and 1.
    pub level: f64,
    /// The sample quantile, in the metric's unit.
    pub value: f64,
    /// Lower end of its 95% interval.
    pub lower: f64,
    /// Upper end of its 95% interval.
    pub upper: f64,
}

impl Quantile {
    /// From each visitor's total. Sorts them. Fails on a number that is not finite, without units, and on a level
    /// outside 0 and 1.
    ///
    /// The ends are the sample quantiles at ν ± z₀.₉₇₅ √(ν(1 − ν)/n): the normal approximation of the binomial count of
    /// totals below the true quantile (David & Nagaraja, Order Statistics, 2003, section 7.1).
    pub fn of(totals: &mut [f64], level: f64) -> Result<Self, Reason> {
        if !(level > 0.0 && level < 1.0) {
            return Err(Reason::UnknownParameter);
        }
        if totals.iter().any(|x| !x.is_finite()) {
            return Err(Reason::NotFinite);
        }
        totals.sort_unstable_by(f64::total_cmp);
        let units = totals.len() as u64;
        let z = normal::upper_quantile(INTERVAL_ALPHA / 2.0).ok_or(Reason::UnknownParameter)?;
        let reach = z * (level * (1.0 - level) / units.max(1) as f64).sqrt();
        let at = |level: f64| interpolated(totals, level.clamp(0.0, 1.0)).ok_or(Reason::NoUnits);
        Ok(Self {
            units,
            interval_units: units,
            level,
            value: at(level)?,
            lower: at(level - reach)?,
            upper: at(level + reach)?,
        })
    }

    /// Variance of one unit, so that variance / n is that of the quantile: ((upper − lower) / 2z)² · (n*/n) · (n − 1).
    pub(super) fn variance(&self) -> f64 {
        let raw = self.raw_variance();
        if self.units < FLOOR_FROM { raw } else { raw.max(SMALLEST_VARIANCE) }
    }

    /// Returns why the variance can't be used, or `None` if it can.
    pub(super) fn problem(&self) -> Option<Reason> {
        let z = normal::upper_quantile(INTERVAL_ALPHA / 2.0)?;
        let n = self.units as f64;
        let odds = self.level / (1.0 - self.level);
        if n <= z * z * odds.max(1.0 / odds) {
            return Some(Reason::TooFewUnits);
        }
        (self.raw_variance() <= 0.0 && self.units < TIES_FROM).then_some(Reason::ZeroVariance)
    }

    fn raw_variance(&self) -> f64 {
        let Some(z) = normal::upper_quantile(INTERVAL_ALPHA / 2.0) else { return 0.0 };
        if self.units < 2 {
            return 0.0;
        }
        let n = self.units as f64;
        self.interval_units as f64 / n * (n - 1.0) * ((self.upper - self.lower) / (2.0 * z)).powi(2)
    }
}

/// Linear between order statistics (Hyndman & Fan's type 7), of sorted numbers; `None` without any.
pub(super) fn interpolated(sorted: &[f64], level: f64) -> Option<f64> {
    let position = level * sorted.len().checked_sub(1)? as f64;
    let below = *sorted.get(position.floor() as usize)?;
    let above = *sorted.get(position.ceil() as usize)?;
    Some(below + (above - below) * position.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_statistics() {
        let mut totals: Vec<f64> = (0..=1000).rev().map(f64::from).collect();
        let q = Quantile::of(&mut totals, 0.9).expect("computable");
        assert_eq!(q.value, 900.0);
        // 0.9 ± 1.95996 · √(0.09 / 1001)
        assert!((q.lower - 881.4153).abs() < 1e-3 && (q.upper - 918.5847).abs() < 1e-3, "{q:?}");
        assert_eq!(Quantile::of(&mut [], 0.5), Err(Reason::NoUnits));
        assert_eq!(Quantile::of(&mut [f64::NAN], 0.5), Err(Reason::NotFinite));
        assert_eq!(Quantile::of(&mut [1.0, 2.0], 0.5).expect("computable").problem(), Some(Reason::TooFewUnits));
    }
}
