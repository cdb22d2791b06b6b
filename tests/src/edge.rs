//! The edge: the built worker on workerd, its state in a folder.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use beacon_shared::api::{KEY_HEADER, SegmentList, WhoAmI, route};
use beacon_shared::event::Logged;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::process::Command;

use crate::processes::Process;
use crate::{built, node, root};

/// A running edge.
pub struct Edge {
    /// Its address.
    pub url: String,
    /// A key that may do everything.
    pub key: String,
    folder: PathBuf,
    port: u16,
    process: Process,
    http: reqwest::Client,
}

impl Edge {
    /// Starts one on a free port, with its state in `folder`.
    pub async fn start(folder: &Path) -> Result<Self> {
        Self::start_with(folder, &[]).await
    }

    async fn start_with(folder: &Path, options: &[&str]) -> Result<Self> {
        // Long and recognisable: the test searches every file of the app for it.
        let key = format!("bcn_{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
        let (process, url) = launch(folder, &key, 0, options).await?;
        let port = url.rsplit(':').next().unwrap_or_default().parse().context("The edge named no port.")?;
        let http = reqwest::Client::builder().timeout(Duration::from_secs(20)).build()?;
        Ok(Self { url, key, folder: folder.to_path_buf(), port, process, http })
    }

    /// Starts an edge that answers N evaluations a minute for each address.
    pub async fn start_limited(folder: &Path, evaluations: u32) -> Result<Self> {
        Self::start_with(folder, &["--evaluations-per-minute", &evaluations.to_string()]).await
    }

    /// Kills the edge with everything it started, without a word.
    pub async fn kill(&mut self) -> Result<()> {
        self.process.kill().await
    }

    /// Starts it again on the same state and port.
    pub async fn restart(&mut self) -> Result<()> {
        let (process, url) = launch(&self.folder, &self.key, self.port, &[]).await?;
        self.process = process;
        if url != self.url {
            bail!("The edge came back at {url}, not at {}.", self.url);
        }
        self.get::<WhoAmI>(route::WHOAMI).await.map(|_| ())
    }

    /// Returns what the edge answers to the owner of the key.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        Ok(serde_json::from_str(&self.text(path).await?)?)
    }

    /// Returns what the edge answers to a body from the owner of the key.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T> {
        let request = self.http.post(format!("{}{path}", self.url)).header(KEY_HEADER, &self.key);
        let answer = request.json(body).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        if !status.is_success() {
            bail!("POST {path} answered {status}: {text}");
        }
        Ok(serde_json::from_str(&text)?)
    }

    async fn text(&self, path: &str) -> Result<String> {
        let answer = self.http.get(format!("{}{path}", self.url)).header(KEY_HEADER, &self.key).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        if !status.is_success() {
            bail!("GET {path} answered {status}: {text}");
        }
        Ok(text)
    }

    /// The whole log of a site, from the first event.
    pub async fn log(&self, site: &str) -> Result<Vec<Logged>> {
        let mut log: Vec<Logged> = Vec::new();
        loop {
            let after = log.last().map_or(0, |event| event.seq);
            let list: SegmentList = self.get(&format!("{}?site={site}&after={after}", route::SEGMENTS)).await?;
            for segment in &list.segments {
                let path = route::SEGMENT.replace("{id}", &segment.id);
                let text = self.text(&format!("{path}?site={site}")).await?;
                for line in text.lines().filter(|line| !line.is_empty()) {
                    let event: Logged = serde_json::from_str(line)?;
                    if event.seq > log.last().map_or(0, |last| last.seq) {
                        log.push(event);
                    }
                }
            }
            let reached = log.last().map_or(0, |event| event.seq);
            if reached >= list.head {
                return Ok(log);
            }
            if reached == after {
                bail!("The log says it ends at {}, but its segments end at {reached}.", list.head);
            }
        }
    }
}

async fn launch(folder: &Path, key: &str, port: u16, options: &[&str]) -> Result<(Process, String)> {
    let build = built("BEACON_EDGE_BUILD", root().join("edge/build"), "cargo xtask build edge")?;
    let mut command = Command::new(node());
    command.arg(root().join("edge/local/serve.mjs"));
    command.args(["--port", &port.to_string(), "--admin-key", key]).arg("--state").arg(folder.join("edge"));
    command.arg("--build").arg(build).args(options);
    let mut process = Process::start("The edge", &mut command, &folder.join("edge.log"))?;
    let line = process.line(Duration::from_secs(60)).await.context("The edge did not start.")?;
    process.let_run();
    let url = line.strip_prefix("ready ").with_context(|| format!("The edge said {line:?}, not `ready URL`."))?;
    Ok((process, url.to_owned()))
}
