use std::sync::Arc;
use std::sync::atomic::Ordering;

use beacon_shared::api::Release;
use beacon_shared::error::Code;
use beacon_shared::ipc::{
    ById, ConnectionForget, ConnectionGet, ConnectionInput, ConnectionOutcome, ConnectionSave, DocumentDelete,
    DocumentRestore, DocumentView, ExperimentGet, ExperimentList, ExperimentSave, ExperimentStart, ExperimentStop,
    FlagList, FlagSave, NAMES, Overview, PayloadExport, PayloadImport, PayloadInput, Publish, PublishReview,
    PublishTicks, Results, ResultsRequest, ReviewView, Save, SiteGet, SiteList, SiteSave, Start, SyncNow, SyncState,
};
use beacon_shared::lifecycle::Visitors;
use beacon_shared::model::{Experiment, ExperimentMetric, Flag, Kind, MetricUse, Role, Status};
use beacon_shared::theme::Theme;
use serde_json::{Value, json};

use super::{HANDLED, dispatch, dispatch_text};
use crate::fixtures::{Device, FakeEdge, Fault, KEY, URL, experiment, site};

mod discard;
mod metrics;
mod publishing;
mod together;

fn save<T: Clone>(view: &DocumentView<T>, draft: T) -> Save<T> {
    Save { id: Some(view.id.clone()), base: Some(view.draft.clone()), draft }
}

fn offline() -> Device {
    Device::new(&Arc::new(FakeEdge::default()))
}

fn ticks(review: &ReviewView) -> PublishTicks {
    let release =
        review.items.iter().map(|i| Release { doc_id: i.doc_id.clone(), revision: i.revision.clone() }).collect();
    PublishTicks { release }
}

#[tokio::test]
async fn every_call_has_a_handler() {
    assert_eq!(HANDLED, NAMES);
    let device = offline();
    for name in NAMES {
        // No call takes a number: each is found, and says that it cannot read this.
        let error = dispatch(&device.app, name, json!(7)).await.unwrap_err();
        assert_eq!(error.code, Code::Invalid, "{name}");
    }
    assert_eq!(dispatch(&device.app, "nonsense", Value::Null).await.unwrap_err().code, Code::NotFound);
}

#[tokio::test]
async fn a_first_start_without_a_network_shows_no_error() {
    let device = offline();
    device.edge.fault(Fault::Down);
    let overview = device.call::<Overview>(()).await.unwrap();
    assert_eq!((overview.sites, overview.sync.problem, overview.connection.url), (0, None, None));
    let site = device.add_site("shop").await;
    let draft = device.add_experiment(&site.id).await;
    assert!(draft.id.starts_with("exp_") && draft.problems.is_empty(), "{:?}", draft.problems);
    assert_eq!(draft.sync, SyncState::Pending);
    assert!(device.call::<PublishReview>(()).await.unwrap().blocked.is_some());
    assert_eq!(device.call::<SyncNow>(()).await.unwrap_err().code, Code::NotConnected);
}

#[tokio::test]
async fn drafts_survive_reopening_as_they_were_typed() {
    let device = offline();
    let site = device.add_site("shop").await;
    let mut draft = experiment(&site.id);
    draft.key.clear();
    draft.variants.truncate(1);
    draft.metrics = vec![ExperimentMetric::Shared(MetricUse::new("met_1", Role::Goal))];
    let saved = device.call::<ExperimentSave>(Save { id: None, base: None, draft: draft.clone() }).await.unwrap();
    assert!(!saved.problems.is_empty(), "incomplete, and kept");
    draft.name = "Renamed".into();
    draft.extra.insert("from_the_future".into(), json!(1));
    device
        .call::<ExperimentSave>(Save {
            id: Some(saved.id.clone()),
            base: Some(saved.draft.clone()),
            draft: draft.clone(),
        })
        .await
        .unwrap();
    let device = device.reopen();
    let found = device.call::<ExperimentList>(()).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].draft, draft);
}

