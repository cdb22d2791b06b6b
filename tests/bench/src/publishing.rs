//! Publishing a large workspace: the most memory that the edge's code holds meanwhile. An isolate has 128 MB for it, for
//! the rows that D1 hands over, and for everything else.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};
use async_trait::async_trait;
use beacon_edge::deps::Deps;
use beacon_edge::domain::publishing;
use beacon_edge::memory::{MemoryEdge, now};
use beacon_edge::ports::Objects;
use beacon_shared::api::{Op, OpOutcome, PublishRequest, PushRequest, Release};
use beacon_shared::error::Error;
use beacon_shared::model::{Kind, Revision};
use serde_json::{Value, json};

use crate::allocations;

const SITES: usize = 10;
/// Flags, so that with the sites there are 10,000 documents.
const FLAGS: usize = 9_990;
/// Ops in a push.
const OPS: usize = 10;
const NOW: i64 = 1_790_000_000_000;
const MEGABYTE: f64 = 1e6;
/// Megabytes that a publication may hold, which leaves half of an isolate to the runtime.
const GOAL: f64 = 64.0;

/// Keeps indexes only: bundles go to R2, outside of the isolate.
#[derive(Default)]
struct Indexes(Mutex<BTreeMap<String, Vec<u8>>>);

#[async_trait]
impl Objects for Indexes {
    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned())
    }

    async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), Error> {
        if name.starts_with("bundles/index-") {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), bytes);
        }
        Ok(())
    }
}

/// Runs it.
pub fn run() -> Result<bool> {
    let mut met = true;
    println!("  {:>10}  {:>12}  {:>14}  {:>14}", "documents", "bytes each", "first, MB", "one more, MB");
    for lines in [4, 60] {
        let edge = MemoryEdge::new();
        edge.clock.set(NOW);
        let all: Vec<(String, Kind, Value)> = (0..SITES).map(site).chain((0..FLAGS).map(|n| flag(n, lines))).collect();
        let size = all.iter().map(|(_, _, draft)| draft.to_string().len()).sum::<usize>() / all.len();
        let revisions = push(&edge, &all)?;
        let deps = Deps { objects: Arc::new(Indexes::default()), ..edge.deps() };
        let first = publish(&deps, "first", &revisions)?;
        // Afterwards one flag changes, and everything else is live.
        let (id, kind, live) = all.last().context("a flag")?;
        let mut draft = live.clone();
        draft["name"] = json!("Changed");
        let body = json!({"schema": beacon_shared::model::SCHEMA, "draft": draft, "released": live});
        // The flag was pushed once and released once.
        let op = op("change".to_owned(), id, *kind, body, 2);
        let revision = apply(&edge, vec![op])?;
        let second = publish(&deps, "second", &revision)?;
        println!("  {:>10}  {size:>12}  {first:>14.1}  {second:>14.1}", all.len());
        met &= first < GOAL && second < GOAL;
    }
    Ok(met)
}

fn push(edge: &MemoryEdge, all: &[(String, Kind, Value)]) -> Result<Vec<(String, Revision)>> {
    let mut revisions = Vec::new();
    for part in all.chunks(OPS) {
        let ops = part.iter().map(|(id, kind, draft)| {
            let body = json!({"schema": beacon_shared::model::SCHEMA, "draft": draft, "released": null});
            op(format!("op-{id}"), id, *kind, body, 0)
        });
        revisions.extend(apply(edge, ops.collect())?);
    }
    Ok(revisions)
}

fn op(op_id: String, id: &str, kind: Kind, body: Value, base_rev: u64) -> Op {
    let key = body["draft"]["key"].as_str().unwrap_or_default().to_owned();
    Op { op_id, doc_id: id.to_owned(), kind, key, base_rev, base_op: None, deleted: false, body, at: NOW }
}

fn apply(edge: &MemoryEdge, ops: Vec<Op>) -> Result<Vec<(String, Revision)>> {
    let ids: Vec<String> = ops.iter().map(|op| op.doc_id.clone()).collect();
    let request = PushRequest { device: "bench".to_owned(), ops, newest_seq: 0, newest_stamp: String::new() };
    let outcomes = edge.push(&request)?.outcomes;
    let revision = |(id, outcome)| match outcome {
        OpOutcome::Ok { op_id, rev, .. } => Ok((id, Revision { rev, op_id })),
        other => bail!("{id}: {other:?}"),
    };
    ids.into_iter().zip(outcomes).map(revision).collect()
}

/// Publishes and returns the most megabytes that were held.
fn publish(deps: &Deps, command_id: &str, revisions: &[(String, Revision)]) -> Result<f64> {
    let release = revisions.iter().map(|(id, revision)| Release { doc_id: id.clone(), revision: revision.clone() });
    let request = PublishRequest {
        command_id: command_id.to_owned(),
        device: "bench".to_owned(),
        release: release.collect(),
        transitions: Vec::new(),
        at: NOW,
    };
    let (peak, published) = allocations::peak(|| now(publishing::publish(deps, "bench", &request)));
    published?;
    Ok(peak as f64 / MEGABYTE)
}

fn site(number: usize) -> (String, Kind, Value) {
    let draft = json!({"key": format!("shop{number}"), "name": "Shop", "domains": [format!("shop{number}.example")],
        "enabled": true, "time_zone": "UTC"});
    (format!("sit_{number}"), Kind::Site, draft)
}

/// A flag whose value is a configuration of so many lines.
fn flag(number: usize, lines: usize) -> (String, Kind, Value) {
    let value: serde_json::Map<String, Value> =
        (0..lines).map(|n| (format!("line_{n}"), json!({"text": "Free shipping from 29 €", "on": true}))).collect();
    let draft = json!({
        "key": format!("flag_{number}"), "name": format!("Flag {number}"), "description": "", "enabled": true,
        "site_ids": [format!("sit_{}", number % SITES)], "default_value": {},
        "rules": [{"id": "r1", "condition": {"country": "DE"}, "coverage": 2_500, "value": value, "note": ""}],
    });
    (format!("flg_{number:05}"), Kind::Flag, draft)
}
