//! How often the verdict is wrong, measured.

use std::thread;

use beacon_shared::model::Role;
use beacon_shared::stats::Verdict;

use crate::experiment::{Course, Does, Measure, Setting, courses};
use crate::row::{Promise, Row};
use crate::{hazards, plans};

/// One kind of experiment, and what was measured of its verdicts.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What the experiment is.
    pub what: String,
    /// Called better, though not better.
    pub up: Row,
    /// Called worse, though not worse.
    pub down: Row,
    /// Either.
    pub any: Row,
    /// An interval that did not hold the truth, at any look.
    pub missed: Row,
    /// The confidence sequence was past its wait at some look, so that it could be wrong at all.
    pub awake: Row,
}

impl Judged {
    /// Returns true if its promises are kept.
    pub fn holds(&self) -> bool {
        self.any.holds() && self.missed.holds()
    }
}

/// A kind of experiment, with the seed of its runs.
struct Case {
    what: String,
    setting: Setting,
    seed: u64,
    /// Whether it is one of the short form.
    is_short: bool,
}

impl Case {
    fn short(self) -> Self {
        Self { is_short: true, ..self }
    }
}

const ALPHA: f64 = 0.05;

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Everything.
    Full,
    /// What broke most before the verdict was mended, in seconds.
    Short,
}

/// Experiments without an effect (or with one, where a lift is named), looked at again and again: any false decision is
/// promised in at most 5% of them, and every interval of every look to hold the truth in 95%.
pub fn without_effect(runs: usize, extent: Extent) -> Vec<Judged> {
    let mut cases = values();
    cases.extend(quantiles());
    cases.extend(families());
    cases.retain(|case| extent == Extent::Full || case.is_short);
    in_parallel(&cases, |case| judged(case, runs))
}

fn case(what: impl Into<String>, setting: Setting, seed: u64) -> Case {
    Case { what: what.into(), setting, seed, is_short: false }
}

fn idle(what: &str, does: Does, per_look: u64, looks: usize, seed: u64) -> Case {
    case(what, Setting::even(vec![Measure::idle(does, 2)], per_look, looks), seed)
}