#[tokio::test]
async fn only_what_is_too_large_is_refused() {
    let device = offline();
    let mut draft = site("shop");
    draft.name = "x".repeat(70_000);
    assert_eq!(device.call::<SiteSave>(Save { id: None, base: None, draft }).await.unwrap_err().code, Code::TooLarge);
    let draft = site("shop");
    let unknown = Save { id: Some("sit_none".into()), base: Some(draft.clone()), draft };
    assert_eq!(device.call::<SiteSave>(unknown).await.unwrap_err().code, Code::NotFound);
}

fn start(id: &str) -> Start {
    Start { id: id.to_owned(), visitors: Visitors::Reassign }
}

#[tokio::test]
async fn what_runs_keeps_its_allocation() {
    let device = offline();
    let site = device.add_site("shop").await;
    let id = device.add_experiment(&site.id).await.id;
    let by_id = || ById { id: id.clone() };
    let start = || start(&id);
    let started = device.call::<ExperimentStart>(start()).await.unwrap();
    assert_eq!((started.draft.status, started.draft.phases.len()), (Status::Running, 1));
    assert_eq!(device.call::<ExperimentStart>(start()).await.unwrap().draft, started.draft, "once is enough");

    let save = |base: &Experiment, draft| Save { id: Some(id.clone()), base: Some(base.clone()), draft };
    let mut draft = started.draft.clone();
    draft.variants[0].weight = 1000;
    draft.variants[1].weight = 9000;
    let error = device.call::<ExperimentSave>(save(&started.draft, draft.clone())).await.unwrap_err();
    assert_eq!((error.code, error.problems[0].pointer.as_str()), (Code::Locked, "/variants"));
    assert_eq!(device.call::<DocumentDelete>(device.confirmed(&id).await).await.unwrap_err().code, Code::Locked);
    let mut sneaky = started.draft.clone();
    sneaky.status = Status::Draft;
    sneaky.phases.clear();
    sneaky.hypothesis = "Because.".into();
    let saved = device.call::<ExperimentSave>(save(&started.draft, sneaky)).await.unwrap();
    assert_eq!((saved.draft.status, saved.draft.phases.len()), (Status::Running, 1), "saving stops nothing");
    assert_eq!(saved.draft.hypothesis, "Because.");

    let stopped = device.call::<ExperimentStop>(by_id()).await.unwrap();
    assert_eq!(stopped.draft.status, Status::Stopped);
    device.call::<ExperimentSave>(save(&stopped.draft, draft)).await.unwrap();
    let again = device.call::<ExperimentStart>(start()).await.unwrap().draft;
    assert_eq!(again.phases.len(), 1, "a phase that never went live is replaced");
    assert_eq!(again.assignment(&again.phases[0]).weight("new"), 9000);
}

/// Case B03: an exported payload of a second phase gives about half of all visitors another variant.
#[tokio::test]
async fn a_new_phase_assigns_visitors_again() {
    let device = offline();
    let site = device.add_site("shop").await;
    let id = device.add_experiment(&site.id).await.id;
    let mut assigned = Vec::new();
    for visitors in [Visitors::Reassign, Visitors::Reassign, Visitors::Keep] {
        device.call::<ExperimentStart>(Start { id: id.clone(), visitors }).await.unwrap();
        let payload = device.call::<PayloadExport>(ById { id: site.id.clone() }).await.unwrap();
        let seed = payload["experiments"][0]["seed"].as_str().unwrap().to_owned();
        let seed = beacon_shared::eval::Seed::new(seed);
        let variant = |v: u32| seed.place(&format!("v{v}"), 2) < Some(0.5);
        assigned.push((0..1000).map(variant).collect::<Vec<_>>());
        device.call::<ExperimentStop>(ById { id: id.clone() }).await.unwrap();
    }
    let moved = |a: &[bool], b: &[bool]| a.iter().zip(b).filter(|(a, b)| a != b).count();
    let again = moved(&assigned[0], &assigned[1]);
    assert!((450..550).contains(&again), "{again} of 1000 moved");
    assert_eq!(moved(&assigned[1], &assigned[2]), 0, "visitors that are kept stay");
}

