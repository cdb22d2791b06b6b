use super::*;
use crate::model::{Metric, MetricKind, Role};

fn metric(id: &str, name: &str, role: Role) -> Metric {
    Metric::new(id, name, role, MetricKind::Conversion { event: id.into() })
}

fn plan(engine: Engine, arms: usize, metrics: Vec<Metric>) -> Plan {
    let names = ["Control", "Treatment", "Third"];
    Plan {
        engine,
        variants: names.iter().take(arms).map(|n| n.to_lowercase()).collect(),
        names: names.iter().take(arms).map(|n| (*n).to_owned()).collect(),
        weights: vec![1.0 / arms as f64; arms],
        metrics,
        ..Plan::default()
    }
}

fn samples(metrics: &[&[(u64, u64)]]) -> Vec<Vec<Proportion>> {
    metrics.iter().map(|arms| arms.iter().map(|(u, c)| proportion(*u, *c)).collect()).collect()
}

/// The verdict on arms given as (units, conversions).
fn verdict(engine: Engine, arms: &[(u64, u64)], multiple_exposures: u64) -> Analysis {
    let plan = plan(engine, arms.len(), vec![metric("goal", "Sign-up", Role::Goal)]);
    analyse(&plan, &samples(&[arms]), &Traffic::of_several(multiple_exposures))
}

fn winner(variant: &str) -> Verdict {
    Verdict::Winner { variant: variant.into() }
}

#[test]
fn verdicts() {
    use Engine::{Bayesian, Frequentist, Sequential};
    let check = |engine, arms: &[(u64, u64)], multiple, expected: Verdict, words: &str| {
        let analysis = verdict(engine, arms, multiple);
        assert_eq!(analysis.verdict, expected, "{}", analysis.sentence);
        assert!(analysis.sentence.contains(words), "{}", analysis.sentence);
    };
    let loser = || Verdict::Loser { variant: "treatment".into() };
    check(Sequential, &[(0, 0), (0, 0)], 0, Verdict::TooEarly, "No visitor has seen");
    check(Sequential, &[(100, 49), (100, 60)], 0, Verdict::TooEarly, "49 of the 50 conversions");
    check(Frequentist, &[(100, 49), (100, 90)], 0, winner("treatment"), "Treatment is better than Control: at least +");
    let words = "at least +18%, measured +40% (95% interval +18% to +66%, valid at every look). Ship it.";
    check(Sequential, &[(5000, 500), (5000, 700)], 0, winner("treatment"), words);
    let words =
        "Not enough evidence yet: anything from −15% to +23% is compatible with what Treatment did (95% interval";
    check(Sequential, &[(5000, 500), (5000, 510)], 0, Verdict::Undecided, words);
    check(
        Sequential,
        &[(5000, 700), (5000, 500)],
        0,
        loser(),
        "Treatment is worse than Control: at least −16%, likely about −17%, measured",
    );
    check(Sequential, &[(5000, 500), (6000, 900)], 0, Verdict::Untrustworthy, "sample ratio mismatch");
    check(Sequential, &[(5000, 500), (5000, 700)], 200, Verdict::Untrustworthy, "several variants");
    check(Bayesian, &[(5000, 500), (5000, 700)], 0, winner("treatment"), "chance to win 100.0%");
    check(Frequentist, &[(5000, 0), (5000, 40)], 0, Verdict::TooEarly, "not enough data");
}

/// A variant that lost all conversions was "too early to say" for ever, since it never had 50 of them.
#[test]
fn a_broken_variant_is_noticed() {
    let loser = || Verdict::Loser { variant: "treatment".into() };
    for conversions in [0, 1, 49] {
        let analysis = verdict(Engine::Sequential, &[(50_000, 5000), (50_000, conversions)], 0);
        assert_eq!(analysis.verdict, loser(), "{}", analysis.sentence);
        assert!(analysis.sentence.contains("at least −9"), "{}", analysis.sentence);
    }
    // 20 sign-ups against none: one in a million splits is like that.
    let analysis = verdict(Engine::Sequential, &[(200, 20), (200, 0)], 0);
    assert_eq!(analysis.verdict, loser());
    let estimate = analysis.metrics[0].variants[1].estimate().expect("the exact test has an interval");
    assert!(estimate.effect == -1.0 && estimate.lower == -1.0 && estimate.upper < 0.0, "{estimate:?}");
    assert_eq!(verdict(Engine::Sequential, &[(200, 5), (200, 0)], 0).verdict, Verdict::TooEarly);
    // From nothing to something.
    assert_eq!(verdict(Engine::Sequential, &[(5000, 0), (5000, 40)], 0).verdict, winner("treatment"));
}

