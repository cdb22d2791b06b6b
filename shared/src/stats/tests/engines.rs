use super::*;

/// The two arms as (units, conversions), baseline first.
type Arms = [(u64, u64); 2];

const LARGE: Arms = [(4000, 420), (4100, 512)];
const SMALL: Arms = [(150, 9), (140, 17)];

fn compared(scale: Scale, arms: Arms) -> Contrast {
    let [a, b] = arms.map(|(units, conversions)| Sample::from(proportion(units, conversions)));
    contrast(scale, &a, &b).expect("computable")
}

/// Expected as effect, standard error, lower, upper, p.
fn check(outcome: Result<Outcome, Reason>, expected: [f64; 5]) {
    let o = outcome.expect("computable");
    let end = |end: Option<f64>| end.expect("two-sided");
    let actual = [o.effect, o.standard_error, end(o.lower), end(o.upper), o.p_value];
    for ((actual, expected), what) in actual.into_iter().zip(expected).zip(["effect", "se", "lower", "upper", "p"]) {
        close(actual, expected, what);
    }
}

#[test]
fn welch() {
    use Scale::{Absolute, Relative};
    let check = |scale, arms, expected| check(frequentist(&compared(scale, arms), Tail::TwoSided, 0.05, 0.0), expected);
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
fn confidence_sequence() {
    use Scale::{Absolute, Relative};
    let check =
        |scale, arms, expected| check(sequential(&compared(scale, arms), Tail::TwoSided, 0.05, 5000.0, 0.0), expected);
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

/// What holds for every test: the interval leaves out the null exactly when p is below alpha, and the two directions
/// mirror each other.
#[test]
fn intervals_and_p_values_agree() {
    let contrast = compared(Scale::Relative, LARGE);
    let mirrored = Contrast { effect: -contrast.effect, ..contrast };
    for tail in [Tail::TwoSided, Tail::Greater, Tail::Lesser] {
        for null in [-0.4, -0.05, 0.0, 0.04, 0.3, 0.6] {
            for alpha in [0.001, 0.01, 0.05, 0.2, 0.4] {
                let mirror = match tail {
                    Tail::TwoSided => Tail::TwoSided,
                    Tail::Greater => Tail::Lesser,
                    Tail::Lesser => Tail::Greater,
                };
                let both = [
                    (frequentist(&contrast, tail, alpha, null), frequentist(&mirrored, mirror, alpha, -null)),
                    (
                        sequential(&contrast, tail, alpha, 800.0, null),
                        sequential(&mirrored, mirror, alpha, 800.0, -null),
                    ),
                ];
                for (outcome, mirrored) in both {
                    let (o, m) = (outcome.expect("computable"), mirrored.expect("computable"));
                    let outside = o.lower.is_some_and(|l| l > null) || o.upper.is_some_and(|u| u < null);
                    // The mixture depends on alpha, so that the sequence's p-value is that of its own alpha's mixture.
                    assert_eq!(outside, o.p_value < alpha, "{tail:?} {null} {alpha}: {o:?}");
                    assert_eq!(o.p_value, m.p_value);
                    assert_eq!((o.lower, o.upper), (m.upper.map(|u| -u), m.lower.map(|l| -l)));
                }
            }
        }
    }
}

#[test]
fn huge_effects_have_tiny_p_values_but_not_zero() {
    let contrast = compared(Scale::Relative, [(1_000_000, 100_000), (1_000_000, 110_000)]);
    let outcome = frequentist(&contrast, Tail::TwoSided, 0.05, 0.0).expect("computable");
    close(outcome.p_value, 3.69902406653498e-107, "p");
    let impossible = Contrast { effect: 1e6, ..contrast };
    for o in
        [frequentist(&impossible, Tail::Greater, 0.05, 0.0), sequential(&impossible, Tail::Greater, 0.05, 5e3, 0.0)]
    {
        assert!(o.expect("computable").p_value > 0.0);
    }
    let posterior = bayesian(&impossible, &Prior::default(), 0.05, false).expect("computable");
    assert_eq!((posterior.chance_to_win, posterior.risk[1]), (1.0, 0.0));
}

/// E max(X, 0) and P(X > 0) by numerical integration of the posterior's density.
#[test]
fn posterior_by_integration() {
    let contrast = compared(Scale::Relative, SMALL);
    let prior = Prior { proper: true, mean: 0.1, standard_deviation: 0.5, scale: Scale::Relative };
    let posterior = bayesian(&contrast, &prior, 0.1, false).expect("computable");
    let weight = |x: f64| {
        let likelihood = -(x - contrast.effect).powi(2) / (2.0 * contrast.variance);
        (likelihood - (x - prior.mean).powi(2) / (2.0 * prior.standard_deviation.powi(2))).exp()
    };
    let step = 1e-3;
    let (mut all, mut wins, mut gain, mut loss, mut sum) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for x in (-6000..6000).map(|i| (f64::from(i) + 0.5) * step) {
        let w = weight(x);
        all += w;
        sum += w * x;
        wins += if x > 0.0 { w } else { 0.0 };
        gain += w * x.max(0.0);
        loss += w * (-x).max(0.0);
    }
    let check = |actual, expected: f64, what| within(actual, expected / all, 1e-5, what);
    check(posterior.effect, sum, "mean");
    check(posterior.chance_to_win, wins, "chance to win");
    check(posterior.risk[0], gain, "risk of keeping the baseline");
    check(posterior.risk[1], loss, "risk of shipping");
    let inverse = bayesian(&contrast, &prior, 0.1, true).expect("computable");
    assert_eq!(inverse.risk, [posterior.risk[1], posterior.risk[0]]);
    within(inverse.chance_to_win + posterior.chance_to_win, 1.0, 1e-14, "both chances");
}

/// The same belief on both scales gives the same answer on both.
#[test]
fn a_prior_is_rescaled_both_ways() {
    let (relative, absolute) = (compared(Scale::Relative, LARGE), compared(Scale::Absolute, LARGE));
    let size = relative.baseline.abs();
    let prior = Prior { proper: true, mean: 0.02, standard_deviation: 0.1, scale: Scale::Relative };
    let same = Prior { mean: 0.02 * size, standard_deviation: 0.1 * size, scale: Scale::Absolute, ..prior };
    for contrast in [relative, absolute] {
        let [a, b] = [prior, same].map(|prior| bayesian(&contrast, &prior, 0.05, false).expect("computable"));
        within(a.effect, b.effect, 1e-13, "effect");
        within(a.standard_error, b.standard_error, 1e-13, "se");
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

fn guarded(arms: Arms, engine: Engine, margin: f64, lower_is_better: bool) -> Guardrail {
    let plan = Plan { engine, ..Plan::default() };
    non_inferiority(&plan, &compared(Scale::Relative, arms), margin, lower_is_better).expect("computable")
}

#[test]
fn guardrails() {
    use GuardrailState::{Safe, Unclear, Worse, WorseThanMargin};
    let same: Arms = [(100_000, 10_000), (100_000, 10_000)];
    let worse: Arms = [(100_000, 10_000), (100_000, 9_000)];
    for engine in [Engine::Frequentist, Engine::Sequential, Engine::Bayesian] {
        assert_eq!(guarded(same, engine, 0.1, false).state, Safe);
        assert_eq!(guarded(same, engine, 0.1, true).state, Safe);
        assert_eq!(guarded(worse, engine, 0.02, false).state, WorseThanMargin);
        assert_eq!(guarded(worse, engine, 0.101, false).state, Worse);
        assert_eq!(guarded(worse, engine, 0.02, true).state, Safe);
        assert_eq!(guarded(same, engine, 0.001, false).state, Unclear);
        // Worse, but within the margin.
        assert_eq!(guarded(worse, engine, 0.3, false).state, Safe);
    }
    // P(T > 0.02 / se) at the Welch degrees of freedom.
    close(guarded(SMALL, Engine::Frequentist, 0.02, false).p_value, 0.09648662627296647, "p");
}

/// The Bayesian engine judges on the decision scale like the others: its intervals agree with its chances, and its guardrails
/// with both.
#[test]
fn a_posterior_is_on_the_decision_scale() {
    use crate::model::{Metric, MetricKind, Role};
    let arms = || vec![proportion(5000, 500).into(), Sample::from(proportion(5000, 560))];
    let judged = |engine, prior, margin| {
        let metric = |id: &str, role| Metric::new(id, id, role, MetricKind::Conversion { event: "e".into() });
        let mut plan = Plan {
            engine,
            prior,
            variants: vec!["a".into(), "b".into()],
            metrics: vec![metric("goal", Role::Goal), metric("guard", Role::Guardrail)],
            ..Plan::default()
        };
        plan.options.insert("guard".into(), MetricOptions { margin, ..MetricOptions::default() });
        let analysis = analyse(&plan, &[arms(), arms()], &Traffic::default());
        let [goal, guard] = [0, 1].map(|m| analysis.metrics[m].variants[1].clone());
        (goal.relative.expect("compared").expect("computable"), guard.guardrail.expect("a guardrail"))
    };
    let flat = Prior::default();
    let proper = |standard_deviation| Prior { proper: true, standard_deviation, ..flat };
    let (bayes, _) = judged(Engine::Bayesian, flat, 0.02);
    let (welch, _) = judged(Engine::Frequentist, flat, 0.02);
    let apart = (bayes.lower - welch.lower).abs().max((bayes.upper - welch.upper).abs());
    assert!(apart < 1e-4, "a flat prior is Fieller's interval: {bayes:?} {welch:?}");
    // D(0) is 0.012 with a standard error of 0.0061712…
    let z = 0.012 / (0.1_f64 * 0.9 / 5000.0 + 0.112 * 0.888 / 5000.0).sqrt();
    within(bayes.chance_to_win.expect("a posterior"), 1.0 - super::normal::upper_tail(z), 1e-12, "chance");
    let risk = bayes.risk.expect("a posterior");
    assert!((risk[0] - risk[1] - 0.12).abs() < 1e-12, "gain less loss is the lift: {risk:?}");
    // A prior of the size of the noise halves the lift; one that knows nothing changes nothing.
    let se = 0.12 / z;
    let (shrunk, _) = judged(Engine::Bayesian, proper(se), 0.02);
    assert!(
        (shrunk.effect - 0.06).abs() < 0.004 && shrunk.upper - shrunk.lower < bayes.upper - bayes.lower,
        "{shrunk:?}"
    );
    within(judged(Engine::Bayesian, proper(1e6), 0.02).0.effect, 0.12, 1e-6, "a wide prior");
    // A guardrail is safe where the interval excludes its margin, and nowhere else.
    for margin in [0.001, 0.01, 0.02, 0.05, 0.1] {
        let (interval, guardrail) = judged(Engine::Bayesian, proper(0.03), margin);
        assert_eq!(guardrail.state == GuardrailState::Safe, interval.lower > -margin, "{margin} {interval:?}");
    }
}

/// Before its end a test with a planned end needs more evidence than at the end, where it needs little more than a test with
/// one look. After the end its interval is never narrower than the line allows.
#[test]
fn a_planned_end_is_where_the_interval_is_worth_waiting_for() {
    use crate::model::{Metric, MetricKind, Role};
    let width = |engine, units: u64| {
        let plan = Plan {
            engine,
            sequential_n: 40_000.0,
            variants: vec!["a".into(), "b".into()],
            metrics: vec![Metric::new("goal", "Goal", Role::Goal, MetricKind::Value { event: "e".into() })],
            ..Plan::default()
        };
        let arm = || Sample::from(Mean::from_sums(units, [units as f64], [[3.0 * units as f64]]).expect("finite"));
        let arm = || match arm() {
            Sample::Mean(mean) => Sample::from(mean.with_nonzero([units])),
            other => other,
        };
        let analysis = analyse(&plan, &[vec![arm(), arm()]], &Traffic::default());
        let estimate = analysis.metrics[0].variants[1].absolute.expect("compared").expect("computable");
        (estimate.upper - estimate.lower) / (2.0 * estimate.standard_error)
    };
    use Engine::{Frequentist, PlannedEnd, Sequential};
    let end = 20_000;
    assert!((width(Frequentist, end) - 1.96).abs() < 0.001);
    let at_end = width(PlannedEnd, end);
    assert!(at_end > 2.25 && at_end < 2.3, "{at_end}");
    assert!(width(Sequential, end) > 3.0);
    assert!(width(PlannedEnd, end / 4) > 3.7, "early looks cost little because they ask for much");
    let after = [11, 15, 20, 40, 400].map(|tenths| width(PlannedEnd, end * tenths / 10));
    assert!(after.windows(2).all(|w| w[0] < w[1] + 0.5) && after[0] > at_end && after[4] < 5.0, "{after:?}");
}

/// With an accepted loss, the Bayesian engine decides when the variant it would keep loses less than that on average.
#[test]
fn an_accepted_loss_decides() {
    use crate::model::{Metric, MetricKind, Role};
    let verdict = |treatment, accepted_loss| {
        let plan = Plan {
            engine: Engine::Bayesian,
            prior: PastLifts::default().into(),
            accepted_loss,
            variants: vec!["a".into(), "b".into()],
            metrics: vec![Metric::new("goal", "Goal", Role::Goal, MetricKind::Conversion { event: "e".into() })],
            ..Plan::default()
        };
        analyse(&plan, &[vec![proportion(20_000, 2000), proportion(20_000, treatment)]], &Traffic::default()).verdict
    };
    // 3% more: not beyond chance, and if it is shipped, it loses little on average.
    assert_eq!(verdict(2060, None), Verdict::Undecided);
    assert_eq!(verdict(2060, Some(0.005)), Verdict::Winner { variant: "b".into() });
    assert_eq!(verdict(2060, Some(0.0001)), Verdict::Undecided);
    assert_eq!(verdict(1940, Some(0.005)), Verdict::Loser { variant: "b".into() });
}
