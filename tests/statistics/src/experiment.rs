//! Whole experiments whose truth is known, through `analyse` with the app's own plan.

use beacon_shared::model::{Direction, Metric, MetricKind, Role};
use beacon_shared::stats::{
    Analysis, Arrivals, Contrast, Engine, GuardrailState, MIN_NONZERO, MetricOptions, Moments, Outcome, Plan,
    Proportion, Reason, Sample, Scale, State, Tail, Totals, Traffic, Verdict, analyse, contrast, frequentist,
    sequential,
};

use crate::random::Random;

/// What a visitor of an arm does, by metric. `rate` is the share of visitors who do it, `sigma` the standard deviation of
/// a lognormal amount's logarithm, `times` what it is multiplied by, `level` which quantile.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "the fields are those of the line above")]
pub enum Does {
    /// Converts with this probability.
    Converts(f64),
    /// Pays an amount.
    Pays { rate: f64, sigma: f64, times: f64 },
    /// Does something this often on average: Poisson.
    Repeats(f64),
    /// Orders once or twice, each time of an amount of its own: revenue per order.
    Orders { rate: f64, sigma: f64 },
    /// Looks at three pages on average, and clicks on one in a visit with this probability: clicks per page.
    Clicks { rate: f64 },
    /// Pays as before the experiment, if at all: 5% have a history, and pay ten times as often as the others.
    Returns { rate: f64 },
    /// A quantile of an amount that everybody has, rounded to a multiple of `step` (0 is not).
    Waits { level: f64, sigma: f64, times: f64, step: f64 },
    /// A quantile of an amount that some have, and the others are at 0.
    WaitsSometimes { level: f64, rate: f64 },
    /// Companies of 20 visitors on average, each of whom converts with a probability that is its company's: `apart` above or
    /// below the rate. By company it is conversions per visitor, a ratio of sums.
    Companies { rate: f64, apart: f64, by_visitor: bool },
    /// A quantile of a Poisson count.
    Counts { level: f64, mean: f64 },
}

impl Does {
    fn kind(self) -> MetricKind {
        let event = "e".to_owned();
        match self {
            Self::Converts(_) => MetricKind::Conversion { event },
            Self::Waits { level, .. } | Self::WaitsSometimes { level, .. } | Self::Counts { level, .. } => {
                MetricKind::Quantile { event, level }
            }
            // How a metric is counted is no part of the analysis.
            _ => MetricKind::Value { event },
        }
    }

    /// This many visitors.
    fn sample(self, random: &mut Random, units: u64) -> Sample {
        match self {
            Self::Converts(rate) => Proportion::new(units, random.binomial(units, rate)).unwrap_or_default().into(),
            Self::Pays { rate, sigma, times } => some(random, units, rate, |r| [times * r.lognormal(sigma)]).into(),
            Self::Repeats(mean) => {
                let one_or_more = |r: &mut Random| loop {
                    let count = r.poisson(mean);
                    if count > 0 {
                        return [count as f64];
                    }
                };
                some(random, units, 1.0 - (-mean).exp(), one_or_more).into()
            }
            Self::Orders { rate, sigma } => Sample::Ratio(some(random, units, rate, |r| {
                let orders = 1 + r.binomial(1, 0.3);
                [(0..orders).map(|_| r.lognormal(sigma)).sum(), orders as f64]
            })),
            Self::Clicks { rate } => Sample::Ratio(some(random, units, 1.0, |r| {
                [if r.uniform() < rate { 1.0 } else { 0.0 }, 1.0 + r.poisson(2.0) as f64]
            })),
            Self::Returns { rate } => {
                let returning = random.binomial(units, 0.05);
                let pays = |r: &mut Random, rate: f64| if r.uniform() < rate { r.lognormal(1.0) } else { 0.0 };
                let new = some(random, units - returning, rate, |r| [r.lognormal(1.0), 0.0]);
                let old = some(random, returning, 1.0, |r| [pays(r, 10.0 * rate), pays(r, 0.5)]);
                Sample::Cuped(new.merge(&old))
            }
            Self::Companies { rate, apart, by_visitor } => {
                let companies: Vec<[f64; 2]> = (0..units)
                    .map(|_| {
                        let visitors = 1 + random.poisson(19.0);
                        let rate = if random.uniform() < 0.5 { rate - apart } else { rate + apart };
                        [random.binomial(visitors, rate) as f64, visitors as f64]
                    })
                    .collect();
                if by_visitor {
                    let sum = |i: usize| companies.iter().map(|company| company[i]).sum::<f64>() as u64;
                    Proportion::new(sum(1), sum(0)).unwrap_or_default().into()
                } else {
                    Sample::Ratio(Moments::of(companies).unwrap_or_default())
                }
            }
            Self::Waits { level, sigma, times, step } => totals(random, units, level, |r| {
                let total = times * r.lognormal(sigma);
                if step > 0.0 { (total / step).round() * step } else { total }
            }),
            Self::WaitsSometimes { level, rate } => {
                totals(random, units, level, |r| if r.uniform() < rate { 40.0 * r.lognormal(1.0) } else { 0.0 })
            }
            Self::Counts { level, mean } => totals(random, units, level, |r| r.poisson(mean) as f64),
        }
    }
}

