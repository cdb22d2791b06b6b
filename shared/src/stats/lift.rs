//! The lift of one variant over the control: one statistic for every decision.
//!
//! Whether the lift is r is asked of D(r) = B − (1 + r)·A with V(r) = var(B) + (1 + r)²·var(A): r = 0 for better or worse,
//! r = ∓margin for a guardrail. The interval of the lift is the set of all r that are not rejected, which is a quadratic
//! in r (Fieller, JRSS B 16, 1954), here with the boundary of the confidence sequence. The delta method's relative effect
//! divides by a baseline that is itself measured, so that its error grows when B > A and shrinks when B < A: it calls a
//! skewed metric worse far too easily, and has intervals below −100%. It stays for comparison with other engines
//! ([`super::contrast()`]), and decides nothing.
//!
//! Conversions are also watched exactly ([`super::exact`]); both evidences are averaged.

use super::exact::{Split, log_mean};
use super::means::{Belief, Means};
use super::share_above::{Move, Quantiles};
use super::{
    Engine, Estimate, MIN_NONZERO, Mixture, PastLifts, Plan, Reason, Sample, Scale, Tail, normal, planned_end, student,
};

/// The part of the evidence about a conversion rate that is the confidence sequence's; the rest is the exact test's.
///
/// A fifth for the exact test cost up to 2.7 points of power on the same visitors, a twentieth costs about half a point. A
/// variant without any conversion is found as fast as by the exact test alone but for five conversions (ln 20 / ln 2).
pub(super) const SEQUENCE_WEIGHT: f64 = 0.95;
/// Parts of alpha of a test with a planned end: its boundary's, the confidence sequence's (which has the last word long after
/// the end), and the exact test's.
const PLANNED_PARTS: [f64; 3] = [0.96, 0.02, 0.02];
/// Where that sequence is tightest, in planned sizes.
const LONG_AFTER: f64 = 3.0;
/// Bisections halve their interval this often at most.
const STEPS: u32 = 60;
/// Beyond a lift of 2^60 nothing is looked for.
const MAX_DOUBLINGS: u32 = 60;

#[derive(Clone, Debug)]
enum Measured {
    Means(Means),
    Quantiles(Quantiles),
}

/// The posterior of a difference.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chance {
    /// That it is above 0.
    pub larger: f64,
    /// E max(difference, 0) and E max(−difference, 0).
    pub risk: [f64; 2],
    /// |A|.
    pub baseline: f64,
}

/// The evidence of two arms about a lift.
#[derive(Clone, Debug)]
pub(super) struct Lift {
    measured: Result<Measured, Reason>,
    split: Option<Split>,
    /// Why the asymptotic part decides nothing yet.
    pub wait: Option<Reason>,
    engine: Engine,
    /// The prior of lifts: of the Bayesian engine with a proper one.
    belief: Option<Belief>,
    tuning: f64,
    /// The two-sided sequence's, and the one-sided one's.
    mixture: Option<Mixture>,
    one_sided: Option<Mixture>,
    /// The metric in both arms, and the units of both.
    rates: [f64; 2],
    units: f64,
}

impl Lift {
    /// `weights` are the planned shares of both arms; only their proportion counts.
    pub fn new(plan: &Plan, baseline: &Sample, treatment: &Sample, weights: [f64; 2]) -> Self {
        let measured = match (baseline, treatment) {
            (Sample::Totals(a), Sample::Totals(b)) => Quantiles::new(a, b).map(Measured::Quantiles),
            _ => Means::new(baseline, treatment)
                .map(|means| Measured::Means(if plan.engine.holds_at_every_look() { means.pooled() } else { means })),
        };
        let sequential = plan.engine.holds_at_every_look();
        let split = match (baseline.conversions(), treatment.conversions()) {
            (Some(a), Some(b)) if sequential => Split::new([a, b], weights),
            _ => None,
        };
        let wait = if sequential { wait(baseline, treatment, measured.as_ref().ok()) } else { None };
        Self {
            measured,
            split,
            wait,
            engine: plan.engine,
            belief: if plan.engine == Engine::Bayesian { belief(plan, baseline) } else { None },
            tuning: plan.sequential_n,
            mixture: mixture(plan, Tail::TwoSided),
            one_sided: mixture(plan, Tail::Greater),
            rates: [baseline.mean(), treatment.mean()],
            units: (baseline.units().saturating_add(treatment.units())) as f64,
        }
    }

