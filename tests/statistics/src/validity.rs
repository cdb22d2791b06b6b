//! What the engines promise, measured.

use beacon_shared::stats::{
    Correction, Engine, Goal, History, Judge, Plan, Prior, Sample, Scale, contrast, estimate, non_inferiority,
    sample_size, srm, stratified_contrast,
};

use crate::random::Random;
use crate::row::{Promise, Row};
use crate::simulation::{Course, Kind, Look, arm, converted, course, look, strata};
use crate::verdicts::{Extent, Judged, with_effect, without_effect};

/// A share that grows from look to look.
#[derive(Clone, Debug)]
pub struct Curve {
    /// What it is.
    pub name: String,
    /// Units in each arm at each look.
    pub units: Vec<u64>,
    /// Share of the runs that have been significant at any look so far.
    pub ever: Vec<f64>,
}

/// All that was measured.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// The table.
    pub rows: Vec<Row>,
    /// The chart.
    pub curves: Vec<Curve>,
    /// Verdicts on experiments whose decisions would be false.
    pub judged: Vec<Judged>,
    /// Verdicts on experiments with an effect.
    pub effects: Vec<Row>,
}

const ALPHA: f64 = 0.05;

/// Measures with about this many runs for each row; slow rows have a fifth of them, and those of verdicts a tenth.
pub fn measure(runs: usize, seed: u64, extent: Extent) -> Measured {
    let mut random = Random::new(seed);
    let mut measured = Measured::default();
    fixed(&mut measured.rows, &mut random, runs);
    kinds(&mut measured.rows, &mut random, runs.div_ceil(5));
    bayesian(&mut measured.rows, &mut random, runs);
    power(&mut measured.rows, &mut random, runs.div_ceil(5));
    others(&mut measured.rows, &mut random, runs);
    sequential(&mut measured, &mut random, runs.div_ceil(5));
    measured.judged = without_effect(runs.div_ceil(10), extent);
    measured.effects = with_effect(runs.div_ceil(10), extent);
    measured
}

fn plan(engine: Engine) -> Plan {
    Plan { engine, ..Plan::default() }
}

fn rates(random: &mut Random, plan: &Plan, units: u64, rates: [f64; 2]) -> Look {
    let [a, b] = rates.map(|rate| converted(random, units, rate));
    let truth = rates[1] / rates[0] - 1.0;
    contrast(Scale::Relative, &a, &b).map_or(Look { significant: false, covered: true }, |c| look(plan, &c, truth))
}

fn fixed(rows: &mut Vec<Row>, random: &mut Random, runs: usize) {
    let plan = plan(Engine::Frequentist);
    let mut run = |second: f64| (0..runs).map(|_| rates(random, &plan, 2000, [0.1, second])).collect::<Vec<Look>>();
    let (none, some) = (run(0.1), run(0.12));
    let what = "Welch, one look, no effect (10%, 2,000 visitors an arm): significant";
    rows.push(Row::new(what, Promise::About(ALPHA), none.iter().map(|l| l.significant)));
    let what = "Welch, true lift +20%: interval holds the truth";
    rows.push(Row::new(what, Promise::About(1.0 - ALPHA), some.iter().map(|l| l.covered)));
}

fn kinds(rows: &mut Vec<Row>, random: &mut Random, runs: usize) {
    let plan = plan(Engine::Frequentist);
    let kinds = [
        (Kind::Mean, "revenue per visitor (skewed)"),
        (Kind::Ratio, "revenue per order (ratio)"),
        (Kind::Cuped, "revenue per visitor, CUPED"),
        (Kind::CupedRatio, "revenue per order, CUPED"),
        (Kind::Quantile, "90% quantile of revenue"),
    ];
    for (kind, name) in kinds {
        for lift in [0.0, 0.1] {
            let looks = (0..runs).map(|_| {
                let (a, b) = (arm(random, kind, 800, 0.0), arm(random, kind, 800, lift));
                contrast(Scale::Relative, &a, &b).map_or(Look::default(), |c| look(&plan, &c, lift))
            });
            let looks: Vec<Look> = looks.collect();
            rows.push(if lift == 0.0 {
                let what = format!("Welch, {name}, no effect: significant");
                Row::new(what, Promise::About(ALPHA), looks.iter().map(|l| l.significant))
            } else {
                let what = format!("Welch, {name}, true lift +10%: interval holds the truth");
                Row::new(what, Promise::About(1.0 - ALPHA), looks.iter().map(|l| l.covered))
            });
        }
    }
}

