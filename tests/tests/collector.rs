//! The collector and the log on the real runtime: what a page can read of a refusal, and what a reader gets of a log.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, Result};
use beacon_shared::api::{BatchResponse, Heads, SegmentList, WhoAmI, route};
use beacon_tests::edge::Edge;
use beacon_tests::events::now;
use beacon_tests::workspace;
use reqwest::StatusCode;
use reqwest::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE};
use serde_json::{Value, json};

const PAGE: &str = "https://shop.example";

fn event(number: u32) -> Value {
    json!({"event_id": format!("0199b0b0-0000-7000-8000-{number:012}"), "site_id": workspace::SITE, "ts": now(),
        "type": "pageview", "visitor_id": "v", "title": "x".repeat(400), "schema_version": 1})
}

async fn send(edge: &Edge, body: String) -> Result<reqwest::Response> {
    let request = reqwest::Client::new().post(format!("{}{}", edge.url, route::BATCH));
    Ok(request.header("origin", PAGE).header("content-type", "text/plain").body(body).send().await?)
}

/// Sends bytes that no HTTP client would, and returns the first line of the answer.
fn raw(edge: &Edge, request: &[u8]) -> Result<String> {
    let address = edge.url.strip_prefix("http://").context("an address")?;
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(request)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.lines().next().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_can_read_every_refusal() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("beacon-refusals-").tempdir()?;
    let edge = Edge::start(folder.path()).await?;
    workspace::publish(&edge).await?;

    let broken = send(&edge, "{".to_owned()).await?;
    assert_eq!(broken.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(broken.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], PAGE);
    let malformed = reqwest::get(format!("{}/api/features/%ff", edge.url)).await?;
    assert_eq!(malformed.status(), StatusCode::BAD_REQUEST);
    assert_eq!(malformed.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    assert_eq!(malformed.headers()[CONTENT_TYPE], "application/problem+json");
    let long = reqwest::get(format!("{}/api/features/{}", edge.url, "x".repeat(20_000))).await?;
    assert_eq!(long.status(), StatusCode::URI_TOO_LONG);
    let control = raw(&edge, b"GET /health HTTP/1.1\r\nHost: x\r\nUser-Agent: a\x01b\r\nConnection: close\r\n\r\n")?;
    assert!(control.contains(" 400 "), "{control}");
    let url = format!("{}{}", edge.url, route::BATCH);
    let preflight =
        reqwest::Client::new().request(reqwest::Method::OPTIONS, url).header("origin", "https://other.example");
    let preflight = preflight.header("access-control-request-method", "POST").send().await?;
    assert_eq!(preflight.status(), StatusCode::NO_CONTENT);
    assert_eq!(preflight.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], "https://other.example");

    let (good, site) = (event(1), workspace::SITE);
    let one_broken = format!(r#"{{"site_id":"{site}","events":[{good},{{"title":"abc\ud83d"}}]}}"#);
    let answer: BatchResponse = send(&edge, one_broken).await?.json().await?;
    assert_eq!((answer.accepted, answer.refused[0].index), (1, 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_sealed_behind_the_answer_and_keeps_its_identity() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("beacon-log-").tempdir()?;
    let mut edge = Edge::start(folder.path()).await?;
    workspace::publish(&edge).await?;
    let segments = format!("{}?site={}&after=0", route::SEGMENTS, workspace::SITE);
    let mut open = None;
    for first in (0..5_100).step_by(100) {
        let events: Vec<Value> = (first..first + 100).map(event).collect();
        let body = json!({"site_id": workspace::SITE, "events": events, "sent_at": now()});
        let answer: BatchResponse = send(&edge, body.to_string()).await?.json().await?;
        assert_eq!((answer.accepted, answer.duplicates), (100, 0));
        if open.is_none() {
            open = edge.get::<SegmentList>(&segments).await?.segments.pop();
        }
    }
    let open = open.context("an open segment")?;
    let mut list: SegmentList = edge.get(&segments).await?;
    for _ in 0..100 {
        if list.segments[0].sealed {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        list = edge.get(&segments).await?;
    }
    assert!(list.segments[0].sealed && list.head == 5_100, "{list:?}");
    let since = edge.get::<Value>(&route::SEGMENT.replace("{id}", &open.id)).await.expect_err("sealed meanwhile");
    assert!(since.to_string().contains("sealed_since"), "{since}");
    assert_eq!(edge.log(workspace::SITE).await?.len(), 5_100);

    let (log_id, epoch) = (list.log_id, edge.get::<WhoAmI>(route::WHOAMI).await?.epoch);
    edge.kill().await?;
    edge.restart().await?;
    let heads: Heads = edge.get(route::HEADS).await?;
    assert_eq!((heads.logs[0].log_id.as_str(), heads.logs[0].head), (log_id.as_str(), 5_100));
    assert_eq!(edge.get::<WhoAmI>(route::WHOAMI).await?.epoch, epoch);
    Ok(())
}
