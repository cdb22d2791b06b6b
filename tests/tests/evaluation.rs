//! The edge, and other people's clients of the edge, evaluate as `shared::eval` does.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result};
use beacon_shared::eval::definitions::Definitions;
use beacon_shared::eval::{Context, FeatureResult};
use beacon_shared::model::Kind;
use beacon_tests::clients::{Clients, ask};
use beacon_tests::edge::Edge;
use beacon_tests::workspace::{SITE, publish_all};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const EXPERIMENTS: usize = 20;
const IDS: usize = 1_000;
const FLAGS: [&str; 4] = ["banner", "nav", "killed", "members"];

/// Ids as sites have them, some outside ASCII.
fn ids() -> Vec<String> {
    let id = |i: usize| match i % 5 {
        0 => i.to_string(),
        1 => format!("user-{i}@shop.example"),
        2 => format!("zoë-{i}"),
        3 => format!("日本-{i}-😀"),
        _ => format!("0190a5e4-7b1e-7c3a-9f{i:04x}"),
    };
    (0..IDS).map(id).collect()
}

fn experiment(i: usize) -> (String, Kind, Value) {
    let weights: &[u32] = [&[5000, 5000][..], &[1000, 9000], &[3334, 3333, 3333], &[2500, 2500, 2500, 2500]][i % 4];
    let variants: Vec<Value> = weights
        .iter()
        .enumerate()
        .map(|(v, weight)| json!({"id": format!("v{v}"), "name": format!("V {v}"), "weight": weight, "config": {"v": v}}))
        .collect();
    let mut draft = json!({
        "key": format!("experiment-{i}"), "name": format!("Experiment {i}"), "site_id": SITE, "status": "running",
        "variants": variants, "coverage": if i.is_multiple_of(3) { 7000 } else { 10_000 }, "hash_attribute": "id",
        "hash_version": if i % 7 == 6 { 1 } else { 2 }, "seed": format!("größe-{i}"), "auto_activate": true,
        "phases": [{"started_at": 1, "ended_at": null}],
        "metrics": [{"id": "goal", "name": "Bought", "role": "goal", "kind": "conversion", "event": "bought"}],
    });
    let extra = match i % 5 {
        0 => json!({"holdout": {"key": "all", "share": 1000}}),
        1 => json!({"namespace": {"key": format!("n{i}"), "from": 1000, "until": 6000}}),
        2 => json!({"condition": {"country": {"$in": ["NL", "BE"]}}}),
        3 => json!({"prerequisites": [{"flag": "nav", "condition": {"value": "new"}}]}),
        _ => json!({"condition": {"country": "DE"}}),
    };
    for (name, value) in extra.as_object().into_iter().flatten() {
        draft[name] = value.clone();
    }
    (format!("exp_{i}"), Kind::Experiment, draft)
}

