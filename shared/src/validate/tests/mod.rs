mod metric;
mod patterns;
mod reach;

use serde_json::{Value, json};

use super::*;

fn experiment_json() -> Value {
    json!({
        "key": "home_hero", "name": "Home hero", "site_id": "sit_1", "status": "draft",
        "variants": [
            {"id": "control", "name": "Control", "weight": 5000, "config": {}},
            {"id": "treatment", "name": "Treatment", "weight": 5000, "config": {"headline": "Hi"}}
        ],
        "coverage": 10000, "hash_attribute": "id", "hash_version": 2, "seed": "home_hero", "auto_activate": true,
        "metrics": [{"id": "goal", "name": "Sign-up", "role": "goal", "kind": "conversion", "event": "signup"}]
    })
}

/// `base` with the value at `pointer` replaced has its first problem at `expected`; `""` expects none.
fn check(kind: Kind, base: &Value, pointer: &str, replacement: Value, expected: &str) {
    let mut draft = base.clone();
    *draft.pointer_mut(pointer).expect("pointer exists") = replacement.clone();
    let problems = document(kind, &draft);
    let first = problems.first().map_or("", |p| p.pointer.as_str());
    assert_eq!(first, expected, "{pointer} = {replacement}: {problems:?}");
}

#[test]
fn experiments() {
    let base = experiment_json();
    let check = |pointer, replacement, expected| check(Kind::Experiment, &base, pointer, replacement, expected);
    check("/name", json!("Any name at all"), "");
    check("/name", json!("  "), "/name");
    check("/key", json!(""), "/key");
    check("/key", json!("has space"), "/key");
    check("/key", json!("x".repeat(65)), "/key");
    check("/key", json!("ключ"), "/key");
    check("/coverage", json!(10001), "/coverage");
    check("/hash_version", json!(3), "/hash_version");
    check("/variants/1/weight", json!(4999), "/variants");
    check("/variants/1/weight", json!(u32::MAX), "/variants");
    check("/variants/1/id", json!("control"), "/variants/1/id");
    check("/variants/1/config", json!("x".repeat(MAX_VALUE)), "/variants/1/config");
    check("/variants", json!([]), "/variants");
    check("/metrics", json!([]), "/metrics");
    check("/metrics/0/role", json!("secondary"), "/metrics");
    check("/metrics/0/event", json!(""), "/metrics/0/event");
    check("/status", json!("running"), "/phases");
}

#[test]
fn sites() {
    let base = json!({"key": "shop", "name": "Shop", "domains": ["shop.example"], "enabled": true, "time_zone": "UTC"});
    let check = |domains: Value, expected| check(Kind::Site, &base, "/domains", domains, expected);
    check(json!(["shop.example", "*.shop.example"]), "");
    check(json!([]), "/domains");
    check(json!(["https://shop.example"]), "/domains/0");
    check(json!(["shop.example", "Shop.Example", "müller.example", "shop.example:8443", "capacitor://localhost"]), "");
    check(json!(["shop.example", "shop"]), "/domains/1");
    check(json!(["*"]), "/domains/0");
    check(json!(["*.example.*"]), "/domains/0");
}

#[test]
fn flags() {
    let base = json!({
        "key": "new-nav", "name": "New navigation", "site_ids": ["sit_1"], "enabled": true, "default_value": false,
        "rules": [{"id": "r1", "coverage": 1000, "value": true}]
    });
    let check = |pointer, replacement, expected| check(Kind::Flag, &base, pointer, replacement, expected);
    check("/rules/0/coverage", json!(0), "");
    check("/rules/0/value", json!("yes"), "/rules/0/value");
    check("/site_ids", json!([]), "/site_ids");
}

#[test]
fn what_is_no_definition_has_a_problem_at_the_root() {
    for draft in [json!(null), json!({}), json!([1]), json!({"key": 1})] {
        let problems = document(Kind::Flag, &draft);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].pointer, "");
    }
}

#[test]
fn a_running_experiment_locks_what_decides_who_gets_what() {
    let mut running: Experiment = serde_json::from_value(experiment_json()).expect("an experiment");
    running.status = crate::model::Status::Running;
    running.phases.push(phase("0", 1));

    let mut renamed = running.clone();
    renamed.name = "Another name".into();
    renamed.variants[1].config = json!({"headline": "Typo fixed"});
    assert_eq!(locked_changes(&running, &renamed), []);

    let mut shifted = running.clone();
    shifted.variants[0].weight = 9000;
    shifted.variants[1].weight = 1000;
    assert_eq!(locked_changes(&running, &shifted)[0].pointer, "/variants");

    // A plan that follows the data promises nothing.
    let mut replanned = running.clone();
    replanned.phases[0].plan = Some(plan(40_000, 28, 0.05));
    assert_eq!(locked_changes(&running, &replanned)[0].pointer, "/phases");

    shifted.phases.push(phase("1", 2));
    assert_eq!(locked_changes(&running, &shifted), [], "a new phase may have a new allocation");
}