/// Conversions and values of many shapes.
fn values() -> Vec<Case> {
    let pays = |rate, sigma| Does::Pays { rate, sigma, times: 1.0 };
    let mut refunds = Measure::idle(pays(0.01, 1.0), 2);
    refunds.lower_is_better = true;
    let lifted =
        Measure::goal(vec![pays(0.02, 1.0), Does::Pays { rate: 0.02, sigma: 1.0, times: 1.2 }], vec![0.0, 0.2]);
    let uneven = |shares: [u64; 2], does| Setting::even(vec![Measure::idle(does, 2)], 0, 30).with_arrivals(shares);
    vec![
        idle("conversion 10%, 500 an arm and day", Does::Converts(0.1), 500, 30, 101),
        idle("conversion 1%, 200 an arm and day, 90 days", Does::Converts(0.01), 200, 90, 102),
        idle("conversion 5%, 100 an arm and look, 400 looks", Does::Converts(0.05), 100, 400, 103),
        idle("conversion 0.2%, 1,000 an arm and day", Does::Converts(0.002), 1000, 30, 104),
        idle("conversion 99%, 200 an arm and day", Does::Converts(0.99), 200, 30, 105),
        idle("revenue, 0.5% pay, 100 an arm and day", pays(0.005, 1.0), 100, 30, 401),
        idle("revenue, 1% pay, 100 an arm and day", pays(0.01, 1.0), 100, 30, 402).short(),
        idle("revenue, 1% pay, 500 an arm and day", pays(0.01, 1.0), 500, 30, 403),
        idle("revenue, 2% pay, 100 an arm and day, 90 days", pays(0.02, 1.0), 100, 90, 404),
        idle("revenue, 5% pay, 100 an arm and day", pays(0.05, 1.0), 100, 30, 405),
        idle("revenue, 10% pay, heavy tail (σ 2), 200 an arm and day", pays(0.1, 2.0), 200, 30, 433),
        idle("revenue, 10% pay, very heavy tail (σ 2.5), 200 an arm and day", pays(0.1, 2.5), 200, 30, 434),
        case("refunds, 1% have one, less is better, 200 an arm and day", Setting::even(vec![refunds], 200, 30), 2301)
            .short(),
        case("revenue, 2% pay, true lift +20%, 500 an arm and day", Setting::even(vec![lifted], 500, 30), 406),
        idle("events per visitor, Poisson 0.01, 100 an arm and day", Does::Repeats(0.01), 100, 30, 411).short(),
        idle("events per visitor, Poisson 0.01, 500 an arm and day", Does::Repeats(0.01), 500, 30, 412),
        idle("revenue per order, 1% order, 100 an arm and day", Does::Orders { rate: 0.01, sigma: 1.0 }, 100, 30, 421)
            .short(),
        idle("revenue per order, 1% order, 500 an arm and day", Does::Orders { rate: 0.01, sigma: 1.0 }, 500, 30, 422),
        idle("revenue with CUPED, 5% have a history, 100 an arm and day", Does::Returns { rate: 0.03 }, 100, 30, 435)
            .short(),
        idle("revenue, 2% pay, 50 an arm and look, 400 looks", pays(0.02, 1.0), 50, 400, 407),
        idle("clicks per page, 1% click, 200 an arm and day", Does::Clicks { rate: 0.01 }, 200, 30, 423),
        case("conversion 5%, split 90/10, 1,000 a day", uneven([900, 100], Does::Converts(0.05)), 441),
        case("conversion 5%, split 1/99, 1,000 a day", uneven([10, 990], Does::Converts(0.05)), 442),
        case("revenue, 2% pay, split 90/10, 2,000 a day", uneven([1800, 200], pays(0.02, 1.0)), 443),
        case("revenue, 2% pay, split 10/90, 2,000 a day", uneven([200, 1800], pays(0.02, 1.0)), 444),
        case("revenue, 10% pay, heavy tail (σ 2), split 90/10, 2,000 a day", uneven([1800, 200], pays(0.1, 2.0)), 445),
        case("revenue, 10% pay, heavy tail (σ 2), split 10/90, 2,000 a day", uneven([200, 1800], pays(0.1, 2.0)), 446),
        case("revenue, 5% pay, split 99/1, 5,000 a day", uneven([4950, 50], pays(0.05, 1.0)), 447),
        case("revenue, 5% pay, split 1/99, 5,000 a day", uneven([50, 4950], pays(0.05, 1.0)), 448),
    ]
}

fn quantiles() -> Vec<Case> {
    let waits = |level, step| Does::Waits { level, sigma: 1.0, times: 1.0, step };
    let slower = |times| Does::Waits { level: 0.9, sigma: 1.0, times, step: 0.05 };
    vec![
        idle("median of a lognormal, 200 an arm and day", waits(0.5, 0.0), 200, 30, 1401),
        idle("90% quantile, rounded (ties), 200 an arm and day", waits(0.9, 0.05), 200, 30, 1402).short(),
        case(
            "90% quantile, rounded, true lift +15%, 200 an arm and day",
            Setting::even(vec![Measure::goal(vec![slower(1.0), slower(1.15)], vec![0.0, 0.15])], 200, 30),
            1405,
        ),
        idle("95% quantile, 5.2% have a value", Does::WaitsSometimes { level: 0.95, rate: 0.052 }, 200, 30, 1403),
        case(
            "90% quantile of a lognormal, split 90/10, 400 a day",
            Setting::even(vec![Measure::idle(waits(0.9, 0.0), 2)], 0, 30).with_arrivals([360, 40]),
            1407,
        ),
        idle("median of Poisson(2.7) items (refused)", Does::Counts { level: 0.5, mean: 2.7 }, 200, 30, 1404).short(),
        idle("90% quantile of Poisson(30) items", Does::Counts { level: 0.9, mean: 30.0 }, 200, 30, 1406),
    ]
}

