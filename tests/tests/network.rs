//! The network's return, in the real window: a sync that waits begins at once.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use beacon_edge::memory::{ADMIN_KEY, MemoryEdge};
use beacon_shared::api::Cursor;
use beacon_tests::app::App;
use beacon_tests::desktop::Desktop;
use beacon_tests::wait;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

const SOON: Duration = Duration::from_secs(60);
/// Long enough that the back-off is longer than what the test allows for the return.
const AWAY: Duration = Duration::from_secs(25);

/// Serves the edge on a runtime of its own: ending that ends open connections, too, as a lost network does.
fn serve(edge: &MemoryEdge, port: u16) -> Result<(Runtime, u16)> {
    let runtime = Runtime::new()?;
    let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", port)))?;
    let port = listener.local_addr()?.port();
    let router = edge.router();
    runtime.spawn(async move { axum::serve(listener, router).await });
    Ok((runtime, port))
}

/// Case B35, without an edit: the webview says that the network is back.
#[test]
fn the_networks_return_ends_the_wait() -> Result<()> {
    let edge = MemoryEdge::new();
    let (network, port) = serve(&edge, 0)?;
    let url = format!("http://127.0.0.1:{port}");
    let test = Runtime::new()?;
    let folder = tempfile::Builder::new().prefix("beacon-network-").tempdir()?.keep();
    println!("The logs and data: {}", folder.display());
    let (desktop, app) = test.block_on(async {
        let desktop = Desktop::start(&folder).await?;
        let app = App::open(&desktop, &folder).await?;
        app.click("nav-settings").await?;
        app.type_into("edge-url", &url).await?;
        app.type_into("edge-key", ADMIN_KEY).await?;
        app.click("edge-connect").await?;
        online(&app, true).await?;
        anyhow::Ok((desktop, app))
    })?;
    network.shutdown_background();
    test.block_on(async {
        online(&app, false).await?;
        app.click("nav-sites").await?;
        app.click("site-new").await?;
        app.type_into("site-name", "Shop").await?;
        app.saved().await?;
        tokio::time::sleep(AWAY).await;
        anyhow::Ok(())
    })?;
    let (_network, _) = serve(&edge, port)?;
    test.block_on(async {
        let back = Instant::now();
        app.dispatch("online").await?;
        wait::until("The push", SOON, || async {
            ensure!(edge.pull(&Cursor::default())?.documents.len() == 1, "the site is not there");
            Ok(())
        })
        .await?;
        println!("The site was at the edge {:?} after the network's return.", back.elapsed());
        ensure!(back.elapsed() < Duration::from_secs(3), "it took {:?}", back.elapsed());
        app.kill().await.context("the app")
    })?;
    drop(desktop);
    Ok(())
}

async fn online(app: &App, expected: bool) -> Result<()> {
    wait::until("The status", SOON, || async {
        let shown = app.attribute("status-sync", "data-online").await?;
        ensure!(shown == expected.to_string(), "online is {shown}");
        Ok(())
    })
    .await
}
