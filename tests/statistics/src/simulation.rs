//! Experiments whose truth is known.

use beacon_shared::stats::{
    Contrast, Engine, Mean, Moments, Plan, Proportion, Quantile, Sample, Scale, Stratum, contrast, estimate,
};

use crate::random::Random;

/// Visitors of a shop: revenue is skewed, depends on what they spent before, and on how many orders they make.
#[derive(Clone, Copy, Debug)]
pub struct Visitor {
    /// Revenue.
    pub revenue: f64,
    /// Orders, at least one.
    pub orders: f64,
    /// Revenue before the experiment.
    pub before: f64,
    /// Orders before the experiment.
    pub orders_before: f64,
}

/// One visitor, whose revenue the treatment multiplies by `1 + lift`.
pub fn visitor(random: &mut Random, lift: f64) -> Visitor {
    let taste = random.normal();
    let orders = |random: &mut Random| 1.0 + random.binomial(3, 0.3) as f64;
    let spent = |random: &mut Random, orders: f64| orders * (2.0 + 0.4 * taste + 0.3 * random.normal()).exp();
    let (orders_before, orders) = (orders(random), orders(random));
    let before = spent(random, orders_before);
    Visitor { revenue: spent(random, orders) * (1.0 + lift), orders, before, orders_before }
}

/// The kinds of metric that a visitor gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Revenue per visitor.
    Mean,
    /// Revenue per order.
    Ratio,
    /// Revenue per visitor, adjusted by that before.
    Cuped,
    /// Revenue per order, adjusted by that before.
    CupedRatio,
    /// The 90% quantile of revenue.
    Quantile,
}

/// One arm of `units` visitors.
pub fn arm(random: &mut Random, kind: Kind, units: usize, lift: f64) -> Sample {
    let visitors: Vec<Visitor> = (0..units).map(|_| visitor(random, lift)).collect();
    let moments = |sample: Option<Sample>| sample.unwrap_or_default();
    match kind {
        Kind::Mean => moments(Mean::of(visitors.iter().map(|v| [v.revenue])).ok().map(Sample::Mean)),
        Kind::Ratio => moments(Moments::of(visitors.iter().map(|v| [v.revenue, v.orders])).ok().map(Sample::Ratio)),
        Kind::Cuped => moments(Moments::of(visitors.iter().map(|v| [v.revenue, v.before])).ok().map(Sample::Cuped)),
        Kind::CupedRatio => {
            let four = visitors.iter().map(|v| [v.revenue, v.orders, v.before, v.orders_before]);
            moments(Moments::of(four).ok().map(|m| Sample::CupedRatio(Box::new(m))))
        }
        Kind::Quantile => {
            let mut totals: Vec<f64> = visitors.iter().map(|v| v.revenue).collect();
            moments(Quantile::of(&mut totals, 0.9).ok().map(Sample::Quantile))
        }
    }
}

/// A conversion rate's arm.
pub fn converted(random: &mut Random, units: u64, rate: f64) -> Sample {
    Sample::Proportion(Proportion::new(units, random.binomial(units, rate)).unwrap_or_default())
}

/// Two strata that convert differently and have a different part in each run.
pub fn strata(random: &mut Random, units: u64, rate: f64) -> Vec<Stratum> {
    let mut split = |rate: f64| {
        let first = random.binomial(units, 0.3);
        (converted(random, first, 3.0 * rate), converted(random, units - first, rate))
    };
    let (a, b) = (split(rate), split(rate));
    vec![(a.0, b.0), (a.1, b.1)]
}

/// What a single look says: whether it is significant, and whether the interval holds the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// The p-value is below alpha (Bayesian: the chance to win is beyond 1 − alpha/2 on either side).
    pub significant: bool,
    /// The interval contains the true effect.
    pub covered: bool,
}

/// The plan's engine on a contrast whose true effect is `truth`. What cannot be computed is neither significant nor
/// wrong.
pub fn look(plan: &Plan, contrast: &Contrast, truth: f64) -> Look {
    match estimate(plan, contrast, false) {
        Ok(e) => Look { significant: e.p_value < plan.alpha, covered: e.lower <= truth && truth <= e.upper },
        Err(_) => Look { significant: false, covered: true },
    }
}

/// How long a sequential experiment runs, and how often somebody looks.
#[derive(Clone, Copy, Debug)]
pub struct Course {
    /// Units that come to each arm between two looks.
    pub batch: u64,
    /// How many looks.
    pub looks: usize,
    /// Conversions in every arm before anything is decided.
    pub wait: u64,
}

/// One conversion experiment, looked at after every batch: for each look, whether any so far was significant, and at
/// the end whether every interval held the truth.
pub fn course(random: &mut Random, engine: Engine, rate: f64, lift: f64, course: Course) -> (Vec<bool>, bool) {
    let plan = Plan { engine, ..Plan::default() };
    let (mut a, mut b) = (Proportion::default(), Proportion::default());
    let (mut ever, mut covered) = (Vec::with_capacity(course.looks), true);
    for _ in 0..course.looks {
        for (arm, rate) in [(&mut a, rate), (&mut b, rate * (1.0 + lift))] {
            let more = Proportion::new(course.batch, random.binomial(course.batch, rate)).unwrap_or_default();
            *arm = arm.merge(more);
        }
        let decides = a.conversions().min(b.conversions()) >= course.wait;
        let seen = contrast(Scale::Relative, &a.into(), &b.into()).map(|c| look(&plan, &c, lift));
        let seen = seen.ok().filter(|_| decides).unwrap_or(Look { significant: false, covered: true });
        ever.push(seen.significant || ever.last() == Some(&true));
        covered &= seen.covered;
    }
    (ever, covered)
}
