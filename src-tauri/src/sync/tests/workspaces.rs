//! The workspace of the drafts: the edge's id decides, not its address.

use std::sync::Arc;

use beacon_shared::error::Code;
use beacon_shared::ipc::{
    ById, ConnectionGet, ConnectionInput, ConnectionOutcome, ConnectionSave, DraftCounts, OtherWorkspace, SiteList,
    SyncNow, SyncState, WorkspaceAction, WorkspaceChoice, WorkspaceOpen,
};

use super::{edit, only};
use crate::fixtures::{Device, FakeEdge, KEY, URL};

const OTHER: &str = "https://other.example";

async fn connect(device: &Device, url: &str, choice: Option<WorkspaceChoice>) -> ConnectionOutcome {
    let input = ConnectionInput { url: url.into(), key: Some(KEY.into()), choice };
    device.call::<ConnectionSave>(input).await.unwrap()
}

async fn asked(device: &Device, url: &str) -> OtherWorkspace {
    match connect(device, url, None).await {
        ConnectionOutcome::OtherWorkspace(question) => question,
        outcome => panic!("nothing was asked: {outcome:?}"),
    }
}

fn choose(question: &OtherWorkspace, action: WorkspaceAction) -> Option<WorkspaceChoice> {
    Some(WorkspaceChoice { workspace: question.workspace.clone(), action })
}

/// A device with one synced site, and then connected to nothing but the `edge`.
async fn moved_to(first: &Arc<FakeEdge>, edge: &Arc<FakeEdge>) -> Device {
    let mut device = Device::connected(first).await;
    device.add_site("shop").await;
    device.sync().await;
    device.edge = edge.clone();
    device.reopen()
}

#[tokio::test]
async fn another_address_of_the_same_workspace_is_just_an_address() {
    let edge = Arc::new(FakeEdge::default());
    let device = moved_to(&edge, &edge).await;
    let before = edge.state().pushes.len();
    let outcome = connect(&device, OTHER, None).await;
    assert!(matches!(outcome, ConnectionOutcome::Connected(_)), "{outcome:?}");
    assert_eq!(only(&device).await.sync, SyncState::Synced);
    device.sync().await;
    assert_eq!(edge.state().pushes.len(), before, "nothing is sent again");
    assert_eq!(device.call::<ConnectionGet>(()).await.unwrap().url.as_deref(), Some(OTHER));
}

#[tokio::test]
async fn drafts_made_before_the_first_connection_go_to_it_without_a_question() {
    let edge = Arc::new(FakeEdge::default());
    let device = Device::new(&edge);
    device.add_site("shop").await;
    let outcome = connect(&device, URL, None).await;
    assert!(matches!(outcome, ConnectionOutcome::Connected(_)), "{outcome:?}");
    device.sync().await;
    assert_eq!(edge.state().docs().len(), 1);
}

#[tokio::test]
async fn another_workspace_asks_before_anything_goes_there() {
    let (first, second) = (Arc::new(FakeEdge::default()), Arc::new(FakeEdge::default()));
    let device = moved_to(&first, &second).await;
    edit(&device, &only(&device).await, |s| s.name = "Confidential".into()).await;
    let question = asked(&device, OTHER).await;
    assert_eq!(question.drafts, DraftCounts { sites: 1, ..DraftCounts::default() });
    assert_eq!((question.from.as_deref(), question.pending, question.known), (Some(URL), 1, false));
    assert!(second.state().pushes.is_empty());
    let connection = device.call::<ConnectionGet>(()).await.unwrap();
    assert_eq!(connection.url.as_deref(), Some(URL), "nothing was stored");
    // The same address, but the workspace behind it is another one since: the same question.
    assert_eq!(device.call::<SyncNow>(()).await.unwrap_err().code, Code::NotConnected);
    assert!(second.state().pushes.is_empty(), "nothing was sent");
    let stale = Some(WorkspaceChoice { workspace: "seen before".into(), action: WorkspaceAction::CopyDrafts });
    assert!(matches!(connect(&device, OTHER, stale).await, ConnectionOutcome::OtherWorkspace(_)));
}