    /// Returns why there is no number, or no decision.
    pub fn problem(&self) -> Option<Reason> {
        self.measured.as_ref().err().copied()
    }

    /// D(r) in standard errors, and the units behind it.
    fn score(&self, lift: f64) -> Option<(f64, f64)> {
        match self.measured.as_ref().ok()? {
            Measured::Means(m) => Some((m.score(lift, self.belief), m.units)),
            Measured::Quantiles(q) => Some((q.above(Move::Lift(lift))?.score()?, q.units())),
        }
        .filter(|(score, _)| score.is_finite())
    }

    /// ln of the sequential evidence against this lift, in the direction asked about.
    fn log_evidence(&self, lift: f64, tail: Tail) -> f64 {
        let score = if self.wait.is_some() { None } else { self.score(lift) };
        self.combined(score, lift, tail)
    }

    fn combined(&self, score: Option<(f64, f64)>, lift: f64, tail: Tail) -> f64 {
        let mixture = match tail {
            Tail::TwoSided => self.mixture,
            Tail::Greater | Tail::Lesser => self.one_sided,
        };
        let asymptotic = score.zip(mixture);
        let asymptotic = asymptotic.map_or(f64::NEG_INFINITY, |((z, units), mixture)| {
            mixture.log_evidence(if tail == Tail::Lesser { -z } else { z }, units, tail)
        });
        let asked = |split: &Split| match tail {
            Tail::TwoSided => true,
            Tail::Greater => split.is_above(lift),
            Tail::Lesser => !split.is_above(lift),
        };
        let exact = self.split.map(|split| if asked(&split) { split.log_evidence(lift) } else { f64::NEG_INFINITY });
        match (self.engine, exact) {
            (Engine::PlannedEnd, _) => {
                let each = [self.planned(score, tail), asymptotic, exact.unwrap_or(f64::NEG_INFINITY)];
                each.iter()
                    .zip(PLANNED_PARTS)
                    .map(|(evidence, part)| evidence + part.ln())
                    .fold(f64::NEG_INFINITY, f64::max)
            }
            (_, Some(exact)) => log_mean(asymptotic, exact, SEQUENCE_WEIGHT),
            (_, None) => asymptotic,
        }
    }

    /// ln of the evidence by the boundary of the planned end.
    fn planned(&self, score: Option<(f64, f64)>, tail: Tail) -> f64 {
        let Some((z, units)) = score else { return f64::NEG_INFINITY };
        let evidence = planned_end::log_evidence(z, units / self.tuning);
        match tail {
            Tail::TwoSided => evidence,
            Tail::Greater if z > 0.0 => evidence + std::f64::consts::LN_2,
            Tail::Lesser if z < 0.0 => evidence + std::f64::consts::LN_2,
            Tail::Greater | Tail::Lesser => f64::NEG_INFINITY,
        }
    }

    /// The p-value of the null that the lift is `lift` (two-sided), at most it (`Greater`) or at least it (`Lesser`); 1
    /// where nothing can be said. Never 0: what underflows is still possible.
    pub fn p_value(&self, lift: f64, tail: Tail) -> f64 {
        if self.engine.holds_at_every_look() {
            return super::frequentist::probability((-self.log_evidence(lift, tail)).exp());
        }
        let Some((z, units)) = self.score(lift) else { return 1.0 };
        let freedom = match &self.measured {
            Ok(Measured::Means(m)) => m.freedom(lift),
            _ => units - 2.0,
        };
        let is_posterior = self.engine == Engine::Bayesian;
        let above = |z: f64| {
            let tail = if is_posterior { normal::upper_tail(z.abs()) } else { student::upper_tail(z.abs(), freedom) };
            if z >= 0.0 { tail } else { 1.0 - tail }
        };
        super::frequentist::probability(match tail {
            Tail::TwoSided => 2.0 * above(z.abs()),
            Tail::Greater => above(z),
            Tail::Lesser => above(-z),
        })
    }

