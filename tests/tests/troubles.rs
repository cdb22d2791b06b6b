//! Troubles around the app, seen in its window: each is shown with what to do, and costs no draft.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use beacon_tests::app::{App, data};
use beacon_tests::desktop::Desktop;
use beacon_tests::edge::Edge;
use beacon_tests::wait;
use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const SOON: Duration = Duration::from_secs(40);
const FROM_THE_FUTURE: i64 = 9_999;

#[tokio::test(flavor = "multi_thread")]
async fn every_trouble_says_what_to_do_and_costs_no_draft() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("beacon-troubles-").tempdir()?.keep();
    println!("The pictures, logs and data: {}", folder.display());
    let mut desktop = Desktop::start(&folder).await?;
    let app = App::open(&desktop, &folder).await?;
    drafts(&app).await?;
    wrong_addresses(&app).await?;
    let edge = Edge::start(&folder).await?;
    println!("Wrong addresses are refused.");
    refused(&app, &edge.url, "bcn_this_is_not_the_key", "The key was refused").await?;
    println!("A wrong key is refused.");
    a_wrong_payload(&app).await?;
    println!("A wrong payload is refused, and a right one comes over.");
    whole_numbers(&app).await?;
    println!("Whole numbers beyond 2^53 come through the window unchanged.");
    without_a_keychain(&app, &mut desktop, &edge).await?;
    println!("Without a keychain nothing is stored.");
    app.kill().await?;
    a_newer_database(&desktop, &folder).await
}

async fn drafts(app: &App) -> Result<()> {
    app.click("nav-sites").await?;
    app.click("site-new").await?;
    app.type_into("site-name", "Shop").await?;
    app.saved().await
}

/// Nothing there, garbage there, and no address at all.
async fn wrong_addresses(app: &App) -> Result<()> {
    let nothing = TcpListener::bind("127.0.0.1:0").await?;
    let closed = format!("http://{}", nothing.local_addr()?);
    drop(nothing);
    refused(app, &closed, "bcn_key", "The edge cannot be reached").await?;
    refused(app, "shop.example", "bcn_key", "https://").await?;
    refused(app, "http://shop.example", "bcn_key", "https://").await?;
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 15\r\nconnection: close\r\n\r\n<h1>A shop</h1>",
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}",
        "\u{1}\u{2}nonsense",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let garbage = tokio::spawn(answer_always(listener, answer));
        let title = if answer.starts_with("HTTP") { "That is not a Beacon edge" } else { "The edge cannot be reached" };
        refused(app, &url, "bcn_key", title).await?;
        garbage.abort();
    }
    Ok(())
}

async fn answer_always(listener: TcpListener, answer: &'static str) -> Result<()> {
    loop {
        let (mut stream, _) = listener.accept().await?;
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await?;
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
    }
}

/// Connecting fails with `says`, stores nothing, and the draft is still there.
async fn refused(app: &App, url: &str, key: &str, says: &str) -> Result<()> {
    app.click("nav-settings").await?;
    app.type_into("edge-url", url).await?;
    app.type_into("edge-key", key).await?;
    app.click("edge-connect").await?;
    wait::until(&format!("The refusal of {url}"), SOON, || async {
        let shown = app.text("error-message").await?;
        ensure!(shown.contains(says), "the window says {shown:?}");
        Ok(())
    })
    .await?;
    app.picture(&says.replace(|c: char| !c.is_ascii_alphanumeric(), "-")).await?;
    let connection = app.ask("connection.get", Value::Null).await?;
    ensure!(connection["has_key"] == json!(false), "a key was stored: {connection}");
    the_draft_is_there(app).await
}

async fn the_draft_is_there(app: &App) -> Result<()> {
    let sites = app.ask("site.list", Value::Null).await?;
    ensure!(sites[0]["draft"]["name"] == json!("Shop"), "the draft is lost: {sites}");
    app.click("nav-sites").await?;
    app.click_css("[data-testid=site-row][data-key=shop]").await?;
    ensure!(app.value("site-name").await? == "Shop", "the window lost the draft");
    Ok(())
}

