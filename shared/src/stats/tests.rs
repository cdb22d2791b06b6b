//! Expected numbers were computed with SciPy 1.17 from the closed forms that [`effect`] documents.

use super::*;
use crate::model::{Metric, MetricKind, Role};

fn proportion(units: u64, conversions: u64) -> Proportion {
    Proportion::new(units, conversions).expect("no more conversions than units")
}

fn close(actual: f64, expected: f64, what: &str) {
    let error = (actual - expected).abs() / expected.abs().max(1e-300);
    assert!(error < 1e-7, "{what}: {actual} is not {expected} (relative error {error:e})");
}

/// Arms as (units, conversions), baseline first; expected as effect, standard error, lower, upper, p.
fn check(engine: Engine, scale: Scale, arms: [(u64, u64); 2], expected: [f64; 5]) {
    let [a, b] = arms.map(|(units, conversions)| proportion(units, conversions));
    let e = effect(engine, scale, 0.05, 5000.0, a, b).expect("computable");
    let actual = [e.effect, e.standard_error, e.lower, e.upper, e.p_value];
    for ((actual, expected), what) in actual.into_iter().zip(expected).zip(["effect", "se", "lower", "upper", "p"]) {
        close(actual, expected, what);
    }
}

const LARGE: [(u64, u64); 2] = [(4000, 420), (4100, 512)];
const SMALL: [(u64, u64); 2] = [(150, 9), (140, 17)];

#[test]
fn welch() {
    use Scale::{Absolute, Relative};
    let check = |scale, arms, expected| check(Engine::Frequentist, scale, arms, expected);
    check(
        Absolute,
        LARGE,
        [0.01987804878048781, 0.007081544145950124, 0.005996397158815232, 0.033759700402160385, 0.005012167288405626],
    );
    check(
        Relative,
        LARGE,
        [0.1893147502903601, 0.07370081830635364, 0.044842151818163034, 0.33378734876255717, 0.010226095039344872],
    );
    check(
        Absolute,
        SMALL,
        [0.06142857142857143, 0.03373464449296976, -0.005008388139445069, 0.12786553099658793, 0.06979970686707403],
    );
    check(
        Relative,
        SMALL,
        [1.023809523809524, 0.7996611981895863, -0.5510420713600872, 2.598661118979135, 0.20161248106370291],
    );
}

#[test]
fn sequential() {
    use Scale::{Absolute, Relative};
    let check = |scale, arms, expected| check(Engine::Sequential, scale, arms, expected);
    check(
        Absolute,
        LARGE,
        [0.01987804878048781, 0.007081544145950124, -0.0017069761362418015, 0.04146307369721742, 0.09623261289793063],
    );
    check(
        Relative,
        SMALL,
        [1.023809523809524, 0.7996611981895863, -2.5710409611638623, 4.61866000878291, 0.9333070607311892],
    );
}

#[test]
fn what_cannot_be_computed_says_why() {
    let reason = |scale, a: (u64, u64), b: (u64, u64)| {
        effect(Engine::Frequentist, scale, 0.05, 5000.0, proportion(a.0, a.1), proportion(b.0, b.1)).unwrap_err()
    };
    assert_eq!(reason(Scale::Absolute, (0, 0), (10, 1)), Reason::NoUnits);
    assert_eq!(reason(Scale::Absolute, (1, 1), (10, 1)), Reason::FewerThanTwoUnits);
    assert_eq!(reason(Scale::Relative, (10, 0), (10, 1)), Reason::ZeroBaseline);
    assert_eq!(reason(Scale::Absolute, (10, 0), (10, 1)), Reason::ZeroVariance);
    assert_eq!(reason(Scale::Relative, (10, 10), (10, 1)), Reason::ZeroVariance);
    assert_eq!(Proportion::new(1, 2), None);
}

#[test]
fn nothing_is_ever_nan() {
    let sizes = [0, 1, 2, 3, 50, 1_000_000_000];
    for (a, b) in sizes.into_iter().flat_map(|a| sizes.into_iter().map(move |b| (a, b))) {
        for (x, y) in [(0, 0), (0, b), (a, 0), (a / 2, b / 2), (a, b), (a.min(1), b)] {
            for engine in [Engine::Frequentist, Engine::Sequential] {
                for scale in [Scale::Absolute, Scale::Relative] {
                    if let Ok(e) = effect(engine, scale, 0.05, 5000.0, proportion(a, x), proportion(b, y)) {
                        let all = [e.effect, e.standard_error, e.lower, e.upper, e.p_value];
                        assert!(all.into_iter().all(f64::is_finite), "{engine:?} {scale:?} {x}/{a} {y}/{b}: {e:?}");
                        assert!((0.0..=1.0).contains(&e.p_value));
                    }
                }
            }
        }
    }
}

