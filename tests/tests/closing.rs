//! The last keystrokes before the window closes, in the real window.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use beacon_tests::app::{App, data};
use beacon_tests::desktop::Desktop;
use rusqlite::Connection;
use serde_json::Value;

/// Case B20: a letter typed right before the window closes is saved.
#[tokio::test(flavor = "multi_thread")]
async fn closing_the_window_loses_no_letter() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("beacon-closing-").tempdir()?.keep();
    println!("The logs and data: {}", folder.display());
    let desktop = Desktop::start(&folder).await?;
    let app = App::open(&desktop, &folder).await?;
    app.click("nav-sites").await?;
    app.click("site-new").await?;
    app.type_into("site-name", "Sho").await?;
    app.saved().await?;
    let window = app.window_number().await?;
    // Without timers the letter is saved by the closing or not at all, however slow this computer is.
    app.stop_timers().await?;
    app.add_to("site-name", "p").await?;
    let typed = Instant::now();
    app.close(&window).await?;
    println!("The window was gone {:?} after the letter.", typed.elapsed());
    ensure!(name_of_the_site(&folder)? == "Shop", "the letter is lost: {}", name_of_the_site(&folder)?);
    ensure!(typed.elapsed() < Duration::from_secs(10), "the window took {:?} to close", typed.elapsed());
    app.kill().await?;

    let app = App::open(&desktop, &folder).await?;
    app.click("nav-sites").await?;
    app.click_css("[data-testid=site-row]").await?;
    ensure!(app.value("site-name").await? == "Shop", "the window lost the letter");
    app.kill().await
}

fn name_of_the_site(folder: &Path) -> Result<String> {
    let file = data(folder).join("beacon.db");
    let database = Connection::open(&file).with_context(|| format!("{} cannot be opened", file.display()))?;
    let body: String =
        database.query_row("SELECT local_body FROM documents WHERE kind = 'site'", [], |row| row.get(0))?;
    let body: Value = serde_json::from_str(&body)?;
    Ok(body["draft"]["name"].as_str().unwrap_or_default().to_owned())
}
