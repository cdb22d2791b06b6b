//! Tests of the domain, on SQLite.

mod documents;
mod exporting;
mod keys;
mod live;
mod publishing;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use beacon_shared::api::{Cursor, Op, OpOutcome, Publication, PublishRequest, PullResponse, PushRequest, Release};
use beacon_shared::error::Result;
use beacon_shared::model::{Document, Kind, Revision};
use serde_json::{Value, json};

use crate::memory::{MemoryDb, MemoryEdge, now};
use crate::ports::Db;
use crate::sql::{Argument, Rows, Statement};
use crate::store::{documents as rows, run};
use crate::sync::lock;

pub(super) fn site(key: &str, name: &str) -> Value {
    json!({"schema": 1, "released": null, "draft": {
        "key": key, "name": name, "domains": ["shop.example"], "enabled": true, "time_zone": "UTC"}})
}

pub(super) fn experiment(status: &str, weights: [u32; 2], released: Value) -> Value {
    json!({"schema": 1, "released": released, "draft": {
        "key": "hero", "name": "Hero", "site_id": "sit_1", "status": status,
        "variants": [{"id": "control", "name": "C", "weight": weights[0], "config": {}},
            {"id": "b", "name": "B", "weight": weights[1], "config": {}}],
        "coverage": 10000, "hash_attribute": "id", "hash_version": 2, "seed": "hero", "auto_activate": true,
        "phases": [{"started_at": 1, "ended_at": null}],
        "metrics": [{"id": "m", "name": "M", "role": "goal", "kind": "conversion", "event": "buy"}]}})
}

pub(super) fn op(op_id: &str, doc_id: &str, kind: Kind, base_rev: u64, body: Value) -> Op {
    let key = body["draft"]["key"].as_str().unwrap_or_default().to_owned();
    Op { op_id: op_id.into(), doc_id: doc_id.into(), kind, key, base_rev, base_op: None, deleted: false, body, at: 1 }
}

pub(super) fn push_one(edge: &MemoryEdge, op: Op) -> OpOutcome {
    let request = PushRequest { device: "d".into(), ops: vec![op], ..PushRequest::default() };
    edge.push(&request).expect("an answer").outcomes.remove(0)
}

pub(super) fn pull(edge: &MemoryEdge, cursor: &Cursor) -> PullResponse {
    edge.pull(cursor).expect("an answer")
}

/// A revision by its number, as an older client names it.
pub(super) fn revision(rev: u64) -> Revision {
    Revision { rev, ..Revision::default() }
}

pub(super) fn ok(op_id: &str, rev: u64, seq: u64) -> OpOutcome {
    OpOutcome::Ok { op_id: op_id.into(), rev, seq }
}

pub(super) fn publish(edge: &MemoryEdge, command: &str, release: &[(&str, u64)]) -> Result<Publication> {
    let release = release.iter().map(|(id, rev)| Release { doc_id: (*id).into(), revision: revision(*rev) }).collect();
    let request =
        PublishRequest { command_id: command.into(), device: "d".into(), release, transitions: Vec::new(), at: 1 };
    edge.publish(&request)
}

pub(super) fn two_documents() -> MemoryEdge {
    let edge = MemoryEdge::new();
    push_one(&edge, op("o1", "sit_1", Kind::Site, 0, site("shop", "Shop")));
    push_one(&edge, op("o2", "exp_1", Kind::Experiment, 0, experiment("running", [5000, 5000], json!(null))));
    edge
}

pub(super) fn flag(key: &str, sites: &[&str]) -> Value {
    json!({"schema": 1, "released": null, "draft": {"key": key, "name": key, "site_ids": sites, "enabled": true,
        "kind": "boolean", "default_value": true, "rules": []}})
}

pub(super) fn command(id: &str) -> PublishRequest {
    PublishRequest { command_id: id.into(), device: "d".into(), release: Vec::new(), transitions: Vec::new(), at: 1 }
}

pub(super) fn document(edge: &MemoryEdge, id: &str) -> Document {
    let found = now(run(edge.db.as_ref(), rows::select(id))).expect("a row");
    found.first::<rows::DocumentRow>().expect("a row").expect("the document").document().expect("a body")
}

/// The draft of a document becomes one that removes it.
pub(super) fn remove(edge: &MemoryEdge, id: &str) -> u64 {
    let current = document(edge, id);
    let mut body = current.body;
    body["removed"] = json!(true);
    let pushed = push_one(edge, op(&format!("remove_{id}"), id, current.kind, current.rev, body));
    let OpOutcome::Ok { rev, .. } = pushed else { panic!("{pushed:?}") };
    rev
}

/// Counts statements, and collects those that read a whole table of documents or changes.
pub(super) struct Counted {
    db: Arc<MemoryDb>,
    pub(super) statements: AtomicUsize,
    pub(super) scans: Mutex<BTreeSet<String>>,
}

impl Counted {
    pub(super) fn new(edge: &MemoryEdge) -> Self {
        Self { db: edge.db.clone(), statements: AtomicUsize::new(0), scans: Mutex::default() }
    }

    fn explain(&self, sql: &str) {
        let connection = self.db.connection();
        let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("a plan");
        let mut rows = plan.raw_query();
        while let Some(row) = rows.next().expect("a row") {
            let step: String = row.get(3).expect("a step");
            // The newest change is the first row of a scan that ends there.
            let is_newest = sql.ends_with("ORDER BY seq DESC LIMIT 1");
            let table = ["SCAN docs", "SCAN d", "SCAN changes", "SCAN c", "SCAN x", "SCAN later"];
            if !is_newest && table.iter().any(|scan| step == *scan || step.starts_with(&format!("{scan} "))) {
                lock(&self.scans).insert(format!("{step}: {sql}"));
            }
        }
    }
}

#[async_trait]
impl Db for Counted {
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Rows>> {
        let longest = statements.iter().flat_map(|s| &s.arguments).filter_map(|argument| match argument {
            Argument::Text(text) => Some(text.len()),
            Argument::Integer(_) => None,
        });
        assert!(longest.max().unwrap_or(0) < 2_000_000, "D1's limit for a text");
        self.statements.fetch_add(statements.len(), Ordering::Relaxed);
        statements.iter().for_each(|statement| self.explain(statement.sql));
        self.db.batch(statements).await
    }
}