#[tokio::test]
async fn an_incomplete_experiment_does_not_start() {
    let device = offline();
    let mut draft = experiment("sit_gone");
    let saved = device.call::<ExperimentSave>(Save { id: None, base: None, draft: draft.clone() }).await.unwrap();
    let error = device.call::<ExperimentStart>(start(&saved.id)).await.unwrap_err();
    assert_eq!((error.code, error.problems[0].pointer.as_str()), (Code::Invalid, "/site_id"));
    draft.metrics.clear();
    device
        .call::<ExperimentSave>(Save { id: Some(saved.id.clone()), base: Some(saved.draft.clone()), draft })
        .await
        .unwrap();
    let error = device.call::<ExperimentStart>(start(&saved.id)).await.unwrap_err();
    assert_eq!(error.problems[0].pointer, "/metrics");
    let kept = device.call::<ExperimentGet>(ById { id: saved.id }).await.unwrap();
    assert_eq!((kept.draft.status, kept.draft.phases.len()), (Status::Draft, 0));
}

#[tokio::test]
async fn the_key_goes_in_and_never_out() {
    let device = offline();
    let input = |url: &str, key: &str| ConnectionInput { url: url.into(), key: Some(key.into()), choice: None };
    for (url, key, code) in [
        ("http://edge.example", KEY, Code::Invalid),
        (URL, "bcn_wrong", Code::Unauthorized),
        (URL, "", Code::Unauthorized),
    ] {
        assert_eq!(device.call::<ConnectionSave>(input(url, key)).await.unwrap_err().code, code);
    }
    device.edge.fault(Fault::Down);
    assert_eq!(device.call::<ConnectionSave>(input(URL, KEY)).await.unwrap_err().code, Code::Unreachable);
    device.edge.fault(Fault::None);
    device.keychain.locked.store(true, Ordering::SeqCst);
    assert_eq!(device.call::<ConnectionSave>(input(URL, KEY)).await.unwrap_err().code, Code::Keychain);
    device.keychain.locked.store(false, Ordering::SeqCst);
    assert_eq!(device.call::<ConnectionGet>(()).await.unwrap().url, None, "nothing of all that was stored");

    let ConnectionOutcome::Connected(view) =
        device.call::<ConnectionSave>(input("https://edge.example/", KEY)).await.unwrap()
    else {
        panic!("nothing is asked the first time")
    };
    assert_eq!((view.url.as_deref(), view.has_key), (Some(URL), true));
    let device = device.reopen();
    let overview = serde_json::to_string(&device.call::<Overview>(()).await.unwrap()).unwrap();
    assert!(overview.contains(URL) && !overview.contains(KEY));
    for file in std::fs::read_dir(device.folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(KEY.len()).any(|w| w == KEY.as_bytes()), "the key is in a file");
    }
    let view = device.call::<ConnectionForget>(()).await.unwrap();
    assert_eq!((view.url, view.has_key), (None, false));
}

#[tokio::test]
async fn a_locked_keychain_is_said_and_stops_nothing() {
    let device = Device::connected(&Arc::new(FakeEdge::default())).await.reopen();
    device.keychain.locked.store(true, Ordering::SeqCst);
    let view = device.call::<ConnectionGet>(()).await.unwrap();
    assert!(view.keychain_problem.is_some() && !view.has_key);
    device.add_site("shop").await;
    assert_eq!(device.call::<SyncNow>(()).await.unwrap_err().code, Code::Keychain);
}

