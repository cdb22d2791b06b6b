mod pace;
mod restores;
mod workspaces;

use std::sync::Arc;

use beacon_shared::api::Release;
use beacon_shared::error::Code;
use beacon_shared::event::Logged;
use beacon_shared::ipc::{
    ConflictResolve, DocumentView, Notice, Publish, PublishReview, PublishTicks, Resolve, Save, SiteList, SiteSave,
    SyncNow, SyncState,
};
use beacon_shared::model::Site;
use beacon_shared::sync::Take;
use serde_json::json;

use crate::fixtures::{Device, FakeEdge, Fault};

async fn edit(device: &Device, view: &DocumentView<Site>, edit: impl FnOnce(&mut Site)) -> DocumentView<Site> {
    let mut draft = view.draft.clone();
    edit(&mut draft);
    device.call::<SiteSave>(Save { id: Some(view.id.clone()), base: Some(view.draft.clone()), draft }).await.unwrap()
}

async fn only(device: &Device) -> DocumentView<Site> {
    let mut sites = device.call::<SiteList>(()).await.unwrap();
    assert_eq!(sites.len(), 1);
    sites.remove(0)
}

#[tokio::test]
async fn a_lost_answer_costs_a_retry_and_changes_nothing_twice() {
    let edge = Arc::new(FakeEdge::default());
    let device = Device::connected(&edge).await;
    let site = device.add_site("shop").await;
    edge.fault(Fault::LosesAnswers);
    assert_eq!(device.call::<SyncNow>(()).await.unwrap_err().code, Code::Unreachable);
    edit(&device, &site, |s| s.name = "Typed meanwhile".into()).await;
    edge.fault(Fault::None);
    let device = device.reopen();
    device.sync().await;
    let state = edge.state();
    assert_eq!(state.pushes[0], state.pushes[1], "the retry is the same bytes");
    assert_eq!(state.changes(), 2, "one for the site, one for its name");
    assert_eq!(state.docs()[&site.id].body["draft"]["name"], json!("Typed meanwhile"));
    drop(state);
    assert_eq!(device.app.sync().view().pending, 0);
}

#[tokio::test]
async fn a_kill_between_freezing_and_sending_loses_nothing() {
    let edge = Arc::new(FakeEdge::default());
    let device = Device::connected(&edge).await;
    let site = device.add_site("shop").await;
    let frozen = {
        let ids = device.app.ids();
        device.app.store(move |s| s.freeze(&ids, 0, 10))
    }
    .await
    .unwrap();
    let device = device.reopen();
    assert_eq!(only(&device).await.sync, SyncState::Pending);
    device.sync().await;
    assert_eq!(edge.state().pushes, [frozen]);
    assert_eq!(only(&device).await.id, site.id);
}

#[tokio::test]
async fn two_devices_merge_what_they_change_apart() {
    let edge = Arc::new(FakeEdge::default());
    let (a, b) = (Device::connected(&edge).await, Device::connected(&edge).await);
    for key in ["one", "two", "three", "four", "five"] {
        a.add_site(key).await;
    }
    a.sync().await;
    b.sync().await;
    let (mine, theirs) = (a.call::<SiteList>(()).await.unwrap(), b.call::<SiteList>(()).await.unwrap());
    assert_eq!((mine.len(), theirs.len()), (5, 5), "over more than one page");
    edit(&a, &mine[0], |s| s.name = "From A".into()).await;
    let same = theirs.iter().find(|v| v.id == mine[0].id).unwrap();
    edit(&b, same, |s| s.time_zone = "Asia/Tokyo".into()).await;
    for device in [&a, &b, &a] {
        device.sync().await;
    }
    for device in [&a, &b] {
        let sites = device.call::<SiteList>(()).await.unwrap();
        let merged = sites.iter().find(|v| v.id == mine[0].id).unwrap();
        assert_eq!((merged.draft.name.as_str(), merged.draft.time_zone.as_str()), ("From A", "Asia/Tokyo"));
        assert_eq!(merged.sync, SyncState::Synced);
    }
}

