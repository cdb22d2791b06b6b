use beacon_shared::event::Line;
use beacon_shared::stats::{GuardrailState, Mean, Quantile, Verdict};
use serde_json::json;

use super::*;
use crate::results::{Cell, LogState, Whole};

/// Gives the same cells whatever is asked, once it was asked for the right thing.
struct Fixed(Counts);

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
    fn count(&self, query: &Query) -> Result<Counts> {
        assert_eq!((query.site.as_str(), query.experiment.as_str()), ("sit_1", "hero"));
        assert_eq!((query.from, query.until), (300, None));
        Ok(self.0.clone())
    }
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

fn cell(variant: &str, day: i64, units: u64, conversions: u64) -> Cell {
    let sample = Proportion::new(units, conversions).map(Sample::from);
    Cell { variant: variant.into(), day, units, samples: vec![sample] }
}

#[test]
fn days_add_up_to_a_verdict_with_its_chart() {
    let cells = vec![cell("bold", 1, 900, 300), cell("bold", 2, 100, 40), cell("control", 1, 1000, 100)];
    let store = Fixed(Counts { cells, multiple_exposures: 3, excluded: vec![("bot".into(), 4)], ..Counts::default() });
    let phases = json!([{"started_at": 100, "ended_at": 200}, {"started_at": 300, "ended_at": null}]);
    let view = view(&store, &experiment(phases), Theme::Light).unwrap();
    let bold = &view.analysis.metrics[0].variants[1];
    assert_eq!((bold.units, bold.conversions), (1000, 340));
    assert_eq!(view.analysis.verdict, Verdict::Winner { variant: "bold".into() });
    assert!(view.analysis.sentence.starts_with("Bold is better than As it is: +240.0%"), "{}", view.analysis.sentence);
    assert_eq!(view.analysis.health.srm.p_value, Some(1.0));
    assert_eq!((view.analysis.health.multiple_exposures, view.events, view.data_as_of), (3, 7, Some(99)));
    assert_eq!((view.variant_names, view.excluded), (vec!["As it is".into(), "Bold".into()], vec![("bot".into(), 4)]));
    assert!(view.chart_svg.contains("340 of 1,000 visitors") && view.chart_text.contains("Bold: +240.0%"));
}

#[test]
fn before_the_start_it_says_what_to_do() {
    let error = view(&Fixed(Counts::default()), &experiment(json!([])), Theme::Dark).unwrap_err();
    assert_eq!(error.code, Code::Invalid);
    assert!(error.message.starts_with("This experiment has not been started yet."), "{error}");
}

#[test]
fn without_visitors_it_is_too_early() {
    let phases = json!([{"started_at": 300, "ended_at": null}]);
    let view = view(&Fixed(Counts::default()), &experiment(phases), Theme::Dark).unwrap();
    assert_eq!(view.analysis.verdict, Verdict::TooEarly);
}

/// A goal, and one more metric with `mean` per visitor in each of two arms.
fn with_value(fields: serde_json::Value, means: [f64; 2]) -> ResultsView {
    let mut experiment = experiment(json!([{"started_at": 300, "ended_at": null}]));
    let mut metric = json!({"id": "m2", "name": "Value", "role": "guardrail", "kind": "value", "event": "order"});
    metric.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    experiment.metrics.push(serde_json::from_value(metric).unwrap());
    let spread = |mean: f64| (0..1000).map(move |i| [mean + f64::from(i % 5) - 2.0]);
    let cells = ["control", "bold"].iter().zip(means).zip([100, 300]).map(|((variant, mean), conversions)| {
        let value = Mean::of(spread(mean)).map(Sample::from).ok();
        let mut cell = cell(variant, 1, 1000, conversions);
        cell.samples.push(value);
        cell
    });
    view(&Fixed(Counts { cells: cells.collect(), ..Counts::default() }), &experiment, Theme::Light).unwrap()
}

#[test]
fn a_guardrail_on_a_value_has_its_margin_and_direction() {
    let states = [
        (json!({}), [100.0, 99.0], GuardrailState::Safe),
        (json!({"margin": 0.005}), [100.0, 99.0], GuardrailState::Worse),
        (json!({"margin": 0.5}), [100.0, 90.0], GuardrailState::Safe),
        (json!({"direction": "decrease"}), [100.0, 90.0], GuardrailState::Safe),
        (json!({"direction": "decrease"}), [100.0, 110.0], GuardrailState::Worse),
    ];
    for (fields, means, expected) in states {
        let view = with_value(fields.clone(), means);
        let guardrail = &view.analysis.metrics[1].variants[1];
        assert_eq!(guardrail.guardrail.map(|g| g.state), Some(expected), "{fields}");
        assert_eq!((guardrail.units, guardrail.mean, guardrail.conversions), (1000, means[1], 0));
        let verdict = match expected {
            GuardrailState::Worse => Verdict::Conflict { variant: "bold".into(), metric: "m2".into() },
            _ => Verdict::Winner { variant: "bold".into() },
        };
        assert_eq!(view.analysis.verdict, verdict, "{fields}: {}", view.analysis.sentence);
    }
    let usual = with_value(json!({}), [100.0, 100.0]).analysis.plan;
    assert!(usual.options.is_empty());
}

#[test]
fn the_split_is_checked_even_where_no_metric_knows_everybody() {
    let mut experiment = experiment(json!([{"started_at": 300, "ended_at": null}]));
    experiment.metrics = serde_json::from_value(json!([
        {"id": "m1", "name": "Wait", "role": "goal", "kind": "quantile", "event": "wait", "level": 0.5}
    ]))
    .unwrap();
    let cell = |variant: &str, units| Cell { variant: variant.into(), day: 1, units, samples: vec![None] };
    let whole = |variant: &str, shift: u32| {
        let mut totals: Vec<f64> = (0..1000).map(|i| f64::from(i + shift)).collect();
        Whole { variant: variant.into(), metric: 0, sample: Quantile::of(&mut totals, 0.5).unwrap().into() }
    };
    let cells = vec![cell("control", 1000), cell("bold", 1000)];
    let counts = Counts { cells, whole: vec![whole("bold", 200), whole("control", 0)], ..Counts::default() };
    let analysis = view(&Fixed(counts), &experiment, Theme::Light).unwrap().analysis;
    assert_eq!(
        (analysis.health.srm.p_value, analysis.verdict),
        (Some(1.0), Verdict::Winner { variant: "bold".into() })
    );
    assert_eq!(analysis.metrics[0].variants[1].mean, 699.5);
}
