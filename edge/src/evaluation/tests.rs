use beacon_shared::eval::{Reason, Source};
use serde_json::json;

use super::*;

fn site() -> SiteBundle {
    let payload = json!({
        "features": {
            "plain": {"defaultValue": "x"},
            "killed": {"defaultValue": null},
            "nav": {"defaultValue": "old", "rules": [
                {"id": "staff", "condition": {"team": "beacon"}, "force": "staff"},
                {"id": "split", "key": "nav-test", "hashVersion": 2, "variations": ["a", "b"],
                 "meta": [{"key": "A"}, {"key": "B"}], "condition": {"country": "NL"}}
            ]},
            "circle": {"defaultValue": 1, "rules": [{"parentConditions": [{"id": "circle"}], "force": 2}]},
            "later": {"defaultValue": 0, "rules": [{"force": 1, "schedule": {"from": 100}}]}
        },
        "experiments": [{
            "key": "hero", "hashVersion": 2, "variations": [{"h": 1}, {"h": 2}], "weights": [0, 1],
            "meta": [{"key": "control", "name": "Control"}, {"key": "new", "name": "New"}],
            "condition": {"country": "NL"}
        }]
    });
    SiteBundle {
        domains: vec![],
        allow_localhost: false,
        enabled: true,
        payload,
        experiments: [("exp_1".to_owned(), "hero".to_owned())].into(),
    }
}

fn published() -> Published {
    Published::new(&site(), 0)
}

fn request(value: Value) -> EvaluateRequest {
    serde_json::from_value(value).expect("a request")
}

#[test]
fn an_experiment_is_assigned_by_key_and_by_document_id() {
    let visitor = request(json!({"user_id": "v1", "attributes": {"country": "NL"}}));
    for id in ["hero", "exp_1"] {
        let answer = assign(&published(), id, &visitor).expect("an answer");
        assert_eq!((answer.experiment_id.as_str(), answer.variant_id.as_deref()), ("hero", Some("new")));
        assert_eq!((answer.variant_name.as_deref(), answer.config), (Some("New"), json!({"h": 2})));
        assert!(answer.in_experiment && answer.bucket.is_some() && answer.assigned.is_empty());
    }
    let elsewhere = request(json!({"userId": "v1"}));
    let answer = assign(&published(), "hero", &elsewhere).expect("an answer");
    assert_eq!((answer.variant_id, answer.config, answer.reason), (None, Value::Null, Reason::Condition));
    assert_eq!(assign(&published(), "gone", &visitor).map_err(|e| e.code), Err(Code::NotFound));
    assert_eq!(assign(&published(), "hero", &request(json!({}))).map_err(|e| e.code), Err(Code::Invalid));
}

#[test]
fn what_was_assigned_is_kept_when_the_caller_keeps_it() {
    let first = request(json!({"user_id": "v1", "attributes": {"country": "NL"}, "sticky": []}));
    let answer = assign(&published(), "hero", &first).expect("an answer");
    assert_eq!(answer.assigned[0].variation, "new");
    let document = json!({"attributeName": "id", "attributeValue": "v1", "assignments": {"hero__0": "control"}});
    let again = request(json!({"user_id": "v1", "sticky": [document]}));
    let answer = assign(&published(), "hero", &again).expect("an answer");
    assert_eq!((answer.variant_id.as_deref(), answer.reason), (Some("control"), Reason::Sticky));
    assert!(answer.assigned.is_empty());
}

#[test]
fn flags_are_resolved_alone_and_together() {
    let staff = request(json!({"user_id": "v1", "attributes": {"team": "beacon"}}));
    let answer = resolve(&published(), "nav", &staff).expect("an answer");
    assert_eq!((answer.value, answer.source, answer.rule_id.as_str()), (json!("staff"), Source::Force, "staff"));
    assert_eq!(resolve(&published(), "gone", &staff).map_err(|e| e.code), Err(Code::NotFound));

    let all = resolve_all(&published(), &staff).expect("an answer").flags;
    assert_eq!(all.keys().collect::<Vec<_>>(), ["circle", "killed", "later", "nav", "plain"]);
    assert_eq!((all["killed"].value.clone(), all["circle"].source), (Value::Null, Source::CyclicPrerequisite));
    let some = request(json!({"user_id": "v1", "keys": ["plain", "gone"]}));
    let some = resolve_all(&published(), &some).expect("an answer").flags;
    assert_eq!((some["plain"].value.clone(), some["gone"].source), (json!("x"), Source::UnknownFeature));
    let many = request(json!({"user_id": "v1", "keys": vec!["x"; MAX_KEYS + 1]}));
    assert_eq!(resolve_all(&published(), &many).map_err(|e| e.problems[0].pointer.clone()), Err("/keys".to_owned()));
}