/// A variant that is better than the page is not yet better than another one that is.
#[test]
fn a_winner_beats_the_other_winners() {
    let both = Verdict::Winners { variants: vec!["treatment".into(), "third".into()] };
    let analysis = verdict(Engine::Sequential, &[(5000, 500), (5000, 690), (5000, 700)], 0);
    assert_eq!(analysis.verdict, both, "{}", analysis.sentence);
    assert!(analysis.sentence.starts_with("Treatment and Third are better than Control"), "{}", analysis.sentence);
    assert_eq!(verdict(Engine::Sequential, &[(5000, 500), (5000, 690), (5000, 990)], 0).verdict, winner("third"));
}

/// One bad variant ended the experiment for all: "Keep the page as it is", while the other was about to win.
#[test]
fn a_bad_variant_does_not_end_the_experiment() {
    let analysis = verdict(Engine::Sequential, &[(5000, 500), (5000, 540), (5000, 300)], 0);
    assert_eq!(analysis.verdict, Verdict::Undecided, "{}", analysis.sentence);
    assert!(analysis.sentence.contains("Third is worse than Control"), "{}", analysis.sentence);
    assert!(analysis.sentence.ends_with("Drop it."), "{}", analysis.sentence);
    let states: Vec<State> = analysis.standings.iter().map(|s| s.state).collect();
    assert_eq!(states, [State::Open, State::Worse]);
    let both = verdict(Engine::Sequential, &[(5000, 500), (5000, 300), (5000, 300)], 0);
    assert_eq!(both.verdict, Verdict::Loser { variant: "treatment".into() });
}

/// A comparison that may not decide yet is no evidence, however large its effect looks.
#[test]
fn the_sentence_rests_on_what_is_decided() {
    let metrics = vec![metric("a", "Sign-up", Role::Goal), metric("b", "Order", Role::Goal)];
    let plan = plan(Engine::Sequential, 2, metrics);
    let arms = samples(&[&[(10_000, 1000), (10_000, 1300)], &[(10_000, 3), (10_000, 9)]]);
    let analysis = analyse(&plan, &arms, &Traffic::default());
    assert_eq!(analysis.metrics[1].variants[1].undecided, Some(Reason::TooFewConversions));
    assert_eq!(analysis.verdict, winner("treatment"));
    assert!(
        analysis.sentence.contains("on Sign-up: at least +14%, likely about +16%, measured +30%"),
        "{}",
        analysis.sentence
    );
}

/// A goal without numbers for those who were there says so, instead of that nobody came.
#[test]
fn a_goal_without_numbers_is_said() {
    let plan = plan(Engine::Sequential, 2, vec![metric("goal", "Revenue", Role::Goal)]);
    let analysis = analyse(&plan, &samples(&[&[(0, 0), (0, 0)], &[(500, 0), (500, 0)]]), &Traffic::default());
    assert_eq!(analysis.verdict, Verdict::TooEarly);
    assert!(analysis.sentence.contains("Revenue are not complete"), "{}", analysis.sentence);
}

