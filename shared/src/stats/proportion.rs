//! Sufficient statistics of a conversion metric.

use serde::{Deserialize, Serialize};

/// How many units there are, and how many of them converted.
///
/// Two of them may be added when they describe disjoint sets of visitors, and only then: a visitor who is in both
/// would count twice. Integers make the sum exact, associative and commutative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proportion {
    units: u64,
    conversions: u64,
}

impl Proportion {
    /// `None` when more converted than there are.
    pub fn new(units: u64, conversions: u64) -> Option<Self> {
        (conversions <= units).then_some(Self { units, conversions })
    }

    /// Visitors.
    pub fn units(self) -> u64 {
        self.units
    }

    /// Those who converted.
    pub fn conversions(self) -> u64 {
        self.conversions
    }

    /// Both together, for disjoint sets of visitors.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self {
            units: self.units.saturating_add(other.units),
            conversions: self.conversions.saturating_add(other.conversions),
        }
    }

    /// The conversion rate; 0 without units.
    pub fn mean(self) -> f64 {
        if self.units == 0 { 0.0 } else { self.conversions as f64 / self.units as f64 }
    }

    /// Variance of one unit: p(1 − p).
    pub fn variance(self) -> f64 {
        self.mean() * (1.0 - self.mean())
    }
}
