use super::*;

const HALF: Goal = Goal { judge: Judge::FixedHorizon, alpha: 0.05, power: 0.8 };

#[test]
fn a_sample_size_has_the_wanted_power() {
    let history = History::proportion(0.1);
    // (z₀.₉₇₅ + z₀.₈)² (0.09 + 0.11 · 0.89) / 0.01²
    close(sample_size(&HALF, &history, 0.1, 1.0).expect("reachable"), 14_748.045020841931, "rate");
    for judge in [Judge::FixedHorizon, Judge::Sequential(5000.0), Judge::Bayesian { mean: 0.0, variance: 0.09 }] {
        for ratio in [1.0, 0.25, 3.0] {
            let goal = Goal { judge, ..HALF };
            let n = sample_size(&goal, &history, 0.1, ratio).expect("reachable");
            let variance = history.variance_of(Scale::Absolute, 0.1, n, ratio);
            let on_scale = match judge {
                Judge::Bayesian { mean, variance } => Judge::Bayesian { mean, variance: variance * 0.01 },
                other => other,
            };
            let goal = Goal { judge: on_scale, ..goal };
            let power = goal.power_at(0.01, variance, n * (1.0 + ratio)).expect("computable");
            assert!((power - 0.8).abs() < 1e-5, "{judge:?} {ratio}: {n} has {power}");
        }
    }
    let sequential = sample_size(&Goal { judge: Judge::Sequential(5000.0), ..HALF }, &history, 0.1, 1.0);
    assert!(sequential.expect("reachable") > 2.0 * 14_748.0, "looking every day costs visitors");
}

#[test]
fn the_minimum_detectable_effect_inverts_the_sample_size() {
    let revenue = History { mean: -4.0, variance: 900.0, proportion: false };
    for history in [History::proportion(0.03), revenue] {
        for judge in [Judge::FixedHorizon, Judge::Sequential(2000.0)] {
            let goal = Goal { judge, ..HALF };
            let n = sample_size(&goal, &history, 0.2, 0.5).expect("reachable");
            let effect = minimum_detectable_effect(&goal, &history, Scale::Absolute, n, 0.5).expect("reachable");
            assert!((effect - 0.2).abs() < 1e-5, "{judge:?} {history:?}: {effect}");
        }
    }
    // Two visitors tell no rate from another, not even from 100%.
    let nothing = minimum_detectable_effect(&HALF, &History::proportion(0.5), Scale::Relative, 2.0, 1.0);
    assert_eq!(nothing, Err(Reason::NotReachable));
    assert_eq!(sample_size(&HALF, &History::proportion(0.0), 0.1, 1.0), Err(Reason::ZeroBaseline));
    assert_eq!(sample_size(&HALF, &History::proportion(0.6), 0.9, 1.0), Err(Reason::ZeroVariance));
}

#[test]
fn days_remaining() {
    let arm = |units, conversions| Sample::from(proportion(units, conversions));
    let c = contrast(Scale::Relative, &arm(4000, 400), &arm(4000, 410)).expect("computable");
    let left = remaining(&HALF, &c, 0.05).expect("reachable");
    let then = Contrast { variance: c.variance / (1.0 + left.factor), ..c };
    let power = HALF.power_at(0.05, then.variance, c.units + left.units).expect("computable");
    assert!((power - 0.8).abs() < 1e-9 && left.power < 0.8);
    assert_eq!(left.days(1000.0), Some((left.units / 1000.0).ceil()));
    assert_eq!(left.days(0.0), None);
    let done = remaining(&HALF, &c, 2.0).expect("reachable");
    assert_eq!((done.factor, done.days(0.0)), (0.0, Some(0.0)));
    assert_eq!(remaining(&HALF, &c, 0.0), Err(Reason::UnknownParameter));
    assert_eq!(remaining(&Goal { alpha: 1.5, ..HALF }, &c, 0.1), Err(Reason::UnknownParameter));
}
