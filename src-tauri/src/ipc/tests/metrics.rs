//! Metrics are documents: shared by experiments, released with them, and made of what experiments defined before.

use std::sync::Arc;

use beacon_shared::api::{Op, OpOutcome, PublishRequest, PushRequest, Release};
use beacon_shared::error::Code;
use beacon_shared::ipc::{
    ById, DocumentDelete, DocumentSummaries, DocumentView, ExperimentGet, ExperimentSave, ExperimentShareMetrics,
    ExperimentStart, MetricGet, MetricSave, OfKind, Publish, PublishReview, PublishTicks, Save, Summary, SyncState,
};
use beacon_shared::model::{Body, Experiment, ExperimentMetric, Kind, MetricDefinition, MetricUse, Role};
use serde_json::json;

use super::{save, start, ticks};
use crate::fixtures::{Device, FakeEdge, experiment};
use crate::store::Sharing;

fn orders() -> MetricDefinition {
    serde_json::from_value(json!({"key": "orders", "name": "Orders", "kind": "conversion", "event": "order"})).unwrap()
}

async fn add_metric(device: &Device) -> DocumentView<MetricDefinition> {
    device.call::<MetricSave>(Save { id: None, base: None, draft: orders() }).await.unwrap()
}

async fn get(device: &Device, id: &str) -> DocumentView<Experiment> {
    device.call::<ExperimentGet>(ById { id: id.to_owned() }).await.unwrap()
}

async fn rows(device: &Device, kind: Kind) -> Vec<Summary> {
    device.call::<DocumentSummaries>(OfKind { kind, ids: Vec::new(), first: None }).await.unwrap()
}

/// The metrics of an experiment by document id, `None` for an own one.
fn used(view: &DocumentView<Experiment>) -> Vec<Option<String>> {
    view.draft.metrics.iter().map(|metric| metric.document().map(str::to_owned)).collect()
}

/// Pushes an experiment as a Beacon of schema 2 does.
fn push_from_an_older_beacon(edge: &FakeEdge, site: &str) {
    let mut draft = experiment(site);
    draft.key = "old".into();
    let body = json!(Body { schema: 2, ..Body::draft(draft) });
    let op = Op {
        op_id: "old".into(),
        doc_id: "exp_old".into(),
        kind: Kind::Experiment,
        key: "old".into(),
        base_rev: 0,
        base_op: None,
        deleted: false,
        body,
        at: 1,
    };
    let push = PushRequest { device: "old".into(), ops: vec![op], ..PushRequest::default() };
    let answer = edge.state().memory.push(&push).unwrap().outcomes.remove(0);
    assert!(matches!(answer, OpOutcome::Ok { .. }), "{answer:?}");
}

#[tokio::test]
async fn an_experiment_goes_live_with_its_metric() {
    let device = Device::connected(&Arc::new(FakeEdge::default())).await;
    let site = device.add_site("shop").await;
    let metric = add_metric(&device).await;
    let mut draft = experiment(&site.id);
    draft.metrics = vec![ExperimentMetric::Shared(MetricUse::new(&metric.id, Role::Goal))];
    let id = device.call::<ExperimentSave>(Save { id: None, base: None, draft }).await.unwrap().id;
    device.sync().await;
    let review = device.call::<PublishReview>(()).await.unwrap();
    assert_eq!(review.items.len(), 1, "no experiment goes live, so neither does its metric: {review:?}");

    device.call::<ExperimentStart>(start(&id)).await.unwrap();
    device.sync().await;
    let review = device.call::<PublishReview>(()).await.unwrap();
    let item = |kind: Kind| review.items.iter().find(|item| item.kind == kind).unwrap();
    assert_eq!(item(Kind::Experiment).needs, [metric.id.clone(), item(Kind::Site).doc_id.clone()]);
    assert!(item(Kind::Metric).changes.iter().any(|c| c.pointer == "/event" && c.after == "\"order\""));
    let mut without = ticks(&review);
    without.release.retain(|release| release.doc_id != metric.id);
    let error = device.call::<Publish>(without).await.unwrap_err();
    assert_eq!(error.code, Code::Invalid);
    assert!(error.problems[0].detail.contains("Tick the metric too"), "{error:?}");
    device.call::<Publish>(ticks(&review)).await.unwrap();
    device.sync().await;
    let metric = device.call::<MetricGet>(ById { id: metric.id }).await.unwrap();
    assert_eq!(metric.released.as_ref(), Some(&metric.draft));

    let mut edited = metric.draft.clone();
    edited.description = "Paid orders.".into();
    device.call::<MetricSave>(save(&metric, edited)).await.unwrap();
    device.sync().await;
    let review = device.call::<PublishReview>(()).await.unwrap();
    let changes: Vec<_> = review.items.iter().map(|i| (i.kind, i.changes[0].pointer.as_str())).collect();
    assert_eq!(changes, [(Kind::Metric, "/description")]);
}

