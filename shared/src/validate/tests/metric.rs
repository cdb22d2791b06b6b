use super::*;

fn aggregate(aggregate: &str, event: &str) -> Value {
    json!({"aggregate": aggregate, "event": event})
}

/// An experiment's own metric of this shape has its first problem at `expected` below `/metrics/0`, and so has one of the
/// workspace;
/// `""` expects none.
fn check(fields: Value, expected: &str) {
    let with = |mut base: Value| {
        let both = base.as_object_mut().zip(fields.as_object());
        both.map(|(base, fields)| base.extend(fields.clone())).expect("two objects");
        base
    };
    let first = |kind, draft: &Value| document(kind, draft).first().map(|p| p.pointer.clone()).unwrap_or_default();

    let mut experiment = experiment_json();
    let own = with(json!({"id": "other", "name": "Other", "role": "guardrail"}));
    experiment["metrics"].as_array_mut().expect("metrics").push(own);
    let at = if expected.is_empty() { String::new() } else { format!("/metrics/1{expected}") };
    assert_eq!(first(Kind::Experiment, &experiment), at, "{fields}");

    if fields.get("margin").is_none() {
        let shared = with(json!({"key": "other", "name": "Other"}));
        assert_eq!(first(Kind::Metric, &shared), expected, "{fields}");
    }
}

/// The same for a value metric with one more field.
fn check_value(field: &str, value: Value, expected: &str) {
    check(json!({"kind": "value", "event": "order", field: value}), expected);
}

#[test]
fn kinds() {
    for kind in ["conversion", "count", "value"] {
        check(json!({"kind": kind, "event": "order"}), "");
        check(json!({"kind": kind, "event": " "}), "/event");
        check(json!({"kind": kind, "event": "x".repeat(MAX_ATTRIBUTE + 1)}), "/event");
    }
    for (level, expected) in
        [(0.5, ""), (0.001, ""), (0.0, "/level"), (1.0, "/level"), (-1.0, "/level"), (95.0, "/level")]
    {
        check(json!({"kind": "quantile", "event": "order", "level": level}), expected);
    }
    let ratio = |numerator: Value, denominator: Value, expected| {
        check(json!({"kind": "ratio", "numerator": numerator, "denominator": denominator}), expected);
    };
    ratio(aggregate("sum", "order"), aggregate("count", "order"), "");
    ratio(aggregate("count", "order"), aggregate("count", "visit"), "");
    ratio(aggregate("sum", ""), aggregate("count", "order"), "/numerator/event");
    ratio(aggregate("sum", "order"), aggregate("count", ""), "/denominator/event");
    ratio(aggregate("sum", "order"), aggregate("sum", "order"), "/denominator");
}

#[test]
fn limits() {
    for (hours, expected) in [(1, ""), (MAX_WINDOW_HOURS, ""), (0, "/window"), (MAX_WINDOW_HOURS + 1, "/window")] {
        check_value("window", json!(hours), expected);
    }
    for (days, expected) in [(1, ""), (MAX_ADJUST_DAYS, ""), (0, "/adjust"), (MAX_ADJUST_DAYS + 1, "/adjust")] {
        check_value("adjust", json!(days), expected);
    }
    for (margin, expected) in [(0.0, ""), (1.0, ""), (-0.01, "/margin"), (1.01, "/margin")] {
        check_value("margin", json!(margin), expected);
    }
    for (cap, expected) in [
        (json!({"value": 0.01}), ""),
        (json!({"value": 0}), "/cap"),
        (json!({"value": -5}), "/cap"),
        (json!({"percentile": 1}), ""),
        (json!({"percentile_of_positive": 0.99}), ""),
        (json!({"percentile_of_positive": 0}), "/cap"),
        (json!({"percentile": 99}), "/cap"),
    ] {
        check_value("cap", cap, expected);
    }
}

