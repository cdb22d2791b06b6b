//! What goes wrong around an experiment: windows that are open, visitors of an earlier phase, a wrong split, visitors that
//! are alike.

use beacon_shared::stats::{Arrivals, Proportion, Sample, Traffic, analyse};

use crate::experiment::{Course, Does, Measure, Setting, courses};
use crate::random::Random;
use crate::row::{Promise, Row};

const ALPHA: f64 = 0.05;

/// All of them.
pub fn rows(runs: usize) -> Vec<Row> {
    let all: [fn(usize) -> Vec<Row>; 4] = [open_windows, carry_over, mismatches, clusters];
    all.iter().flat_map(|measure| measure(runs)).collect()
}

/// Runs of their own seeds.
fn each(runs: usize, seed: u64, run: impl Fn(&mut Random) -> Course) -> Vec<Course> {
    (0..runs as u64).map(|i| run(&mut Random::new(seed.wrapping_mul(1_000_003).wrapping_add(i)))).collect()
}

fn wrong(what: String, promise: Promise, all: &[Course]) -> Row {
    Row::new(format!("{what}: any false decision"), promise, all.iter().map(|c| c.up || c.down))
}

/// Days of the window.
const WINDOW: usize = 7;
/// The share of those who convert within the window who have done so by the end of each of its days: a third a day, and in
/// the treatment, which only speeds people up, two thirds.
const SLOW: [f64; WINDOW] = [0.33, 0.55, 0.7, 0.8, 0.88, 0.95, 1.0];
const FAST: [f64; WINDOW] = [0.67, 0.89, 0.96, 0.98, 0.99, 0.995, 1.0];

/// The treatment makes the same visitors convert sooner. Whoever counts open windows sees more conversions in it.
fn open_windows(runs: usize) -> Vec<Row> {
    let row = |matured: bool| {
        let all = each(runs, 501, |random| with_windows(random, matured));
        let how = if matured { "only ended windows count" } else { "open windows count too (not what Beacon does)" };
        let what = format!("conversion 10% within 7 days, only sooner, 500 an arm and day, 30 days, {how}");
        wrong(what, if matured { Promise::AtMost(ALPHA) } else { Promise::Nothing }, &all)
    };
    vec![row(true), row(false)]
}

fn with_windows(random: &mut Random, matured: bool) -> Course {
    let setting = Setting::even(vec![Measure::converts(0.1, &[0.0])], 500, 30);
    let plan = setting.plan();
    let (mut course, mut traffic) = (Course::default(), Traffic::default());
    // Of each day's visitors in each arm, how many convert by the end of each day of the window.
    let mut days: Vec<[[u64; WINDOW]; 2]> = Vec::new();
    for look in 1..=setting.looks {
        days.push([SLOW, FAST].map(|speed| {
            let mut left = random.binomial(500, 0.1);
            let (whole, mut before) = (left, 0.0);
            speed.map(|by| {
                left -= random.binomial(left, ((by - before) / (1.0 - before)).clamp(0.0, 1.0));
                before = by;
                whole - left
            })
        }));
        let counted = days.iter().enumerate().filter_map(|(day, arms)| {
            let age = look - 1 - day;
            (!matured || age >= WINDOW).then_some((arms, age.min(WINDOW - 1)))
        });
        let (mut units, mut converted) = (0, [0, 0]);
        for (arms, age) in counted {
            units += 500;
            for (sum, arm) in converted.iter_mut().zip(arms) {
                *sum += arm[age];
            }
        }
        let samples = converted.map(|n| Sample::from(Proportion::new(units, n).unwrap_or_default()));
        traffic.days.push(Arrivals { day: look as i64, units: vec![500; 2] });
        traffic.open = [("m0".to_owned(), vec![500 * look as u64 - units; 2])].into();
        course.see(look, &analyse(&plan, &[samples.to_vec()], &traffic), &setting.measures);
    }
    course
}