/// `rate` of the units have numbers, the others nothing.
fn some<const K: usize>(
    random: &mut Random,
    units: u64,
    rate: f64,
    mut numbers: impl FnMut(&mut Random) -> [f64; K],
) -> Moments<K> {
    let with = random.binomial(units, rate);
    let of = Moments::of((0..with).map(|_| numbers(random))).unwrap_or_default();
    of.merge(&Moments::of_nothing(units - with))
}

fn totals(random: &mut Random, units: u64, level: f64, mut total: impl FnMut(&mut Random) -> f64) -> Sample {
    let mut totals: Vec<f64> = (0..units).map(|_| total(random)).collect();
    Totals::of(&mut totals, level).map(Sample::Totals).unwrap_or_default()
}

/// One metric of an experiment, and the truth about it.
#[derive(Clone, Debug)]
pub struct Measure {
    /// What it decides.
    pub role: Role,
    /// Whether less is better.
    pub lower_is_better: bool,
    /// Of a guardrail.
    pub margin: f64,
    /// The smallest lift that it was planned for.
    pub smallest_lift: Option<f64>,
    /// What visitors of each arm do, the baseline first.
    pub arms: Vec<Does>,
    /// The true lift of each arm; 0 for the baseline.
    pub lifts: Vec<f64>,
}

impl Measure {
    /// A goal without any effect, in this many arms.
    pub fn idle(does: Does, arms: usize) -> Self {
        Self::goal(vec![does; arms], vec![0.0; arms])
    }

    /// A goal.
    pub fn goal(arms: Vec<Does>, lifts: Vec<f64>) -> Self {
        Self { role: Role::Goal, lower_is_better: false, margin: 0.02, smallest_lift: None, arms, lifts }
    }

    /// A conversion goal with these lifts over the baseline's rate.
    pub fn converts(rate: f64, lifts: &[f64]) -> Self {
        let all: Vec<f64> = std::iter::once(0.0).chain(lifts.iter().copied()).collect();
        Self::goal(all.iter().map(|lift| Does::Converts(rate * (1.0 + lift))).collect(), all)
    }

    /// The same as a guardrail with this margin.
    #[must_use]
    pub fn guarding(self, margin: f64) -> Self {
        Self { role: Role::Guardrail, margin, ..self }
    }
}

/// An experiment that somebody looks at again and again.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Visitors of all arms that it is planned for, where it has a plan.
    pub planned: Option<u64>,
    /// True if the plan has an end.
    pub ends: bool,
    /// The planned split, where visitors come in another one.
    pub weights: Option<Vec<f64>>,
    /// What it measures.
    pub measures: Vec<Measure>,
    /// Visitors that come to each arm between two looks.
    pub arrivals: Vec<u64>,
    /// How many looks.
    pub looks: usize,
}

impl Setting {
    /// Every arm gets as many.
    pub fn even(measures: Vec<Measure>, per_look: u64, looks: usize) -> Self {
        let arms = measures.first().map_or(0, |m| m.arms.len());
        Self { planned: None, ends: false, weights: None, measures, arrivals: vec![per_look; arms], looks }
    }

    /// The same with a plan for as many visitors as come, and this smallest lift of each goal.
    #[must_use]
    pub fn planned(mut self, smallest_lift: Option<f64>) -> Self {
        self.planned = Some(self.arrivals.iter().sum::<u64>() * self.looks as u64);
        self.measures.iter_mut().for_each(|measure| measure.smallest_lift = smallest_lift);
        self
    }