    /// Returns true if the metric is larger in the treatment than a lift of `lift` says.
    pub fn is_above(&self, lift: f64) -> bool {
        match self.score(lift) {
            Some((z, _)) => z > 0.0,
            None => self.split.is_some_and(|split| split.is_above(lift)),
        }
    }

    /// Standard errors to either side of what is within the 1 − `alpha` interval, where the engine has such.
    fn half_width(&self, units: f64, alpha: f64) -> Option<f64> {
        self.half_widths(alpha)(units)
    }

    /// The same by the number of units.
    fn half_widths(&self, alpha: f64) -> impl Fn(f64) -> Option<f64> + '_ {
        let [planned, after, _] = PLANNED_PARTS.map(|part| part * alpha);
        let level = if self.engine == Engine::PlannedEnd { planned_end::level(planned) } else { 0.0 };
        move |units| match self.engine {
            Engine::Sequential => self.mixture.map(|mixture| mixture.half_width(units, alpha, Tail::TwoSided)),
            Engine::PlannedEnd => {
                let planned = planned_end::half_width(level, units / self.tuning);
                Some(self.mixture.map_or(planned, |m| m.half_width(units, after, Tail::TwoSided).min(planned)))
            }
            Engine::Bayesian => normal::upper_quantile(alpha / 2.0),
            Engine::Frequentist => {
                let freedom = match &self.measured {
                    Ok(Measured::Means(m)) => m.freedom(0.0),
                    _ => units - 2.0,
                };
                student::quantile_above(alpha / 2.0, freedom)
            }
        }
    }

    /// The lift with its 1 − `alpha` interval.
    pub fn relative(&self, alpha: f64) -> Result<Estimate, Reason> {
        if let (Some(reason), None) = (self.wait, &self.split) {
            return Err(self.problem().unwrap_or(reason));
        }
        let (effect, standard_error, is_signed) = self.point()?;
        let (lower, upper) = match (&self.measured, &self.split) {
            (_, Some(split)) => self.around(effect, alpha, split)?,
            (Ok(Measured::Means(m)), None) if self.belief.is_some() => {
                let h = self.half_width(m.units, alpha).ok_or(Reason::UnknownParameter)?;
                bounds(effect, |lift| m.score(lift, self.belief).abs() < h)?
            }
            (Ok(Measured::Means(m)), None) => {
                let h = self.half_width(m.units, alpha).ok_or(Reason::UnknownParameter)?;
                m.within(h).ok_or(Reason::UnknownBaseline)?
            }
            (Ok(Measured::Quantiles(q)), None) => {
                let h = self.half_width(q.units(), alpha).ok_or(Reason::UnknownParameter)?;
                let holds = |lift: f64| q.above(Move::Lift(lift)).and_then(|a| a.score()).is_none_or(|z| z.abs() < h);
                bounds(effect, holds)?
            }
            (Err(reason), None) => return Err(*reason),
        };
        let lower = if is_signed { lower } else { lower.max(-1.0) };
        // What has no formula has the interval's.
        let half_width = self.half_width(self.units, alpha).unwrap_or(1.0);
        let standard_error = standard_error.unwrap_or((upper - lower) / (2.0 * half_width));
        estimate(effect, standard_error, lower, upper, self.p_value(0.0, Tail::TwoSided))
    }

    /// The difference in the metric's unit with its 1 − `alpha` interval.
    pub fn absolute(&self, alpha: f64) -> Result<Estimate, Reason> {
        if let Some(reason) = self.wait {
            return Err(self.problem().unwrap_or(reason));
        }
        let p_value = self.p_value(0.0, Tail::TwoSided);
        match self.measured.as_ref().map_err(|reason| *reason)? {
            Measured::Means(m) => {
                let is_averaged = self.split.is_some() && self.engine == Engine::Sequential;
                let alpha = if is_averaged { alpha * SEQUENCE_WEIGHT } else { alpha };
                let (difference, standard_error) = m.posterior(0.0, self.belief);
                let reach = standard_error * self.half_width(m.units, alpha).ok_or(Reason::UnknownParameter)?;
                estimate(difference, standard_error, difference - reach, difference + reach, p_value)
            }
            Measured::Quantiles(q) => {
                let h = self.half_width(q.units(), alpha).ok_or(Reason::UnknownParameter)?;
                let effect = q.values[1] - q.values[0];
                let (lower, upper) = q.shifts(effect, h);
                estimate(effect, (upper - lower) / (2.0 * h), lower, upper, p_value)
            }
        }
    }

    /// The likely lift of means, if lifts are spread as in the past: where the middle of the posterior on the decision scale is,
    /// whose variance is that of the likely lift and not of the measured one. `None` without a baseline, and for quantiles.
    pub fn likely(&self, past: PastLifts) -> Option<f64> {
        let belief = Belief { mean: 0.0, standard_deviation: past.spread };
        match self.measured.as_ref().ok()? {
            Measured::Means(m) if m.baseline > 0.0 => Some(m.lift(Some(belief))),
            _ => None,
        }
    }

    /// The chance that the metric is larger in the treatment, and the expected losses of keeping the baseline and of shipping
    /// the treatment, in the metric's unit, where more is better. Of means only.
    pub fn chance(&self) -> Option<Chance> {
        let Measured::Means(m) = self.measured.as_ref().ok()? else { return None };
        let (difference, sd) = m.posterior(0.0, self.belief);
        let score = difference / sd;
        let risk = [sd * normal::expected_excess(-score), sd * normal::expected_excess(score)];
        Some(Chance { larger: normal::upper_tail(-score), risk, baseline: m.baseline })
    }

    /// How many times the present units reject this lift two-sided at `alpha`, if everything stays as measured; `None` when
    /// no number does, or nothing is known.
    pub fn more_units(&self, lift: f64, alpha: f64) -> Option<f64> {
        let (z, units) = self.score(lift)?;
        let half_width = self.half_widths(alpha);
        let reached = |times: f64| half_width(units * times).is_some_and(|h| z.abs() * times.sqrt() > h);
        let (mut low, mut high) = (1.0, 2.0);
        for _ in 0..MAX_DOUBLINGS {
            if reached(high) {
                break;
            }
            (low, high) = (high, high * 2.0);
        }
        for _ in 0..STEPS {
            let middle = (low + high) / 2.0;
            if reached(middle) { high = middle } else { low = middle }
        }
        reached(high).then_some(high)
    }

    /// The lift as measured, its standard error there if it has one, and whether it may be below −100%.
    fn point(&self) -> Result<(f64, Option<f64>, bool), Reason> {
        match &self.measured {
            Ok(Measured::Means(m)) if m.baseline > 0.0 => {
                let effect = m.lift(self.belief);
                Ok((effect, Some(m.posterior(effect, self.belief).1 / m.baseline), m.is_signed))
            }
            Ok(Measured::Quantiles(q)) if q.values[0] > 0.0 => {
                Ok((q.values[1] / q.values[0] - 1.0, None, q.is_signed()))
            }
            Ok(_) => Err(Reason::ZeroBaseline),
            // Without a variance the exact test still says how large the lift may be.
            Err(Reason::ZeroVariance) if self.split.is_some() => match self.rates {
                [a, b] if a > 0.0 => Ok((b / a - 1.0, None, false)),
                _ => Err(Reason::ZeroBaseline),
            },
            Err(reason) => Err(*reason),
        }
    }

    /// The lifts around `effect` that the averaged evidence does not exclude.
    fn around(&self, effect: f64, alpha: f64, split: &Split) -> Result<(f64, f64), Reason> {
        if !split.has_baseline() {
            return Err(Reason::UnknownBaseline);
        }
        let limit = -alpha.ln();
        bounds(effect, |lift| self.log_evidence(lift, Tail::TwoSided) < limit)
    }
}