/// A first phase whose treatment looks better by chance, at one look; its visitors are half of the second phase's. Some
/// convert nearly always and some hardly ever, so what the draw gave an arm stays with it, unless it is drawn again.
fn carry_over(runs: usize) -> Vec<Row> {
    let row = |reassigned: bool| {
        let all = each(runs, 521, |random| second_phase(random, reassigned));
        let how = if reassigned { "get new variants" } else { "keep their variants" };
        let what = format!("no effect, half of the visitors come from a lucky first phase and {how}: called better");
        let promise = if reassigned { Promise::AtMost(ALPHA) } else { Promise::Nothing };
        Row::new(what, promise, all.iter().map(|c| c.up))
    };
    vec![row(true), row(false)]
}

/// Visitors of an arm of the first phase.
const FIRST: u64 = 3000;
/// How often those convert who seldom and who often do; half of all are of either kind.
const OFTEN: [f64; 2] = [0.02, 0.78];

fn converts(random: &mut Random, units: u64, often: f64) -> u64 {
    let often = random.binomial(units, often);
    random.binomial(often, OFTEN[1]) + random.binomial(units - often, OFTEN[0])
}

fn second_phase(random: &mut Random, reassigned: bool) -> Course {
    let setting = Setting::even(vec![Measure::converts(0.4, &[0.0])], 2 * FIRST / 30, 30);
    let plan = setting.plan();
    let mut lucky = || loop {
        let often = [0, 1].map(|_| random.binomial(FIRST, 0.5) as f64 / FIRST as f64);
        let rates = often.map(|often| converts(random, FIRST, often) as f64 / FIRST as f64);
        let variance: f64 = rates.iter().map(|rate| rate * (1.0 - rate) / FIRST as f64).sum();
        if (rates[1] - rates[0]) / variance.sqrt() > 1.96 {
            return often;
        }
    };
    let mut often = lucky();
    if reassigned {
        often = [(often[0] + often[1]) / 2.0; 2];
    }
    let (mut course, mut traffic) = (Course::default(), Traffic::default());
    let mut samples = [Sample::default(), Sample::default()];
    let half = FIRST / 30;
    for look in 1..=setting.looks {
        for (sample, often) in samples.iter_mut().zip(often) {
            let converted = converts(random, half, often) + converts(random, half, 0.5);
            let more = Proportion::new(2 * half, converted).unwrap_or_default().into();
            *sample = sample.merge(&more).unwrap_or_default();
        }
        traffic.days.push(Arrivals { day: look as i64, units: vec![2 * half; 2] });
        course.see(look, &analyse(&plan, &[samples.to_vec()], &traffic), &setting.measures);
    }
    course
}

/// A split that is not the planned one.
fn mismatches(runs: usize) -> Vec<Row> {
    let row = |(shares, promise, seed): ([u64; 2], Promise, u64)| {
        let setting = Setting {
            weights: Some(vec![1.0, 1.0]),
            ..Setting::even(vec![Measure::idle(Does::Converts(0.1), 2)], 0, 30).with_arrivals(shares)
        };
        let all = courses(&setting, runs, seed);
        let [a, b] = shares.map(|n| n as f64 / 20.0);
        let what = format!("a split of {a}/{b} instead of 50/50, 2,000 a day, 30 days: called a mismatch");
        Row::new(what, promise, all.iter().map(|c| c.distrusted))
    };
    [
        ([1020, 980], Promise::Nothing, 611),
        ([1040, 960], Promise::AtLeast(0.95), 612),
        ([1100, 900], Promise::AtLeast(0.95), 613),
    ]
    .into_iter()
    .map(row)
    .collect()
}

/// Companies of about twenty visitors who are alike (intraclass correlation 0.05); a company has one variant.
fn clusters(runs: usize) -> Vec<Row> {
    let companies = |by_visitor: bool| Does::Companies { rate: 0.1, apart: 0.067, by_visitor };
    let row = |by_visitor: bool| {
        let setting = Setting::even(vec![Measure::idle(companies(by_visitor), 2)], 25, 30);
        let all = courses(&setting, runs, 1101);
        let how = if by_visitor { "counted by visitor (too narrow)" } else { "counted by company" };
        let what = format!("companies of about 20 that are assigned together, 25 an arm and day, 30 days, {how}");
        wrong(what, if by_visitor { Promise::Nothing } else { Promise::AtMost(ALPHA) }, &all)
    };
    vec![row(false), row(true)]
}
