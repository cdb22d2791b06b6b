//! Two people, two versions, and what cannot wait.

use std::sync::Arc;

use beacon_shared::error::Code;
use beacon_shared::ipc::{
    ById, DocumentDelete, DocumentDiscard, ExperimentGet, ExperimentSave, ExperimentStart, ExperimentStop, FlagGet,
    FlagKill, FlagSave, Publish, PublishReview, Save, SiteGet, SiteSave, SyncState, Urgent,
};
use beacon_shared::model::{Flag, Site};
use serde_json::json;

use super::{save, start, ticks};
use crate::fixtures::{Device, FakeEdge};

/// Review D6: between the question and the click, a colleague's work arrives. It is not given up unseen.
#[tokio::test]
async fn what_a_person_gives_up_is_what_was_seen() {
    let edge = Arc::new(FakeEdge::default());
    let (a, b) = (Device::connected(&edge).await, Device::connected(&edge).await);
    let id = a.add_site("shop").await.id;
    a.sync().await;
    a.call::<Publish>(ticks(&a.call::<PublishReview>(()).await.unwrap())).await.unwrap();
    b.sync().await;
    let seen = a.confirmed(&id).await;
    let theirs = b.call::<SiteGet>(ById { id: id.clone() }).await.unwrap();
    let draft = Site { name: "An hour of work".into(), ..theirs.draft.clone() };
    b.call::<SiteSave>(save(&theirs, draft)).await.unwrap();
    b.sync().await;
    a.sync().await;
    assert_eq!(a.call::<DocumentDelete>(seen.clone()).await.unwrap_err().code, Code::Stale);
    assert_eq!(a.call::<DocumentDiscard>(seen).await.unwrap_err().code, Code::Stale);
    assert_eq!(a.call::<SiteGet>(ById { id: id.clone() }).await.unwrap().draft.name, "An hour of work");
    a.call::<DocumentDiscard>(a.confirmed(&id).await).await.unwrap();
    a.call::<DocumentDelete>(a.confirmed(&id).await).await.unwrap();
}

/// Review D1 and D2: two people in one document, and a pull between a keystroke and its save.
#[tokio::test]
async fn two_people_in_one_document_lose_nothing() {
    let edge = Arc::new(FakeEdge::default());
    let (a, b) = (Device::connected(&edge).await, Device::connected(&edge).await);
    let rule = |id: &str| json!({"id": id, "condition": {}, "coverage": 10_000, "value": 1});
    let flag: Flag = serde_json::from_value(json!({
        "key": "f", "name": "Flag", "site_ids": [], "enabled": true, "default_value": 0, "rules": [rule("a"), rule("b")],
    }))
    .unwrap();
    let opened = a.call::<FlagSave>(Save { id: None, base: None, draft: flag }).await.unwrap();
    a.sync().await;
    b.sync().await;
    let theirs = b.call::<FlagGet>(ById { id: opened.id.clone() }).await.unwrap();
    let mut draft = theirs.draft.clone();
    draft.description = "from B".into();
    draft.rules.reverse();
    b.call::<FlagSave>(save(&theirs, draft)).await.unwrap();
    b.sync().await;

    // A's window still shows the draft from before the pull, and A types.
    a.sync().await;
    let mut typed = opened.draft.clone();
    typed.name = "from A".into();
    typed.rules[0].coverage = 5_000;
    let saved = a.call::<FlagSave>(save(&opened, typed)).await.unwrap();
    assert_eq!((saved.draft.name.as_str(), saved.draft.description.as_str()), ("from A", "from B"));
    let rules: Vec<_> = saved.draft.rules.iter().map(|r| (r.id.as_str(), r.coverage)).collect();
    assert_eq!(rules, [("b", 10_000), ("a", 5_000)], "the share is on the rule that it was typed for");
    a.sync().await;
    b.sync().await;
    let theirs = b.call::<FlagGet>(ById { id: opened.id.clone() }).await.unwrap();
    assert_eq!(theirs.draft, saved.draft);

    // Both in one field: it is asked, and nothing goes live or to the edge before it is answered.
    let mut draft = theirs.draft.clone();
    draft.description = "B again".into();
    b.call::<FlagSave>(save(&theirs, draft)).await.unwrap();
    b.sync().await;
    a.sync().await;
    let mut typed = saved.draft.clone();
    typed.description = "A too".into();
    let asked = a.call::<FlagSave>(save(&saved, typed)).await.unwrap();
    assert_eq!((asked.sync, asked.draft.description.as_str()), (SyncState::Conflict, "A too"));
    a.sync().await;
    assert_eq!(edge.state().docs()[&opened.id].body["draft"]["description"], json!("B again"));
}

