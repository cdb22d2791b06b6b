//! One arm's sufficient statistics, whatever the metric.

use serde::{Deserialize, Serialize};

use super::{Mean, Moments, Proportion, Quantile, Reason, Totals};

/// Sufficient statistics of one arm (or one cell of it) on one metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sample {
    /// How many converted.
    Proportion(Proportion),
    /// A number per unit, or a count of something: sums of whole numbers are exact.
    Mean(Mean),
    /// Numerator and denominator per unit, such as revenue and orders.
    Ratio(Moments<2>),
    /// A number per unit, and the same before the experiment.
    Cuped(Moments<2>),
    /// Numerator and denominator per unit, then both of before the experiment.
    CupedRatio(Box<Moments<4>>),
    /// A quantile with its interval, as other engines have it.
    Quantile(Quantile),
    /// Every visitor's total, for a quantile.
    Totals(Totals),
}

impl Default for Sample {
    fn default() -> Self {
        Self::Proportion(Proportion::default())
    }
}

impl From<Proportion> for Sample {
    fn from(proportion: Proportion) -> Self {
        Self::Proportion(proportion)
    }
}

impl From<Mean> for Sample {
    fn from(mean: Mean) -> Self {
        Self::Mean(mean)
    }
}

impl From<Quantile> for Sample {
    fn from(quantile: Quantile) -> Self {
        Self::Quantile(quantile)
    }
}

impl From<Totals> for Sample {
    fn from(totals: Totals) -> Self {
        Self::Totals(totals)
    }
}

impl Sample {
    /// Both together, for disjoint sets of visitors. What is empty takes part in any metric. Fails for quantiles, and
    /// for samples of different kinds.
    pub fn merge(&self, other: &Self) -> Result<Self, Reason> {
        Ok(match (self, other) {
            (Self::Quantile(_), _) | (_, Self::Quantile(_)) => return Err(Reason::NotMergeable),
            (Self::Proportion(a), Self::Proportion(b)) => Self::Proportion(a.merge(*b)),
            (Self::Mean(a), Self::Mean(b)) => Self::Mean(a.merge(b)),
            (Self::Ratio(a), Self::Ratio(b)) => Self::Ratio(a.merge(b)),
            (Self::Cuped(a), Self::Cuped(b)) => Self::Cuped(a.merge(b)),
            (Self::CupedRatio(a), Self::CupedRatio(b)) => Self::CupedRatio(Box::new(a.merge(b))),
            (Self::Totals(a), Self::Totals(b)) => Self::Totals(a.merge(b)?),
            (some, empty) if empty.units() == 0 => some.clone(),
            (empty, some) if empty.units() == 0 => some.clone(),
            _ => return Err(Reason::DifferentKinds),
        })
    }

    /// All of them together; a proportion of nobody when there are none.
    pub fn merged<'a>(samples: impl IntoIterator<Item = &'a Self>) -> Result<Self, Reason> {
        let mut samples = samples.into_iter();
        let Some(first) = samples.next() else { return Ok(Self::default()) };
        let mut all = first.clone();
        for sample in samples {
            all.absorb(sample)?;
        }
        Ok(all)
    }

    /// Adds the other in place: see [`Sample::merge`].
    fn absorb(&mut self, other: &Self) -> Result<(), Reason> {
        match (&mut *self, other) {
            (Self::Mean(a), Self::Mean(b)) => *a = a.merge(b),
            (Self::CupedRatio(a), Self::CupedRatio(b)) => **a = a.merge(b),
            _ => *self = self.merge(other)?,
        }
        Ok(())
    }

    /// Visitors (for a quantile: totals).
    pub fn units(&self) -> u64 {
        match self {
            Self::Proportion(p) => p.units(),
            Self::Mean(m) => m.units(),
            Self::Ratio(m) | Self::Cuped(m) => m.units(),
            Self::CupedRatio(m) => m.units(),
            Self::Quantile(q) => q.units,
            Self::Totals(t) => t.units(),
        }
    }

    /// Returns how many visitors have something: a conversion, a number that is not 0, of a ratio both parts.
    pub fn nonzero(&self) -> u64 {
        match self {
            Self::Proportion(p) => p.conversions(),
            Self::Mean(m) => m.nonzero(0),
            Self::Cuped(m) => m.nonzero(0),
            Self::Ratio(m) => m.nonzero(0).min(m.nonzero(1)),
            Self::CupedRatio(m) => m.nonzero(0).min(m.nonzero(1)),
            Self::Quantile(q) => q.units,
            Self::Totals(t) => t.values().iter().filter(|(x, _)| *x != 0.0).map(|(_, n)| n).sum(),
        }
    }

    /// Returns how many converted, adjusted or not; `None` for what is not a conversion metric.
    pub fn conversions(&self) -> Option<u64> {
        match self {
            Self::Proportion(p) => Some(p.conversions()),
            Self::Cuped(m) if m.is_binary(0) => Some(m.sum(0) as u64),
            _ => None,
        }
    }

    /// The metric's value, unadjusted: rate, mean, ratio of sums, or quantile. 0 when there is none.
    pub fn mean(&self) -> f64 {
        let ratio = |above: f64, below: f64| if below == 0.0 { 0.0 } else { above / below };
        match self {
            Self::Proportion(p) => p.mean(),
            Self::Mean(m) => m.mean(0),
            Self::Cuped(m) => m.mean(0),
            Self::Ratio(m) => ratio(m.sum(0), m.sum(1)),
            Self::CupedRatio(m) => ratio(m.sum(0), m.sum(1)),
            Self::Quantile(q) => q.value,
            Self::Totals(t) => t.value(),
        }
    }
}
