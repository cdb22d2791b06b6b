use beacon_shared::event::Line;
use beacon_shared::model::ExperimentMetric;
use beacon_shared::results::{Counted, Exclusion};
use beacon_shared::stats::{Cell, GuardrailState, Mean, Totals, Verdict};
use serde_json::json;

use super::*;
use crate::results::{Exposed, LogState};

/// Gives the same counts whatever is asked, and keeps what was asked.
#[derive(Default)]
struct Fixed {
    counts: Counts,
    asked: std::sync::Mutex<Option<Query>>,
}

impl Fixed {
    fn new(counts: Counts) -> Self {
        Self { counts, ..Self::default() }
    }
}

impl EventStore for Fixed {
    fn log(&self, _: &str) -> Result<Option<LogState>> {
        Ok(Some(LogState { head: 7, as_of: Some(99), ..LogState::default() }))
    }
    fn open_log(&self, _: &str, _: &str, _: i64) -> Result<()> {
        Ok(())
    }
    fn name_log(&self, _: &str, _: &str) -> Result<()> {
        Ok(())
    }
    fn retire_log(&self, _: &str, _: i64) -> Result<()> {
        Ok(())
    }
    fn event_ids(&self, _: &str, _: u64, _: u32) -> Result<Vec<(u64, Option<String>)>> {
        Ok(Vec::new())
    }
    fn skip(&self, _: &str, _: u64, _: u64, _: i64) -> Result<()> {
        Ok(())
    }
    fn append(&self, _: &str, _: &[Line]) -> Result<()> {
        Ok(())
    }
    fn head(&self, _: &str) -> Result<u64> {
        Ok(7)
    }
    fn len(&self, _: &str) -> Result<u64> {
        Ok(7)
    }
    fn set_as_of(&self, _: &str, _: i64) -> Result<()> {
        Ok(())
    }
    fn as_of(&self, _: &str) -> Result<Option<i64>> {
        Ok(Some(99))
    }
    fn count(&self, query: &Query, _: &Cancel) -> Result<Counts> {
        *self.asked.lock().unwrap() = Some(query.clone());
        Ok(self.counts.clone())
    }
    fn history(&self, query: &Query, _: i64, cancel: &Cancel) -> Result<Counts> {
        self.count(query, cancel)
    }
}

/// The newest phase's analysis.
fn newest(store: &Fixed, experiment: &Experiment) -> Analysed {
    let metrics = own_metrics(experiment);
    analyse_phase(store, experiment, metrics, experiment.phase().unwrap(), &Zone::UTC, &Cancel::default()).unwrap()
}

/// The metrics that the experiment defines itself.
fn own_metrics(experiment: &Experiment) -> Vec<Metric> {
    let own = |metric: &ExperimentMetric| match metric {
        ExperimentMetric::Own(metric) => metric.clone(),
        ExperimentMetric::Shared(used) => panic!("{} is shared", used.id),
    };
    experiment.metrics.iter().map(own).collect()
}

fn experiment(phases: serde_json::Value) -> Experiment {
    serde_json::from_value(json!({
        "key": "hero", "name": "Hero", "site_id": "sit_1", "status": "running", "coverage": 10000,
        "hash_attribute": "id", "hash_version": 2, "seed": "hero", "auto_activate": true, "phases": phases,
        "variants": [
            {"id": "control", "name": "As it is", "weight": 5000},
            {"id": "bold", "name": "Bold", "weight": 5000}
        ],
        "metrics": [{"id": "m1", "name": "Sign-up", "role": "goal", "kind": "conversion", "event": "signup"}]
    }))
    .unwrap()
}

fn exposed(variant: &str, day: i64, units: u64) -> Exposed {
    Exposed { variant: variant.into(), day, units }
}

fn cell(metric: &str, variant: &str, day: Option<i64>, sample: Sample) -> Cell {
    Cell { variant: variant.into(), metric: metric.into(), day, value: String::new(), sample }
}