fn bayesian(rows: &mut Vec<Row>, random: &mut Random, runs: usize) {
    let flat = plan(Engine::Bayesian);
    let looks: Vec<Look> = (0..runs).map(|_| rates(random, &flat, 2000, [0.1, 0.1])).collect();
    let what = "Bayesian, flat prior, no effect: chance to win below 2.5% or above 97.5%";
    rows.push(Row::new(what, Promise::About(ALPHA), looks.iter().map(|l| l.significant)));
    // When true effects come from the prior, the credible interval holds 95% of them.
    let sd = 0.1;
    let prior = Prior { proper: true, standard_deviation: sd, ..Prior::default() };
    let proper = Plan { prior, ..flat };
    let looks: Vec<Look> = (0..runs)
        .map(|_| {
            let lift = sd * random.normal();
            rates(random, &proper, 4000, [0.2, 0.2 * (1.0 + lift)])
        })
        .collect();
    let what = "Bayesian, true lifts drawn from the prior N(0, 10%): interval holds the truth";
    rows.push(Row::new(what, Promise::About(1.0 - ALPHA), looks.iter().map(|l| l.covered)));
}

/// The calculator's n, and how often that many visitors find the effect.
fn power(rows: &mut Vec<Row>, random: &mut Random, runs: usize) {
    let judges = [
        (Engine::Frequentist, Judge::FixedHorizon, "Welch"),
        (Engine::Sequential, Judge::Sequential(5000.0), "sequential, last look only"),
    ];
    for (engine, judge, name) in judges {
        let goal = Goal { judge, alpha: ALPHA, power: 0.8 };
        let Ok(n) = sample_size(&goal, &History::proportion(0.2), 0.15, 1.0) else { continue };
        let units = n.ceil() as u64;
        let plan = plan(engine);
        let hits: Vec<bool> = (0..runs)
            .map(|_| {
                let (a, b) = (converted(random, units, 0.2), converted(random, units, 0.23));
                contrast(Scale::Absolute, &a, &b).is_ok_and(|c| look(&plan, &c, 0.03).significant)
            })
            .collect();
        let what = format!("power, {name}: calculator says 80% at {units} visitors an arm (20%, lift +15%)");
        rows.push(Row::new(what, Promise::About(0.8), hits.into_iter()));
    }
}

fn others(rows: &mut Vec<Row>, random: &mut Random, runs: usize) {
    let plan = plan(Engine::Frequentist);
    let alarms: Vec<bool> = (0..runs)
        .map(|_| {
            let first = random.binomial(1000, 0.5);
            srm(&[first, 1000 - first], &[0.5, 0.5]).alarm
        })
        .collect();
    rows.push(Row::new(
        "sample ratio mismatch: alarm though the split is right",
        Promise::About(0.001),
        alarms.into_iter(),
    ));
    let safe: Vec<bool> = (0..runs)
        .map(|_| {
            let (a, b) = (converted(random, 2000, 0.2), converted(random, 2000, 0.2 * 0.9));
            let guardrail = contrast(Scale::Relative, &a, &b).and_then(|c| non_inferiority(&plan, &c, 0.1, false));
            guardrail.is_ok_and(|g| g.p_value < ALPHA)
        })
        .collect();
    let what = "guardrail exactly at its margin: called safe";
    // Relative effects are skewed, so that the lower tail is a little short of alpha.
    rows.push(Row::new(what, Promise::AtMost(ALPHA), safe.into_iter()));
    let looks: Vec<Look> = (0..runs.div_ceil(2))
        .map(|_| {
            let strata = strata(random, 2000, 0.1);
            stratified_contrast(Scale::Relative, &strata).map_or(Look::default(), |c| look(&plan, &c, 0.0))
        })
        .collect();
    let what = "post-stratified by two strata, no effect: significant";
    rows.push(Row::new(what, Promise::About(ALPHA), looks.iter().map(|l| l.significant)));
    families(rows, random, runs.div_ceil(5));
}

/// Ten metrics without an effect: any false alarm at all. The far tails of a relative effect are skewed, so that few
/// visitors give a few more alarms than promised; that is shown too.
fn families(rows: &mut Vec<Row>, random: &mut Random, runs: usize) {
    let holm = (Correction::Holm, "Holm");
    let large = p_values(random, runs, 5000);
    family(rows, &large, (Correction::None, "no correction"), 5000, Promise::Nothing);
    family(rows, &large, holm, 5000, Promise::AtMost(ALPHA));
    family(rows, &large, (Correction::BenjaminiHochberg, "Benjamini–Hochberg"), 5000, Promise::AtMost(ALPHA));
    family(rows, &large, (Correction::Bonferroni, "Bonferroni"), 5000, Promise::AtMost(ALPHA));
    let small = p_values(random, runs, 500);
    family(rows, &small, holm, 500, Promise::Nothing);
}