#[test]
fn sample_ratio_mismatch() {
    let check = |units: &[u64], weights: &[f64], p: f64, alarm: bool| {
        let found = srm(units, weights);
        close(found.p_value.expect("computable"), p, "srm");
        assert_eq!(found.alarm, alarm);
    };
    check(&[5210, 4790], &[0.5, 0.5], 2.6691498031812692e-05, true);
    check(&[300, 610, 95], &[0.3, 0.6, 0.1], 0.822950654533082, false);
    // An arm without weight is not live: its stray visitors do not raise the degrees of freedom.
    check(&[1000, 2000, 5], &[1.0 / 3.0, 2.0 / 3.0, 0.0], 1.0, false);
    assert_eq!(srm(&[0, 0], &[0.5, 0.5]).p_value, None);
    assert_eq!(srm(&[9, 0], &[1.0, 0.0]).p_value, None);
}

#[test]
fn cells_add_in_any_order() {
    let cells = [proportion(10, 3), proportion(0, 0), proportion(7, 7), proportion(1 << 40, 5)];
    let forward = cells.into_iter().fold(Proportion::default(), Proportion::merge);
    let backward = cells.into_iter().rev().fold(Proportion::default(), Proportion::merge);
    assert_eq!(forward, backward);
    assert_eq!(forward, proportion((1 << 40) + 17, 15));
}

/// The verdict on arms given as (units, conversions).
fn verdict(engine: Engine, arms: &[(u64, u64)], multiple_exposures: u64) -> Analysis {
    let names = ["Control", "Treatment", "Third"];
    let plan = Plan {
        engine,
        alpha: 0.05,
        sequential_n: 5000.0,
        variants: names.iter().take(arms.len()).map(|n| n.to_lowercase()).collect(),
        names: names.iter().take(arms.len()).map(|n| (*n).to_owned()).collect(),
        weights: vec![1.0 / arms.len() as f64; arms.len()],
        metrics: vec![Metric {
            id: "goal".into(),
            name: "Sign-up".into(),
            role: Role::Goal,
            kind: MetricKind::Conversion { event: "signup".into() },
        }],
    };
    analyse(&plan, &[arms.iter().map(|(u, c)| proportion(*u, *c)).collect()], multiple_exposures)
}

#[test]
fn verdicts() {
    use Engine::{Frequentist, Sequential};
    let check = |engine, arms: &[(u64, u64)], multiple, expected: Verdict, words: &str| {
        let analysis = verdict(engine, arms, multiple);
        assert_eq!(analysis.verdict, expected, "{}", analysis.sentence);
        assert!(analysis.sentence.contains(words), "{}", analysis.sentence);
    };
    let winner = |v: &str| Verdict::Winner { variant: v.into() };
    check(Sequential, &[(0, 0), (0, 0)], 0, Verdict::TooEarly, "No visitor has seen");
    check(Sequential, &[(100, 49), (100, 90)], 0, Verdict::TooEarly, "49 of the 50 conversions");
    check(Frequentist, &[(100, 49), (100, 90)], 0, winner("treatment"), "Treatment is better than Control: +83.7 %");
    check(Sequential, &[(5000, 500), (5000, 700)], 0, winner("treatment"), "+40.0 % (95 % interval +");
    check(Sequential, &[(5000, 500), (5000, 510)], 0, Verdict::Undecided, "No difference yet: Treatment is at +2.0 %");
    let loser = Verdict::Loser { variant: "treatment".into() };
    check(Sequential, &[(5000, 700), (5000, 500)], 0, loser, "Treatment is worse than Control: −28.6 %");
    check(Sequential, &[(5000, 500), (6000, 900)], 0, Verdict::Untrustworthy, "sample ratio mismatch");
    check(Sequential, &[(5000, 500), (5000, 700)], 200, Verdict::Untrustworthy, "several variants");
    check(Sequential, &[(5000, 500), (5000, 650), (5000, 700)], 0, winner("third"), "Third is better");
}
