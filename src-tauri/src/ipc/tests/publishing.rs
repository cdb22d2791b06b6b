//! Publications whose answer is lost, or which the edge could not bring to their end.

use beacon_edge::domain::live;
use beacon_edge::memory::now;
use beacon_shared::ipc::{FlagGet, FlagKill, Urgent};

use super::*;
use crate::fixtures::NOW;
use crate::store::Setting;

/// A device with a flag that is live on a site.
async fn with_live_flag(edge: &Arc<FakeEdge>) -> (Device, String, String) {
    let device = Device::connected(edge).await;
    let site = device.add_site("shop").await.id;
    let flag: Flag = serde_json::from_value(json!({
        "key": "banner", "name": "Banner", "site_ids": [site], "enabled": true, "default_value": "on", "rules": [],
    }))
    .unwrap();
    let flag = device.call::<FlagSave>(Save { id: None, base: None, draft: flag }).await.unwrap().id;
    device.sync().await;
    publish_all(&device).await.unwrap();
    (device, site, flag)
}

async fn publish_all(device: &Device) -> beacon_shared::error::Result<beacon_shared::api::Publication> {
    let ticks = ticks(&device.call::<PublishReview>(()).await.unwrap());
    device.call::<Publish>(ticks).await
}

async fn unconfirmed(device: &Device) -> bool {
    device.call::<PublishReview>(()).await.unwrap().unconfirmed
}

/// Returns the definitions that pages get.
fn served(edge: &FakeEdge, site: &str) -> Value {
    let deps = edge.state().memory.deps();
    deps.live.forget();
    let site = now(live::site(&deps, site)).unwrap();
    serde_json::from_str(&site.period(NOW).payload.text).unwrap()
}

#[tokio::test]
async fn a_publication_whose_answer_is_lost_is_the_same_when_repeated() {
    let edge = Arc::new(FakeEdge::default());
    for repeats in [true, false] {
        let device = Device::connected(&edge).await;
        let site = device.add_site(if repeats { "shop" } else { "kiosk" }).await.id;
        device.sync().await;
        let ticks = ticks(&device.call::<PublishReview>(()).await.unwrap());
        let before = edge.state().memory.publications().unwrap().len();
        edge.fault(Fault::LosesPublications);
        assert_eq!(device.call::<Publish>(ticks.clone()).await.unwrap_err().code, Code::Unreachable);
        edge.fault(Fault::None);
        let device = device.reopen();
        if repeats {
            device.call::<Publish>(ticks.clone()).await.unwrap();
        } else {
            device.sync().await;
        }
        assert_eq!(edge.state().memory.publications().unwrap().len(), before + 1);
        assert!(!unconfirmed(&device).await);
        let stale = device.call::<Publish>(ticks).await.unwrap_err();
        assert_eq!(stale.code, Code::Stale, "what was published is another revision now");
        assert!(served(&edge, &site).is_object());
    }
}

/// The flag is off in the documents and on for visitors, until the same command arrives again.
#[tokio::test]
async fn a_kill_that_the_edge_did_not_bring_to_pages_is_sent_until_it_did() {
    let edge = Arc::new(FakeEdge::default());
    let (device, site, id) = with_live_flag(&edge).await;
    let seen = device.call::<FlagGet>(ById { id: id.clone() }).await.unwrap().revision;
    edge.fault(Fault::LosesBundles);
    let kill = Urgent { id: id.clone(), revision: seen };
    assert_eq!(device.call::<FlagKill>(kill.clone()).await.unwrap_err().code, Code::Storage);
    let device = device.reopen();
    assert_eq!(device.call::<FlagKill>(kill).await.unwrap_err().code, Code::Storage, "pressed again");
    assert!(unconfirmed(&device).await);
    assert_eq!(edge.state().docs()[&id].body["released"]["enabled"], false);
    assert_eq!(served(&edge, &site)["features"]["banner"]["defaultValue"], "on");
    edge.fault(Fault::None);
    device.sync().await;
    assert_eq!(served(&edge, &site)["features"]["banner"]["defaultValue"], json!(null));
    assert!(!unconfirmed(&device).await);
}

