//! The summary of a document for lists, computed when it is written.

use beacon_shared::ipc::{Summary, SyncState};
use beacon_shared::lifecycle;
use beacon_shared::model::{Kind, MetricDefinition, Status};
use beacon_shared::sync::Replica;
use beacon_shared::{validate, wording};
use serde::Deserialize;
use serde_json::Value;

use super::Row;

/// Returns what lists show of a document.
pub fn summary(row: &Row) -> Summary {
    let replica = &row.replica;
    let body = &replica.local.body;
    let draft = &body["draft"];
    let released = body.get("released").filter(|released| !released.is_null());
    let text = |field: &str| draft[field].as_str().unwrap_or_default().to_owned();
    let texts = |field: &str| -> Vec<String> {
        draft[field].as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
    };
    let site = draft["site_id"].as_str().filter(|site| !site.is_empty()).map(str::to_owned);
    Summary {
        id: replica.id.clone(),
        kind: replica.kind,
        key: text("key"),
        name: text("name"),
        sites: site.map_or_else(|| texts("site_ids"), |site| vec![site]),
        domains: if replica.kind == Kind::Site { texts("domains") } else { Vec::new() },
        status: Status::deserialize(&draft["status"]).ok().filter(|_| replica.kind == Kind::Experiment),
        measure: measure(replica.kind, draft),
        metrics: used_metrics(replica.kind, draft),
        own_metrics: replica.kind == Kind::Experiment && lifecycle::has_own_metrics(draft),
        enabled: draft["enabled"].as_bool().unwrap_or(true),
        live: released.is_some(),
        unpublished: released.is_some_and(|released| is_changed(replica, released)) || removed(replica),
        removed: removed(replica),
        readable: validate::is_readable(replica.kind, draft),
        problems: validate::document(replica.kind, draft).len() + replica.rejected.len(),
        sync: sync_state(replica),
        updated_at: row.updated_at,
    }
}

/// Returns true if the draft says something else than what is released. That own metrics were shared is no change; what
/// was edited in them since shows at the metric.
fn is_changed(replica: &Replica, released: &Value) -> bool {
    let draft = &replica.local.body["draft"];
    let shared = || lifecycle::share_metrics(&replica.id, released).filter(|_| replica.kind == Kind::Experiment);
    released != draft && shared().is_none_or(|shared| shared.definition != *draft)
}

/// Returns what a metric measures, as a phrase; empty for another kind, and while an event has no name.
fn measure(kind: Kind, draft: &Value) -> String {
    let metric = (kind == Kind::Metric).then(|| MetricDefinition::deserialize(draft).ok()).flatten();
    let is_named = |metric: &MetricDefinition| metric.measure.aggregates().iter().all(|a| !a.event.trim().is_empty());
    metric.filter(is_named).map(|metric| wording::measure(&metric.measure)).unwrap_or_default()
}

/// Returns the document ids of the metrics that an experiment is judged by.
fn used_metrics(kind: Kind, draft: &Value) -> Vec<String> {
    let metrics = draft["metrics"].as_array().filter(|_| kind == Kind::Experiment);
    metrics.into_iter().flatten().filter_map(|metric| metric["metric"].as_str().map(str::to_owned)).collect()
}

fn removed(replica: &Replica) -> bool {
    replica.local.body.get("removed") == Some(&Value::Bool(true))
}

/// Returns how a document stands towards the edge.
pub fn sync_state(replica: &Replica) -> SyncState {
    if replica.conflict.is_some() {
        SyncState::Conflict
    } else if !replica.rejected.is_empty() {
        SyncState::Rejected
    } else if replica.pending() {
        SyncState::Pending
    } else {
        SyncState::Synced
    }
}