/// Visitors by variant and day, with how many of them signed up.
fn signups(days: &[(&str, i64, u64, u64)]) -> Counts {
    let sample = |units, conversions| Sample::from(Proportion::new(units, conversions).unwrap());
    Counts {
        exposed: days.iter().map(|(variant, day, units, _)| exposed(variant, *day, *units)).collect(),
        cells: days.iter().map(|(v, day, units, n)| cell("m1", v, Some(*day), sample(*units, *n))).collect(),
        ..Counts::default()
    }
}

fn one_phase() -> serde_json::Value {
    json!([{"id": "p1", "started": 300, "ended": null}])
}

#[test]
fn days_add_up_to_a_verdict() {
    let bots = Excluded { what: Counted::Exposures, reason: Exclusion::Bot, visitors: 4, events: 5 };
    let counts = signups(&[("bold", 1, 900, 300), ("bold", 2, 100, 40), ("control", 1, 1000, 100)]);
    let store = Fixed::new(Counts {
        several_by_first: [("bold".to_owned(), 3)].into(),
        excluded: vec![bots.clone()],
        ..counts
    });
    let phases = json!([{"started_at": 100, "ended_at": 200}, {"id": "p1", "started": 300, "ended": null}]);
    let Analysed { analysis, excluded, events, data_as_of, .. } = newest(&store, &experiment(phases));
    let bold = &analysis.metrics[0].variants[1];
    assert_eq!((bold.units, bold.conversions), (1000, 340));
    assert_eq!(analysis.verdict, Verdict::Winner { variant: "bold".into() });
    assert!(analysis.sentence.starts_with("Bold is better than As it is: at least +"), "{}", analysis.sentence);
    assert_eq!(analysis.health.srm.p_value, Some(1.0));
    assert_eq!((analysis.health.multiple_exposures, events, data_as_of), (3, 7, Some(99)));
    assert_eq!((analysis.plan.names, excluded), (vec!["As it is".to_owned(), "Bold".to_owned()], vec![bots]));
    let asked = store.asked.lock().unwrap().take().unwrap();
    assert_eq!((asked.site.as_str(), asked.experiment.as_str(), asked.phase.as_str()), ("sit_1", "hero", "p1"));
    assert_eq!((asked.started, asked.ended, asked.variants), (Some(300), None, vec!["control".into(), "bold".into()]));
}

/// The weights of today were used for every phase.
#[test]
fn the_split_of_a_phase_is_checked_against_its_own_weights() {
    let assignment = |control: u32, bold: u32| {
        json!({"seed": format!("s{control}"), "weights": [{"variant": "bold", "weight": bold}, {"variant": "control", "weight": control}],
               "coverage": 10000, "hash_attribute": "id", "hash_version": 2})
    };
    let mut experiment = experiment(json!([
        {"id": "p0", "assignment": assignment(9000, 1000), "started": 100, "ended": 300},
        {"id": "p1", "assignment": assignment(2000, 8000), "started": 300, "ended": null},
        {"id": "old", "started": 1, "ended": 2},
    ]));
    experiment.variants[0].weight = 5000;
    let store = Fixed::new(signups(&[("control", 1, 9000, 900), ("bold", 1, 1000, 100)]));
    let srm = |phase: usize| {
        let (metrics, phase) = (own_metrics(&experiment), &experiment.phases[phase]);
        let analysed = analyse_phase(&store, &experiment, metrics, phase, &Zone::UTC, &Cancel::default());
        let analysis = analysed.unwrap().analysis;
        assert_eq!(analysis.plan.variants, ["control", "bold"], "the control is first");
        (analysis.plan.weights, analysis.health.srm.alarm)
    };
    assert_eq!(srm(0), (vec![0.9, 0.1], false));
    assert_eq!(srm(1), (vec![0.2, 0.8], true));
    // A phase of schema 1 had the experiment's.
    assert_eq!(srm(2), (vec![0.5, 0.5], true));
}

