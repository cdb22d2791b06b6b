//! A database that was taken back to an earlier time, which keeps its workspace's id.

use std::sync::Arc;

use beacon_shared::ipc::SyncState;

use super::{edit, only};
use crate::fixtures::{Device, FakeEdge};

/// Two devices with the same synced site, and the edge's database as it was then.
async fn desk() -> (Arc<FakeEdge>, Device, Device) {
    let edge = Arc::new(FakeEdge::default());
    let (a, b) = (Device::connected(&edge).await, Device::connected(&edge).await);
    a.add_site("shop").await;
    a.sync().await;
    b.sync().await;
    (edge, a, b)
}

async fn rename(device: &Device, name: &str) {
    edit(device, &only(device).await, |s| s.name = name.into()).await;
    device.sync().await;
}

/// D12 (a): the revision's number is the same, the change behind it is not.
#[tokio::test]
async fn an_edit_made_before_a_restore_does_not_take_back_what_came_after() {
    let (edge, a, b) = desk().await;
    let earlier = edge.state().memory.copy().unwrap();
    rename(&a, "A1").await;
    rename(&a, "A2").await;
    edit(&a, &only(&a).await, |s| s.name = "A3".into()).await;
    edge.state().memory.restore(&earlier).unwrap();
    rename(&b, "B1").await;
    rename(&b, "B2").await;
    assert_eq!(edge.state().docs().values().next().unwrap().rev, 3, "as A's second rename was");
    a.sync().await;
    let view = only(&a).await;
    assert_eq!((view.sync, view.draft.name.as_str()), (SyncState::Conflict, "A3"));
    assert_eq!(edge.state().docs().values().next().unwrap().body["draft"]["name"], "B2");
}

/// D12 (b): what was acknowledged and then undone by the restore is shown, and not dropped.
#[tokio::test]
async fn what_a_restore_undid_is_a_conflict_and_no_silent_loss() {
    let (edge, a, b) = desk().await;
    let earlier = edge.state().memory.copy().unwrap();
    rename(&a, "A1").await;
    rename(&a, "A2").await;
    edge.state().memory.restore(&earlier).unwrap();
    for name in ["B1", "B2", "B3"] {
        rename(&b, name).await;
    }
    a.sync().await;
    let view = only(&a).await;
    assert_eq!((view.sync, view.draft.name.as_str()), (SyncState::Conflict, "A2"));
    assert_eq!(edge.state().docs().values().next().unwrap().body["draft"]["name"], "B3");
}

/// An edit in a place that nobody else touched survives the restore without a question.
#[tokio::test]
async fn edits_apart_merge_over_a_restore() {
    let (edge, a, b) = desk().await;
    let earlier = edge.state().memory.copy().unwrap();
    edit(&a, &only(&a).await, |s| s.time_zone = "Asia/Tokyo".into()).await;
    edge.state().memory.restore(&earlier).unwrap();
    rename(&b, "B1").await;
    for device in [&a, &b] {
        device.sync().await;
        let draft = only(device).await.draft;
        assert_eq!((draft.name.as_str(), draft.time_zone.as_str()), ("B1", "Asia/Tokyo"));
    }
}