/// The plan's prior, as one about lifts; `None` for a flat one.
fn belief(plan: &Plan, baseline: &Sample) -> Option<Belief> {
    let (prior, size) = (plan.prior, baseline.mean().abs());
    let unit = if prior.scale == Scale::Absolute { size } else { 1.0 };
    let belief = Belief { mean: prior.mean / unit, standard_deviation: prior.standard_deviation / unit };
    let is_proper = belief.mean.is_finite() && belief.standard_deviation > 0.0 && belief.standard_deviation.is_finite();
    (prior.proper && is_proper).then_some(belief)
}

/// The mixture of the plan's confidence sequence.
fn mixture(plan: &Plan, tail: Tail) -> Option<Mixture> {
    let (alpha, tuning) = match plan.engine {
        Engine::PlannedEnd => (plan.alpha * PLANNED_PARTS[1], plan.sequential_n * LONG_AFTER),
        _ => (plan.alpha, plan.sequential_n),
    };
    Mixture::tuned(alpha, tuning, tail).ok()
}

fn estimate(effect: f64, standard_error: f64, lower: f64, upper: f64, p_value: f64) -> Result<Estimate, Reason> {
    let all = [effect, standard_error, lower, upper, p_value];
    let estimate = Estimate { effect, standard_error, lower, upper, p_value, chance_to_win: None, risk: None };
    if all.into_iter().all(f64::is_finite) { Ok(estimate) } else { Err(Reason::NotFinite) }
}

