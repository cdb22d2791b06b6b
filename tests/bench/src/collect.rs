//! Collecting events: batches of ten through the edge's own router, in process, on one core. It measures Beacon's code
//! and neither the network nor Cloudflare's runtime.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use beacon_edge::deps::Deps;
use beacon_edge::domain::events::Batch;
use beacon_edge::log::{Appended, Entry, Head, Reading, SegmentName};
use beacon_edge::memory::{MemoryEdge, now};
use beacon_edge::ports::Logs;
use beacon_edge::router::routes;
use beacon_shared::api::{Op, OpOutcome, PublishRequest, PushRequest, Release, SegmentList, route};
use beacon_shared::error::{Code, Error};
use beacon_shared::model::{Kind, Revision};
use serde_json::json;
use tower::ServiceExt as _;

const ROUNDS: usize = 15;
const REQUESTS: usize = 1_000;
const BATCH: usize = 10;
const NOW: i64 = 1_790_000_000_000;
const SITE: &str = "sit_bench";
const AGENT: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36";

/// A log that keeps nothing, to see what the others cost.
struct Nothing;

#[async_trait]
impl Logs for Nothing {
    async fn append(&self, _: &str, _: &[Entry]) -> Result<Appended, Error> {
        Ok(Appended { duplicates: 0, full: false })
    }

    async fn head(&self, _: &str) -> Result<Head, Error> {
        Err(Error::new(Code::Internal, "There is no log."))
    }

    async fn list(&self, _: &str, _: u64) -> Result<SegmentList, Error> {
        Err(Error::new(Code::Internal, "There is no log."))
    }

    async fn read(&self, _: &SegmentName) -> Result<Reading, Error> {
        Err(Error::new(Code::Internal, "There is no log."))
    }
}

/// Runs it. There is no goal: the numbers are for comparison with themselves.
pub fn run() -> Result<bool> {
    let edge = published()?;
    let with_log = median(rounds(&edge.deps(), 0)?);
    let without = median(rounds(&Deps { logs: Arc::new(Nothing), ..edge.deps() }, ROUNDS)?);
    let parsing = median((0..ROUNDS).map(|round| parse(2 * ROUNDS + round)).collect::<Result<_>>()?);
    println!("  batches of {BATCH}, {REQUESTS} a round, {ROUNDS} rounds; medians");
    println!("  {:>7.0} requests a second, {:.1} µs each", 1e6 / with_log, with_log);
    let row = |name: &str, cost: f64| println!("  {cost:>7.1} µs  {:>3.0}%  {name}", 100.0 * cost / with_log);
    row("the log: SQLite in memory", with_log - without);
    row("routing, the site's check, validation, serialising", without - parsing);
    row("splitting the batch and parsing its events", parsing);
    Ok(true)
}

/// Microseconds for a request, one number a round.
fn rounds(deps: &Deps, first: usize) -> Result<Vec<f64>> {
    (first..first + ROUNDS).map(|round| send(deps, round)).collect()
}

fn send(deps: &Deps, round: usize) -> Result<f64> {
    let bodies: Vec<String> = (0..REQUESTS).map(|request| body(round * REQUESTS + request)).collect();
    // An isolate makes them once.
    let routes = routes();
    let started = Instant::now();
    for body in bodies {
        let request = Request::post(route::BATCH)
            .header(header::ORIGIN, "https://shop.example")
            .header(header::USER_AGENT, AGENT)
            .extension(deps.clone())
            .body(Body::from(body))?;
        let response = now(routes.clone().oneshot(request))?;
        if !response.status().is_success() {
            let text = now(to_bytes(response.into_body(), 65_536))?;
            bail!("The collector answered {}.", String::from_utf8_lossy(&text));
        }
    }
    Ok(started.elapsed().as_secs_f64() * 1e6 / REQUESTS as f64)
}

fn parse(round: usize) -> Result<f64> {
    let bodies: Vec<String> = (0..REQUESTS).map(|request| body(round * REQUESTS + request)).collect();
    let started = Instant::now();
    for body in &bodies {
        let batch = Batch::parse(body.as_bytes())?;
        if batch.events.iter().any(std::result::Result::is_err) {
            bail!("An event of the benchmark is broken.");
        }
    }
    Ok(started.elapsed().as_secs_f64() * 1e6 / REQUESTS as f64)
}

/// Returns what beacon.js sends for one visitor: a page view, and clicks and events on it.
fn body(number: usize) -> String {
    let events: Vec<_> = (0..BATCH)
        .map(|i| {
            let kind = if i == 0 { "pageview" } else { "event" };
            json!({
                "event_id": format!("0199b0b0-0000-7000-8000-{:012}", number * BATCH + i), "site_id": SITE,
                "ts": NOW - 1000, "type": kind, "name": "add_to_cart", "category": "shop", "value": 49.9,
                "visitor_id": format!("visitor-{number}"), "session_id": format!("session-{number}"),
                "url": "https://shop.example/products/coffee?size=500", "path": "/products/coffee",
                "title": "Coffee, 500 g", "referrer": "https://search.example/", "language": "en-GB",
                "props": {"sku": "C-500", "quantity": i}, "schema_version": 1
            })
        })
        .collect();
    json!({"site_id": SITE, "events": events, "sent_at": NOW}).to_string()
}

fn published() -> Result<MemoryEdge> {
    let edge = MemoryEdge::new();
    edge.clock.set(NOW);
    let draft =
        json!({"key": "shop", "name": "Shop", "domains": ["shop.example"], "enabled": true, "time_zone": "UTC"});
    let op = Op {
        op_id: "op".into(),
        doc_id: SITE.into(),
        kind: Kind::Site,
        key: "shop".into(),
        base_rev: 0,
        base_op: None,
        deleted: false,
        body: json!({"schema": 1, "released": null, "draft": draft}),
        at: NOW,
    };
    let outcomes =
        edge.push(&PushRequest { device: "bench".into(), ops: vec![op], ..PushRequest::default() })?.outcomes;
    let outcome = outcomes.first().context("The push has no outcome.")?;
    let OpOutcome::Ok { rev, .. } = outcome else { bail!("The site was not taken: {outcome:?}") };
    let (command_id, device) = ("command".to_owned(), "bench".to_owned());
    let release = vec![Release { doc_id: SITE.into(), revision: Revision { rev: *rev, ..Revision::default() } }];
    edge.publish(&PublishRequest { command_id, device, release, transitions: Vec::new(), at: NOW })?;
    Ok(edge)
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}
