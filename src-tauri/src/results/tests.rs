//! From what a page sends to what the window shows, through the edge's own code.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use beacon_shared::api::Release;
use beacon_shared::error::{Code, Result};
use beacon_shared::ipc::{
    ById, Call, ConnectionInput, ConnectionSave, ExperimentGet, ExperimentSave, ExperimentStart, ExperimentStop,
    MetricGet, MetricSave, Publish, PublishReview, PublishTicks, Results, ResultsCancel, ResultsRequest, ResultsView,
    Save, SiteSave, Start, SyncNow,
};
use beacon_shared::lifecycle::Visitors;
use beacon_shared::model::{ExperimentMetric, MetricKind};
use beacon_shared::results::{Counted, Excluded, Exclusion};
use serde_json::{Value, json};

use crate::fixtures::{Device, FakeEdge, KEY, experiment, site};

const HOUR: i64 = 60 * 60 * 1000;
const NOON: i64 = 1_790_000_000_000;

/// A desktop, an edge, and a running experiment that counts who buys, and what it is worth.
struct Shop {
    device: Device,
    edge: Arc<FakeEdge>,
    site: String,
    experiment: String,
}

impl Shop {
    async fn open() -> Self {
        let edge = Arc::new(FakeEdge::default());
        let device = Device::new(&edge);
        let mut shop = Self { device, edge, site: String::new(), experiment: String::new() };
        shop.set_time(NOON - 72 * HOUR);
        let input = ConnectionInput { url: "https://edge.example".into(), key: Some(KEY.into()), choice: None };
        shop.call::<ConnectionSave>(input).await.unwrap();
        shop.site = shop.call::<SiteSave>(Save { id: None, base: None, draft: site("shop") }).await.unwrap().id;
        let mut draft = experiment(&shop.site);
        let value = json!({"id": "value", "name": "Value", "role": "secondary", "kind": "value", "event": "buy"});
        draft.metrics.push(serde_json::from_value(value).unwrap());
        let ExperimentMetric::Own(buy) = &mut draft.metrics[0] else { panic!("shared") };
        buy.counting.window = Some(24);
        shop.experiment = shop.call::<ExperimentSave>(Save { id: None, base: None, draft }).await.unwrap().id;
        shop.start().await;
        shop
    }

    async fn call<C: Call>(&self, request: C::Request) -> Result<C::Response> {
        self.device.call::<C>(request).await
    }

    /// Sets the clocks of the desktop and of the edge.
    fn set_time(&self, now: i64) {
        self.device.clock.store(now, Ordering::SeqCst);
        self.edge.state().memory.clock.set(now);
    }

    async fn start(&self) {
        let start = Start { id: self.experiment.clone(), visitors: Visitors::Reassign };
        self.call::<ExperimentStart>(start).await.unwrap();
        self.publish().await;
    }

    async fn publish(&self) {
        self.call::<SyncNow>(()).await.unwrap();
        let review = self.call::<PublishReview>(()).await.unwrap();
        let release =
            review.items.into_iter().map(|item| Release { doc_id: item.doc_id, revision: item.revision }).collect();
        self.call::<Publish>(PublishTicks { release }).await.unwrap();
        self.call::<SyncNow>(()).await.unwrap();
    }

    /// The id of the newest released phase.
    async fn phase(&self) -> String {
        let id = beacon_shared::ipc::ById { id: self.experiment.clone() };
        let view = self.call::<ExperimentGet>(id).await.unwrap();
        view.released.unwrap().phases.last().unwrap().id.clone()
    }

    /// Sends a batch at `NOON`, and expects all of it to be taken.
    fn send(&self, events: &[Value]) {
        self.set_time(NOON);
        let batch = json!({"site_id": self.site, "events": events, "sent_at": NOON});
        let answer = self.edge.collect(&batch);
        assert_eq!((answer.accepted, answer.refused), (events.len(), vec![]));
    }

    fn event(&self, seq: u32, visitor: &str, kind: &str, at: i64, more: &Value) -> Value {
        let mut event = json!({
            "event_id": format!("019a0000-0000-7000-8000-{seq:012}"), "site_id": self.site, "ts": at, "type": kind,
            "visitor_id": visitor, "experiment_id": "hero", "variant_id": "control", "schema_version": 1,
        });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    }

    async fn results(&self, phase: Option<&str>) -> ResultsView {
        self.call::<SyncNow>(()).await.unwrap();
        let phase = phase.map(str::to_owned);
        let request = ResultsRequest { id: self.experiment.clone(), theme: Default::default(), phase };
        self.call::<Results>(request).await.unwrap()
    }
}

