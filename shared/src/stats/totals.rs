//! Visitors' totals, for a quantile of them.

use serde::{Deserialize, Serialize};

use super::{Quantile, Reason};

/// Every visitor's total, as values with how many visitors have each, for one quantile.
///
/// Unlike a quantile with its interval ([`super::Quantile`]), totals of disjoint visitors can be merged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    level: f64,
    /// Ascending and distinct.
    values: Vec<(f64, u64)>,
}

impl Totals {
    /// From each visitor's total. Sorts them. Fails on a number that is not finite, and on a level outside 0 and 1.
    pub fn of(totals: &mut [f64], level: f64) -> Result<Self, Reason> {
        if !(level > 0.0 && level < 1.0) {
            return Err(Reason::UnknownParameter);
        }
        if totals.iter().any(|x| !x.is_finite()) {
            return Err(Reason::NotFinite);
        }
        totals.sort_unstable_by(f64::total_cmp);
        Ok(Self { level, values: counted(totals.iter().map(|x| (*x, 1))) })
    }

    /// Both together, for disjoint sets of visitors. Fails when they are for different quantiles.
    pub fn merge(&self, other: &Self) -> Result<Self, Reason> {
        if self.level != other.level {
            return Err(Reason::DifferentKinds);
        }
        let mut values: Vec<(f64, u64)> = self.values.iter().chain(&other.values).copied().collect();
        values.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        Ok(Self { level: self.level, values: counted(values.into_iter()) })
    }

    /// Which quantile, between 0 and 1.
    pub fn level(&self) -> f64 {
        self.level
    }

    /// Visitors.
    pub fn units(&self) -> u64 {
        self.values.iter().map(|(_, n)| n).sum()
    }

    /// The sample quantile, linear between order statistics (Hyndman & Fan's type 7); 0 without visitors.
    pub fn value(&self) -> f64 {
        let position = self.level * self.units().saturating_sub(1) as f64;
        let (below, above) = (self.at(position.floor() as u64), self.at(position.ceil() as u64));
        below + (above - below) * position.fract()
    }

    /// The quantile with its interval from order statistics, as other engines have it.
    pub fn quantile(&self) -> Result<Quantile, Reason> {
        let mut all: Vec<f64> =
            self.values.iter().flat_map(|(x, n)| std::iter::repeat_n(*x, usize::try_from(*n).unwrap_or(0))).collect();
        Quantile::of(&mut all, self.level)
    }

    /// Values with how many visitors have each, ascending.
    pub(super) fn values(&self) -> &[(f64, u64)] {
        &self.values
    }

    /// The order statistic with this many visitors below it.
    fn at(&self, rank: u64) -> f64 {
        let mut below = 0;
        let found = self.values.iter().find(|(_, n)| {
            below += n;
            below > rank
        });
        found.or(self.values.last()).map_or(0.0, |(x, _)| *x)
    }
}

/// Puts equal neighbours together. Minus zero is zero.
fn counted(sorted: impl Iterator<Item = (f64, u64)>) -> Vec<(f64, u64)> {
    let mut values: Vec<(f64, u64)> = Vec::new();
    for (x, n) in sorted.map(|(x, n)| (x + 0.0, n)) {
        match values.last_mut() {
            Some(last) if last.0 == x => last.1 += n,
            _ => values.push((x, n)),
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_merge_and_give_the_sample_quantile() {
        let mut all: Vec<f64> = (0..500).map(|i| f64::from((i * 7919) % 101).floor()).collect();
        let (first, second) = all.split_at(170);
        let part = |values: &[f64]| Totals::of(&mut values.to_vec(), 0.9).expect("finite");
        let merged = part(first).merge(&part(second)).expect("the same quantile");
        assert_eq!(merged, part(&all));
        assert_eq!((merged.units(), merged.values().len()), (500, 101));
        assert_eq!(merged.value(), Quantile::of(&mut all, 0.9).expect("finite").value);
        assert_eq!(part(&[0.0, -0.0]).values(), [(0.0, 2)]);
        assert_eq!(part(&[]).value(), 0.0);
        assert_eq!(part(&[1.0]).merge(&Totals::of(&mut [1.0], 0.5).expect("finite")), Err(Reason::DifferentKinds));
        assert_eq!(Totals::of(&mut [f64::NAN], 0.5), Err(Reason::NotFinite));
    }
}