fn flag(key: &str, more: &Value) -> (String, Kind, Value) {
    let mut draft = json!({
        "key": key, "name": key, "site_ids": [SITE], "enabled": true, "default_value": "default", "rules": []
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        draft[name] = value.clone();
    }
    (format!("flg_{key}"), Kind::Flag, draft)
}

async fn publish(edge: &Edge) -> Result<()> {
    let site = json!({
        "key": "test", "name": "Test", "domains": ["shop.example"], "allow_localhost": true, "enabled": true,
        "time_zone": "UTC",
    });
    let staff = json!({"key": "staff", "name": "Staff", "type": "list", "attribute": "id", "values": ["5", "zoë-7"]});
    let mut documents = vec![
        (SITE.to_owned(), Kind::Site, site),
        ("seg_staff".to_owned(), Kind::Segment, staff),
        flag("banner", &json!({"rules": [{"id": "some", "coverage": 3000, "value": "shown"}]})),
        flag(
            "nav",
            &json!({"rules": [{"id": "split", "coverage": 10_000, "value": "", "experiment": {
            "key": "nav-test", "arms": [{"id": "a", "weight": 5000, "value": "old"}, {"id": "b", "weight": 5000, "value": "new"}]}}]}),
        ),
        flag("killed", &json!({"enabled": false})),
        flag(
            "members",
            &json!({"rules": [
            {"id": "staff", "coverage": 10_000, "value": "staff", "condition": {"id": {"$inGroup": "staff"}}},
            {"id": "later", "coverage": 10_000, "value": "later", "schedule": {"from": 32_503_680_000_000_i64}}]}),
        ),
    ];
    documents.extend((0..EXPERIMENTS).map(experiment));
    let documents: Vec<_> = documents.iter().map(|(id, kind, draft)| (id.as_str(), *kind, draft.clone())).collect();
    publish_all(edge, &documents).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn other_peoples_clients_see_what_the_evaluator_says() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("beacon-evaluation-").tempdir()?;
    let edge = Edge::start(folder.path()).await?;
    publish(&edge).await?;
    let payload: Value = edge.get(&format!("/api/features/{SITE}")).await?;
    let definitions = Definitions::parse(&payload);
    assert_eq!(definitions.experiments.len(), EXPERIMENTS);
    assert!(payload["features"]["members"].to_string().contains("staff"));
    assert!(!payload.to_string().contains("later"), "what is not scheduled now is not served");

    let ids = ids();
    let clients = Clients { edge: &edge.url, site: SITE, ids: &ids, flags: &FLAGS };
    let seen = clients.run(folder.path(), Duration::from_secs(120)).await?;
    assert_eq!(seen.growthbook, seen.beacon_js, "GrowthBook's SDK and beacon.js see the same");
    let keys: Vec<&str> = definitions.experiments.iter().map(|e| e.key.as_str()).collect();
    assert_eq!(seen.growthbook.keys, keys);
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for id in &ids {
        let attributes = json!({"id": id, "country": "NL"});
        let context = Context::new(&attributes);
        let variants: Vec<Option<String>> = definitions
            .experiments
            .iter()
            .map(|e| Some(definitions.run(e, &context)).filter(|r| r.in_experiment).map(|r| r.key()))
            .collect();
        assert_eq!(seen.growthbook.variants[id], variants, "{id}");
        let value = |key: &&str| match definitions.feature(key, &context) {
            FeatureResult { value: Value::Null, .. } => json!("none"),
            result => result.value.clone(),
        };
        assert_eq!(seen.growthbook.values[id], FLAGS.iter().map(value).collect::<Vec<_>>(), "{id}");
        variants.iter().flatten().for_each(|variant| *taken.entry(variant.clone()).or_default() += 1);
    }
    assert_eq!(taken.len(), 4, "every variant is somebody's: {taken:?}");

    let openfeature = &seen.openfeature;
    assert_eq!(openfeature.details.len(), 25);
    for (id, details) in &openfeature.details {
        let attributes = json!({"id": id, "country": "NL"});
        let context = Context::new(&attributes);
        for (key, detail) in FLAGS.iter().zip(details) {
            let result = definitions.feature(key, &context);
            let expected = if result.value.is_null() { json!("none") } else { result.value.clone() };
            assert_eq!(detail["value"], expected, "{key} for {id}");
            if let Some(experiment) = &result.experiment {
                assert_eq!((&detail["variant"], &detail["reason"]), (&json!(experiment.key()), &json!("SPLIT")));
            }
        }
    }
    assert_eq!(openfeature.unknown.as_deref(), Some("FLAG_NOT_FOUND"));
    let statuses: Vec<u16> = openfeature.requests.iter().map(|r| r.status).collect();
    assert_eq!(statuses.last(), Some(&304), "an answer that did not change is not sent again: {statuses:?}");
    assert_eq!(statuses.iter().filter(|s| **s == 200).count(), 25, "{statuses:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_and_pages_ask_the_edge() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("beacon-evaluation-").tempdir()?;
    let edge = Edge::start(folder.path()).await?;
    publish(&edge).await?;
    let payload: Value = edge.get(&format!("/api/features/{SITE}")).await?;
    let definitions = Definitions::parse(&payload);
    for id in ids().iter().take(20) {
        let request = json!({"site_id": SITE, "user_id": id, "attributes": {"country": "NL"}});
        let attributes = json!({"id": id, "country": "NL"});
        let context = Context::new(&attributes);
        for (i, experiment) in definitions.experiments.iter().enumerate().step_by(7) {
            let expected = definitions.run(experiment, &context);
            let variant = if expected.in_experiment { json!(expected.key()) } else { Value::Null };
            // Document ids sort before the keys they stand for.
            for name in [experiment.key.clone(), format!("exp_{}", experiment.key.trim_start_matches("experiment-"))] {
                let answer: Value = edge.post(&format!("/api/experiments/{name}/assign"), &request).await?;
                assert_eq!(answer["variant_id"], variant, "{id} in {name} ({i}): {answer}");
            }
        }
        let all: Value = edge.post("/api/flags/resolve", &request).await?;
        for key in FLAGS {
            let one: Value = edge.post(&format!("/api/flags/{key}/resolve"), &request).await?;
            assert_eq!(one["value"], *definitions.feature(key, &context).value, "{key} for {id}");
            assert_eq!(all["flags"][key], one);
        }
    }

    let page = [("origin", "https://shop.example")];
    let body = json!({"site_id": SITE, "user_id": "v1"});
    let assign = "/api/experiments/experiment-0/assign";
    let response = ask(&edge, Method::POST, assign, &page, Some(&body)).await?;
    assert_eq!(
        (response.status, response.header("access-control-allow-origin")),
        (StatusCode::OK, "https://shop.example")
    );
    for (path, headers, body, status) in [
        (assign, &[][..], &body, StatusCode::FORBIDDEN),
        (assign, &[("origin", "https://evil.example")], &body, StatusCode::FORBIDDEN),
        (assign, &page, &json!({"site_id": "sit_none", "user_id": "v1"}), StatusCode::NOT_FOUND),
        (assign, &page, &json!({"user_id": "v1"}), StatusCode::OK),
        (assign, &page, &json!({"site_id": SITE}), StatusCode::UNPROCESSABLE_ENTITY),
        ("/api/experiments/none/assign", &page, &body, StatusCode::NOT_FOUND),
        ("/api/flags/none/resolve", &page, &body, StatusCode::NOT_FOUND),
    ] {
        let response = ask(&edge, Method::POST, path, headers, Some(body)).await?;
        assert_eq!(response.status, status, "{path} {headers:?} {body}: {}", response.body);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn payloads_and_evaluations_are_sent_once_and_not_too_often() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("beacon-evaluation-").tempdir()?;
    let edge = Edge::start_limited(folder.path(), 12).await?;
    publish(&edge).await?;
    let features = format!("/api/features/{SITE}");
    let first = ask(&edge, Method::GET, &features, &[], None).await?;
    assert_eq!((first.status, first.header("access-control-allow-origin")), (StatusCode::OK, "*"));
    assert!(first.header("cache-control").contains("max-age=0"), "a kill switch waits for no cache");
    let tag = first.header("etag").to_owned();
    let again = ask(&edge, Method::GET, &features, &[("if-none-match", &tag)], None).await?;
    assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    let other = ask(&edge, Method::GET, &features, &[("if-none-match", "\"other\"")], None).await?;
    assert_eq!(other.status, StatusCode::OK);
    assert_eq!(ask(&edge, Method::GET, "/api/features/sit_none", &[], None).await?.status, StatusCode::NOT_FOUND);

    let all = format!("/sites/{SITE}/ofrep/v1/evaluate/flags");
    let someone = json!({"context": {"targetingKey": "v1"}});
    let bulk = ask(&edge, Method::POST, &all, &[], Some(&someone)).await?;
    let tag = bulk.header("etag").to_owned();
    let same = ask(&edge, Method::POST, &all, &[("if-none-match", &tag)], Some(&someone)).await?;
    let other = json!({"context": {"targetingKey": "zoë-7"}});
    let other = ask(&edge, Method::POST, &all, &[("if-none-match", &tag)], Some(&other)).await?;
    assert_eq!([bulk.status, same.status, other.status].map(|s| s.as_u16()), [200, 304, 200]);

    for (path, body, status, code) in [
        (format!("{all}/nav"), json!({}), 400, "TARGETING_KEY_MISSING"),
        (format!("{all}/nav"), json!({"context": 1}), 400, "INVALID_CONTEXT"),
        (format!("{all}/none"), someone.clone(), 404, "FLAG_NOT_FOUND"),
        ("/sites/sit_none/ofrep/v1/evaluate/flags".to_owned(), someone.clone(), 404, "FLAG_NOT_FOUND"),
    ] {
        let response = ask(&edge, Method::POST, &path, &[], Some(&body)).await?;
        let answer: Value = serde_json::from_str(&response.body).with_context(|| response.body.clone())?;
        assert_eq!((response.status.as_u16(), &answer["errorCode"]), (status, &json!(code)), "{path}");
    }
    for _ in 0..12 {
        let response = ask(&edge, Method::POST, &all, &[], Some(&someone)).await?;
        if response.status == StatusCode::TOO_MANY_REQUESTS {
            assert_eq!(response.header("retry-after"), "60");
            let body = json!({"site_id": SITE, "user_id": "v1"});
            let headers = [("origin", "https://shop.example")];
            let response = ask(&edge, Method::POST, "/api/flags/resolve", &headers, Some(&body)).await?;
            assert_eq!((response.status, response.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "60"));
            return Ok(());
        }
    }
    anyhow::bail!("24 evaluations in a minute, and no limit of 12")
}
