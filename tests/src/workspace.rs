//! A site with a running experiment, published without the desktop: for tests of what comes after.

use anyhow::{Result, bail};
use beacon_shared::api::{
    MAX_OPS, Op, OpOutcome, Publication, PublishRequest, PushRequest, PushResponse, Release, route,
};
use beacon_shared::model::{Kind, Revision};
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
        "variants": [variant("control", "Welcome"), variant("treatment", "Save 20%")],
        "coverage": 10000, "hash_attribute": "id", "hash_version": 2, "seed": EXPERIMENT, "auto_activate": true,
        "phases": [{ "started_at": now(), "ended_at": null }],
        "metrics": [{ "id": "goal", "name": "Bought", "role": "goal", "kind": "conversion", "event": GOAL }],
    });
    publish_all(edge, &[(SITE, Kind::Site, site), ("exp_test", Kind::Experiment, experiment)]).await
}

/// Pushes these drafts as new documents and publishes them. Each has a document id, a kind and a key in it.
pub async fn publish_all(edge: &Edge, drafts: &[(&str, Kind, Value)]) -> Result<Publication> {
    let ops = drafts.iter().map(|(id, kind, draft)| op(id, *kind, draft["key"].as_str().unwrap_or_default(), draft));
    let ops: Vec<Op> = ops.collect();
    let mut release = Vec::new();
    for chunk in ops.chunks(MAX_OPS) {
        let request = PushRequest { device: "test".to_owned(), ops: chunk.to_vec(), ..PushRequest::default() };
        let answer: PushResponse = edge.post(route::PUSH, &request).await?;
        for (outcome, op) in answer.outcomes.into_iter().zip(chunk) {
            match outcome {
                OpOutcome::Ok { rev, op_id, .. } => {
                    release.push(Release { doc_id: op.doc_id.clone(), revision: Revision { rev, op_id } });
                }
                other => bail!("The edge does not take {}: {other:?}", op.doc_id),
            }
        }
    }
    let command_id = Uuid::now_v7().to_string();
    let device = "test".to_owned();
    let request = PublishRequest { command_id, device, release, transitions: Vec::new(), at: now() };
    edge.post(route::PUBLISH, &request).await
}

fn op(doc_id: &str, kind: Kind, key: &str, draft: &Value) -> Op {
    Op {
        op_id: Uuid::now_v7().to_string(),
        doc_id: doc_id.to_owned(),
        kind,
        key: key.to_owned(),
        base_rev: 0,
        base_op: None,
        deleted: false,
        body: json!({ "schema": 1, "draft": draft, "released": null }),
        at: now(),
    }
}