/// Several goals and variants.
fn families() -> Vec<Case> {
    let mut cases = Vec::new();
    for (goals, variants) in (1..=3).flat_map(|goals| (1..=3).map(move |variants| (goals, variants))) {
        let measures = vec![Measure::idle(Does::Converts(0.1), variants + 1); goals];
        let what = format!("{goals} goals × {variants} variants, conversion 10%, 500 an arm and day");
        cases.push(case(what, Setting::even(measures, 500, 30), 110 + 10 * goals as u64 + variants as u64));
    }
    let nine = |does| vec![Measure::idle(does, 4); 3];
    let what = "3 goals × 3 variants, conversion 5%, 100 an arm and look, 90 looks";
    cases.push(case(what, Setting::even(nine(Does::Converts(0.05)), 100, 90), 151));
    let pays = Does::Pays { rate: 0.02, sigma: 1.0, times: 1.0 };
    cases.push(case(
        "3 goals × 3 variants, revenue, 2% pay, 200 an arm and day",
        Setting::even(nine(pays), 200, 30),
        152,
    ));
    let guards = |count: usize| {
        let goal = Measure::idle(Does::Converts(0.1), 2);
        let guards = (0..count).map(|_| Measure::idle(Does::Converts(0.2), 2).guarding(0.02));
        Setting::even(std::iter::once(goal).chain(guards).collect(), 1000, 30)
    };
    let planned = |does, looks| Setting::even(vec![Measure::idle(does, 2)], 500, looks).planned(None);
    cases.push(case("planned: conversion 10%, 500 an arm and day", planned(Does::Converts(0.1), 30), 161).short());
    cases.push(case("planned: conversion 2%, 500 an arm and day, 90 days", planned(Does::Converts(0.02), 90), 162));
    cases.push(case("planned: revenue, 2% pay, 500 an arm and day, 90 days", planned(pays, 90), 163));
    let what = "planned: 3 goals × 3 variants, conversion 10%, 500 an arm and day";
    let measures = vec![Measure::idle(Does::Converts(0.1), 4); 3];
    cases.push(case(what, Setting::even(measures, 500, 30).planned(None), 164));
    cases.push(case("1 goal, 3 guardrails, no effect on any, 1,000 an arm and day", guards(3), 202));
    cases.push(case("1 goal, 8 guardrails, no effect on any, 1,000 an arm and day", guards(8), 203));
    cases
}

fn judged(case: &Case, runs: usize) -> Judged {
    let all = courses(&case.setting, runs, case.seed);
    let row = |promise, hit: fn(&Course) -> bool| Row::new(&case.what, promise, all.iter().map(hit));
    // Where an interval of each of several comparisons has its own level, all of them together hold with 1 − alpha.
    Judged {
        what: case.what.clone(),
        up: row(Promise::Nothing, |c| c.up),
        down: row(Promise::Nothing, |c| c.down),
        any: row(Promise::AtMost(ALPHA), |c| c.up || c.down),
        missed: row(if has_guardrails(case) { Promise::Nothing } else { Promise::AtMost(ALPHA) }, |c| c.missed),
        awake: row(Promise::Nothing, |c| c.awake),
    }
}

/// A guardrail's interval has its own 95%.
fn has_guardrails(case: &Case) -> bool {
    case.setting.measures.iter().any(|m| m.role == Role::Guardrail)
}

/// Experiments that have an effect, and what must come of it.
pub fn with_effect(runs: usize, extent: Extent) -> Vec<Row> {
    let all: Vec<fn(usize) -> Vec<Row>> = match extent {
        Extent::Full => vec![guarded, broken, several, powerful, sample_ratio, plans::rows, hazards::rows],
        Extent::Short => vec![broken],
    };
    in_parallel(&all, |measure| measure(runs)).into_iter().flatten().collect()
}