fn p_values(random: &mut Random, runs: usize, units: u64) -> Vec<Vec<f64>> {
    let plan = plan(Engine::Frequentist);
    let mut p = || {
        let (a, b): (Sample, Sample) = (converted(random, units, 0.3), converted(random, units, 0.3));
        let judged = contrast(Scale::Relative, &a, &b).and_then(|c| estimate(&plan, &c, false));
        judged.map_or(1.0, |e| e.p_value)
    };
    (0..runs).map(|_| (0..10).map(|_| p()).collect()).collect()
}

fn family(rows: &mut Vec<Row>, families: &[Vec<f64>], how: (Correction, &str), units: u64, promise: Promise) {
    let any = families.iter().map(|p| how.0.adjust(p).iter().any(|p| *p < ALPHA));
    let what = format!("ten metrics without an effect ({units} visitors an arm), {}: any significant", how.1);
    rows.push(Row::new(what, promise, any));
}

fn sequential(measured: &mut Measured, random: &mut Random, runs: usize) {
    let long = Course { batch: 100, looks: 200, wait: 50 };
    let mut run = |name: &str, engine, rate, lift, how: Course, promise, covers: Option<Promise>| {
        let all: Vec<(Vec<bool>, bool)> = (0..runs).map(|_| course(random, engine, rate, lift, how)).collect();
        let what = format!(
            "{name} ({}%, {} looks, from {} conversions on): ever significant",
            rate * 100.0,
            how.looks,
            how.wait
        );
        measured.rows.push(Row::new(what, promise, all.iter().map(|(ever, _)| ever.last() == Some(&true))));
        if let Some(covers) = covers {
            let what = format!("{name} ({}%): every interval holds the truth", rate * 100.0);
            measured.rows.push(Row::new(what, covers, all.iter().map(|(_, covered)| *covered)));
        }
        let ever =
            |look: usize| all.iter().filter(|(ever, _)| ever.get(look) == Some(&true)).count() as f64 / runs as f64;
        measured.curves.push(Curve {
            name: format!("{name}, {}%", rate * 100.0),
            units: (1..=how.looks as u64).map(|look| look * how.batch).collect(),
            ever: (0..how.looks).map(ever).collect(),
        });
    };
    for rate in [0.01, 0.05, 0.2] {
        let coverage = Some(Promise::AtLeast(1.0 - ALPHA));
        run("sequential, no effect", Engine::Sequential, rate, 0.0, long, Promise::AtMost(ALPHA), coverage);
    }
    let coverage = Some(Promise::AtLeast(1.0 - ALPHA));
    run("sequential, true lift +10%", Engine::Sequential, 0.1, 0.1, long, Promise::Nothing, coverage);
    let early = Course { batch: 20, looks: 200, wait: 0 };
    run("sequential without the wait, no effect", Engine::Sequential, 0.01, 0.0, early, Promise::Nothing, None);
    run("Welch at every look, no effect", Engine::Frequentist, 0.05, 0.0, long, Promise::Nothing, None);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The short form of `cargo xtask validity`.
    #[test]
    fn the_promises_hold() {
        let measured = measure(400, 20_260_921, Extent::Short);
        for row in &measured.rows {
            assert!(
                row.holds(),
                "{}: {} ± {} in {} runs, promised {:?}",
                row.what,
                row.share,
                row.tolerance(),
                row.runs,
                row.promise
            );
        }
        for judged in &measured.judged {
            assert!(judged.holds(), "{judged:?}");
        }
        assert!(measured.effects.iter().all(Row::holds), "{:?}", measured.effects);
        let share = |what: &str| measured.rows.iter().find(|r| r.what.starts_with(what)).map(|r| r.share);
        assert!(share("Welch at every look") > Some(0.15), "peeking must hurt, or the simulation sees nothing");
        assert!(measured.rows.iter().all(|r| r.runs >= 80));
    }

    #[test]
    fn a_seed_decides_everything() {
        let [a, b] = [(); 2].map(|()| measure(5, 7, Extent::Short).rows.iter().map(|r| r.share).collect::<Vec<_>>());
        assert_eq!(a, b);
    }
}