/// U1.
#[test]
fn texts_that_are_no_numbers() {
    check_value("window_text", json!("a day"), "/window");
    check(json!({"kind": "count", "event": "o", "margin": 0.1, "margin_text": "little"}), "/margin");
    let quantile = json!({"kind": "quantile", "event": "o", "level": 0.5, "level_text": ""});
    check(quantile, "/level");
    check(json!({"kind": "count", "event": "o", "cap": {"value": 5}, "cap_text": "much"}), "/cap");
    check(json!({"kind": "count", "event": "o", "adjust": 14, "adjust_text": "1.5"}), "/adjust");
    check(json!({"kind": "count", "event": "o", "cap_text": "much", "level_text": "", "adjust_text": "1.5"}), "");
}

#[test]
fn filters() {
    for (filter, expected) in [
        (json!({}), ""),
        (json!({"plan": "pro", "items": {"$gte": 2}}), ""),
        (json!({"plan": {"$near": 1}}), "/filter/plan/$near"),
        (json!({"id": {"$inGroup": "vip"}}), "/filter"),
        (json!({"$or": [{"a": 1}, {"$not": {"$savedGroup": {"id": "vip"}}}]}), "/filter"),
    ] {
        check_value("filter", filter, expected);
    }
    check_value("filter_text", json!("{\"plan\": "), "/filter");
}

#[test]
fn what_a_kind_cannot_have() {
    let ratio = json!({"kind": "ratio", "numerator": aggregate("sum", "o"), "denominator": aggregate("count", "o")});
    for (kind, cap, adjust) in [
        (json!({"kind": "conversion", "event": "o"}), "/cap", ""),
        (json!({"kind": "count", "event": "o"}), "", ""),
        (ratio, "", ""),
        (json!({"kind": "quantile", "event": "o", "level": 0.5}), "/cap", "/adjust"),
    ] {
        let mut capped = kind.clone();
        capped["cap"] = json!({"value": 5});
        check(capped, cap);
        let mut adjusted = kind;
        adjusted["adjust"] = json!(14);
        check(adjusted, adjust);
    }
    let mut experiment = experiment_json();
    experiment["metrics"][0]["margin"] = json!(0.1);
    assert_eq!(document(Kind::Experiment, &experiment)[0].pointer, "/metrics/0/margin");
}

#[test]
fn uses() {
    let check = |uses: Value, expected: &str| {
        let mut experiment = experiment_json();
        experiment["metrics"] = uses.clone();
        let problems = document(Kind::Experiment, &experiment);
        assert_eq!(problems.first().map_or("", |p| p.pointer.as_str()), expected, "{uses}: {problems:?}");
    };
    let used = |id: &str, metric: &str, role: &str| json!({"id": id, "metric": metric, "role": role});
    let with_margin = |role: &str, margin: f64| {
        let mut used = used("n", "met_2", role);
        used["margin"] = json!(margin);
        json!([used, {"id": "m", "metric": "met_1", "role": "goal"}])
    };
    check(json!([used("met_1", "met_1", "goal")]), "");
    check(json!([used("met_1", "met_1", "secondary")]), "/metrics");
    check(json!([used("m", "", "goal")]), "/metrics/0/metric");
    check(json!([used("a b", "met_1", "goal")]), "/metrics/0/id");
    check(json!([used("m", "met_1", "goal"), used("m", "met_2", "goal")]), "/metrics/1/id");
    let own = json!({"id": "own", "name": "Own", "role": "secondary", "kind": "count", "event": "o"});
    check(json!([own, used("m", "met_1", "goal"), used("n", "met_1", "secondary")]), "/metrics/2/metric");
    check(with_margin("guardrail", 0.2), "");
    check(with_margin("guardrail", 1.2), "/metrics/0/margin");
    check(with_margin("secondary", 0.2), "/metrics/0/margin");
    check(
        Value::Array((0..=MAX_METRICS).map(|i| used(&format!("m{i}"), &format!("met_{i}"), "goal")).collect()),
        "/metrics",
    );
}