/// The answer to a kill is lost, a colleague makes the same flag live again, and it is to be killed once more.
#[tokio::test]
async fn a_kill_pressed_again_kills_what_was_made_live_since() {
    let edge = Arc::new(FakeEdge::default());
    let (device, site, id) = with_live_flag(&edge).await;
    let colleague = Device::connected(&edge).await;
    let seen = device.call::<FlagGet>(ById { id: id.clone() }).await.unwrap().revision;
    let kill = Urgent { id: id.clone(), revision: seen };
    edge.fault(Fault::LosesPublications);
    assert_eq!(device.call::<FlagKill>(kill.clone()).await.unwrap_err().code, Code::Unreachable);
    edge.fault(Fault::None);
    colleague.sync().await;
    let view = colleague.call::<FlagGet>(ById { id: id.clone() }).await.unwrap();
    assert!(!view.draft.enabled);
    let draft = Flag { enabled: true, ..view.draft.clone() };
    colleague.call::<FlagSave>(save(&view, draft)).await.unwrap();
    colleague.sync().await;
    publish_all(&colleague).await.unwrap();
    assert_eq!(served(&edge, &site)["features"]["banner"]["defaultValue"], "on");
    device.call::<FlagKill>(kill).await.unwrap();
    assert_eq!(served(&edge, &site)["features"]["banner"]["defaultValue"], json!(null));
}

/// What the command is about moves on meanwhile: one document is removed by it, the other is edited after it.
#[tokio::test]
async fn a_publication_half_done_is_brought_to_its_end_whatever_happens_to_its_documents() {
    let edge = Arc::new(FakeEdge::default());
    let (device, site, id) = with_live_flag(&edge).await;
    let view = device.call::<SiteGet>(ById { id: site.clone() }).await.unwrap();
    let mut draft = view.draft.clone();
    draft.name = "Renamed".into();
    device.call::<SiteSave>(save(&view, draft)).await.unwrap();
    device.call::<DocumentDelete>(device.confirmed(&id).await).await.unwrap();
    device.sync().await;
    edge.fault(Fault::LosesBundles);
    assert_eq!(publish_all(&device).await.unwrap_err().code, Code::Storage);
    let view = device.call::<SiteGet>(ById { id: site.clone() }).await.unwrap();
    let mut draft = view.draft.clone();
    draft.name = "Renamed again".into();
    device.call::<SiteSave>(save(&view, draft)).await.unwrap();
    edge.fault(Fault::None);
    device.sync().await;
    assert!(!unconfirmed(&device).await);
    assert_eq!(served(&edge, &site)["features"], json!({}), "the flag is off the site");
    let review = device.call::<PublishReview>(()).await.unwrap();
    assert_eq!(review.items.len(), 1, "the later edit waits to be published");
}

/// Review D35: what is released can be made live again, as when its objects were lost.
#[tokio::test]
async fn publishing_without_a_change_makes_what_is_released_live_again() {
    let edge = Arc::new(FakeEdge::default());
    let (device, site, _) = with_live_flag(&edge).await;
    let names = edge.state().memory.objects.names();
    names.iter().for_each(|name| assert!(edge.state().memory.objects.lose(name)));
    assert!(publish_all(&device).await.unwrap().live);
    assert_eq!(served(&edge, &site)["features"]["banner"]["defaultValue"], "on");
}

/// An earlier version kept one command, without a list.
#[tokio::test]
async fn a_command_that_an_earlier_version_left_is_sent() {
    let edge = Arc::new(FakeEdge::default());
    let (device, ..) = with_live_flag(&edge).await;
    let command = json!({"command_id": "c-old", "device": "d", "release": [], "transitions": [], "at": NOW});
    device.app.store(move |s| s.set(Setting::Publishing, Some(&command.to_string()))).await.unwrap();
    device.sync().await;
    assert!(edge.state().memory.publications().unwrap().iter().any(|p| p.id == "c-old"));
    assert!(!unconfirmed(&device).await);
}