#[tokio::test]
async fn the_other_workspace_opens_beside_this_one() {
    let (first, second) = (Arc::new(FakeEdge::default()), Arc::new(FakeEdge::default()));
    let device = moved_to(&first, &second).await;
    let question = asked(&device, OTHER).await;
    let outcome = connect(&device, OTHER, choose(&question, WorkspaceAction::Open)).await;
    assert_eq!(outcome, ConnectionOutcome::Opening);
    let mut device = device.reopen();
    device.sync().await;
    assert!(device.call::<SiteList>(()).await.unwrap().is_empty());
    assert!(second.state().docs().is_empty());
    device.add_site("theirs").await;
    device.sync().await;

    let listed = device.call::<ConnectionGet>(()).await.unwrap().workspaces;
    let urls: Vec<_> = listed.iter().map(|w| (w.url.as_str(), w.open)).collect();
    assert_eq!(urls, [(URL, false), (OTHER, true)]);
    device.call::<WorkspaceOpen>(ById { id: listed[0].id.clone() }).await.unwrap();
    device.edge = first.clone();
    let device = device.reopen();
    assert_eq!(only(&device).await.draft.key, "shop");
    device.sync().await;
    assert_eq!((first.state().docs().len(), second.state().docs().len()), (1, 1));
}

#[tokio::test]
async fn drafts_are_copied_when_the_person_says_so() {
    let (first, second) = (Arc::new(FakeEdge::default()), Arc::new(FakeEdge::default()));
    let device = moved_to(&first, &second).await;
    let question = asked(&device, OTHER).await;
    connect(&device, OTHER, choose(&question, WorkspaceAction::CopyDrafts)).await;
    let mut device = device.reopen();
    device.sync().await;
    assert_eq!(second.state().docs().len(), 1);
    let copy = only(&device).await;
    assert_eq!((copy.sync, copy.released), (SyncState::Synced, None));
    edit(&device, &only(&device).await, |s| s.name = "Only there".into()).await;
    device.sync().await;
    let id = first.state().epoch();
    device.call::<WorkspaceOpen>(ById { id }).await.unwrap();
    device.edge = first.clone();
    let device = device.reopen();
    assert_eq!(only(&device).await.draft.name, "Site shop", "this workspace is as it was");
}

#[tokio::test]
async fn an_edge_made_again_behind_the_same_address_gets_nothing_without_a_word() {
    let edge = Arc::new(FakeEdge::default());
    let device = Device::connected(&edge).await;
    device.add_site("shop").await;
    device.sync().await;
    edge.begin_again();
    edit(&device, &only(&device).await, |s| s.name = "Typed meanwhile".into()).await;
    let error = device.call::<SyncNow>(()).await.unwrap_err();
    assert_eq!(error.code, Code::NotConnected);
    assert!(edge.state().pushes.is_empty(), "asked before anything is pushed");
    assert_eq!(only(&device).await.sync, SyncState::Pending);
    let question = asked(&device, URL).await;
    connect(&device, URL, choose(&question, WorkspaceAction::CopyDrafts)).await;
    let device = device.reopen();
    device.sync().await;
    assert_eq!(only(&device).await.draft.name, "Typed meanwhile");
    assert_eq!(edge.state().docs().len(), 1);
}

/// An edge of version 0.1 says its workspace's id with the documents.
#[tokio::test]
async fn an_older_edge_has_a_workspace_too() {
    let (first, second) = (Arc::new(FakeEdge::default()), Arc::new(FakeEdge::default()));
    for edge in [&first, &second] {
        edge.state().without_epoch = true;
    }
    let device = moved_to(&first, &second).await;
    assert_eq!(asked(&device, OTHER).await.workspace, second.state().epoch());
    assert!(second.state().pushes.is_empty());
}
