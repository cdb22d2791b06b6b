use serde_json::json;

use super::*;

fn feature(payload: Value, attributes: Value) -> (Value, &'static str) {
    let definitions = Definitions::parse(&payload);
    let context = Context::new(&attributes);
    let result = definitions.feature("f", &context);
    (result.value.clone(), result.source.as_str())
}

#[test]
fn the_first_rule_that_applies_decides() {
    let payload = json!({"features": {"f": {"defaultValue": 0, "rules": [
        {"force": 1, "condition": {"country": "DE"}},
        {"force": 2, "coverage": 0},
        {"force": 3, "coverage": 1},
    ]}}});
    assert_eq!(feature(payload.clone(), json!({"id": "x", "country": "DE"})), (json!(1), "force"));
    assert_eq!(feature(payload.clone(), json!({"id": "x"})), (json!(3), "force"));
    assert_eq!(feature(payload, json!({})), (json!(0), "defaultValue"));
    assert_eq!(feature(json!({}), json!({})), (Value::Null, "unknownFeature"));
}

#[test]
fn a_condition_that_is_none_is_true_for_nobody() {
    for condition in [json!("{}"), json!([]), json!(7), json!(true)] {
        let payload = json!({"features": {"f": {"defaultValue": 0, "rules": [{"force": 1, "condition": condition}]}}});
        assert_eq!(feature(payload, json!({"id": "x"})), (json!(0), "defaultValue"), "{condition}");
    }
    for nothing in [json!(null), json!(""), json!(0), json!({})] {
        let payload = json!({"features": {"f": {"defaultValue": 0, "rules": [{"force": 1, "condition": nothing}]}}});
        assert_eq!(feature(payload, json!({"id": "x"})), (json!(1), "force"), "{nothing}");
    }
}

#[test]
fn prerequisites_gate_and_cycles_end() {
    let gated = |gate: bool| {
        json!({"features": {
            "f": {"defaultValue": "on", "rules": [
                {"parentConditions": [{"id": "p", "condition": {"value": true}, "gate": gate}], "force": "forced"}
            ]},
            "p": {"defaultValue": false}
        }})
    };
    assert_eq!(feature(gated(true), json!({})), (Value::Null, "prerequisite"));
    assert_eq!(feature(gated(false), json!({})), (json!("on"), "defaultValue"));

    let cycle = |to: &str| json!({"rules": [{"parentConditions": [{"id": to}], "force": 1}]});
    let payload = json!({"features": {"f": cycle("g"), "g": cycle("h"), "h": cycle("f")}});
    assert_eq!(feature(payload, json!({})), (Value::Null, "cyclicPrerequisite"));

    let long: serde_json::Map<String, Value> = (0..10_000)
        .map(|i| (if i == 0 { "f".into() } else { format!("f{i}") }, cycle(&format!("f{}", i + 1))))
        .collect();
    assert_eq!(feature(json!({"features": long}), json!({})).1, "cyclicPrerequisite");
}

#[test]
fn an_experiment_splits_as_its_weights_say() {
    let definitions = Definitions::default();
    let experiment = Experiment::parse(
        &json!({"key": "e", "variations": ["a", "b"], "weights": [0.2, 0.8], "coverage": 0.5, "hashVersion": 2}),
        None,
    )
    .expect("it has variations");
    let mut counts = [0u32; 3];
    for i in 0..20_000 {
        let attributes = json!({"id": format!("v{i}")});
        let context = Context::new(&attributes);
        let result = definitions.run(&experiment, &context);
        counts[if result.in_experiment { result.variation } else { 2 }] += 1;
    }
    for (count, share) in counts.into_iter().zip([0.1, 0.4, 0.5]) {
        let expected = 20_000.0 * share;
        assert!((f64::from(count) - expected).abs() < 4.0 * expected.sqrt(), "{counts:?}");
    }
}

#[test]
fn nonsense_is_nobodys_experiment() {
    for source in [
        json!({"key": "e", "variations": []}),
        json!({"key": "e", "variations": [1, 2], "hashVersion": 9}),
        json!({"key": "e", "variations": [1, 2], "ranges": [[0, 0]]}),
        json!({"key": "e", "variations": [1, 2], "force": 7}),
        json!({"key": "e", "variations": [1, 2], "status": "draft"}),
        json!({"key": "e", "variations": [1, 2], "namespace": ["n", 2, 1]}),
    ] {
        let experiment = Experiment::parse(&source, None).expect("variations is a list");
        let attributes = json!({"id": "1"});
        let definitions = Definitions::default();
        let context = Context::new(&attributes);
        let result = definitions.run(&experiment, &context);
        assert!(!result.in_experiment && !result.hash_used, "{source}");
    }
}
