//! Winsorising: one visitor's enormous total must not decide an experiment.

use super::{Reason, quantile::interpolated};
use crate::model::Cap;

impl Cap {
    /// The amount. `totals` are those of ALL arms together, in any order: a cap found in each arm for itself would
    /// differ between the arms and bias the comparison.
    pub fn amount(self, totals: &[f64]) -> Result<f64, Reason> {
        if totals.iter().any(|x| !x.is_finite()) {
            return Err(Reason::NotFinite);
        }
        match self {
            Self::Value(value) if value.is_finite() => Ok(value),
            Self::Percentile(level) if level > 0.0 && level <= 1.0 => percentile(totals.to_vec(), level),
            Self::PercentileOfPositive(level) if level > 0.0 && level <= 1.0 => {
                percentile(totals.iter().copied().filter(|x| *x > 0.0).collect(), level)
            }
            _ => Err(Reason::UnknownParameter),
        }
    }
}

/// The total, or the cap where it is larger. Totals below stay what they are.
pub fn winsorised(total: f64, cap: f64) -> f64 {
    total.min(cap)
}

fn percentile(mut totals: Vec<f64>, level: f64) -> Result<f64, Reason> {
    totals.sort_unstable_by(f64::total_cmp);
    interpolated(&totals, level).ok_or(Reason::NoUnits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caps() {
        let totals = [0.0, 0.0, 0.0, 10.0, 20.0, 30.0, 1e6, 0.0, 0.0];
        assert_eq!(Cap::Value(50.0).amount(&totals), Ok(50.0));
        assert_eq!(Cap::Percentile(0.75).amount(&totals), Ok(20.0));
        assert!((Cap::PercentileOfPositive(0.5).amount(&totals).expect("computable") - 25.0).abs() < 1e-12);
        assert_eq!(Cap::PercentileOfPositive(0.5).amount(&[0.0]), Err(Reason::NoUnits));
        assert_eq!(Cap::Percentile(1.5).amount(&totals), Err(Reason::UnknownParameter));
        assert_eq!(Cap::Value(1.0).amount(&[f64::INFINITY]), Err(Reason::NotFinite));
        assert_eq!([5.0, 70.0, -3.0].map(|x| winsorised(x, 50.0)), [5.0, 50.0, -3.0]);
    }
}
