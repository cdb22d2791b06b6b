use super::*;

fn phase(units: [u64; 2], rates: [f64; 2], random: &mut Random) -> (Sample, Sample) {
    let mut arm = |i: usize| {
        let (n, rate) = (units[i] as f64, rates[i]);
        let converted = (n * rate + (n * rate * (1.0 - rate)).sqrt() * random.normal()).round().clamp(0.0, n);
        Sample::from(proportion(units[i], converted as u64))
    };
    (arm(0), arm(1))
}

/// A bad week at 90/10 and a good one at 10/90: added up, the treatment looks half as good again as it is.
#[test]
fn phases_with_different_splits_are_not_added() {
    let exact = |units: u64, rate: f64| Sample::from(proportion(units, (units as f64 * rate).round() as u64));
    let bad = (exact(9000, 0.05), exact(1000, 0.05));
    let good = (exact(1000, 0.2), exact(9000, 0.2));
    let added = contrast(
        Scale::Absolute,
        &bad.0.merge(&good.0).expect("the same kind"),
        &bad.1.merge(&good.1).expect("the same kind"),
    );
    let added = added.expect("computable");
    assert!(added.effect > 0.1 && added.effect / added.standard_error() > 20.0, "{added:?}");
    let apart = over_phases(Scale::Absolute, &[bad, good]).expect("computable");
    assert!(apart.effect.abs() < 1e-12, "{apart:?}");
}

#[test]
fn one_phase_is_itself_and_an_empty_one_says_nothing() {
    let only = (Sample::from(proportion(1000, 100)), Sample::from(proportion(800, 90)));
    let empty = || (Sample::from(proportion(0, 0)), Sample::from(proportion(500, 10)));
    let alone = contrast(Scale::Relative, &only.0, &only.1).expect("computable");
    let over = over_phases(Scale::Relative, &[empty(), only]).expect("computable");
    close(over.effect, alone.effect, "effect");
    close(over.variance, alone.variance, "variance");
    close(over.freedom, alone.freedom, "freedom");
    assert_eq!(over_phases(Scale::Relative, &[empty()]), Err(Reason::NoUnits));
    assert_eq!(over_phases(Scale::Relative, &[]), Err(Reason::NoUnits));
}

/// The interval over three phases, whose splits and rates differ, holds the truth in 95%.
#[test]
fn an_interval_over_phases_holds_the_truth() {
    let mut random = Random(41);
    let runs = 4000;
    for lift in [0.0, 0.01] {
        let mut held = 0;
        for _ in 0..runs {
            let rates = [0.05, 0.1, 0.2].map(|rate| [rate, rate + lift]);
            let splits = [[4500, 500], [2500, 2500], [500, 4500]];
            let phases: Vec<_> = splits.iter().zip(rates).map(|(n, rates)| phase(*n, rates, &mut random)).collect();
            let c = over_phases(Scale::Absolute, &phases).expect("computable");
            let outcome = frequentist(&c, Tail::TwoSided, 0.05, 0.0).expect("computable");
            held += u32::from(outcome.lower.is_some_and(|l| l <= lift) && outcome.upper.is_some_and(|u| u >= lift));
        }
        let share = f64::from(held) / f64::from(runs);
        // Four Monte Carlo standard errors of 95%.
        assert!((share - 0.95).abs() < 0.014, "{lift}: {share}");
    }
}