#[test]
fn any_baseline() {
    let mut plan = plan(Engine::Sequential, 3, vec![metric("goal", "Sign-up", Role::Goal)]);
    plan.baseline = 2;
    let analysis = analyse(&plan, &samples(&[&[(5000, 700), (5000, 510), (5000, 500)]]), &Traffic::default());
    assert_eq!(analysis.verdict, winner("control"));
    assert!(analysis.sentence.starts_with("Control is better than Third: at least +"), "{}", analysis.sentence);
    let variants = &analysis.metrics[0].variants;
    assert!(variants[2].relative.is_none() && variants[0].relative.is_some() && variants[1].relative.is_some());
    plan.baseline = 9;
    assert_eq!(analyse(&plan, &samples(&[&[(5000, 700); 3]]), &Traffic::default()).verdict, Verdict::TooEarly);
}

#[test]
fn less_may_be_better() {
    let mut plan = plan(Engine::Sequential, 2, vec![metric("bounce", "Bounces", Role::Goal)]);
    plan.options.insert("bounce".into(), MetricOptions { lower_is_better: true, ..MetricOptions::default() });
    let analysis = analyse(&plan, &samples(&[&[(5000, 700), (5000, 500)]]), &Traffic::default());
    assert_eq!(analysis.verdict, winner("treatment"));
    assert!(
        analysis
            .sentence
            .starts_with("Treatment is better than Control: at least −16%, likely about −17%, measured −29%"),
        "{}",
        analysis.sentence
    );
}

/// "Ship it" came in 69% of the experiments whose guardrail was harmed by twice its margin, since a guardrail blocked only
/// where harm was shown.
#[test]
fn guardrails_and_several_goals() {
    let metrics = vec![
        metric("goal", "Sign-up", Role::Goal),
        metric("second", "Purchase", Role::Goal),
        metric("guard", "Retention", Role::Guardrail),
    ];
    let mut plan = plan(Engine::Sequential, 2, metrics);
    plan.options.insert("guard".into(), MetricOptions { margin: 0.03, ..MetricOptions::default() });
    let check = |second: u64, guard: u64, expected: Verdict, words: &str| {
        let arms: [&[(u64, u64)]; 3] = [
            &[(50_000, 5000), (50_000, 7000)],
            &[(50_000, 5000), (50_000, second)],
            &[(50_000, 25_000), (50_000, guard)],
        ];
        let days = (0..10).map(|day| Arrivals { day, units: vec![5000; 2] }).collect();
        let analysis = analyse(&plan, &samples(&arms), &Traffic { days, ..Traffic::default() });
        assert_eq!(analysis.verdict, expected, "{}", analysis.sentence);
        assert!(analysis.sentence.contains(words), "{}", analysis.sentence);
    };
    let conflict = |metric: &str| Verdict::Conflict { variant: "treatment".into(), metric: metric.into() };
    let ahead = Verdict::Ahead { variants: vec!["treatment".into()] };
    check(5000, 25_100, winner("treatment"), "Ship it: every guardrail is safe.");
    // Worse, but by less than the margin: that is what a margin is for.
    check(5000, 24_900, winner("treatment"), "Ship it: every guardrail is safe.");
    check(5000, 24_700, ahead, "Not cleared yet: Retention (about 4 more days). Wait before you ship it.");
    check(
        5000,
        24_000,
        conflict("guard"),
        "it is worse on Retention, and whether by more than the margin is open: −4.0%",
    );
    check(5000, 22_000, conflict("guard"), "it is worse on Retention by more than the margin: −12");
    check(3500, 25_100, conflict("second"), "better than Control on Sign-up: at least +");
}

/// A guardrail that a variant destroyed never blocked, since the sequence had to wait for 50 conversions in every arm.
#[test]
fn a_destroyed_guardrail_blocks() {
    let metrics = vec![metric("goal", "Sign-up", Role::Goal), metric("guard", "Guard", Role::Guardrail)];
    let mut plan = plan(Engine::Sequential, 2, metrics);
    let conflict = Verdict::Conflict { variant: "treatment".into(), metric: "guard".into() };
    for (lower_is_better, guard) in [(false, [45_000, 30]), (true, [20, 2000]), (true, [0, 2000])] {
        plan.options.insert("guard".into(), MetricOptions { lower_is_better, ..MetricOptions::default() });
        let arms = samples(&[&[(50_000, 5000), (50_000, 5600)], &[(50_000, guard[0]), (50_000, guard[1])]]);
        let analysis = analyse(&plan, &arms, &Traffic::default());
        assert_eq!(analysis.verdict, conflict, "{}", analysis.sentence);
        let state = analysis.metrics[1].variants[1].guardrail.map(|g| g.state);
        assert_eq!(state, Some(GuardrailState::WorseThanMargin), "{guard:?}");
    }
}

