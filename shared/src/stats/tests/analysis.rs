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
    analyse(&plan, &samples(&[arms]), multiple_exposures)
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
    check(Sequential, &[(0, 0), (0, 0)], 0, Verdict::TooEarly, "No visitor has seen");
    check(Sequential, &[(100, 49), (100, 90)], 0, Verdict::TooEarly, "49 of the 50 conversions");
    check(Frequentist, &[(100, 49), (100, 90)], 0, winner("treatment"), "Treatment is better than Control: +83.7%");
    check(Sequential, &[(5000, 500), (5000, 700)], 0, winner("treatment"), "+40.0% (95% interval +");
    check(Sequential, &[(5000, 500), (5000, 510)], 0, Verdict::Undecided, "No difference yet: Treatment is at +2.0%");
    let loser = Verdict::Loser { variant: "treatment".into() };
    check(Sequential, &[(5000, 700), (5000, 500)], 0, loser, "Treatment is worse than Control: −28.6%");
    check(Sequential, &[(5000, 500), (6000, 900)], 0, Verdict::Untrustworthy, "sample ratio mismatch");
    check(Sequential, &[(5000, 500), (5000, 700)], 200, Verdict::Untrustworthy, "several variants");
    check(Sequential, &[(5000, 500), (5000, 650), (5000, 700)], 0, winner("third"), "Third is better");
    check(Bayesian, &[(5000, 500), (5000, 700)], 0, winner("treatment"), "chance to win 100.0%");
    check(Frequentist, &[(5000, 0), (5000, 40)], 0, Verdict::TooEarly, "not enough data");
}

/// A comparison that may not decide yet is no evidence, however large its effect looks.
#[test]
fn the_sentence_rests_on_what_is_decided() {
    let metrics = vec![metric("a", "Sign-up", Role::Goal), metric("b", "Order", Role::Goal)];
    let plan = plan(Engine::Sequential, 2, metrics);
    let analysis = analyse(&plan, &samples(&[&[(10_000, 1000), (10_000, 1300)], &[(10_000, 48), (10_000, 200)]]), 0);
    assert_eq!(analysis.metrics[1].variants[1].undecided, Some(Reason::TooFewConversions));
    assert_eq!(analysis.verdict, winner("treatment"));
    assert!(analysis.sentence.contains("on Sign-up: +30.0%"), "{}", analysis.sentence);
}

/// A goal without numbers for those who were there says so, instead of that nobody came.
#[test]
fn a_goal_without_numbers_is_said() {
    let plan = plan(Engine::Sequential, 2, vec![metric("goal", "Revenue", Role::Goal)]);
    let analysis = analyse(&plan, &samples(&[&[(0, 0), (0, 0)], &[(500, 0), (500, 0)]]), 0);
    assert_eq!(analysis.verdict, Verdict::TooEarly);
    assert!(analysis.sentence.contains("Revenue are not complete"), "{}", analysis.sentence);
}

#[test]
fn any_baseline() {
    let mut plan = plan(Engine::Sequential, 3, vec![metric("goal", "Sign-up", Role::Goal)]);
    plan.baseline = 2;
    let analysis = analyse(&plan, &samples(&[&[(5000, 700), (5000, 510), (5000, 500)]]), 0);
    assert_eq!(analysis.verdict, winner("control"));
    assert!(analysis.sentence.starts_with("Control is better than Third: +40.0%"), "{}", analysis.sentence);
    let variants = &analysis.metrics[0].variants;
    assert!(variants[2].relative.is_none() && variants[0].relative.is_some() && variants[1].relative.is_some());
    plan.baseline = 9;
    assert_eq!(analyse(&plan, &samples(&[&[(5000, 700); 3]]), 0).verdict, Verdict::TooEarly);
}

#[test]
fn less_may_be_better() {
    let mut plan = plan(Engine::Sequential, 2, vec![metric("bounce", "Bounces", Role::Goal)]);
    plan.options.insert("bounce".into(), MetricOptions { lower_is_better: true, ..MetricOptions::default() });
    let analysis = analyse(&plan, &samples(&[&[(5000, 700), (5000, 500)]]), 0);
    assert_eq!(analysis.verdict, winner("treatment"));
    assert!(analysis.sentence.starts_with("Treatment is better than Control: −28.6%"), "{}", analysis.sentence);
}

#[test]
fn guardrails_and_several_goals() {
    let metrics = vec![
        metric("goal", "Sign-up", Role::Goal),
        metric("second", "Purchase", Role::Goal),
        metric("guard", "Retention", Role::Guardrail),
    ];
    let plan = plan(Engine::Sequential, 2, metrics);
    let check = |second: u64, guard: u64, expected: Verdict, words: &str| {
        let arms: [&[(u64, u64)]; 3] = [
            &[(50_000, 5000), (50_000, 7000)],
            &[(50_000, 5000), (50_000, second)],
            &[(50_000, 25_000), (50_000, guard)],
        ];
        let analysis = analyse(&plan, &samples(&arms), 0);
        assert_eq!(analysis.verdict, expected, "{}", analysis.sentence);
        assert!(analysis.sentence.contains(words), "{}", analysis.sentence);
    };
    let conflict = |metric: &str| Verdict::Conflict { variant: "treatment".into(), metric: metric.into() };
    check(5000, 25_400, winner("treatment"), "Ship it: its guardrails are safe.");
    check(5000, 24_900, winner("treatment"), "unless a guardrail says no: Retention may still get worse.");
    check(5000, 22_000, conflict("guard"), "But it is worse on Retention: −12.0%.");
    check(3500, 25_400, conflict("second"), "better than Control on Sign-up: +40.0%");
}

#[test]
fn corrections_take_in_goals_and_secondaries_but_not_guardrails() {
    let metrics = vec![
        metric("goal", "Sign-up", Role::Goal),
        metric("second", "Purchase", Role::Secondary),
        metric("guard", "Retention", Role::Guardrail),
    ];
    let mut plan = plan(Engine::Frequentist, 2, metrics);
    let arms: &[(u64, u64)] = &[(4000, 420), (4100, 500)];
    let analysis = |plan: &Plan| analyse(plan, &samples(&[arms, &[(4000, 300), (4100, 300)], arms]), 0);
    let plain = analysis(&plan);
    let p = plain.metrics[0].variants[1].estimate().expect("computable").p_value;
    assert!(p < 0.05 && 2.0 * p > 0.05, "{p}");
    assert_eq!(plain.verdict, winner("treatment"));
    plan.correction = Correction::Holm;
    let corrected = analysis(&plan);
    assert_eq!(corrected.metrics[0].variants[1].adjusted_p, Some(2.0 * p));
    assert_eq!(corrected.metrics[2].variants[1].adjusted_p, None);
    assert_eq!(corrected.verdict, Verdict::Undecided);
    assert!(corrected.sentence.contains("after Holm's correction"), "{}", corrected.sentence);
}

#[test]
fn health_names_what_is_missing() {
    let metrics = vec![metric("goal", "Sign-up", Role::Goal), metric("second", "Purchase", Role::Secondary)];
    let plan = plan(Engine::Sequential, 2, metrics);
    let health = analyse(&plan, &samples(&[&[(60, 6), (60, 9)], &[(60, 1)]]), 0).health;
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
    let analysis = analyse(&plan, &[vec![arm(10), arm(49)]], 0);
    let treatment = &analysis.metrics[0].variants[1];
    assert_eq!((treatment.conversions, treatment.undecided), (49, Some(Reason::TooFewConversions)));
    assert_eq!(analysis.verdict, Verdict::TooEarly);
}
