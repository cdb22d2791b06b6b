//! A site with a running experiment, published without the desktop: for tests of what comes after.

use anyhow::{Result, bail};
use beacon_shared::api::{Op, OpOutcome, Publication, PublishRequest, PushRequest, PushResponse, Release, route};
use beacon_shared::model::Kind;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::edge::Edge;
use crate::events::now;

/// Document id of the site.
pub const SITE: &str = "sit_test";
/// The experiment's key.
pub const EXPERIMENT: &str = "home_hero";
/// The conversion.
pub const GOAL: &str = "bought";

/// Publishes them.
pub async fn publish(edge: &Edge) -> Result<Publication> {
    let site = json!({
        "key": "test", "name": "Test", "domains": ["shop.example"], "allow_localhost": true, "enabled": true,
        "time_zone": "UTC",
    });
    let variant =
        |id: &str, heading: &str| json!({ "id": id, "name": id, "weight": 5000, "config": { "heading": heading } });
    let experiment = json!({
        "key": EXPERIMENT, "name": "Hero", "hypothesis": "", "site_id": SITE, "status": "running",
        "variants": [variant("control", "Welcome"), variant("treatment", "Save 20 %")],
        "coverage": 10000, "hash_attribute": "id", "hash_version": 2, "seed": EXPERIMENT, "auto_activate": true,
        "phases": [{ "started_at": now(), "ended_at": null }],
        "metrics": [{ "id": "goal", "name": "Bought", "role": "goal", "kind": "conversion", "event": GOAL }],
    });
    let ops = vec![op(SITE, Kind::Site, "test", &site), op("exp_test", Kind::Experiment, EXPERIMENT, &experiment)];
    let answer: PushResponse = edge.post(route::PUSH, &PushRequest { device: "test".to_owned(), ops }).await?;
    let mut release = Vec::new();
    for (outcome, doc_id) in answer.outcomes.into_iter().zip([SITE, "exp_test"]) {
        match outcome {
            OpOutcome::Ok { rev, .. } => release.push(Release { doc_id: doc_id.to_owned(), rev }),
            other => bail!("The edge does not take {doc_id}: {other:?}"),
        }
    }
    let command_id = Uuid::now_v7().to_string();
    edge.post(route::PUBLISH, &PublishRequest { command_id, device: "test".to_owned(), release, at: now() }).await
}

fn op(doc_id: &str, kind: Kind, key: &str, draft: &Value) -> Op {
    Op {
        op_id: Uuid::now_v7().to_string(),
        doc_id: doc_id.to_owned(),
        kind,
        key: key.to_owned(),
        base_rev: 0,
        deleted: false,
        body: json!({ "schema": 1, "draft": draft, "released": null }),
        at: now(),
    }
}
