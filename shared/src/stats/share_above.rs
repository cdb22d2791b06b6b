//! Quantiles, compared by the share of visitors above the pooled quantile.
//!
//! Whether two arms have the same quantile is asked of the share of each arm's visitors above the quantile of both arms
//! together: a proportion, so that ties and zeros do no harm. For a lift of r the baseline's totals are multiplied by
//! 1 + r first. The variance of a quantile itself, from order statistics, is zero or arbitrary where values tie, and gave
//! verdicts in 50–80% of experiments without an effect. Pooled-quantile tests are Mood's (1954) for other quantiles than
//! the median.

use super::{Reason, Totals};

/// Fewer distinct values than this near the pooled quantile, and the quantile is no useful number.
const FEWEST_VALUES: usize = 5;
/// Near are the visitors within this share of the smaller side: for the median those between the 25% and 75% quantiles.
const NEAR: f64 = 0.5;
/// Bisections on doubles end after as many steps as a double has bits.
const STEPS: usize = 64;

/// One arm's totals with running counts.
#[derive(Clone, Debug)]
struct Ranks {
    values: Vec<f64>,
    /// Visitors at each value or below.
    up_to: Vec<u64>,
}

impl Ranks {
    fn new(totals: &Totals) -> Self {
        let mut sum = 0;
        let up_to = totals.values().iter().map(|(_, n)| {
            sum += n;
            sum
        });
        Self { up_to: up_to.collect(), values: totals.values().iter().map(|(x, _)| *x).collect() }
    }

    fn units(&self) -> u64 {
        self.up_to.last().copied().unwrap_or_default()
    }

    /// Visitors for whom `holds`, which must hold for the smallest totals first.
    fn count(&self, holds: impl Fn(f64) -> bool) -> u64 {
        let places = self.values.partition_point(|x| holds(*x));
        places.checked_sub(1).and_then(|last| self.up_to.get(last)).copied().unwrap_or_default()
    }

    fn range(&self) -> Option<(f64, f64)> {
        Some((*self.values.first()?, *self.values.last()?))
    }
}

/// How the baseline's totals are moved before they are compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Move {
    /// Times 1 + the lift.
    Lift(f64),
    /// Plus the difference.
    Shift(f64),
}

impl Move {
    fn apply(self, x: f64) -> f64 {
        match self {
            Self::Lift(lift) => x * (1.0 + lift),
            Self::Shift(shift) => x + shift,
        }
    }
}

/// Both arms' totals.
#[derive(Clone, Debug)]
pub(super) struct Quantiles {
    level: f64,
    baseline: Ranks,
    treatment: Ranks,
    /// The sample quantiles of both.
    pub values: [f64; 2],
}

/// How many of each arm are above the pooled quantile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Above {
    units: [u64; 2],
    counts: [u64; 2],
}

impl Above {
    /// The fewest visitors of an arm on either side.
    pub fn fewest(&self) -> u64 {
        let sides = self.counts.iter().zip(self.units).map(|(above, n)| (*above).min(n - above));
        sides.min().unwrap_or_default()
    }

    /// The difference of the shares in standard errors; `None` when nothing varies.
    pub fn score(&self) -> Option<f64> {
        let [a, b] = [0, 1].map(|arm| self.counts[arm] as f64 / self.units[arm] as f64);
        let [n, m] = self.units.map(|n| n as f64);
        let variance = a * (1.0 - a) / n + b * (1.0 - b) / m;
        let score = (b - a) / variance.sqrt();
        // One arm above and the other below: apart as far as can be, but with a variance of zero.
        if variance > 0.0 { Some(score) } else { (a != b).then_some((b - a) * f64::MAX.sqrt()) }
    }
}

impl Quantiles {
    /// Fails without visitors, for different quantiles, and where too few distinct values are near.
    pub fn new(baseline: &Totals, treatment: &Totals) -> Result<Self, Reason> {
        let pooled = baseline.merge(treatment)?;
        let fewest = baseline.units().min(treatment.units());
        if fewest < 2 {
            return Err(if fewest == 0 { Reason::NoUnits } else { Reason::FewerThanTwoUnits });
        }
        let level = baseline.level();
        if distinct_near(&pooled) < FEWEST_VALUES {
            return Err(Reason::TooFewValues);
        }
        let values = [baseline.value(), treatment.value()];
        Ok(Self { level, baseline: Ranks::new(baseline), treatment: Ranks::new(treatment), values })
    }

    /// Visitors of both arms.
    pub fn units(&self) -> f64 {
        (self.baseline.units() + self.treatment.units()) as f64
    }

