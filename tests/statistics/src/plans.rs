//! What a plan promises: the smallest lift, the planned end, the likely lift.

use beacon_shared::model::{Metric, MetricKind, Role};
use beacon_shared::stats::{PLAN_POWER, Proportion, phase_plan};

use crate::experiment::{Does, Measure, Setting, courses};
use crate::random::Random;
use crate::row::{Promise, Row};

const ALPHA: f64 = 0.05;

/// All of them.
pub fn rows(runs: usize) -> Vec<Row> {
    [planned, planned_ends, claims].iter().flat_map(|measure| measure(runs)).collect()
}

/// Experiments with a plan: tuned to as many visitors as come, with a smallest lift.
fn planned(runs: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let converts = |rate: f64, lifts: &[f64]| Setting::even(vec![Measure::converts(rate, lifts)], 1000, 28);
    for (rate, lift) in [(0.03, 0.1), (0.1, 0.1)] {
        let all = courses(&converts(rate, &[lift]).planned(None), runs, 1901);
        let what = format!("conversion {}%, true lift +10%, 1,000 an arm and day, planned: ever", rate * 100.0);
        rows.push(Row::new(format!("{what} a winner"), Promise::Nothing, all.iter().map(|c| c.winner.is_some())));
        let what = format!("{what} better by the absolute sequence alone, same visitors");
        rows.push(Row::new(what, Promise::Nothing, all.iter().map(|c| c.alone)));
    }
    for (rate, seed) in [(0.03, 1911), (0.2, 1912)] {
        let goal = Metric::new("m0", "M", Role::Goal, MetricKind::Conversion { event: "e".into() });
        let before = Proportion::new(100_000, (100_000.0 * rate) as u64).unwrap_or_default().into();
        let lift = phase_plan(&[(&goal, before)], &[0.5, 0.5], 56_000, 28).lifts.get("m0").copied().unwrap_or_default();
        let name = format!("conversion {}%, planned for 56,000 visitors in 28 days", rate * 100.0);
        let all = courses(&converts(rate, &[lift]).planned(Some(lift)), runs, seed);
        let what = format!("{name}, with the plan's smallest lift of +{:.1}%: ever a winner", lift * 100.0);
        rows.push(Row::new(what, Promise::AtLeast(PLAN_POWER), all.iter().map(|c| c.winner.is_some())));
        let what = format!("{name}, with the plan's smallest lift: ever called not worth waiting for");
        rows.push(Row::new(what, Promise::AtMost(ALPHA), all.iter().map(|c| c.given_up)));
        let all = courses(&converts(rate, &[0.0]).planned(Some(lift)), runs, seed);
        let what = format!("{name}, without an effect: called not worth waiting for within these days");
        rows.push(Row::new(what, Promise::Nothing, all.iter().map(|c| c.futile.is_some())));
    }
    rows
}

/// What is said of the lift at the moment of the first winner, where true lifts are spread as the plan supposes.
fn claims(runs: usize) -> Vec<Row> {
    let run = |run: usize| {
        let mut random = Random::new(702_000_003 + run as u64);
        let lift = 0.05 * random.normal();
        let setting = Setting::even(vec![Measure::converts(0.1, &[lift])], 1000, 30);
        setting.run(&mut random).claimed.map(|(measured, likely)| (lift, measured, likely))
    };
    let claims: Vec<(f64, f64, f64)> = (0..4 * runs).filter_map(run).collect();
    let what = "lifts drawn from N(0, 5%), conversion 10%, 1,000 an arm and day, 30 days: at the first winner, the true lift \
                is below the";
    vec![
        Row::new(format!("{what} measured one"), Promise::Nothing, claims.iter().map(|(lift, m, _)| lift < m)),
        Row::new(format!("{what} likely one"), Promise::About(0.5), claims.iter().map(|(lift, _, l)| lift < l)),
    ]
}

/// Tests with a planned end, looked at on the way and after it.
fn planned_ends(runs: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let ends = |does, per_look, looks| Setting::even(vec![Measure::idle(does, 2)], per_look, looks).ends();
    let pays = Does::Pays { rate: 0.02, sigma: 1.0, times: 1.0 };
    let long = Setting { planned: Some(30_000), ..ends(Does::Converts(0.1), 500, 120) };
    for (what, setting) in [
        ("conversion 10%, 500 an arm and day, planned end after 30 days", ends(Does::Converts(0.1), 500, 30)),
        ("conversion 10%, 60 an arm and look, planned end after 250 looks", ends(Does::Converts(0.1), 60, 250)),
        ("conversion 10%, 500 an arm and day, planned end after 30 days, looked at for 120 days", long),
        ("revenue, 2% pay, 500 an arm and day, planned end after 30 days", ends(pays, 500, 30)),
    ] {
        let all = courses(&setting, runs, 171);
        rows.push(Row::new(
            format!("{what}: any false decision"),
            Promise::AtMost(ALPHA),
            all.iter().map(|c| c.up || c.down),
        ));
        let what = format!("{what}: an interval that doesn't hold the truth");
        rows.push(Row::new(what, Promise::AtMost(ALPHA), all.iter().map(|c| c.missed)));
    }
    // A lift of 7.7% over 10% is found by a test with one look in 80%: (1.96 + 0.8416)² (0.09 + 0.1077 · 0.8923) / 0.0077²
    // visitors an arm.
    for (per_look, looks, how) in [(889, 28, "daily"), (111, 224, "8 times a day")] {
        let setting = Setting::even(vec![Measure::converts(0.1, &[0.077])], per_look, looks).ends();
        let all = courses(&setting, runs, 181);
        let what = format!("planned end, conversion 10%, true lift +7.7%, 28 days, looked at {how}: ever");
        rows.push(Row::new(format!("{what} a winner"), Promise::Nothing, all.iter().map(|c| c.winner.is_some())));
        let what = format!("{what} better by the absolute sequence alone, same visitors");
        rows.push(Row::new(what, Promise::Nothing, all.iter().map(|c| c.alone)));
        let what = "the same, by Welch's test at the end, the only look";
        rows.push(Row::new(what, Promise::Nothing, all.iter().map(|c| c.fixed)));
    }
    rows
}