#[tokio::test]
async fn a_metric_in_use_is_not_deleted() {
    let device = Device::new(&Arc::new(FakeEdge::default()));
    let (site, metric) = (device.add_site("shop").await, add_metric(&device).await);
    let mut draft = experiment(&site.id);
    draft.metrics = vec![ExperimentMetric::Shared(MetricUse::new(&metric.id, Role::Goal))];
    let used = device.call::<ExperimentSave>(Save { id: None, base: None, draft }).await.unwrap();
    assert_eq!(rows(&device, Kind::Experiment).await[0].metrics, std::slice::from_ref(&metric.id));
    let error = device.call::<DocumentDelete>(device.confirmed(&metric.id).await).await.unwrap_err();
    assert!(error.code == Code::Locked && error.message.contains("Hero"), "{error:?}");
    let mut without = used.draft.clone();
    without.metrics.clear();
    device.call::<ExperimentSave>(save(&used, without)).await.unwrap();
    device.call::<DocumentDelete>(device.confirmed(&metric.id).await).await.unwrap();
    assert_eq!(rows(&device, Kind::Metric).await, []);
}

/// Two devices that share the same metrics at the same time make the same documents.
#[tokio::test]
async fn two_devices_that_upgrade_at_once_do_not_conflict() {
    let edge = Arc::new(FakeEdge::default());
    let (a, b) = (Device::connected(&edge).await, Device::connected(&edge).await);
    let site = a.add_site("shop").await;
    a.sync().await;
    push_from_an_older_beacon(&edge, &site.id);
    // Both have it before one of them shares it.
    let document = edge.state().docs()["exp_old"].clone();
    for device in [&a, &b] {
        let (cursor, document) = (device.app.store(|s| s.cursor()).await.unwrap(), document.clone());
        device.app.store(move |s| s.pull(&[document], false, &cursor, 1)).await.unwrap();
        assert_eq!(used(&get(device, "exp_old").await), [None]);
        let changed = device.app.store(|s| s.share_metrics(&Sharing::All)).await.unwrap();
        assert_eq!(changed.len(), 2, "the experiment and its metric");
    }
    for device in [&a, &b, &a, &b] {
        device.sync().await;
    }
    for device in [&a, &b] {
        let (experiment, metrics) = (get(device, "exp_old").await, rows(device, Kind::Metric).await);
        assert_eq!((experiment.sync, metrics.len(), metrics[0].sync), (SyncState::Synced, 1, SyncState::Synced));
        assert_eq!(used(&experiment), [Some(metrics[0].id.clone())]);
        assert_eq!(device.app.sync().view().conflicts, 0);
    }
}