    /// Returns true if a visitor's total is below 0.
    pub fn is_signed(&self) -> bool {
        [&self.baseline, &self.treatment].into_iter().filter_map(Ranks::range).any(|(lowest, _)| lowest < 0.0)
    }

    /// Counts who is above the pooled quantile. Of those at it, all or none are, whichever leaves a share above that is
    /// nearer to what the quantile says; that choice does not know the arms.
    pub fn above(&self, by: Move) -> Option<Above> {
        let (low, high) = self.range(by)?;
        let units = [self.baseline.units(), self.treatment.units()];
        let all = (units[0] + units[1]) as f64;
        let up_to = |x: f64| [self.baseline.count(|v| by.apply(v) <= x), self.treatment.count(|v| v <= x)];
        let reached = |x: f64| up_to(x).iter().sum::<u64>() as f64 >= self.level * all;
        let quantile = smallest(low, high, reached);
        let below = [self.baseline.count(|v| by.apply(v) < quantile), self.treatment.count(|v| v < quantile)];
        let away = |lower: [u64; 2]| ((lower[0] + lower[1]) as f64 / all - self.level).abs();
        let at_most = up_to(quantile);
        let lower = if away(at_most) <= away(below) { at_most } else { below };
        Some(Above { units, counts: [units[0] - lower[0], units[1] - lower[1]] })
    }

    /// The differences around `inside` within this many standard errors; infinite where there is no end.
    pub fn shifts(&self, inside: f64, half_width: f64) -> (f64, f64) {
        let holds =
            |shift: f64| self.above(Move::Shift(shift)).and_then(|a| a.score()).is_none_or(|z| z.abs() < half_width);
        let width = self.range(Move::Shift(0.0)).map_or(0.0, |(low, high)| high - low);
        let end = |sign: f64| {
            let (mut near, mut far) = (inside, inside + sign * 2.0 * width);
            if holds(far) {
                return sign * f64::INFINITY;
            }
            for _ in 0..STEPS {
                let middle = near + (far - near) / 2.0;
                if holds(middle) { near = middle } else { far = middle }
            }
            far
        };
        (end(-1.0), end(1.0))
    }

    /// Returns the smallest and the largest total, moved.
    fn range(&self, by: Move) -> Option<(f64, f64)> {
        let ((low, high), (other_low, other_high)) = (self.baseline.range()?, self.treatment.range()?);
        Some((by.apply(low).min(other_low), by.apply(high).max(other_high)))
    }
}

/// The smallest number in the range for which `holds`, by bisection; it holds for the largest.
fn smallest(mut low: f64, mut high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    if holds(low) {
        return low;
    }
    for _ in 0..2 * STEPS {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if holds(middle) { high = middle } else { low = middle }
    }
    high
}

/// How many distinct totals the visitors around the quantile have.
fn distinct_near(pooled: &Totals) -> usize {
    let (level, units) = (pooled.level(), pooled.units() as f64);
    let reach = NEAR * level.min(1.0 - level);
    let (from, to) = ((level - reach) * units, (level + reach) * units);
    let mut below = 0.0;
    let is_near = |(_, n): &&(f64, u64)| {
        let start = below;
        below += *n as f64;
        below > from && start < to
    };
    pooled.values().iter().filter(is_near).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(values: impl Iterator<Item = f64>, level: f64) -> Totals {
        Totals::of(&mut values.collect::<Vec<_>>(), level).expect("finite")
    }

    #[test]
    fn who_is_above() {
        let arm = |shift: u32| totals((0..1000).map(move |i| f64::from(i + shift)), 0.9);
        let quantiles = Quantiles::new(&arm(1), &arm(101)).expect("computable");
        let above = quantiles.above(Move::Shift(0.0)).expect("visitors");
        // 1,800 of 2,000 are at most 950: 950 of the baseline, 850 of the treatment.
        assert_eq!((above.counts, above.fewest()), ([50, 150], 50));
        // Moved by the true difference, nothing is left of it.
        assert_eq!(quantiles.above(Move::Shift(100.0)).and_then(|a| a.score()), Some(0.0));
        assert!(quantiles.above(Move::Lift(1.0)).and_then(|a| a.score()).expect("varies") < -5.0);
    }

    #[test]
    fn a_quantile_of_few_values_is_refused() {
        let prices = |n: i32| totals((0..n).map(|i| f64::from(i % 3) * 10.0), 0.9);
        assert_eq!(Quantiles::new(&prices(300), &prices(300)).err(), Some(Reason::TooFewValues));
        // 5% have a value and all others none: the values near the 95% quantile are many.
        let few = |n: i32| totals((0..n).map(|i| if i % 20 == 0 { f64::from(i) } else { 0.0 }), 0.95);
        assert!(Quantiles::new(&few(2000), &few(2000)).is_ok());
    }
}