#[test]
fn a_schedule_is_resolved_with_the_edges_time() {
    let value = |now| {
        let answer = resolve(&Published::new(&site(), now), "later", &request(json!({"user_id": "v"})));
        answer.expect("an answer").value
    };
    assert_eq!([99, 100].map(value), [json!(0), json!(1)]);
}

#[test]
fn ofrep_answers_as_the_protocol_says() {
    let ask = |key: &str, body: Value| ofrep::single(&published(), key, body.to_string().as_bytes(), &Map::new());
    let of = |attributes: Value| json!({"context": attributes});
    let someone = || of(json!({"targetingKey": "v1", "country": "NL"}));
    let answer = ask("nav", someone());
    assert_eq!((answer.status, &answer.body["reason"]), (200, &json!("SPLIT")));
    assert!(["A", "B"].contains(&answer.body["variant"].as_str().expect("a variant")));
    assert_eq!(ask("nav", of(json!({"targetingKey": "v", "team": "beacon"}))).body["reason"], json!("TARGETING_MATCH"));
    assert_eq!(ask("nav", of(json!({"targetingKey": "v"}))).body["reason"], json!("DEFAULT"));
    assert_eq!(
        ask("plain", someone()).body,
        json!({"key": "plain", "reason": "STATIC", "variant": "defaultValue", "value": "x",
               "metadata": {"source": "defaultValue"}})
    );
    let killed = ask("killed", someone());
    assert_eq!((killed.status, &killed.body["reason"], killed.body.get("value")), (200, &json!("DISABLED"), None));

    for (key, body, status, code) in [
        ("gone", someone(), 404, "FLAG_NOT_FOUND"),
        ("circle", someone(), 500, "GENERAL"),
        ("nav", json!({}), 400, "TARGETING_KEY_MISSING"),
        ("nav", of(json!({})), 400, "TARGETING_KEY_MISSING"),
        ("nav", of(json!({"targetingKey": ""})), 400, "TARGETING_KEY_MISSING"),
        ("nav", of(json!({"targetingKey": 7})), 400, "INVALID_CONTEXT"),
        ("nav", of(json!("v1")), 400, "INVALID_CONTEXT"),
        ("nav", json!([1]), 400, "INVALID_CONTEXT"),
    ] {
        let answer = ask(key, body.clone());
        assert_eq!((answer.status, &answer.body["errorCode"]), (status, &json!(code)), "{key} {body}");
        assert_eq!(answer.body["key"], json!(key));
    }
    let broken = ofrep::single(&published(), "nav", b"{", &Map::new());
    assert_eq!((broken.status, &broken.body["errorCode"]), (400, &json!("PARSE_ERROR")));
}

#[test]
fn ofrep_evaluates_in_bulk() {
    let ask =
        |body: &str| ofrep::bulk(&published(), body.as_bytes(), &Map::from_iter([("country".into(), "NL".into())]));
    let answer = ask(r#"{"context": {"targetingKey": "v1"}}"#);
    assert_eq!(answer.status, 200);
    let flags = answer.body["flags"].as_array().expect("a list");
    assert_eq!(flags.len(), 5);
    assert_eq!((&flags[0]["key"], &flags[0]["errorCode"]), (&json!("circle"), &json!("GENERAL")));
    assert_eq!(flags[3]["reason"], json!("SPLIT"), "what the edge knows by itself counts");
    assert_eq!(ask("{}").body["errorCode"], json!("TARGETING_KEY_MISSING"));
    assert_eq!(ask("nonsense"), ofrep::Fault::Parse.answer(None));
    let elsewhere = ask(r#"{"context": {"targetingKey": "v1", "country": "BE"}}"#);
    assert_eq!(elsewhere.body["flags"][3]["reason"], json!("DEFAULT"), "but the context has the last word");
}
