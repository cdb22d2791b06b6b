//! Clients of the edge: the real SDKs in Node (`tests/clients.mjs`), and plain requests.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::process::Command;

use crate::edge::Edge;
use crate::processes::Process;
use crate::{node, root};

/// The questions to the SDKs.
#[derive(Debug, Serialize)]
pub struct Clients<'a> {
    /// The edge's address.
    pub edge: &'a str,
    /// Document id of the site.
    pub site: &'a str,
    /// The visitors.
    pub ids: &'a [String],
    /// The flags.
    pub flags: &'a [&'a str],
}

/// The SDKs' answers.
#[derive(Debug, Deserialize)]
pub struct Seen {
    /// GrowthBook's SDK.
    pub growthbook: Evaluated,
    /// The evaluator of beacon.js.
    pub beacon_js: Evaluated,
    /// OpenFeature's web SDK with the OFREP provider.
    pub openfeature: OpenFeature,
}

/// An evaluator's answers.
#[derive(Debug, PartialEq, Deserialize)]
pub struct Evaluated {
    /// The experiments in order.
    pub keys: Vec<String>,
    /// By visitor: the variation in each experiment.
    pub variants: BTreeMap<String, Vec<Option<String>>>,
    /// By visitor: each flag's value.
    pub values: BTreeMap<String, Vec<Value>>,
}

/// The answers of OpenFeature's SDK.
#[derive(Debug, Deserialize)]
pub struct OpenFeature {
    /// By visitor: each flag's value, variant and reason.
    pub details: BTreeMap<String, Vec<Value>>,
    /// The error for a flag that nobody has.
    pub unknown: Option<String>,
    /// Answer that came over the network.
    pub requests: Vec<Fetched>,
}

/// One answer.
#[derive(Debug, Deserialize)]
pub struct Fetched {
    /// HTTP status.
    pub status: u16,
}

impl Clients<'_> {
    /// Runs them, with their messages in `folder`.
    pub async fn run(&self, folder: &Path, at_most: Duration) -> Result<Seen> {
        let question = folder.join("clients.json");
        std::fs::write(&question, serde_json::to_string(self)?)?;
        let mut command = Command::new(node());
        command.arg(root().join("tests/clients.mjs")).arg(&question);
        let mut process = Process::start("The clients", &mut command, &folder.join("clients.log"))?;
        let line = process
            .line(at_most)
            .await
            .with_context(|| std::fs::read_to_string(folder.join("clients.log")).unwrap_or_default())?;
        serde_json::from_str(&line).with_context(|| format!("The clients said {line:.200}."))
    }
}

/// A plain answer.
pub struct Response {
    /// HTTP status.
    pub status: StatusCode,
    /// The body as text.
    pub body: String,
    headers: HeaderMap,
}

impl Response {
    /// A header as text, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// Asks the edge without a key.
pub async fn ask(
    edge: &Edge,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Result<Response> {
    let mut request = reqwest::Client::new().request(method, format!("{}{path}", edge.url));
    for (name, value) in headers {
        request = request.header(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_str(value)?);
    }
    let request = if let Some(body) = body { request.json(body) } else { request };
    let answer = request.send().await?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    Ok(Response { status, headers, body: answer.text().await? })
}
