//! The summary of a document for lists, computed when it is written.

use beacon_shared::ipc::{Summary, SyncState};
use beacon_shared::lifecycle;
use beacon_shared::model::{Experiment, Kind, MetricDefinition, Status};
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
    let phases = phases(replica.kind, draft, released);
    let site = draft["site_id"].as_str().filter(|site| !site.is_empty()).map(str::to_owned);
    Summary {
        id: replica.id.clone(),
        kind: replica.kind,
        key: text("key"),
        name: text("name"),
        sites: site.map_or_else(|| texts("site_ids"), |site| vec![site]),
        domains: if replica.kind == Kind::Site { texts("domains") } else { Vec::new() },
        status: status(replica.kind, draft),
        measure: measure(replica.kind, draft),
        metrics: used_metrics(replica.kind, draft),
        own_metrics: replica.kind == Kind::Experiment && lifecycle::has_own_metrics(draft),
        enabled: draft["enabled"].as_bool().unwrap_or(true),
        live: released.is_some(),
        live_status: released.and_then(|released| status(replica.kind, released)),
        live_enabled: released.is_some_and(|released| released["enabled"].as_bool().unwrap_or(true)),
        started_at: phases.started_at,
        restarts: phases.restarts,
        unpublished: released.is_some_and(|released| is_changed(replica, released)) || removed(replica),
        removed: removed(replica),
        readable: validate::is_readable(replica.kind, draft),
        problems: validate::document(replica.kind, draft).len() + replica.rejected.len(),
        sync: sync_state(replica),
        updated_at: row.updated_at,
    }
}

fn status(kind: Kind, definition: &Value) -> Option<Status> {
    Status::deserialize(&definition["status"]).ok().filter(|_| kind == Kind::Experiment)
}

/// Returns how the phase that runs on pages stands, and whether the draft begins another one.
fn phases(kind: Kind, draft: &Value, released: Option<&Value>) -> Phases {
    let read = |definition: &Value| {
        let experiment = (kind == Kind::Experiment).then(|| Experiment::deserialize(definition).ok()).flatten();
        experiment.filter(|e| e.status == Status::Running).and_then(|e| e.phases.last().cloned())
    };
    let (live, next) = (released.and_then(read), read(draft));
    Phases {
        started_at: live.as_ref().and_then(|phase| phase.started),
        restarts: live.zip(next).is_some_and(|(live, next)| live.id != next.id),
    }
}

struct Phases {
    started_at: Option<i64>,
    restarts: bool,
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
