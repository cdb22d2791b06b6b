use serde_json::json;

use super::*;
use crate::model::Cap;
use crate::model::{Aggregate, Aggregation};

/// It reads as `expected` and is written as it was, to the byte.
fn check(json: &str, expected: &Metric) {
    let read: Metric = serde_json::from_str(json).expect("a metric");
    assert_eq!(read, *expected);
    assert_eq!(serde_json::to_string(&read).expect("written"), json);
}

fn metric(kind: MetricKind) -> Metric {
    Metric::new("m", "M", Role::Goal, kind)
}

#[test]
fn what_was_written_before_is_written_the_same_way() {
    let event = || "signup".to_owned();
    check(
        r#"{"id":"m","name":"M","role":"goal","kind":"conversion","event":"signup"}"#,
        &metric(MetricKind::Conversion { event: event() }),
    );
    let json = r#"{"key":"k","name":"N","description":"","direction":"increase","kind":"conversion","event":"signup"}"#;
    let read: MetricDefinition = serde_json::from_str(json).expect("a definition");
    assert_eq!(read.measure, MetricKind::Conversion { event: event() });
    assert_eq!(serde_json::to_string(&read).expect("written"), json);
}

#[test]
fn every_kind_keeps_its_fields() {
    let event = || "order".to_owned();
    let aggregate = |aggregate| Aggregate { aggregate, event: event() };
    check(
        r#"{"id":"m","name":"M","role":"goal","kind":"count","event":"order"}"#,
        &metric(MetricKind::Count { event: event() }),
    );
    check(
        r#"{"id":"m","name":"M","role":"goal","kind":"ratio","numerator":{"aggregate":"sum","event":"order"},"denominator":{"aggregate":"count","event":"order"}}"#,
        &metric(MetricKind::Ratio {
            numerator: aggregate(Aggregation::Sum),
            denominator: aggregate(Aggregation::Count),
        }),
    );
    check(
        r#"{"id":"m","name":"M","role":"goal","kind":"quantile","event":"order","level":0.95}"#,
        &metric(MetricKind::Quantile { event: event(), level: 0.95 }),
    );
    check(
        r#"{"id":"m","name":"M","role":"guardrail","kind":"value","event":"order","direction":"decrease","margin":0.05,"filter":{"paid":true},"window":24,"cap":{"percentile_of_positive":0.99},"adjust":14}"#,
        &Metric {
            role: Role::Guardrail,
            direction: Direction::Decrease,
            margin: Some(0.05),
            counting: Counting {
                filter: serde_json::Map::from_iter([("paid".to_owned(), true.into())]),
                window: Some(24),
                cap: Some(Cap::PercentileOfPositive(0.99)),
                adjust: Some(14),
            },
            ..metric(MetricKind::Value { event: event() })
        },
    );
}

#[test]
fn fields_of_a_newer_schema_stay_and_those_of_the_kind_change() {
    let before = json!({"id": "m", "name": "M", "role": "goal", "kind": "count", "event": "old", "newer": [1]});
    let mut metric: Metric = serde_json::from_value(before).expect("a metric");
    metric.kind = MetricKind::Value { event: "new".into() };
    let after = json!({"id": "m", "name": "M", "role": "goal", "kind": "value", "event": "new", "newer": [1]});
    assert_eq!(serde_json::to_value(&metric).expect("written"), after);

    let before = json!({"key": "k", "name": "N", "kind": "quantile", "event": "old", "level": 0.5, "newer": 1});
    let mut definition: MetricDefinition = serde_json::from_value(before).expect("a definition");
    definition.measure = MetricKind::Count { event: "new".into() };
    let text = serde_json::to_string(&definition).expect("written");
    let after =
        r#"{"key":"k","name":"N","description":"","direction":"increase","kind":"count","event":"new","newer":1}"#;
    assert_eq!(text, after);
}

#[test]
fn what_is_no_kind_is_refused() {
    for kind in [
        json!({"kind": "sum", "event": "e"}),
        json!({"kind": "quantile", "event": "e"}),
        json!({"kind": "ratio", "event": "e"}),
        json!({"kind": "value", "event": "e", "cap": {"top": 3}}),
        json!({"kind": "value", "event": "e", "filter": []}),
    ] {
        let mut json = json!({"id": "m", "name": "M", "role": "goal"});
        let both = json.as_object_mut().zip(kind.as_object());
        both.map(|(json, kind)| json.extend(kind.clone())).expect("two objects");
        assert!(serde_json::from_value::<Metric>(json.clone()).is_err(), "{json}");
    }
}

#[test]
fn a_metric_that_names_a_document_is_a_shared_one() {
    let json = r#"{"id":"m","metric":"met_1","role":"guardrail","margin":0.1,"newer":[1]}"#;
    let read: ExperimentMetric = serde_json::from_str(json).expect("a metric");
    assert_eq!(
        (read.id(), read.document(), read.role(), read.margin()),
        ("m", Some("met_1"), Role::Guardrail, Some(0.1))
    );
    assert_eq!(serde_json::to_string(&read).expect("written"), json);
    let json = r#"{"id":"m","name":"M","role":"goal","kind":"count","event":"order"}"#;
    let read: ExperimentMetric = serde_json::from_str(json).expect("a metric");
    assert_eq!((read.id(), read.document(), read.role(), read.margin()), ("m", None, Role::Goal, None));
    assert_eq!(serde_json::to_string(&read).expect("written"), json);
    let error = serde_json::from_str::<ExperimentMetric>(r#"{"id":"m","metric":"met_1"}"#).expect_err("refused");
    assert!(error.to_string().contains("role"), "{error}");
}

#[test]
fn only_a_guardrail_keeps_its_margin() {
    let own =
        Metric { margin: Some(0.1), ..Metric::new("m", "M", Role::Guardrail, MetricKind::Count { event: "e".into() }) };
    let shared = MetricUse { margin: Some(0.1), ..MetricUse::new("met_1", Role::Guardrail) };
    for metric in [ExperimentMetric::Own(own), ExperimentMetric::Shared(shared)] {
        for (role, kept) in [(Role::Goal, None), (Role::Guardrail, Some(0.1)), (Role::Secondary, None)] {
            let mut metric = metric.clone();
            metric.set_role(role);
            assert_eq!((metric.role(), metric.margin()), (role, kept));
        }
    }
}