/// Visitors and conversions of the control by the first metric, and the mean of the second.
fn control(view: &ResultsView) -> (u64, u64, f64) {
    let [buy, value] = &view.analysis.metrics[..] else { panic!("two metrics") };
    (buy.variants[0].units, buy.variants[0].conversions, value.variants[0].mean)
}

/// B04: the collector dated both to their arrival, so that the conversion came first.
#[tokio::test]
async fn an_offline_queue_converts() {
    let shop = Shop::open().await;
    let phase = shop.phase().await;
    shop.send(&[
        shop.event(1, "a", "exposure", NOON - 36 * HOUR, &json!({"phase": phase})),
        shop.event(2, "a", "conversion", NOON - 13 * HOUR, &json!({"phase": phase, "name": "buy", "value": 49.9})),
    ]);
    let view = shop.results(None).await;
    assert_eq!((view.phase.as_str(), control(&view)), (phase.as_str(), (1, 1, 49.9)));
    assert_eq!((view.excluded, view.notes), (vec![], Vec::<String>::new()));
    shop.send(&[shop.event(3, "b", "exposure", NOON - 23 * HOUR, &json!({"phase": phase}))]);
    let open = shop.results(None).await.open_windows;
    assert_eq!(open, ["1 visitor is still within the 24-hour window of Buy, and doesn't count yet."]);
}

/// B33: each load of the thank-you page was an order.
#[tokio::test]
async fn an_order_counts_once() {
    let shop = Shop::open().await;
    let phase = shop.phase().await;
    let order = |seq, at| {
        let more = json!({"phase": phase, "name": "buy", "value": 49.9, "props": {"order_id": "A1"}});
        shop.event(seq, "a", "conversion", at, &more)
    };
    shop.send(&[
        shop.event(1, "a", "exposure", NOON - 25 * HOUR, &json!({"props": {"phase": phase}})),
        order(2, NOON - 4 * HOUR),
        order(3, NOON - 3 * HOUR),
    ]);
    let view = shop.results(None).await;
    assert_eq!(control(&view), (1, 1, 49.9));
    let repeated = Excluded { what: Counted::Outcomes, reason: Exclusion::Repeated, visitors: 1, events: 1 };
    assert_eq!(view.excluded, [repeated]);
}

/// B18 and D3: a stopped phase's window stays open, and the next phase begins with nobody.
#[tokio::test]
async fn phases_keep_their_own_visitors() {
    let shop = Shop::open().await;
    let first = shop.phase().await;
    shop.set_time(NOON - 48 * HOUR);
    shop.call::<ExperimentStop>(beacon_shared::ipc::ById { id: shop.experiment.clone() }).await.unwrap();
    shop.publish().await;
    shop.set_time(NOON - 47 * HOUR);
    shop.start().await;
    let second = shop.phase().await;
    assert_ne!(first, second);
    shop.send(&[
        shop.event(1, "a", "exposure", NOON - 49 * HOUR, &json!({"phase": first})),
        shop.event(2, "a", "conversion", NOON - 47 * HOUR, &json!({"name": "buy", "value": 5.0})),
        // A page that was open all the time.
        shop.event(3, "b", "exposure", NOON - 46 * HOUR, &json!({"phase": first})),
        shop.event(4, "c", "exposure", NOON - 46 * HOUR, &json!({"phase": second})),
    ]);
    assert_eq!(
        control(&shop.results(Some(&first)).await),
        (2, 1, 0.0),
        "the value has no window, so it ends with the phase"
    );
    assert_eq!(control(&shop.results(None).await), (1, 0, 0.0));
}