#[tokio::test]
async fn a_review_shows_what_publishing_changes_and_publishing_does_it() {
    let edge = Arc::new(FakeEdge::default());
    let device = Device::connected(&edge).await;
    let site = device.add_site("shop").await;
    let draft = device.add_experiment(&site.id).await;
    let review = device.call::<PublishReview>(()).await.unwrap();
    assert_eq!(review.blocked, None);
    assert!(review.items[0].syncing, "it can be ticked once the edge has it");
    device.sync().await;
    let review = device.call::<PublishReview>(()).await.unwrap();
    assert_eq!(review.blocked, None);
    assert_eq!(review.items.iter().map(|i| &i.doc_id).collect::<Vec<_>>(), [&site.id], "a mere draft is not news");

    device.call::<ExperimentStart>(start(&draft.id)).await.unwrap();
    device.sync().await;
    let review = device.call::<PublishReview>(()).await.unwrap();
    let kinds: Vec<Kind> = review.items.iter().map(|item| item.kind).collect();
    assert_eq!(kinds, [Kind::Site, Kind::Experiment, Kind::Metric]);
    // U20.
    assert_eq!(review.items[1].needs, [review.items[2].doc_id.clone(), site.id.clone()]);
    assert!(review.items[0].changes.iter().any(|c| c.pointer == "/key" && c.after == "\"shop\""));
    let publication = device.call::<Publish>(ticks(&review)).await.unwrap();
    let review = device.call::<PublishReview>(()).await.unwrap();
    assert_eq!((review.items.len(), review.live), (0, Some(publication)));
    let live = device.call::<ExperimentGet>(ById { id: draft.id.clone() }).await.unwrap();
    assert_eq!((live.sync, live.released.as_ref()), (SyncState::Synced, Some(&live.draft)));

    device.call::<ExperimentStop>(ById { id: draft.id.clone() }).await.unwrap();
    device.sync().await;
    let review = device.call::<PublishReview>(()).await.unwrap();
    let pointers: Vec<&str> = review.items[0].changes.iter().map(|c| c.pointer.as_str()).collect();
    assert_eq!(pointers, ["/status"]);

    let results = ResultsRequest { id: draft.id, theme: Theme::Dark, phase: None };
    assert_eq!(device.call::<Results>(results).await.unwrap().variant_names, ["Control", "New"]);
}

#[tokio::test]
async fn flags_are_saved_listed_and_deleted() {
    let device = offline();
    let flag: Flag = serde_json::from_value(json!({
        "key": "f", "name": "F", "site_ids": [], "enabled": true, "default_value": false,
    }))
    .unwrap();
    let saved = device.call::<FlagSave>(Save { id: None, base: None, draft: flag }).await.unwrap();
    assert!(saved.id.starts_with("flg_"));
    device.call::<DocumentDelete>(device.confirmed(&saved.id).await).await.unwrap();
    assert!(device.call::<FlagList>(()).await.unwrap().is_empty());
    assert!(device.call::<SiteList>(()).await.unwrap().is_empty());
    assert_eq!(
        device.call::<DocumentDelete>(device.confirmed(&saved.id).await).await.unwrap_err().code,
        Code::NotFound
    );
    assert_eq!(device.app.sync().view().pending, 0, "what never left needs no deleting elsewhere");
}

#[tokio::test]
async fn a_growthbook_payload_becomes_drafts_and_goes_back() {
    let device = offline();
    let site = device.add_site("shop").await;
    let payload = json!({
        "features": {
            "nav": {"defaultValue": "old", "rules": [
                {"id": "r1", "condition": {"id": {"$inGroup": "staff"}}, "force": "new", "coverage": 0.5,
                 "hashAttribute": "id", "hashVersion": 2, "seed": "nav"}]},
            "bad key": {"defaultValue": 1}
        },
        "experiments": [{"key": "hero", "variations": [{}, {"h": 1}], "hashVersion": 2}],
        "savedGroups": {"staff": ["ann"]}
    });
    let import = |payload: String| device.call::<PayloadImport>(PayloadInput { site_id: site.id.clone(), payload });
    let view = import(payload.to_string()).await.unwrap();
    assert_eq!((view.flags, view.experiments, view.segments), (1, 1, 1));
    assert_eq!(view.report.iter().map(|p| p.pointer.as_str()).collect::<Vec<_>>(), ["/features/bad key"]);
    assert_eq!(device.call::<FlagList>(()).await.unwrap()[0].draft.key, "nav");
    assert_eq!(device.call::<ExperimentList>(()).await.unwrap()[0].draft.status, Status::Draft);

    let again = import(payload.to_string()).await.unwrap();
    assert_eq!((again.flags, again.experiments, again.segments), (0, 0, 0));
    let pointers: Vec<&str> = again.report.iter().map(|p| p.pointer.as_str()).collect();
    assert_eq!(pointers, ["/features/bad key", "/features/nav", "/experiments/0"], "the same segment is shared");

    let exported = device.call::<PayloadExport>(ById { id: site.id.clone() }).await.unwrap();
    assert_eq!(exported["features"]["nav"], payload["features"]["nav"]);
    assert_eq!(exported["savedGroups"], payload["savedGroups"]);
    assert_eq!(exported["experiments"][0]["key"], json!("hero"));

    for (payload, says) in [("{", "not JSON"), ("{}", "no features"), ("[1]", "no features")] {
        let error = import(payload.to_owned()).await.unwrap_err();
        assert_eq!((error.code, error.problems[0].pointer.as_str()), (Code::Invalid, "/payload"));
        assert!(error.message.contains(says), "{error}");
    }
    let large = import(" ".repeat(9 << 20)).await.unwrap_err();
    assert_eq!(large.code, Code::TooLarge);
}

