//! Two edges with a workspace each, in the real window: nothing goes to the second one before the person says so.

use std::future::IntoFuture;
use std::time::Duration;

use anyhow::{Result, ensure};
use beacon_edge::memory::{ADMIN_KEY, MemoryEdge};
use beacon_shared::api::Cursor;
use beacon_tests::app::App;
use beacon_tests::desktop::Desktop;
use beacon_tests::wait;
use serde_json::{Value, json};
use tokio::net::TcpListener;

const SOON: Duration = Duration::from_secs(30);

/// An edge of the project's own code, in memory and over HTTP.
struct Served {
    memory: MemoryEdge,
    url: String,
}

impl Served {
    async fn start() -> Result<Self> {
        let memory = MemoryEdge::new();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        tokio::spawn(axum::serve(listener, memory.router()).into_future());
        Ok(Self { memory, url })
    }

    fn documents(&self) -> Result<usize> {
        Ok(self.memory.pull(&Cursor::default())?.documents.len())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_workspace_asks_first_and_both_stay() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("beacon-workspaces-").tempdir()?.keep();
    println!("The pictures, logs and data: {}", folder.display());
    let desktop = Desktop::start(&folder).await?;
    let app = App::open(&desktop, &folder).await?;
    let (first, second) = (Served::start().await?, Served::start().await?);
    app.click("nav-sites").await?;
    app.click("site-new").await?;
    app.type_into("site-name", "Client A").await?;
    app.saved().await?;
    connect(&app, &first.url).await?;
    wait::until("The first sync", SOON, || async {
        ensure!(first.documents()? == 1, "the site is not there");
        Ok(())
    })
    .await?;

    connect(&app, &second.url).await?;
    let said = app.text("other-workspace-drafts").await?;
    ensure!(said == "Your open workspace has 1 site.", "the question says {said:?}");
    app.picture("other-workspace").await?;
    app.click("workspace-cancel").await?;
    ensure!(!app.shows("other-workspace").await?, "the question stays");
    ensure!(second.documents()? == 0, "something was sent without an answer");

    connect(&app, &second.url).await?;
    app.click("workspace-open-other").await?;
    sites(&app, 0).await?;
    ensure!(second.documents()? == 0, "something was sent to the other workspace");
    app.click("nav-settings").await?;
    app.picture("two-workspaces").await?;
    app.click("workspace-open").await?;
    sites(&app, 1).await?;
    ensure!((first.documents()?, second.documents()?) == (1, 0), "a workspace got what is not its own");
    app.kill().await
}

async fn connect(app: &App, url: &str) -> Result<()> {
    app.click("nav-settings").await?;
    app.type_into("edge-url", url).await?;
    app.type_into("edge-key", ADMIN_KEY).await?;
    app.click("edge-connect").await
}

/// Waits until the window has begun again with a workspace of this many sites.
async fn sites(app: &App, count: usize) -> Result<()> {
    wait::until("The other workspace", SOON, || async {
        let overview = app.ask("overview", Value::Null).await?;
        ensure!(overview["sites"] == json!(count), "the core says {overview}");
        ensure!(!app.shows("other-workspace").await?, "the window still asks");
        Ok(())
    })
    .await?;
    app.click("nav-sites").await?;
    app.find(if count == 0 { "site-new" } else { "site-row" }).await.map(drop)
}