/// Visitors who keep their variants are split as the phase before split them.
#[test]
fn the_split_of_a_phase_that_keeps_visitors_is_that_of_its_newcomers() {
    let assignment = |control: u32, bold: u32| {
        json!({"seed": "s", "weights": [{"variant": "control", "weight": control}, {"variant": "bold", "weight": bold}],
               "coverage": 10000, "hash_attribute": "id", "hash_version": 2})
    };
    let experiment = experiment(json!([
        {"id": "p0", "assignment": assignment(9000, 1000), "started": 100, "ended": 300},
        {"id": "p1", "assignment": assignment(2000, 8000), "started": 300, "ended": null},
    ]));
    let alarm = |newcomers: [u64; 2]| {
        let mut counts = signups(&[("control", 1, 9000, 900), ("bold", 1, 1000, 100)]);
        counts.newcomers = vec![exposed("control", 1, newcomers[0]), exposed("bold", 1, newcomers[1])];
        newest(&Fixed::new(counts), &experiment).analysis.health.srm.alarm
    };
    assert!(!alarm([200, 800]));
    assert!(alarm([800, 200]));
}

#[test]
fn a_variant_that_was_removed_since_stays_in_its_phase() {
    let weights = json!([{"variant": "gone", "weight": 3000}, {"variant": "bold", "weight": 7000}]);
    let assignment =
        json!({"seed": "s", "weights": weights, "coverage": 10000, "hash_attribute": "id", "hash_version": 2});
    let experiment = experiment(json!([{"id": "p0", "assignment": assignment, "started": 1, "ended": null}]));
    let analysis = newest(&Fixed::new(Counts::default()), &experiment).analysis;
    assert_eq!(
        (analysis.plan.variants, analysis.plan.names),
        (vec!["bold".into(), "gone".into()], vec!["Bold".into(), "gone".into()])
    );
    assert_eq!(analysis.plan.weights, [0.7, 0.3]);
}

#[test]
fn without_visitors_it_is_too_early() {
    let analysis = newest(&Fixed::new(Counts::default()), &experiment(one_phase())).analysis;
    assert_eq!(analysis.verdict, Verdict::TooEarly);
}

/// A goal, and one more metric with `mean` per visitor in each of two arms.
fn with_value(fields: serde_json::Value, means: [f64; 2]) -> Analysis {
    let mut experiment = experiment(one_phase());
    let mut metric = json!({"id": "m2", "name": "Value", "role": "guardrail", "kind": "value", "event": "order"});
    metric.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    experiment.metrics.push(serde_json::from_value(metric).unwrap());
    let spread = |mean: f64| (0..1000).map(move |i| [mean + f64::from(i % 5) - 2.0]);
    let mut counts = signups(&[("control", 1, 1000, 100), ("bold", 1, 1000, 300)]);
    for (variant, mean) in ["control", "bold"].iter().zip(means) {
        counts.cells.push(cell("m2", variant, Some(1), Mean::of(spread(mean)).unwrap().into()));
    }
    newest(&Fixed::new(counts), &experiment).analysis
}

#[test]
fn a_guardrail_on_a_value_has_its_margin_and_direction() {
    let states = [
        (json!({}), [100.0, 99.0], GuardrailState::Safe),
        (json!({"margin": 0.005}), [100.0, 99.0], GuardrailState::WorseThanMargin),
        (json!({"margin": 0.5}), [100.0, 90.0], GuardrailState::Safe),
        (json!({"direction": "decrease"}), [100.0, 90.0], GuardrailState::Safe),
        (json!({"direction": "decrease"}), [100.0, 110.0], GuardrailState::WorseThanMargin),
    ];
    for (fields, means, expected) in states {
        let analysis = with_value(fields.clone(), means);
        let guardrail = &analysis.metrics[1].variants[1];
        assert_eq!(guardrail.guardrail.map(|g| g.state), Some(expected), "{fields}");
        assert_eq!((guardrail.units, guardrail.mean, guardrail.conversions), (1000, means[1], 0));
        let verdict = match expected {
            GuardrailState::Worse | GuardrailState::WorseThanMargin => {
                Verdict::Conflict { variant: "bold".into(), metric: "m2".into() }
            }
            _ => Verdict::Winner { variant: "bold".into() },
        };
        assert_eq!(analysis.verdict, verdict, "{fields}: {}", analysis.sentence);
    }
    let usual = with_value(json!({}), [100.0, 100.0]).plan;
    assert!(usual.options.is_empty());
}