    /// The same with an end that is planned for as many visitors as come.
    #[must_use]
    pub fn ends(self) -> Self {
        Self { ends: true, ..self.planned(None) }
    }

    /// The same with these arrivals instead.
    #[must_use]
    pub fn with_arrivals(self, arrivals: impl Into<Vec<u64>>) -> Self {
        Self { arrivals: arrivals.into(), ..self }
    }

    /// The plan that it is judged by.
    pub fn plan(&self) -> Plan {
        let name = |what: &str, i: usize| format!("{what}{i}");
        let metric = |(i, m): (usize, &Measure)| {
            let kind = m.arms.first().map_or(MetricKind::Value { event: "e".into() }, |does| does.kind());
            let mut metric = Metric::new(name("m", i), name("M", i), m.role, kind);
            metric.direction = if m.lower_is_better { Direction::Decrease } else { Direction::Increase };
            metric
        };
        let options = |(i, m): (usize, &Measure)| {
            (
                name("m", i),
                MetricOptions { lower_is_better: m.lower_is_better, margin: m.margin, smallest_lift: m.smallest_lift },
            )
        };
        // All else is the default, which is what the app uses.
        let usual = Plan::default();
        let of_two_arms = |planned: u64| planned as f64 * 2.0 / self.arrivals.len() as f64;
        Plan {
            engine: if self.ends { Engine::PlannedEnd } else { usual.engine },
            planned: self.planned,
            sequential_n: self.planned.map_or(usual.sequential_n, of_two_arms),
            variants: (0..self.arrivals.len()).map(|v| name("v", v)).collect(),
            names: (0..self.arrivals.len()).map(|v| name("V", v)).collect(),
            weights: self.weights.clone().unwrap_or_else(|| self.arrivals.iter().map(|n| *n as f64).collect()),
            metrics: self.measures.iter().enumerate().map(metric).collect(),
            options: self.measures.iter().enumerate().map(options).collect(),
            ..usual
        }
    }

    /// Runs it once. Visitors are assigned one by one, so that the arms' sizes vary as they do in life.
    pub fn run(&self, random: &mut Random) -> Course {
        let plan = self.plan();
        let mut samples = vec![vec![Sample::default(); self.arrivals.len()]; self.measures.len()];
        let mut traffic = Traffic::default();
        let mut course = Course::default();
        for look in 1..=self.looks {
            let units = split(random, &self.arrivals);
            for (measure, arms) in self.measures.iter().zip(&mut samples) {
                for ((does, units), sample) in measure.arms.iter().zip(&units).zip(arms) {
                    *sample = sample.merge(&does.sample(random, *units)).unwrap_or_default();
                }
            }
            traffic.days.push(Arrivals { day: look as i64, units });
            course.see(look, &analyse(&plan, &samples, &traffic), &self.measures);
            course.alone |=
                found(&plan, &samples, |c| sequential(c, Tail::TwoSided, plan.alpha, plan.sequential_n, 0.0));
            course.fixed = found(&plan, &samples, |c| frequentist(c, Tail::TwoSided, plan.alpha, 0.0));
        }
        course
    }
}

/// Returns true if a test of the absolute difference, by itself, calls the second arm better on the first metric, once both
/// arms have 50 units with something.
fn found(plan: &Plan, samples: &[Vec<Sample>], test: impl Fn(&Contrast) -> Result<Outcome, Reason>) -> bool {
    let Some([a, b]) = samples.first().and_then(|arms| arms.get(..2)) else { return false };
    if a.nonzero().min(b.nonzero()) < MIN_NONZERO {
        return false;
    }
    let judged = contrast(Scale::Absolute, a, b).and_then(|c| test(&c));
    judged.is_ok_and(|outcome| outcome.p_value < plan.alpha && outcome.effect > 0.0)
}

/// All of these visitors, each assigned by chance.
fn split(random: &mut Random, arrivals: &[u64]) -> Vec<u64> {
    let (mut left, mut weight) = (arrivals.iter().sum::<u64>(), arrivals.iter().sum::<u64>() as f64);
    let arm = |arrives: &u64| {
        let here = random.binomial(left, (*arrives as f64 / weight).min(1.0));
        left -= here;
        weight -= *arrives as f64;
        here
    };
    arrivals.iter().map(arm).collect()
}