#[test]
fn corrections_take_in_goals_but_not_secondaries_and_guardrails() {
    let metrics = vec![
        metric("goal", "Sign-up", Role::Goal),
        metric("other", "Order", Role::Goal),
        metric("second", "Purchase", Role::Secondary),
        metric("guard", "Retention", Role::Guardrail),
    ];
    let mut plan = Plan { correction: Correction::None, ..plan(Engine::Frequentist, 2, metrics) };
    let arms: &[(u64, u64)] = &[(4000, 420), (4100, 492)];
    let none: &[(u64, u64)] = &[(4000, 0), (4100, 0)];
    let analysis = |plan: &Plan| analyse(plan, &samples(&[arms, none, arms, arms]), &Traffic::default());
    let plain = analysis(&plan);
    let p = plain.metrics[0].variants[1].p_value.expect("a comparison");
    assert!(p < 0.05 && 2.0 * p > 0.05, "{p}");
    assert_eq!(plain.standings[0].better, ["goal"]);
    plan.correction = Correction::Holm;
    let corrected = analysis(&plan);
    let [goal, _, second, guard] = [0, 1, 2, 3].map(|m| &corrected.metrics[m].variants[1]);
    // Also what can't be computed yet is one of the family.
    assert_eq!((goal.adjusted_p, goal.alpha), (Some(2.0 * p), 0.025));
    assert_eq!((second.adjusted_p, second.alpha, guard.adjusted_p), (None, 0.05, None));
    assert_eq!(corrected.verdict, Verdict::Undecided);
    assert!(corrected.sentence.contains("(97.5% interval)"), "{}", corrected.sentence);
}

#[test]
fn health_names_what_is_missing() {
    let metrics = vec![metric("goal", "Sign-up", Role::Goal), metric("second", "Purchase", Role::Secondary)];
    let plan = plan(Engine::Sequential, 2, metrics);
    let health = analyse(&plan, &samples(&[&[(60, 6), (60, 9)], &[(60, 1)]]), &Traffic::default()).health;
    assert_eq!(health.too_few_units, ["control", "treatment"]);
    assert_eq!(health.missing, [MissingData { metric: "second".into(), variant: "treatment".into(), units: 60 }]);
    assert!(!health.srm.alarm && !health.multiple_exposures_alarm);
}

/// An analysis is what the window gets: JSON, without a number that JSON does not have.
#[test]
fn an_analysis_survives_json() {
    for engine in [Engine::Frequentist, Engine::Sequential, Engine::Bayesian] {
        for arms in [&[(0, 0), (0, 0)], &[(5000, 500), (5000, 700)], &[(1 << 40, 1), (1 << 40, 1 << 40)]] {
            let analysis = verdict(engine, arms, 3);
            let text = serde_json::to_string(&analysis).expect("serialises");
            assert_eq!(serde_json::from_str::<Analysis>(&text).expect("parses"), analysis);
        }
    }
}

#[test]
fn an_adjusted_conversion_still_waits_for_conversions() {
    let arm = |converted: u64| {
        let units = (0..1000).map(|i| [f64::from(u8::from(i < converted)), f64::from(u8::from(i % 7 == 0))]);
        Sample::Cuped(Moments::of(units).expect("finite").with_binary([true; 2]))
    };
    let plan = plan(Engine::Sequential, 2, vec![metric("goal", "Sign-up", Role::Goal)]);
    let analysis = analyse(&plan, &[vec![arm(40), arm(49)]], &Traffic::default());
    let treatment = &analysis.metrics[0].variants[1];
    assert_eq!((treatment.conversions, treatment.undecided), (49, Some(Reason::TooFewConversions)));
    assert_eq!(analysis.verdict, Verdict::TooEarly);
}