/// A goal that wins while its guardrail is harmed.
fn guarded(runs: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let cases = [
        (-0.02, Promise::AtMost(0.01), "at its margin of 2%"),
        (-0.04, Promise::AtMost(0.001), "by 2 margins"),
        (-0.1, Promise::AtMost(0.001), "by 5 margins"),
        (0.0, Promise::Nothing, "not at all"),
    ];
    for (harm, promise, how) in cases {
        let measures = vec![Measure::converts(0.1, &[0.1]), Measure::converts(0.2, &[harm]).guarding(0.02)];
        let all = courses(&Setting::even(measures, 1000, 30), runs, 201);
        let what = format!("goal +10% (10%), guardrail (20%) harmed {how}, 1,000 an arm and day: ever a winner");
        rows.push(Row::new(what, promise, all.iter().map(|c| c.winner.is_some())));
    }
    let three = |lifts: [f64; 3]| {
        let goal = std::iter::once(Measure::converts(0.1, &[0.1]));
        goal.chain(lifts.map(|lift| Measure::converts(0.2, &[lift]).guarding(0.05))).collect::<Vec<_>>()
    };
    let name = "goal +10% (10%), 3 guardrails (20%, margin 5%), 1,000 an arm and day";
    for (lifts, promise, how) in [
        ([0.0, 0.0, -0.05], Promise::AtMost(0.01), "one harmed at its margin"),
        ([0.0, 0.0, -0.1], Promise::AtMost(0.001), "one harmed by 2 margins"),
        ([0.0; 3], Promise::Nothing, "none harmed"),
    ] {
        let all = courses(&Setting::even(three(lifts), 1000, 30), runs, 205);
        rows.push(Row::new(format!("{name}, {how}: ever a winner"), promise, all.iter().map(|c| c.winner.is_some())));
    }
    let measures = vec![Measure::converts(0.1, &[0.1]), Measure::converts(0.2, &[0.0]).guarding(0.05)];
    let all = courses(&Setting::even(measures, 1000, 30), runs, 204);
    let what = "goal +10% (10%), guardrail (20%, margin 5%) unharmed, 1,000 an arm and day: ever a winner";
    rows.push(Row::new(what, Promise::Nothing, all.iter().map(|c| c.winner.is_some())));
    for (does, harmed, how) in [
        (Does::Pays { rate: 0.02, sigma: 1.0, times: 1.0 }, Does::Pays { rate: 0.02, sigma: 1.0, times: 1.1 }, 100),
        (Does::Pays { rate: 0.02, sigma: 1.0, times: 1.0 }, Does::Pays { rate: 0.02, sigma: 1.0, times: 1.1 }, 500),
    ] {
        let mut measure = Measure::goal(vec![does, harmed], vec![0.0, 0.1]).guarding(0.1);
        measure.lower_is_better = true;
        let all = courses(&Setting::even(vec![measure], how, 30), runs, 2001);
        let what =
            format!("guardrail that 2% have, less is better, harmed at its margin, {how} an arm and day: ever safe");
        rows.push(Row::new(what, Promise::AtMost(ALPHA), all.iter().map(|c| c.unsafe_)));
    }
    rows
}

/// A variant that loses nearly all conversions.
fn broken(runs: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    for (rate, lift, days) in [(0.1, -1.0, 5), (0.1, -0.9, 5), (0.1, -0.5, 20), (0.02, -1.0, 20)] {
        let all = courses(&Setting::even(vec![Measure::converts(rate, &[lift])], 100, 60), runs, 1301);
        let mut found: Vec<usize> = all.iter().map(|c| c.loser.unwrap_or(usize::MAX)).collect();
        found.sort_unstable();
        let median = found[found.len() / 2];
        let what = format!(
            "conversion {}% to {}%, 100 an arm and day: called worse within {days} days (median day {median})",
            rate * 100.0,
            (rate * (1.0 + lift) * 1000.0).round() / 10.0
        );
        let hits = all.iter().map(|c| c.loser.is_some_and(|day| day <= days));
        rows.push(Row::new(what, Promise::AtLeast(0.95), hits));
    }
    rows
}