/// What an experiment's looks said.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// A variant was called better on a goal that it is not better on.
    pub up: bool,
    /// A variant was called worse on a goal or a guardrail that it is not worse on.
    pub down: bool,
    /// An interval did not hold the truth.
    pub missed: bool,
    /// A comparison was past its wait: before, nothing but the exact test of conversions decides.
    pub awake: bool,
    /// A guardrail was called safe though it is harmed by its margin or more.
    pub unsafe_: bool,
    /// The look at which the verdict first was anything but too early or undecided, and the verdict.
    pub first: Option<(usize, Verdict)>,
    /// The look of the first `Winner`, and the variant.
    pub winner: Option<(usize, String)>,
    /// The measured and the likely lift of the first metric when the first winner was named.
    pub claimed: Option<(f64, f64)>,
    /// The confidence sequence of the absolute difference alone would have called the second arm better on the first metric.
    pub alone: bool,
    /// Welch's test of the absolute difference calls it better at the last look, which holds if that is the only one.
    pub fixed: bool,
    /// The look at which every variant was first called worse.
    pub loser: Option<usize>,
    /// A variant was called not worth waiting for though a goal has the smallest lift.
    pub given_up: bool,
    /// The look at which the experiment was first called not worth waiting for.
    pub futile: Option<usize>,
    /// The numbers were called untrustworthy.
    pub distrusted: bool,
    /// The verdict at the last look.
    pub last: Option<Verdict>,
}

impl Course {
    /// Takes in what a look says.
    pub fn see(&mut self, look: usize, analysis: &Analysis, measures: &[Measure]) {
        for (metric, measure) in analysis.metrics.iter().zip(measures) {
            let sign = if measure.lower_is_better { -1.0 } else { 1.0 };
            for ((comparison, lift), place) in metric.variants.iter().zip(&measure.lifts).zip(0..) {
                let is_awake = comparison.p_value.is_some() && comparison.undecided.is_none();
                self.awake |= is_awake && comparison.absolute.is_some_and(|e| e.is_ok());
                if let Some(Ok(e)) = comparison.relative {
                    self.missed |= *lift < e.lower || *lift > e.upper;
                }
                let state = comparison.guardrail.map(|g| g.state);
                self.unsafe_ |= state == Some(GuardrailState::Safe) && sign * lift <= -measure.margin;
                let id = &metric.metric.id;
                // Standings leave out the baseline, which comes first.
                let Some(standing) = usize::checked_sub(place, 1).and_then(|i| analysis.standings.get(i)) else {
                    continue;
                };
                self.up |= standing.better.contains(id) && sign * lift <= 0.0;
                self.down |= standing.worse.contains(id) && sign * lift >= 0.0;
            }
        }
        for (standing, place) in analysis.standings.iter().zip(1..) {
            let has_lift = |m: &Measure| m.smallest_lift.is_some_and(|smallest| m.lifts[place] >= smallest);
            self.given_up |= standing.state == State::Futile && measures.iter().any(has_lift);
        }
        match &analysis.verdict {
            Verdict::Futile => drop(self.futile.get_or_insert(look)),
            Verdict::Winner { variant } => {
                let first = analysis.metrics.first().and_then(|m| m.variants.iter().find(|c| c.variant == *variant));
                let lifts = first.and_then(|c| Some((c.relative?.ok()?.effect, c.likely?)));
                self.claimed = self.claimed.or(lifts.filter(|_| self.winner.is_none()));
                self.winner.get_or_insert((look, variant.clone()));
            }
            Verdict::Loser { .. } => {
                self.loser.get_or_insert(look);
            }
            Verdict::Untrustworthy => self.distrusted = true,
            _ => {}
        }
        if !matches!(analysis.verdict, Verdict::TooEarly | Verdict::Undecided) {
            self.first.get_or_insert_with(|| (look, analysis.verdict.clone()));
        }
        self.last = Some(analysis.verdict.clone());
    }
}

/// Runs it this many times, each from a seed of its own.
pub fn courses(setting: &Setting, runs: usize, seed: u64) -> Vec<Course> {
    (0..runs as u64).map(|run| setting.run(&mut Random::new(seed.wrapping_mul(1_000_003).wrapping_add(run)))).collect()
}