/// The last device to upgrade takes the others' metrics as they are by then.
#[tokio::test]
async fn a_device_that_upgrades_late_takes_what_others_edited() {
    let edge = Arc::new(FakeEdge::default());
    let (a, b) = (Device::connected(&edge).await, Device::connected(&edge).await);
    let site = a.add_site("shop").await;
    a.sync().await;
    push_from_an_older_beacon(&edge, &site.id);
    let document = edge.state().docs()["exp_old"].clone();
    let cursor = b.app.store(|s| s.cursor()).await.unwrap();
    b.app.store(move |s| s.pull(&[document], false, &cursor, 1)).await.unwrap();
    a.sync().await;
    let id = used(&get(&a, "exp_old").await).remove(0).expect("shared by the sync");
    let metric = a.call::<MetricGet>(ById { id: id.clone() }).await.unwrap();
    a.call::<MetricSave>(save(&metric, MetricDefinition { name: "Renamed".into(), ..metric.draft.clone() }))
        .await
        .unwrap();
    a.sync().await;

    let b = b.reopen();
    assert_eq!(used(&get(&b, "exp_old").await), [None], "usable as it is, until the edge was asked");
    b.sync().await;
    let experiment = get(&b, "exp_old").await;
    assert_eq!((experiment.sync, used(&experiment)), (SyncState::Synced, vec![Some(id)]));
    assert_eq!(rows(&b, Kind::Metric).await[0].name, "Renamed");
}

#[tokio::test]
async fn a_person_may_share_without_a_sync() {
    let device = Device::new(&Arc::new(FakeEdge::default()));
    let site = device.add_site("shop").await;
    let own = device.add_experiment(&site.id).await;
    assert_eq!(used(&own), [None]);
    let shared = device.call::<ExperimentShareMetrics>(ById { id: own.id }).await.unwrap();
    let metric = rows(&device, Kind::Metric).await.remove(0);
    assert_eq!((used(&shared), metric.name.as_str(), shared.problems), (vec![Some(metric.id)], "Buy", vec![]));
}

/// A release of an older Beacon keeps its own metrics. Sharing them is nothing to review; an edit of them is.
#[tokio::test]
async fn sharing_what_is_live_is_nothing_to_review() {
    let edge = Arc::new(FakeEdge::default());
    let device = Device::connected(&edge).await;
    let site = device.add_site("shop").await;
    device.sync().await;
    push_from_an_older_beacon(&edge, &site.id);
    let documents = edge.state().docs();
    let release =
        [site.id.as_str(), "exp_old"].map(|id| Release { doc_id: id.into(), revision: documents[id].revision() });
    let request = PublishRequest {
        command_id: "c".into(),
        device: "old".into(),
        release: release.to_vec(),
        transitions: Vec::new(),
        at: 1,
    };
    edge.state().memory.publish(&request).unwrap();
    device.sync().await;
    let view = get(&device, "exp_old").await;
    assert!(matches!(view.released.as_ref().unwrap().metrics[0], ExperimentMetric::Own(_)));
    let id = used(&view).remove(0).expect("shared");
    assert_eq!(device.call::<PublishReview>(()).await.unwrap().items, []);
    assert!(!rows(&device, Kind::Experiment).await[0].unpublished);

    let metric = device.call::<MetricGet>(ById { id: id.clone() }).await.unwrap();
    let mut edited = metric.draft.clone();
    edited.name = "Paid".into();
    device.call::<MetricSave>(save(&metric, edited)).await.unwrap();
    device.sync().await;
    let items = device.call::<PublishReview>(()).await.unwrap().items;
    let shown: Vec<_> = items.iter().map(|item| (item.kind, item.needs.clone())).collect();
    assert_eq!(shown, [(Kind::Experiment, vec![id]), (Kind::Metric, Vec::new())]);
    let release = items.iter().map(|item| Release { doc_id: item.doc_id.clone(), revision: item.revision.clone() });
    device.call::<Publish>(PublishTicks { release: release.collect() }).await.unwrap();
    device.sync().await;
    assert_eq!(device.call::<PublishReview>(()).await.unwrap().items, []);
}
