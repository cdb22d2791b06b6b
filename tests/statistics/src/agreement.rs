//! Numbers from every part of the engine, to be compared between machines.

use beacon_shared::model::{Metric, MetricKind, Role};
use beacon_shared::stats::{
    Cap, Contrast, Engine, Goal, History, Judge, Moments, Plan, Prior, Proportion, Quantile, Sample, Scale, Tail,
    Totals, Traffic, analyse, arm_posteriors, bayesian, best_arm_probabilities, contrast, frequentist,
    minimum_detectable_effect, non_inferiority, remaining, sample_size, sequential, srm, stratified_contrast,
};

use crate::random::Random;

/// The numbers, always in the same order. Their inputs are made by multiplication alone, so that they are the same
/// everywhere.
pub fn values() -> Vec<f64> {
    let mut random = Random::new(99);
    let mut out = Vec::new();
    for units in [30, 300, 5000] {
        for (a, b) in pairs(&mut random, units) {
            for scale in [Scale::Absolute, Scale::Relative] {
                if let Ok(contrast) = contrast(scale, &a, &b) {
                    judged(&contrast, &mut out);
                }
            }
            decided(&(a, b), &mut out);
        }
    }
    for n in [2_000_000u64, 3_000_000_000] {
        let arm = |share: f64| Sample::from(Proportion::new(n, (n as f64 * share) as u64).unwrap_or_default());
        for share in [0.0501, 0.051, 0.07] {
            contrast(Scale::Relative, &arm(0.05), &arm(share)).iter().for_each(|c| judged(c, &mut out));
        }
    }
    others(&mut random, &mut out);
    planning(&mut out);
    out
}

/// A sample of one kind from the units' four numbers.
type OfUnits = fn(&[[f64; 4]]) -> Sample;

fn pairs(random: &mut Random, units: usize) -> Vec<(Sample, Sample)> {
    let mut unit = |lift: f64| {
        let (a, b, c) = (random.uniform(), random.uniform(), random.uniform());
        [lift + a * a / (0.02 + b), 1.0 + b + c, a + 0.2 * c, 1.0 + c]
    };
    let mut arm = |lift: f64| (0..units).map(|_| unit(lift)).collect::<Vec<[f64; 4]>>();
    let (a, b) = (arm(0.0), arm(0.03));
    let kinds: [OfUnits; 7] = [
        |u| {
            Sample::from(
                Proportion::new(u.len() as u64, u.iter().filter(|x| x[0] > 1.0).count() as u64).unwrap_or_default(),
            )
        },
        |u| Moments::of(u.iter().map(|x| [x[0]])).map(Sample::Mean).unwrap_or_default(),
        |u| Moments::of(u.iter().map(|x| [x[0], x[1]])).map(Sample::Ratio).unwrap_or_default(),
        |u| Moments::of(u.iter().map(|x| [x[0], x[2]])).map(Sample::Cuped).unwrap_or_default(),
        |u| Moments::of(u.iter().copied()).map(|m| Sample::CupedRatio(Box::new(m))).unwrap_or_default(),
        |u| Totals::of(&mut u.iter().map(|x| x[0]).collect::<Vec<_>>(), 0.8).map(Sample::from).unwrap_or_default(),
        |u| Quantile::of(&mut u.iter().map(|x| x[0]).collect::<Vec<_>>(), 0.8).map(Sample::from).unwrap_or_default(),
    ];
    kinds.into_iter().map(|kind| (kind(&a), kind(&b))).collect()
}

fn judged(contrast: &Contrast, out: &mut Vec<f64>) {
    out.extend([contrast.effect, contrast.variance, contrast.freedom]);
    for tail in [Tail::TwoSided, Tail::Greater, Tail::Lesser] {
        let outcomes = [frequentist(contrast, tail, 0.05, 0.0), sequential(contrast, tail, 0.01, 2000.0, 0.01)];
        for o in outcomes.into_iter().flatten() {
            out.extend([o.p_value].into_iter().chain(o.lower).chain(o.upper));
        }
    }
    for proper in [false, true] {
        if let Ok(p) = bayesian(contrast, &Prior { proper, ..Prior::default() }, 0.05, proper) {
            out.extend([p.effect, p.lower, p.upper, p.chance_to_win, p.risk[0], p.risk[1]]);
        }
    }
    let guardrail = |engine| non_inferiority(&Plan { engine, ..Plan::default() }, contrast, 0.02, false);
    out.extend([Engine::Frequentist, Engine::Bayesian].map(guardrail).into_iter().flatten().map(|g| g.p_value));
}

/// Everything that decides, of a goal and of a guardrail.
fn decided(arms: &(Sample, Sample), out: &mut Vec<f64>) {
    for (role, engine) in [Role::Goal, Role::Guardrail]
        .into_iter()
        .flat_map(|r| [Engine::Sequential, Engine::Frequentist].map(|e| (r, e)))
    {
        let metric = Metric::new("m", "M", role, MetricKind::Value { event: "e".into() });
        let variants = vec!["a".into(), "b".into()];
        let plan = Plan { engine, variants, weights: vec![1.0; 2], metrics: vec![metric], ..Plan::default() };
        let analysis = analyse(&plan, &[vec![arms.0.clone(), arms.1.clone()]], &Traffic::default());
        for c in analysis.metrics.iter().flat_map(|m| &m.variants) {
            out.extend(c.p_value.into_iter().chain(c.guardrail.map(|g| g.p_value)));
            let estimates = [c.relative, c.absolute].into_iter().flatten().flatten();
            out.extend(estimates.flat_map(|e| [e.effect, e.standard_error, e.lower, e.upper]));
        }
    }
}

fn others(random: &mut Random, out: &mut Vec<f64>) {
    let strata: Vec<(Sample, Sample)> = (0..4).filter_map(|_| pairs(random, 60).into_iter().nth(3)).collect();
    out.extend(stratified_contrast(Scale::Relative, &strata).iter().flat_map(|c| [c.effect, c.variance, c.freedom]));
    out.extend(srm(&[5120, 4880, 2610], &[2.0, 2.0, 1.0]).p_value);
    let arms: Vec<Sample> = pairs(random, 400).into_iter().skip(1).take(1).flat_map(|(a, b)| [a, b]).collect();
    let posteriors = arm_posteriors(&arms, Some((0.0, 1e4))).unwrap_or_default();
    out.extend(best_arm_probabilities(&posteriors, false).unwrap_or_default());
    let totals: Vec<f64> = (0..100).map(|_| 1.0 / random.uniform()).collect();
    out.extend(Cap::Percentile(0.95).amount(&totals));
}

fn planning(out: &mut Vec<f64>) {
    for judge in [Judge::FixedHorizon, Judge::Sequential(5000.0), Judge::Bayesian { mean: 0.01, variance: 0.09 }] {
        let goal = Goal { judge, alpha: 0.05, power: 0.85 };
        let history = History::proportion(0.07);
        out.extend(sample_size(&goal, &history, 0.1, 0.5));
        out.extend(minimum_detectable_effect(&goal, &history, Scale::Relative, 20_000.0, 1.0));
        let arm = |k| Sample::from(Proportion::new(5000, k).unwrap_or_default());
        let running = contrast(Scale::Relative, &arm(400), &arm(420)).and_then(|c| remaining(&goal, &c, 0.05));
        out.extend(running.iter().flat_map(|r| [r.power, r.factor, r.units]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_gives_numbers() {
        let values = values();
        assert!(values.len() > 900, "{}", values.len());
        assert!(values.iter().all(|v| v.is_finite()));
        assert_eq!(values, super::values(), "the same run twice");
    }
}