/// The ends of the interval around `inside` for which `holds`, between −100% and as far as can be.
fn bounds(inside: f64, holds: impl Fn(f64) -> bool) -> Result<(f64, f64), Reason> {
    let inside = inside.max(-1.0);
    // Where the middle is excluded itself, the two evidences contradict each other: the split must be wrong.
    if !holds(inside) {
        return Err(Reason::UnknownBaseline);
    }
    let lower = if holds(-1.0) { -1.0 } else { edge(inside, -1.0, &holds) };
    let mut outside = 2.0 * inside + 1.5;
    let mut doublings = 0;
    while holds(outside) {
        doublings += 1;
        if doublings > MAX_DOUBLINGS {
            return Err(Reason::UnknownBaseline);
        }
        outside = 2.0 * outside + 1.0;
    }
    Ok((lower, edge(inside, outside, &holds)))
}

/// Where `holds` ends on the way from `inside` to `outside`; on the outer side, so that nothing is left out.
fn edge(mut inside: f64, mut outside: f64, holds: &impl Fn(f64) -> bool) -> f64 {
    for _ in 0..STEPS {
        let middle = inside + (outside - inside) / 2.0;
        if (outside - inside).abs() <= 1e-13 * (1.0 + middle.abs()) {
            break;
        }
        if holds(middle) { inside = middle } else { outside = middle }
    }
    outside
}

/// Returns why the asymptotic sequence has to wait: 50 units with something in either arm (of a conversion also 50
/// without, of a ratio 50 with a numerator and a denominator, of a quantile 50 on either side).
fn wait(baseline: &Sample, treatment: &Sample, measured: Option<&Measured>) -> Option<Reason> {
    if let Some(Measured::Quantiles(quantiles)) = measured {
        let fewest = quantiles.above(Move::Lift(0.0)).map_or(0, |above| above.fewest());
        return (fewest < MIN_NONZERO).then_some(Reason::TooFewUnits);
    }
    let fewest = |count: fn(&Sample) -> u64| count(baseline).min(count(treatment));
    if baseline.conversions().is_some() && treatment.conversions().is_some() {
        let few = fewest(Sample::nonzero) < MIN_NONZERO || fewest(|s| s.units() - s.nonzero()) < MIN_NONZERO;
        return few.then_some(Reason::TooFewConversions);
    }
    (fewest(Sample::nonzero) < MIN_NONZERO).then_some(Reason::TooFewNonzero)
}