/// Several variants.
fn several(runs: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let run = |lifts: &[f64]| courses(&Setting::even(vec![Measure::converts(0.1, lifts)], 1000, 30), runs, 301);
    let all = run(&[0.1, -0.1]);
    let what = "variants +10% and −10%: the first decision ends the experiment for both";
    let ends = |c: &Course| matches!(c.first, Some((_, Verdict::Loser { .. })));
    rows.push(Row::new(what, Promise::AtMost(0.01), all.iter().map(ends)));
    for lifts in [[0.1, 0.08], [0.15, 0.1]] {
        let all = run(&lifts);
        let what = format!(
            "variants +{:.0}% and +{:.0}%: the lesser one is ever named alone as the winner",
            lifts[0] * 100.0,
            lifts[1] * 100.0
        );
        rows.push(Row::new(what, Promise::Nothing, all.iter().map(|c| c.winner.as_ref().is_some_and(|w| w.1 == "v2"))));
    }
    let all = run(&[0.1, 0.1]);
    let what = "variants +10% and +10%: one of them is the winner at the last look";
    let alone = |c: &Course| matches!(c.last, Some(Verdict::Winner { .. }));
    rows.push(Row::new(what, Promise::Nothing, all.iter().map(alone)));
    rows
}

/// Effects that are there.
fn powerful(runs: usize) -> Vec<Row> {
    let pays = |rate, times| Does::Pays { rate, sigma: 1.0, times };
    let waits = |times| Does::Waits { level: 0.9, sigma: 1.0, times, step: 0.0 };
    let two = |first, second, lift| Measure::goal(vec![first, second], vec![0.0, lift]);
    let uneven =
        |share: [u64; 2]| Setting::even(vec![two(pays(0.05, 1.0), pays(0.05, 1.5), 0.5)], 0, 30).with_arrivals(share);
    let cases = [
        (
            "conversion 3%, true lift +10%, 1,000 an arm and day",
            Setting::even(vec![Measure::converts(0.03, &[0.1])], 1000, 30),
        ),
        (
            "conversion 10%, true lift +10%, 1,000 an arm and day",
            Setting::even(vec![Measure::converts(0.1, &[0.1])], 1000, 30),
        ),
        (
            "revenue, 2% pay, true lift +30%, 1,000 an arm and day",
            Setting::even(vec![two(pays(0.02, 1.0), pays(0.02, 1.3), 0.3)], 1000, 30),
        ),
        ("revenue, 5% pay, true lift +50%, split 90/10, 2,000 a day", uneven([1800, 200])),
        ("revenue, 5% pay, true lift +50%, split 10/90, 2,000 a day", uneven([200, 1800])),
        (
            "90% quantile of a lognormal, true lift +15%, 300 an arm and day",
            Setting::even(vec![two(waits(1.0), waits(1.15), 0.15)], 300, 30),
        ),
    ];
    let row = |(what, setting): (&str, Setting)| {
        let all = courses(&setting, runs, 1901);
        Row::new(format!("{what}, 30 days: ever a winner"), Promise::Nothing, all.iter().map(|c| c.winner.is_some()))
    };
    cases.into_iter().map(row).collect()
}

/// The split of the visitors.
fn sample_ratio(runs: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let idle = |arrivals: Vec<u64>, looks| {
        Setting::even(vec![Measure::idle(Does::Converts(0.1), arrivals.len())], 0, looks).with_arrivals(arrivals)
    };
    let cases = [
        ("50/50, 1,000 a day, 30 days", idle(vec![500, 500], 30)),
        ("95/5, 100 a day, 30 days", idle(vec![95, 5], 30)),
        ("99/1, 100 a look, 400 looks", idle(vec![99, 1], 400)),
        ("97/1/1/1, 100 a day, 30 days", idle(vec![97, 1, 1, 1], 30)),
    ];
    for (what, setting) in cases {
        let all = courses(&setting, runs, 601);
        rows.push(Row::new(
            format!("a right split of {what}: ever called a mismatch"),
            Promise::AtMost(0.01),
            all.iter().map(|c| c.distrusted),
        ));
    }
    rows
}

/// The work on both of two cores, in the given order.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let half = |parity: usize| {
        items.iter().enumerate().filter(|(i, _)| i % 2 == parity).map(|(i, item)| (i, work(item))).collect::<Vec<_>>()
    };
    let mut all = thread::scope(|scope| {
        let odd = scope.spawn(|| half(1));
        let mut all = half(0);
        all.extend(odd.join().unwrap_or_default());
        all
    });
    all.sort_by_key(|(i, _)| *i);
    all.into_iter().map(|(_, result)| result).collect()
}