#[tokio::test]
async fn a_deletion_changes_no_site_by_itself() {
    let edge = Arc::new(FakeEdge::default());
    let device = Device::connected(&edge).await;
    let site = device.add_site("shop").await;
    let draft = device.add_experiment(&site.id).await;
    let by_id = |id: &str| ById { id: id.to_owned() };
    let delete = async |id: &str| device.call::<DocumentDelete>(device.confirmed(id).await).await;
    let error = delete(&site.id).await.unwrap_err();
    assert_eq!(error.code, Code::Locked);
    assert!(error.message.starts_with("'Hero' uses this."), "{error}");
    delete(&draft.id).await.unwrap();
    device.sync().await;
    let review = device.call::<PublishReview>(()).await.unwrap();
    device.call::<Publish>(ticks(&review)).await.unwrap();

    // What is live is only marked, and the mark can be taken back.
    delete(&site.id).await.unwrap();
    let marked = device.call::<SiteGet>(by_id(&site.id)).await.unwrap();
    assert!(marked.removed && marked.released.is_some());
    device.call::<DocumentRestore>(by_id(&site.id)).await.unwrap();
    assert!(!device.call::<SiteGet>(by_id(&site.id)).await.unwrap().removed);
    delete(&site.id).await.unwrap();
    device.sync().await;
    assert!(edge.state().docs()[&site.id].body["released"].is_object(), "the site still gets it");

    let review = device.call::<PublishReview>(()).await.unwrap();
    assert!(review.items[0].removed && review.items[0].problems.is_empty());
    assert!(review.items[0].changes.iter().any(|c| c.pointer == "/key" && c.after.is_empty()));
    device.call::<Publish>(ticks(&review)).await.unwrap();
    assert!(device.call::<SiteList>(()).await.unwrap().is_empty());
    assert!(edge.state().docs()[&site.id].deleted);
    assert_eq!(device.app.sync().view().pending, 0);
}

#[tokio::test]
async fn whole_numbers_come_through_as_text() {
    let device = offline();
    let site = device.add_site("shop").await;
    let payload = r#"{"features": {"ids": {"defaultValue": 9007199254740993, "rules": [
        {"condition": {"user_id": {"$gt": -9007199254740995}}, "force": 18446744073709551615}]}}}"#;
    let request = json!({"site_id": site.id, "payload": payload}).to_string();
    dispatch_text(&device.app, "payload.import", &request).await.unwrap();
    let flags = dispatch_text(&device.app, "flag.list", "null").await.unwrap();
    for number in ["9007199254740993", "-9007199254740995", "18446744073709551615"] {
        assert!(flags.contains(number), "{number} in {flags}");
    }
    assert_eq!(dispatch_text(&device.app, "flag.list", "{").await.unwrap_err().code, Code::Invalid);
    let payload = r#"{"features": {"more": {"defaultValue": 18446744073709551616}}}"#.to_owned();
    let error = device.call::<PayloadImport>(PayloadInput { site_id: site.id, payload }).await.unwrap_err();
    assert_eq!(error.problems[0].pointer, "/payload");
    assert!(error.problems[0].detail.contains("18446744073709551616"), "{error:?}");
}