/// Review D21: neither an edit nor a command writes what is released, and unknown fields stay.
#[tokio::test]
async fn fields_of_a_newer_version_survive() {
    let edge = Arc::new(FakeEdge::default());
    let device = Device::connected(&edge).await;
    let site = device.add_site("shop").await;
    let e = device.add_experiment(&site.id).await;
    device.call::<ExperimentStart>(start(&e.id)).await.unwrap();
    device.sync().await;
    let review = device.call::<PublishReview>(()).await.unwrap();
    device.call::<Publish>(ticks(&review)).await.unwrap();
    {
        // A newer Beacon writes fields that this one does not know, and publishes them.
        let state = edge.state();
        let mut document = state.docs()[&e.id].clone();
        document.body["draft"]["phases"][0]["winner"] = json!("b");
        document.body["draft"]["variants"][1]["sticker"] = json!({"big": 9_007_199_254_740_993_u64});
        state.publish_from_elsewhere(document);
    }
    device.sync().await;
    let view = device.call::<ExperimentGet>(ById { id: e.id.clone() }).await.unwrap();
    let mut draft = view.draft.clone();
    draft.variants[1].name = "Renamed".into();
    device.call::<ExperimentSave>(save(&view, draft)).await.unwrap();
    device.call::<ExperimentStop>(ById { id: e.id.clone() }).await.unwrap();
    device.sync().await;
    let body = edge.state().docs()[&e.id].body.clone();
    assert_eq!(body["draft"]["variants"][1]["name"], json!("Renamed"));
    assert_eq!(body["draft"]["phases"][0]["winner"], json!("b"));
    assert_eq!(body["draft"]["variants"][1]["sticker"], body["released"]["variants"][1]["sticker"]);
}

/// Review D15: a kill goes out whatever else waits, and takes nothing else along.
#[tokio::test]
async fn a_kill_waits_for_nothing() {
    let edge = Arc::new(FakeEdge::default());
    let (a, b) = (Device::connected(&edge).await, Device::connected(&edge).await);
    let site = a.add_site("shop").await;
    let flag: Flag = serde_json::from_value(json!({
        "key": "f", "name": "Flag", "site_ids": [site.id], "enabled": true, "default_value": 0, "rules": [],
    }))
    .unwrap();
    let id = a.call::<FlagSave>(Save { id: None, base: None, draft: flag }).await.unwrap().id;
    a.sync().await;
    let review = a.call::<PublishReview>(()).await.unwrap();
    a.call::<Publish>(ticks(&review)).await.unwrap();
    b.sync().await;

    // A has the flag in conflict and half typed, and another document waits.
    for (device, text) in [(&b, "B"), (&a, "A")] {
        let view = device.call::<FlagGet>(ById { id: id.clone() }).await.unwrap();
        let mut draft = view.draft.clone();
        draft.description = text.into();
        draft.extra.insert("default_value_text".into(), json!("{\"half"));
        device.call::<FlagSave>(save(&view, draft)).await.unwrap();
        device.sync().await;
    }
    a.add_site("other").await;
    let view = a.call::<FlagGet>(ById { id: id.clone() }).await.unwrap();
    assert_eq!(view.sync, SyncState::Conflict);
    // A colleague's draft moves on between the look and the click: what is live is the same, so it goes out.
    let theirs = b.call::<FlagGet>(ById { id: id.clone() }).await.unwrap();
    let mut draft = theirs.draft.clone();
    draft.name = "Renamed by B".into();
    b.call::<FlagSave>(save(&theirs, draft)).await.unwrap();
    b.sync().await;
    a.call::<FlagKill>(Urgent { id: id.clone(), revision: view.revision }).await.unwrap();
    let body = edge.state().docs()[&id].body.clone();
    assert_eq!((&body["released"]["enabled"], &body["draft"]["enabled"]), (&json!(false), &json!(false)));
    assert_eq!(body["released"]["description"], json!(""), "the draft's text stays a draft");
    let after = a.call::<FlagGet>(ById { id: id.clone() }).await.unwrap();
    assert_eq!(
        (after.sync, after.draft.description.as_str()),
        (SyncState::Conflict, "A"),
        "and the conflict stays open"
    );
}