#[test]
fn what_is_not_json_yet_cannot_go_live() {
    let mut experiment = experiment_json();
    experiment["variants"][1]["config_text"] = json!("{\"headline\": ");
    assert_eq!(document(Kind::Experiment, &experiment)[0].pointer, "/variants/1/config");
    let flag = json!({
        "key": "f", "name": "F", "site_ids": ["sit_1"], "enabled": true, "default_value": true, "default_value_text": "tru",
        "rules": [{"id": "r", "condition": {}, "condition_text": "{", "coverage": 10000, "value": false, "value_text": "fals"}]
    });
    let problems = document(Kind::Flag, &flag);
    assert!(problems[0].detail.starts_with("Not valid JSON yet."), "{problems:?}");
    let mut huge = flag.clone();
    huge["default_value_text"] = json!("{\"id\": 18446744073709551616}");
    let problem = &document(Kind::Flag, &huge)[0];
    assert_eq!(problem.pointer, "/default_value");
    assert!(problem.detail.contains("18446744073709551616 exactly"), "{problem:?}");
    let pointers: Vec<_> = problems.into_iter().map(|p| p.pointer).collect();
    assert_eq!(pointers, ["/default_value", "/rules/0/condition", "/rules/0/value"]);
}

/// U6: the condition before the text is not what the person sees.
#[test]
fn a_condition_that_is_typed_is_the_only_one_that_is_judged() {
    let flag = |text: &str| {
        json!({
            "key": "f", "name": "F", "site_ids": ["sit_1"], "enabled": true, "default_value": true,
            "rules": [{"id": "r", "condition": {"country": {"$foo": "DE"}}, "condition_text": text, "coverage": 10000, "value": false}]
        })
    };
    for (text, says) in [("[\"DE\"]", "Write an object"), ("{\"country\": ", "Not valid JSON yet")] {
        let problems = document(Kind::Flag, &flag(text));
        let found: Vec<_> = problems.iter().map(|p| (p.pointer.as_str(), p.detail.starts_with(says))).collect();
        assert_eq!(found, [("/rules/0/condition", true)], "{problems:?}");
    }
}

/// U1: a number that cannot be meant keeps the draft from going live, and the one before it does not.
#[test]
fn what_is_not_the_wanted_number_cannot_go_live() {
    let mut experiment = experiment_json();
    experiment["coverage_text"] = json!("150");
    experiment["variants"][1]["weight_text"] = json!("abc");
    let problems = document(Kind::Experiment, &experiment);
    let found: Vec<_> = problems.iter().map(|p| (p.pointer.as_str(), p.detail.as_str())).collect();
    assert_eq!(
        found,
        [
            ("/coverage", "Choose a share between 0% and 100%."),
            ("/variants/1/weight", "Enter a number, such as 25 or 33.3.")
        ]
    );
    let flag = json!({
        "key": "f", "name": "F", "site_ids": ["sit_1"], "enabled": true, "default_value": true,
        "rules": [{"id": "r", "condition": {}, "coverage": 100, "coverage_text": "", "value": false}]
    });
    assert_eq!(document(Kind::Flag, &flag)[0].pointer, "/rules/0/coverage");
}

#[test]
fn a_plan_has_limits() {
    let check = |plan: crate::model::PhasePlan, problems: &[&str]| {
        let mut e: Experiment = serde_json::from_value(experiment_json()).expect("an experiment");
        e.phases = vec![crate::model::Phase { plan: Some(plan), ..phase("1", 1) }];
        let found = experiment(&e);
        let found: Vec<&str> = found.iter().map(|p| p.pointer.as_str()).filter(|p| p.contains("plan")).collect();
        assert_eq!(found, problems);
    };
    check(plan(40_000, 28, 0.05), &[]);
    check(plan(0, 28, 0.05), &["/phases/0/plan"]);
    check(plan(40_000, 0, 0.05), &["/phases/0/plan"]);
    check(plan(u64::MAX, 28, 0.05), &["/phases/0/plan"]);
    check(plan(40_000, 28, -0.05), &["/phases/0/plan"]);
    check(plan(40_000, 28, f64::INFINITY), &["/phases/0/plan"]);
}

fn plan(visitors: u64, days: u32, lift: f64) -> crate::model::PhasePlan {
    crate::model::PhasePlan { visitors, days, lifts: [("m1".to_owned(), lift)].into(), ..Default::default() }
}

fn phase(id: &str, started: i64) -> crate::model::Phase {
    crate::model::Phase { id: id.to_owned(), started: Some(started), ..Default::default() }
}