#[test]
fn the_split_is_checked_even_where_no_metric_knows_everybody() {
    let mut experiment = experiment(one_phase());
    experiment.metrics = serde_json::from_value(json!([
        {"id": "m1", "name": "Wait", "role": "goal", "kind": "quantile", "event": "wait", "level": 0.5}
    ]))
    .unwrap();
    let whole = |variant: &str, shift: u32| {
        let mut totals: Vec<f64> = (0..1000).map(|i| f64::from(i + shift)).collect();
        cell("m1", variant, None, Totals::of(&mut totals, 0.5).unwrap().into())
    };
    let exposed = vec![exposed("control", 1, 1000), exposed("bold", 1, 1000)];
    let counts = Counts { exposed, cells: vec![whole("bold", 200), whole("control", 0)], ..Counts::default() };
    let analysis = newest(&Fixed::new(counts), &experiment).analysis;
    assert_eq!(
        (analysis.health.srm.p_value, analysis.verdict),
        (Some(1.0), Verdict::Winner { variant: "bold".into() })
    );
    assert_eq!(analysis.metrics[0].variants[1].mean, 699.5);
}

/// The sequence is tuned to the planned visitors of two variants, whoever came.
#[test]
fn a_plan_does_not_follow_the_data() {
    let phase = |plan: serde_json::Value| json!([{"id": "p1", "started": 300, "plan": plan}]);
    let planned = phase(json!({"visitors": 40_000, "days": 28, "lifts": {"m1": 0.1}}));
    let plan = |phases, conversions| {
        let counts = signups(&[("control", 1, 1000, 100), ("bold", 1, 1000, conversions)]);
        newest(&Fixed::new(counts), &experiment(phases)).analysis.plan
    };
    for conversions in [100, 300] {
        let plan = plan(planned.clone(), conversions);
        assert_eq!((plan.planned, plan.sequential_n), (Some(40_000), 40_000.0));
        assert_eq!(plan.options["m1"].smallest_lift, Some(0.1));
    }
    let ends = phase(json!({"visitors": 40_000, "days": 28, "ends": true}));
    assert_eq!(plan(ends, 100).engine, Engine::PlannedEnd);
    let plan = plan(phase(serde_json::Value::Null), 100);
    assert_eq!(plan.engine, Engine::Sequential);
    assert_eq!((plan.planned, plan.sequential_n), (None, 5000.0));
    assert_eq!(of_two_arms(40_000, &[0.5, 0.3, 0.2]), 30_000.0);
}

/// Visitors of an earlier phase say more than those of the whole site.
#[test]
fn a_phase_after_another_is_planned_by_its_visitors() {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    let counts = signups(&[("control", 0, 600, 60), ("bold", 6, 800, 80)]);
    let store = Fixed::new(counts);
    let plan = |phases| {
        let experiment = experiment(phases);
        let metrics = own_metrics(&experiment);
        planned::phase_plan(&store, &experiment, metrics, &Zone::UTC, 27 * DAY).unwrap()
    };
    // 1,400 visitors in seven days.
    let after = plan(json!([{"id": "p1", "started": 1, "ended": 6 * DAY + 2}])).unwrap();
    assert_eq!((after.visitors, after.days), (5600, 28));
    assert!(after.lifts["m1"] > 0.1, "{after:?}");
    assert_eq!(store.asked.lock().unwrap().take().unwrap().phase, "p1");
    // A phase that never went live has shown nothing: the site's visitors of 28 days.
    assert_eq!(plan(json!([{"id": "p1"}])).unwrap().visitors, 1400);
    let few = Fixed::new(signups(&[("control", 0, 99, 9)]));
    let none = planned::phase_plan(&few, &experiment(json!([])), Vec::new(), &Zone::UTC, 27 * DAY);
    assert_eq!(none.unwrap(), None);
}