/// D9: an object that storage lost froze the results without a word. D5: a log that was lost did too.
#[tokio::test]
async fn what_the_edge_lost_is_said() {
    let shop = Shop::open().await;
    let phase = shop.phase().await;
    let long = json!({"name": "long", "url": "u".repeat(2000), "referrer": "r".repeat(2000), "path": "p".repeat(2000),
                      "props": {"text": "x".repeat(3000)}});
    for batch in 0..20 {
        let seqs = batch * 40 + 1..=batch * 40 + 40;
        let events: Vec<Value> = seqs.map(|seq| shop.event(seq, "v", "event", NOON - 9, &long)).collect();
        shop.send(&events);
    }
    let segments: Vec<String> =
        shop.edge.state().memory.objects.names().into_iter().filter(|name| name.starts_with("segments/")).collect();
    assert_eq!(segments.len(), 1, "one is sealed, and some events are open: {segments:?}");
    assert!(shop.edge.state().memory.objects.lose(&segments[0]));
    shop.send(&[shop.event(9001, "a", "exposure", NOON - 25 * HOUR, &json!({"phase": phase}))]);
    let view = shop.results(None).await;
    assert_eq!(control(&view).0, 1, "what comes after it arrives");
    assert!(view.data_as_of.is_some());
    let expected = format!("Events 1 to {} of Site shop are missing at the edge since", 801 - view.events);
    assert!(view.notes.len() == 1 && view.notes[0].starts_with(&expected), "{expected}: {:?}", view.notes);

    shop.edge.state().memory.logs.lose(&shop.site);
    shop.send(&[shop.event(9002, "b", "exposure", NOON - 25 * HOUR, &json!({"phase": phase}))]);
    let view = shop.results(None).await;
    assert_eq!(control(&view).0, 2, "the new log is read from its start, and the old one's events count");
    assert!(view.notes[0].starts_with("The edge has another log of Site shop"), "{:?}", view.notes);
}

/// A release of an older Beacon keeps its own metrics, and gives the same numbers before and after they are documents.
#[tokio::test]
async fn shared_metrics_give_the_same_numbers() {
    let shop = Shop::open().await;
    let phase = shop.phase().await;
    shop.send(&[
        shop.event(1, "a", "exposure", NOON - 36 * HOUR, &json!({"phase": phase})),
        shop.event(2, "a", "conversion", NOON - 13 * HOUR, &json!({"phase": phase, "name": "buy", "value": 49.9})),
        shop.event(3, "b", "exposure", NOON - 30 * HOUR, &json!({"phase": phase})),
    ]);
    let shared = shop.results(None).await;
    let id = shop.experiment.clone();
    let row = shop.device.app.store(move |s| s.document(&id)).await.unwrap().unwrap();
    let released = &row.replica.local.body["released"];
    assert!(released["metrics"][0]["metric"].is_string() && released["metrics"][0].get("event").is_none());

    // The same, as it was released before metrics were documents.
    let mut own = experiment(&shop.site);
    let value = json!({"id": "value", "name": "Value", "role": "secondary", "kind": "value", "event": "buy"});
    own.metrics.push(serde_json::from_value(value).unwrap());
    let ExperimentMetric::Own(buy) = &mut own.metrics[0] else { panic!("shared") };
    buy.counting.window = Some(24);
    let id = shop.experiment.clone();
    let as_before = move |replica: &mut beacon_shared::sync::Replica| {
        replica.local.body["released"]["metrics"] = json!(own.metrics);
        Ok(())
    };
    shop.device.app.store(move |s| s.apply(&id, NOON, as_before)).await.unwrap();
    let request = ResultsRequest { id: shop.experiment.clone(), theme: Default::default(), phase: None };
    let before = shop.call::<Results>(request).await.unwrap();
    assert_eq!(control(&before), (2, 1, 24.95));
    assert_eq!(json!(before.analysis), json!(shared.analysis));
    assert_eq!((before.excluded, before.open_windows), (shared.excluded, shared.open_windows));
}

