//! The client against the edge's own router, over HTTP on this computer: both agree on every route.

use std::future::IntoFuture;

use beacon_edge::memory::{ADMIN_KEY, MemoryEdge};
use beacon_shared::api::{Op, OpOutcome, Release};
use beacon_shared::model::{Body, Kind, Revision};
use serde_json::json;
use tokio::net::TcpListener;

use super::*;
use crate::fixtures::{NOW, site};
use crate::vault::Secret;

const SITE: &str = "sit_1";

async fn served(memory: &MemoryEdge) -> Target {
    memory.clock.set(NOW);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(axum::serve(listener, memory.router()).into_future());
    Target { url, key: Secret::new(ADMIN_KEY) }
}

fn push_site() -> PushRequest {
    let op = Op {
        op_id: "op1".into(),
        doc_id: SITE.into(),
        kind: Kind::Site,
        key: "shop".into(),
        base_rev: 0,
        base_op: None,
        deleted: false,
        body: json!(Body::draft(site("shop"))),
        at: NOW,
    };
    PushRequest { device: "desk".into(), ops: vec![op], ..PushRequest::default() }
}

#[tokio::test]
async fn a_document_goes_there_and_back_and_live() {
    let memory = MemoryEdge::new();
    let target = served(&memory).await;
    let edge = HttpEdge::new().unwrap();
    let who = edge.whoami(&target).await.unwrap();
    assert_eq!(who.epoch, memory.epoch().unwrap());
    let pushed = edge.push(&target, &push_site()).await.unwrap();
    assert_eq!(pushed.outcomes, [OpOutcome::Ok { op_id: "op1".into(), rev: 1, seq: 1 }]);
    let pulled = edge.pull(&target, &Cursor::default()).await.unwrap();
    assert_eq!((pulled.documents[0].id.as_str(), pulled.documents[0].op_id.as_str()), (SITE, "op1"));
    assert!(edge.pull(&target, &pulled.cursor).await.unwrap().documents.is_empty());
    let command = PublishRequest {
        command_id: "p1".into(),
        device: "desk".into(),
        release: vec![Release { doc_id: SITE.into(), revision: Revision { rev: 1, ..Revision::default() } }],
        transitions: Vec::new(),
        at: NOW,
    };
    let published = edge.publish(&target, &command).await.unwrap();
    assert!(published.live);
    assert_eq!(edge.publications(&target).await.unwrap(), [published]);
}

#[tokio::test]
async fn events_are_listed_and_read() {
    let memory = MemoryEdge::new();
    let target = served(&memory).await;
    let edge = HttpEdge::new().unwrap();
    edge.push(&target, &push_site()).await.unwrap();
    let release = vec![Release { doc_id: SITE.into(), revision: Revision { rev: 1, ..Revision::default() } }];
    let (command_id, device) = ("p1".into(), "desk".into());
    edge.publish(&target, &PublishRequest { command_id, device, release, transitions: Vec::new(), at: NOW })
        .await
        .unwrap();
    let event = json!({
        "event_id": "018bcfe5-6800-7000-8000-000000000001", "site_id": SITE, "ts": NOW, "type": "pageview",
        "visitor_id": "v", "schema_version": 1,
    });
    let batch = serde_json::from_value(json!({"site_id": SITE, "events": [event]})).unwrap();
    assert_eq!(memory.collect(&batch).unwrap().accepted, 1);
    let heads = edge.heads(&target).await.unwrap();
    assert_eq!((heads.logs[0].site_id.as_str(), heads.logs[0].head), (SITE, 1));
    let list = edge.segments(&target, SITE, 0).await.unwrap();
    assert_eq!((list.head, list.log_id.as_str()), (1, heads.logs[0].log_id.as_str()));
    let lines = edge.segment(&target, SITE, &list.segments[0].id).await.unwrap();
    assert_eq!((lines.len(), lines[0].seq), (1, 1));
}

#[tokio::test]
async fn refusals_of_the_router_keep_their_codes() {
    let memory = MemoryEdge::new();
    let target = served(&memory).await;
    let edge = HttpEdge::new().unwrap();
    let wrong = Target { key: Secret::new("bcn_wrong"), ..target.clone() };
    assert_eq!(edge.whoami(&wrong).await.unwrap_err().code, Code::Unauthorized);
    let command = |rev| PublishRequest {
        command_id: "p1".into(),
        device: "desk".into(),
        release: vec![Release { doc_id: SITE.into(), revision: Revision { rev, ..Revision::default() } }],
        transitions: Vec::new(),
        at: NOW,
    };
    edge.push(&target, &push_site()).await.unwrap();
    assert_eq!(edge.publish(&target, &command(7)).await.unwrap_err().code, Code::Stale);
    let mut twice = push_site();
    twice.ops.push(twice.ops[0].clone());
    let error = edge.push(&target, &twice).await.unwrap_err();
    assert_eq!((error.code, error.problems[0].pointer.as_str()), (Code::Invalid, "/ops"));
    let nowhere = Target { url: target.url.join("/elsewhere/").unwrap(), ..target };
    assert_ne!(edge.whoami(&nowhere).await.unwrap_err().code, Code::Internal);
}
