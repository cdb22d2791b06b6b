//! Simulated visitors for `cargo xtask run --demo`: a site, a running experiment, and traffic on it, sent to the
//! edge the way `beacon.js` sends it. Visitors are assigned by the real evaluator; the treatment really is better.
//!
//! Reads the edge from `BEACON_CONNECT_URL` and the key from `BEACON_CONNECT_KEY`, and runs until it is ended.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};
use beacon_shared::api::{
    CollectRequest, KEY_HEADER, Op, OpOutcome, PublishRequest, PushRequest, PushResponse, Release, route,
};
use beacon_shared::eval::{Seed, bucket_ranges, choose_variation};
use beacon_shared::model::{Kind, Revision};
use reqwest::Client;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use uuid::Uuid;

const SITE: &str = "sit_demo";
const EXPERIMENT: &str = "exp_demo";
const EXPERIMENT_KEY: &str = "demo_hero";
const ORIGIN: &str = "http://localhost";
/// The name of an ordinary browser: the collector leaves everything else out as a bot.
const BROWSER: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
/// (variant id, conversion rate), the control first.
const VARIANTS: [(&str, f64); 2] = [("control", 0.10), ("treatment", 0.13)];
/// The share of visitors who ask for help, whatever they see.
const HELP: f64 = 0.06;
/// The phase that the demonstration's visitors are in.
const PHASE: &str = "demo";
const VISITORS_A_SECOND: usize = 40;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let edge = Edge {
        url: std::env::var("BEACON_CONNECT_URL").context("set BEACON_CONNECT_URL to the edge's address")?,
        key: std::env::var("BEACON_CONNECT_KEY").context("set BEACON_CONNECT_KEY to an API key of the edge")?,
        http: Client::builder().user_agent(BROWSER).timeout(Duration::from_secs(20)).build()?,
    };
    publish_definitions(&edge).await?;
    println!("demo: {VISITORS_A_SECOND} visitors a second on 'Demo shop'; open Results to watch");
    loop {
        if let Err(e) = send_visitors(&edge).await {
            eprintln!("demo: {e:#}; trying again");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

struct Edge {
    url: String,
    key: String,
    http: Client,
}

impl Edge {
    async fn post<T: DeserializeOwned>(&self, route: &str, body: &impl Serialize) -> Result<T> {
        let request = self.http.post(format!("{}{route}", self.url.trim_end_matches('/')));
        let response = request.header(KEY_HEADER, &self.key).header("origin", ORIGIN).json(body).send().await?;
        let (status, text) = (response.status(), response.text().await?);
        if !status.is_success() {
            bail!("{route} answered {status}: {text}");
        }
        Ok(serde_json::from_str(&text)?)
    }
}

/// Pushes and publishes the demo's site and experiment, unless an earlier run did.
async fn publish_definitions(edge: &Edge) -> Result<()> {
    let now = now_ms();
    let op = |doc_id: &str, kind, key: &str, draft: Value| Op {
        op_id: Uuid::now_v7().to_string(),
        doc_id: doc_id.into(),
        kind,
        key: key.into(),
        base_rev: 0,
        base_op: None,
        deleted: false,
        body: json!({"schema": 1, "draft": draft, "released": null}),
        at: now,
    };
    let mut ops = vec![op(SITE, Kind::Site, "demo", site())];
    ops.extend(metrics().into_iter().map(|(id, key, metric)| op(id, Kind::Metric, key, metric)));
    ops.push(op(EXPERIMENT, Kind::Experiment, EXPERIMENT_KEY, experiment(now)));
    let ids: Vec<String> = ops.iter().map(|op| op.doc_id.clone()).collect();
    let answer: PushResponse =
        edge.post(route::PUSH, &PushRequest { device: "demo".into(), ops, ..PushRequest::default() }).await?;
    let mut release = Vec::new();
    for (doc_id, outcome) in ids.into_iter().zip(answer.outcomes) {
        match outcome {
            OpOutcome::Ok { rev, op_id, .. } => release.push(Release { doc_id, revision: Revision { rev, op_id } }),
            OpOutcome::Stale { current: Some(there), .. } if !there.body["released"].is_null() => {}
            OpOutcome::Stale { current: Some(there), .. } => {
                release.push(Release { doc_id, revision: there.revision() });
            }
            other => bail!("the edge did not take the demo's {doc_id}: {other:?}"),
        }
    }
    if !release.is_empty() {
        let command_id = Uuid::now_v7().to_string();
        let request = PublishRequest { command_id, device: "demo".into(), release, transitions: Vec::new(), at: now };
        let _: Value = edge.post(route::PUBLISH, &request).await?;
    }
    Ok(())
}

fn site() -> Value {
    json!({
        "key": "demo", "name": "Demo shop", "domains": ["demo.example"], "allow_localhost": true, "enabled": true,
        "time_zone": "UTC"
    })
}

fn experiment(now: i64) -> Value {
    json!({
        "key": EXPERIMENT_KEY, "name": "A headline that says what we do", "site_id": SITE, "status": "running",
        "hypothesis": "Visitors who understand the offer at a glance buy more often.",
        "variants": [
            {"id": "control", "name": "Welcome", "weight": 5000, "config": {"headline": "Welcome"}},
            {"id": "treatment", "name": "The offer", "weight": 5000, "config": {"headline": "Fresh bread by seven"}}
        ],
        "coverage": 10000, "hash_attribute": "id", "hash_version": 2, "seed": EXPERIMENT_KEY, "auto_activate": true,
        "phases": [{"id": PHASE, "started": now, "ended": null}],
        "metrics": [
            {"id": "goal", "metric": "met_demo_bought", "role": "goal"},
            {"id": "revenue", "metric": "met_demo_revenue", "role": "secondary"},
            {"id": "help", "metric": "met_demo_help", "role": "guardrail", "margin": 0.2}
        ]
    })
}

/// The metrics, each with its document id and its key.
fn metrics() -> [(&'static str, &'static str, Value); 3] {
    let bought = json!({
        "key": "bought", "name": "Bought", "description": "Visitors with an order.",
        "kind": "conversion", "event": "order",
    });
    let revenue = json!({
        "key": "revenue", "name": "Revenue per visitor",
        "description": "Order values in euros. One visitor counts for at most 200.",
        "kind": "value", "event": "order", "cap": {"value": 200.0},
    });
    let help = json!({
        "key": "help", "name": "Calls for help", "description": "Clicks on the help button. Fewer are better.",
        "kind": "count", "event": "help", "direction": "decrease",
    });
    [("met_demo_bought", "bought", bought), ("met_demo_revenue", "revenue", revenue), ("met_demo_help", "help", help)]
}

/// One second's visitors: each is exposed, and some convert.
async fn send_visitors(edge: &Edge) -> Result<()> {
    let ranges = bucket_ranges(VARIANTS.len(), 1.0, None);
    let mut events = Vec::new();
    for _ in 0..VISITORS_A_SECOND {
        let visitor = Uuid::new_v4().to_string();
        let place = Seed::new(EXPERIMENT_KEY).place(&visitor, 2).context("hash version 2 exists")?;
        let arm = choose_variation(place, &ranges).context("the ranges cover everybody")?;
        let (variant, rate) = VARIANTS[arm];
        events.push(event(&visitor, variant, "exposure", "exposure"));
        if fastrand::f64() < rate {
            let mut order = event(&visitor, variant, "conversion", "order");
            // Most orders are small; squaring makes a few large ones.
            order["value"] = json!((8.0 + 80.0 * fastrand::f64().powi(2)).round());
            events.push(order);
        }
        if fastrand::f64() < HELP {
            events.push(event(&visitor, variant, "event", "help"));
        }
    }
    let request = CollectRequest { site_id: SITE.into(), events, webdriver: false, sent_at: None };
    let _: Value = edge.post(route::BATCH, &request).await?;
    Ok(())
}

fn event(visitor: &str, variant: &str, kind: &str, name: &str) -> Value {
    json!({
        "event_id": Uuid::now_v7().to_string(), "site_id": SITE, "ts": now_ms(), "type": kind, "name": name,
        "visitor_id": visitor, "url": "http://localhost/", "path": "/", "experiment_id": EXPERIMENT_KEY,
        "variant_id": variant, "phase": PHASE, "schema_version": 1
    })
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