/// A metric's edit changes no number before it is published, and the results say that there is one.
#[tokio::test]
async fn results_use_the_published_definition() {
    let shop = Shop::open().await;
    let phase = shop.phase().await;
    shop.send(&[
        shop.event(1, "a", "exposure", NOON - 36 * HOUR, &json!({"phase": phase})),
        shop.event(2, "a", "conversion", NOON - 35 * HOUR, &json!({"phase": phase, "name": "buy", "value": 49.9})),
    ]);
    let view = shop.call::<ExperimentGet>(ById { id: shop.experiment.clone() }).await.unwrap();
    let id = view.draft.metrics[0].document().unwrap().to_owned();
    let metric = shop.call::<MetricGet>(ById { id: id.clone() }).await.unwrap();
    let mut draft = metric.draft.clone();
    draft.measure = MetricKind::Conversion { event: "visit".into() };
    shop.call::<MetricSave>(Save { id: Some(id), base: Some(metric.draft), draft }).await.unwrap();
    let results = shop.results(None).await;
    assert_eq!(control(&results), (1, 1, 49.9));
    assert!(results.notes[0].starts_with("The metric Buy has changes that aren't published."), "{:?}", results.notes);
    shop.publish().await;
    let results = shop.results(None).await;
    assert_eq!((control(&results), results.notes.len()), ((1, 0, 49.9), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_is_cancelled_from_the_window_and_leaves_nothing_behind() {
    const VISITORS: u32 = 80_000;
    let shop = Shop::open().await;
    shop.send(&[shop.event(1, "a", "exposure", NOON - 36 * HOUR, &json!({"phase": shop.phase().await}))]);
    shop.results(None).await;
    let copies = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {VISITORS})
         INSERT INTO events SELECT log, seq + i, site, 'copy' || i, ts, received, type, name, 'v' || i, experiment,
         variant, phase, id, marks, counts, value, body FROM n, (SELECT * FROM events WHERE seq = 1)"
    );
    rusqlite::Connection::open(shop.device.folder.path().join("events.db")).unwrap().execute(&copies, []).unwrap();
    let ask = || {
        let (app, id) = (Arc::clone(&shop.device.app), shop.experiment.clone());
        let request = ResultsRequest { id, theme: Default::default(), phase: None };
        tokio::spawn(async move { crate::ipc::dispatch(&app, Results::NAME, json!(request)).await })
    };

    let begin = std::time::Instant::now();
    let cancelled = ask();
    while shop.device.app.counting().under_way() == 0 {
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    let by_id = |id: &str| beacon_shared::ipc::ById { id: id.to_owned() };
    shop.call::<ResultsCancel>(by_id("another")).await.unwrap();
    assert!(!cancelled.is_finished(), "another experiment's count goes on");
    shop.call::<ResultsCancel>(by_id(&shop.experiment)).await.unwrap();
    assert_eq!(cancelled.await.unwrap().unwrap_err().code, Code::Cancelled);
    let interrupted = begin.elapsed();
    assert_eq!(shop.device.app.counting().under_way(), 0);

    let begin = std::time::Instant::now();
    let view: ResultsView = serde_json::from_value(ask().await.unwrap().unwrap()).unwrap();
    assert_eq!(view.analysis.metrics[0].variants[0].units + open_windows(&view), u64::from(VISITORS) + 1);
    assert!(interrupted < begin.elapsed() / 2, "{interrupted:?} of {:?}", begin.elapsed());
    shop.call::<ResultsCancel>(by_id(&shop.experiment)).await.unwrap();
    assert_eq!(shop.device.app.counting().under_way(), 0);
}

/// Visitors who do not count yet, since their window is open.
fn open_windows(view: &ResultsView) -> u64 {
    let first = view.open_windows.first().map(String::as_str).unwrap_or_default();
    first.split(' ').next().unwrap_or_default().replace(',', "").parse().unwrap_or_default()
}

/// A phase is planned by what the site's visitors did before; the first one here was started when nobody had come.
#[tokio::test]
async fn a_phase_is_planned_when_it_starts() {
    let shop = Shop::open().await;
    let view = |id: String| async { shop.call::<ExperimentGet>(ById { id }).await.unwrap() };
    assert_eq!(view(shop.experiment.clone()).await.draft.phases[0].plan, None);
    // 200 visitors in three days, 40 of whom buy.
    let event = |seq: u32| {
        let name = if seq.is_multiple_of(5) { "buy" } else { "look" };
        shop.event(seq, &format!("v{seq}"), "event", NOON - 48 * HOUR, &json!({"name": name}))
    };
    let events: Vec<Value> = (1..=200).map(event).collect();
    for batch in events.chunks(40) {
        shop.send(batch);
    }
    shop.call::<SyncNow>(()).await.unwrap();
    let mut draft = experiment(&shop.site);
    (draft.key, draft.seed, draft.audience.coverage) = ("second".into(), "second".into(), 5000);
    let id = shop.call::<ExperimentSave>(Save { id: None, base: None, draft }).await.unwrap().id;
    let start = Start { id: id.clone(), visitors: Visitors::Reassign };
    let started = shop.call::<ExperimentStart>(start).await.unwrap().draft;
    let plan = started.phases[0].plan.clone().unwrap();
    // Half of 200 visitors in 3 days, for 28 days.
    assert_eq!((plan.visitors, plan.days), (933, 28));
    let lift = plan.lifts.values().next().copied().unwrap();
    assert!(plan.lifts.len() == 1 && lift > 0.3 && lift < 0.7, "{plan:?}");
    shop.publish().await;
    let released = view(id.clone()).await.released.unwrap();
    assert_eq!(released.phases[0].plan, Some(plan), "the plan is part of what is released");
    let request = ResultsRequest { id, theme: Default::default(), phase: None };
    let results = shop.call::<Results>(request).await.unwrap();
    assert_eq!((results.analysis.plan.planned, results.analysis.plan.sequential_n), (Some(933), 933.0));
}
