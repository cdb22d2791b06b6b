//! Events sent straight to the collector, with ids that the test knows.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use beacon_shared::api::{BatchResponse, route};
use serde_json::{Value, json};
use uuid::Uuid;

/// Sends batches until `stop` is set, each again until it is acknowledged, as `beacon.js` does.
pub struct Sender {
    stop: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<Result<Vec<String>>>,
}

impl Sender {
    /// Starts sending.
    pub fn start(edge: &str, site: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(send(edge.to_owned(), site.to_owned(), Arc::clone(&stop)));
        Self { stop, task }
    }

    /// Stops; returns the ids of all events that were acknowledged.
    pub async fn finish(self) -> Result<Vec<String>> {
        self.stop.store(true, Ordering::SeqCst);
        self.task.await?
    }
}

const BATCH: usize = 20;

async fn send(edge: String, site: String, stop: Arc<AtomicBool>) -> Result<Vec<String>> {
    let http = reqwest::Client::builder().timeout(Duration::from_secs(10)).build()?;
    let mut acknowledged = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        let ids: Vec<String> = (0..BATCH).map(|_| Uuid::now_v7().to_string()).collect();
        let events: Vec<Value> = ids.iter().map(|id| event(&site, id)).collect();
        let body = json!({ "site_id": site, "events": events });
        // A batch without an answer may have arrived or not: it goes again with the same ids.
        while post(&http, &edge, &body).await.is_none() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        acknowledged.extend(ids);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(acknowledged)
}

async fn post(http: &reqwest::Client, edge: &str, body: &Value) -> Option<()> {
    let request = http.post(format!("{edge}{}", route::BATCH)).header("origin", "http://localhost");
    let request = request.header("user-agent", "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0 Safari/537.36");
    let answer = request.json(body).send().await.ok()?.error_for_status().ok()?;
    let answer: BatchResponse = answer.json().await.ok()?;
    (answer.accepted == BATCH).then_some(())
}

fn event(site: &str, id: &str) -> Value {
    json!({
        "event_id": id,
        "site_id": site,
        "ts": now(),
        "type": "event",
        "name": "heartbeat",
        "visitor_id": format!("sender-{id}"),
        "url": "http://localhost/",
        "schema_version": 1,
    })
}

/// Unix milliseconds.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