/// A text that isn't JSON is refused with the place. The parts of one that is become drafts, or are reported.
async fn a_wrong_payload(app: &App) -> Result<()> {
    app.click("nav-flags").await?;
    app.click("flag-exchange").await?;
    app.type_into("exchange-payload", "{\"features\": ").await?;
    app.click("exchange-import").await?;
    wait::until("The refusal of the payload", SOON, || async {
        let shown = app.text("error-message").await?;
        ensure!(shown.contains("This is not JSON from line 1"), "the window says {shown:?}");
        Ok(())
    })
    .await?;
    let payload = json!({"features": {
        "nav": {"defaultValue": "old", "rules": [{"force": "new", "coverage": 0.5, "hashVersion": 2}]},
        "bad key": {"defaultValue": 1}
    }});
    app.type_into("exchange-payload", &payload.to_string()).await?;
    app.click("exchange-import").await?;
    wait::until("The import", SOON, || async {
        let (done, report) = (app.text("exchange-done").await?, app.text("exchange-report").await?);
        ensure!(done.contains("Imported 1 flag"), "the window says {done:?}");
        ensure!(report.contains("bad key"), "the report says {report:?}");
        Ok(())
    })
    .await?;
    app.picture("imported").await?;
    app.click("exchange-export").await?;
    app.click("exchange-exported-copy").await?;
    let exported: Value = serde_json::from_str(&app.text("exchange-exported").await?)?;
    ensure!(exported["features"]["nav"]["defaultValue"] == json!("old"), "the payload is {exported}");
    wait::until("The copy", SOON, || async {
        let shown = app.text("exchange-exported-copy").await?;
        ensure!(shown == "Copied", "the button says {shown:?}");
        Ok(())
    })
    .await?;
    app.picture("exported").await?;
    app.click("exchange-close").await?;
    app.find_css("[data-testid=flag-row][data-key=nav]").await.map(drop)
}

/// B19: JavaScript would make 9007199254740992 of this number.
async fn whole_numbers(app: &App) -> Result<()> {
    const NUMBER: i64 = 9_007_199_254_740_993;
    let payload = json!({"features": {"ids": {"defaultValue": NUMBER, "rules": [
        {"condition": {"user_id": {"$gt": NUMBER}}, "force": {"low": -NUMBER}}
    ]}}});
    app.click("flag-exchange").await?;
    app.type_into("exchange-payload", &payload.to_string()).await?;
    app.click("exchange-import").await?;
    app.click("exchange-close").await?;
    app.click_css("[data-testid=flag-row][data-key=ids]").await?;
    app.type_into("flag-description", "Edited in the window").await?;
    app.saved().await?;
    let flags = app.ask("flag.list", Value::Null).await?;
    let found = flags.as_array().into_iter().flatten().map(|flag| &flag["draft"]).find(|draft| draft["key"] == "ids");
    let draft = found.context("the flag is not in the list")?;
    ensure!(draft["description"] == "Edited in the window", "the edit is lost: {draft}");
    let (rule, number) = (&draft["rules"][0], json!(NUMBER));
    let numbers = [&draft["default_value"], &rule["condition"]["user_id"]["$gt"]];
    ensure!(numbers.iter().all(|found| **found == number), "a number was rounded: {draft}");
    ensure!(rule["value"] == json!({"low": -NUMBER}), "a number was rounded: {draft}");
    app.click("flag-back").await
}

async fn without_a_keychain(app: &App, desktop: &mut Desktop, edge: &Edge) -> Result<()> {
    desktop.take_the_keyring_away().await?;
    refused(app, &edge.url, &edge.key, "The keychain is not available").await
}

async fn a_newer_database(desktop: &Desktop, folder: &Path) -> Result<()> {
    let version = set_version(folder, FROM_THE_FUTURE)?;
    let app = App::open(desktop, folder).await?;
    wait::until("The newer database", SOON, || async {
        let shown = app.text("error-message").await?;
        ensure!(shown.contains("Written by a newer Beacon"), "the window says {shown:?}");
        Ok(())
    })
    .await?;
    app.picture("newer-database").await?;
    app.kill().await?;
    ensure!(set_version(folder, version)? == FROM_THE_FUTURE, "the database was changed");
    let app = App::open(desktop, folder).await?;
    the_draft_is_there(&app).await
}

/// Returns the version that was there.
fn set_version(folder: &Path, version: i64) -> Result<i64> {
    let file = data(folder).join("beacon.db");
    let database = Connection::open(&file).with_context(|| format!("{} cannot be opened", file.display()))?;
    let before = database.pragma_query_value(None, "user_version", |row| row.get(0))?;
    database.pragma_update(None, "user_version", version)?;
    Ok(before)
}