#[tokio::test]
async fn a_conflict_is_kept_until_a_person_decides() {
    let edge = Arc::new(FakeEdge::default());
    let (a, b) = (Device::connected(&edge).await, Device::connected(&edge).await);
    let site = a.add_site("shop").await;
    a.sync().await;
    b.sync().await;
    edit(&a, &site, |s| s.name = "A".into()).await;
    edit(&b, &only(&b).await, |s| s.name = "B".into()).await;
    a.sync().await;
    b.sync().await;
    let b = b.reopen();
    b.sync().await;
    let conflicted = only(&b).await;
    assert_eq!((conflicted.sync, conflicted.draft.name.as_str()), (SyncState::Conflict, "B"));
    assert_eq!(conflicted.problems[0].pointer, "/name");
    assert_eq!(b.app.sync().view().conflicts, 1);
    assert_eq!(edge.state().docs()[&site.id].body["draft"]["name"], json!("A"));

    b.add_site("other").await;
    b.sync().await;
    assert_eq!(edge.state().docs().len(), 2, "the conflict keeps nobody else waiting");

    b.call::<ConflictResolve>(Resolve { id: site.id.clone(), theirs: conflicted.theirs.unwrap(), take: Take::Mine })
        .await
        .unwrap();
    b.sync().await;
    a.sync().await;
    assert_eq!(edge.state().docs()[&site.id].body["draft"]["name"], json!("B"));
    assert_eq!(b.app.sync().view().conflicts, 0);
}

#[tokio::test]
async fn a_rejection_parks_its_own_document() {
    let edge = Arc::new(FakeEdge::default());
    let device = Device::connected(&edge).await;
    let refused = device.add_site("shop").await;
    edge.fault(Fault::Rejects);
    device.sync().await;
    edge.fault(Fault::None);
    device.sync().await;
    let view = only(&device).await;
    assert_eq!((view.sync, view.problems.len()), (SyncState::Rejected, 1));
    device.add_site("other").await;
    device.sync().await;
    assert_eq!(edge.state().docs().len(), 1);
    edit(&device, &refused, |s| s.key = "free".into()).await;
    device.sync().await;
    assert_eq!(edge.state().docs().len(), 2);
}

fn pageview(site_id: &str, seq: u64) -> Logged {
    serde_json::from_value(json!({
        "seq": seq, "event_id": format!("e{seq}"), "site_id": site_id, "ts": 1, "type": "pageview",
        "visitor_id": "v", "schema_version": 1,
    }))
    .unwrap()
}

#[tokio::test]
async fn events_arrive_segment_by_segment_and_the_rest_later() {
    let edge = Arc::new(FakeEdge::default());
    let device = Device::connected(&edge).await;
    let site = device.add_site("shop").await.id;
    device.sync().await;
    {
        let mut state = edge.state();
        state.events = (1..=5).map(|seq| pageview(&site, seq)).collect();
        state.broken_from = Some(3);
    }
    assert!(device.call::<SyncNow>(()).await.unwrap().events_problem.is_some());
    let counts = |device: &Device| {
        let (app, site) = (device.app.clone(), site.clone());
        async move { app.events(move |e| Ok((e.len(&site)?, e.head(&site)?, e.as_of(&site)?))).await.unwrap() }
    };
    let (len, head, as_of) = counts(&device).await;
    assert_eq!((len, head), (2, 2), "what arrived is kept");
    assert_ne!(as_of, Some(8));
    edge.state().broken_from = None;
    let device = device.reopen();
    let mut notices = device.app.bus().subscribe();
    device.sync().await;
    assert_eq!(counts(&device).await, (5, 5, Some(7)));
    let mut seen = Vec::new();
    while let Some(notice) = notices.next_now() {
        seen.push(notice);
    }
    assert!(seen.contains(&Notice::Events));
}

/// The edge's own collector and log, from a page's event to this machine.
#[tokio::test]
async fn what_the_edge_collects_arrives() {
    let edge = Arc::new(FakeEdge::default());
    let device = Device::connected(&edge).await;
    let site = device.add_site("shop").await.id;
    device.sync().await;
    let review = device.call::<PublishReview>(()).await.unwrap();
    let release =
        review.items.iter().map(|i| Release { doc_id: i.doc_id.clone(), revision: i.revision.clone() }).collect();
    device.call::<Publish>(PublishTicks { release }).await.unwrap();
    let ids: Vec<String> = (0..5).map(|n| format!("018bcfe5-6800-7000-8000-00000000000{n}")).collect();
    let event = |n: usize| {
        json!({
            "event_id": ids[n], "site_id": site, "ts": 1_700_000_000_000_i64, "type": "pageview",
            "visitor_id": "v", "schema_version": 1, "url": "https://shop.example/",
        })
    };
    for batch in [0..3, 2..5] {
        let events: Vec<_> = batch.map(event).collect();
        let answer = edge.collect(&json!({"site_id": site, "events": events}));
        assert_eq!((answer.accepted, answer.refused.len()), (3, 0), "{answer:?}");
        device.sync().await;
    }
    let (site, app) = (site.clone(), device.app.clone());
    let len = app.events(move |e| e.len(&site)).await.unwrap();
    assert_eq!(len, 5, "the repeated one is there once");
}