/// An experiment that has come to its planned size without the planned lift is not worth waiting for.
#[test]
fn a_planned_lift_that_is_excluded_is_not_worth_waiting_for() {
    let mut plan = plan(Engine::Sequential, 2, vec![metric("goal", "Sign-up", Role::Goal)]);
    plan.planned = Some(40_000);
    plan.sequential_n = 40_000.0;
    let days = |per_day| {
        let days = (0..10).map(|day| Arrivals { day, units: vec![per_day; 2] }).collect();
        Traffic { days, ..Traffic::default() }
    };
    let arms = samples(&[&[(20_000, 4000), (20_000, 4010)]]);
    let analysis = analyse(&plan, &arms, &days(2000));
    assert_eq!(analysis.verdict, Verdict::Undecided, "nothing is futile without a planned lift");
    assert!(analysis.sentence.ends_with("All of the planned 40,000 visitors have come."), "{}", analysis.sentence);
    plan.options.insert("goal".into(), MetricOptions { smallest_lift: Some(0.1), ..MetricOptions::default() });
    let analysis = analyse(&plan, &arms, &days(2000));
    assert_eq!((&analysis.verdict, analysis.standings[0].state), (&Verdict::Futile, State::Futile));
    let words = "Not worth waiting for: Treatment isn't better than Control by 10% or more, the smallest lift this \
                 experiment was planned to find (95% interval −";
    assert!(analysis.sentence.starts_with(words), "{}", analysis.sentence);
    assert!(analysis.sentence.ends_with("Keep Control, or plan for more visitors."), "{}", analysis.sentence);
    // A quarter of the visitors may still hide it.
    let analysis = analyse(&plan, &samples(&[&[(5000, 1000), (5000, 1003)]]), &days(500));
    assert_eq!(analysis.verdict, Verdict::Undecided);
    let words = "10,000 of the planned 40,000 visitors have come; the others take about 30 more days.";
    assert!(analysis.sentence.contains(words), "{}", analysis.sentence);
    // Less is better: excluded is a fall of a tenth.
    let options = MetricOptions { lower_is_better: true, smallest_lift: Some(0.1), ..MetricOptions::default() };
    plan.options.insert("goal".into(), options);
    assert_eq!(analyse(&plan, &arms, &days(2000)).verdict, Verdict::Futile);
    assert_eq!(analyse(&plan, &samples(&[&[(20_000, 4000), (20_000, 3800)]]), &days(2000)).verdict, Verdict::Undecided);
}

/// "About N more days" comes from the lift as measured.
#[test]
fn an_open_goal_says_how_long_a_decision_takes() {
    let plan = plan(Engine::Sequential, 2, vec![metric("goal", "Sign-up", Role::Goal)]);
    let traffic =
        Traffic { days: (0..10).map(|day| Arrivals { day, units: vec![1000; 2] }).collect(), ..Traffic::default() };
    let check = |treatment: u64, traffic: &Traffic, words: &str| {
        let analysis = analyse(&plan, &samples(&[&[(10_000, 1000), (10_000, treatment)]]), traffic);
        assert_eq!(analysis.verdict, Verdict::Undecided);
        assert!(analysis.sentence.contains(words), "{}", analysis.sentence);
        analysis.metrics[0].variants[1].more
    };
    let more = check(1080, &traffic, "If the lift stays as measured, a decision takes about ").expect("reachable");
    let times = more.ceil() as u64;
    assert!(more > 1.5 && more < 8.0, "{more}");
    let arms = samples(&[&[(10_000 * times, 1000 * times), (10_000 * times, 1080 * times)]]);
    assert_eq!(analyse(&plan, &arms, &traffic).verdict, winner("treatment"));
    check(1080, &Traffic::default(), "If the lift stays as measured, a decision needs about ");
    check(1001, &traffic, "a decision takes years at this traffic.");
    assert_eq!(analyse(&plan, &arms, &traffic).metrics[0].variants[1].more, None);
}
