//! Every screen with real data, in both themes and two sizes, to be looked at:
//! `cargo test -p beacon-tests --test pictures -- --ignored --nocapture`, after `cargo xtask build`. With
//! `BEACON_VISITORS=7000` it waits for that many visitors of the control, which makes a winner.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use beacon_shared::theme::Theme;
use beacon_tests::app::App;
use beacon_tests::desktop::Desktop;
use beacon_tests::edge::Edge;
use beacon_tests::processes::Process;
use beacon_tests::wait;
use serde_json::{Value, json};
use tokio::process::Command;

const SOON: Duration = Duration::from_secs(40);
/// The elements of a page that has drawn everything.
const SETTLED: Duration = Duration::from_millis(700);
const VISITORS: u64 = 1_000;
const SIZES: [(u32, u32); 2] = [(1280, 800), (900, 600)];
const PAGES: [&str; 7] = ["sites", "experiments", "flags", "metrics", "publish", "results", "settings"];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "makes pictures for people to look at"]
async fn every_screen_in_both_themes_and_two_sizes() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("beacon-pictures-").tempdir()?.keep();
    println!("The pictures: {}", folder.join("pictures").display());
    let desktop = Desktop::start(&folder).await?;
    let edge = Edge::start(&folder).await?;
    let app = App::open(&desktop, &folder).await?;
    for page in PAGES {
        app.click(&format!("nav-{page}")).await?;
        tokio::time::sleep(SETTLED).await;
        app.picture(&format!("empty-{page}")).await?;
    }
    connect(&app, &edge).await?;
    add_a_flag(&app).await?;
    add_metrics(&app).await?;
    let _visitors = visitors(&folder, &edge)?;
    let wanted = std::env::var("BEACON_VISITORS").ok().and_then(|n| n.parse().ok()).unwrap_or(VISITORS);
    // The demo sends 40 a second, half of them to the control.
    let patience = SOON + Duration::from_secs(wanted / 10);
    wait::until("Visitors", patience, || async {
        let results = app.ask("results.get", json!({"id": "exp_demo", "theme": "light"})).await?;
        let seen = results["analysis"]["metrics"][0]["variants"][0]["units"].as_u64();
        ensure!(seen.is_some_and(|n| n > wanted), "the control was seen by {seen:?}");
        Ok(())
    })
    .await?;
    app.kill().await?;
    for (theme, name) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
        let app = App::open_in(&desktop, &folder, theme).await?;
        for (width, height) in SIZES {
            app.resize(width, height).await?;
            screens(&app, &format!("{name}-{width}")).await?;
        }
        app.kill().await?;
    }
    Ok(())
}

async fn connect(app: &App, edge: &Edge) -> Result<()> {
    app.click("nav-settings").await?;
    app.type_into("edge-url", &edge.url).await?;
    app.type_into("edge-key", &edge.key).await?;
    app.click("edge-connect").await?;
    wait::until("The connection", SOON, || async {
        ensure!(app.attribute("status-sync", "data-online").await? == "true", "offline");
        Ok(())
    })
    .await
}

async fn add_a_flag(app: &App) -> Result<()> {
    let draft = json!({
        "key": "new_checkout", "name": "New checkout", "description": "One page instead of three. Goes when all have it.",
        "site_ids": ["sit_demo"], "enabled": true, "default_value": false,
        "rules": [{"id": "rule_1", "condition": {"country": "DE"}, "coverage": 2500, "value": true}]
    });
    let saved = app.ask("flag.save", json!({"id": Value::Null, "draft": draft})).await?;
    ensure!(saved["error"].is_null(), "{saved}");
    Ok(())
}

/// Metrics that no experiment uses: one that can be picked, and one to finish.
async fn add_metrics(app: &App) -> Result<()> {
    let refunds = json!({
        "key": "refunds", "name": "Refunds per order", "kind": "ratio", "direction": "decrease",
        "description": "Refunded orders, as the shop's back office reports them.",
        "numerator": {"aggregate": "count", "event": "refund"}, "denominator": {"aggregate": "count", "event": "order"},
        "filter": {"country": {"$in": ["DE", "AT"]}}, "window": 336
    });
    let unfinished = json!({"key": "newsletter", "name": "Newsletter", "kind": "conversion", "event": ""});
    for draft in [refunds, unfinished] {
        let saved = app.ask("metric.save", json!({"id": Value::Null, "draft": draft})).await?;
        ensure!(saved["error"].is_null(), "{saved}");
    }
    Ok(())
}

/// The visitors of `cargo xtask run --demo`.
fn visitors(folder: &Path, edge: &Edge) -> Result<Process> {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_demo"));
    demo.env("BEACON_CONNECT_URL", &edge.url).env("BEACON_CONNECT_KEY", &edge.key);
    let mut visitors = Process::start("demo", &mut demo, &folder.join("demo.log"))?;
    visitors.let_run();
    Ok(visitors)
}

async fn screens(app: &App, prefix: &str) -> Result<()> {
    for page in PAGES {
        app.click(&format!("nav-{page}")).await?;
        match page {
            "sites" => app.click("site-row").await?,
            "results" => drop(app.find("results-verdict").await?),
            _ => {}
        }
        tokio::time::sleep(SETTLED).await;
        app.picture(&format!("{prefix}-{page}")).await?;
    }
    for (page, row) in [("experiments", "experiment-row"), ("flags", "flag-row"), ("metrics", "metric-row")] {
        app.click(&format!("nav-{page}")).await?;
        app.click(row).await?;
        tokio::time::sleep(SETTLED).await;
        app.picture(&format!("{prefix}-{page}-editor")).await?;
        if page == "experiments" {
            app.click("metric-add").await?;
            app.scroll_to("metric-2").await?;
            tokio::time::sleep(SETTLED).await;
            app.picture(&format!("{prefix}-experiment-metrics")).await?;
            app.click("metric-make").await?;
            app.scroll_to("metric-2").await?;
            tokio::time::sleep(SETTLED).await;
            app.picture(&format!("{prefix}-experiment-new-metric")).await?;
        }
    }
    app.click("metric-back").await?;
    app.click_css("[data-testid=metric-row][data-key=refunds]").await?;
    tokio::time::sleep(SETTLED).await;
    app.picture(&format!("{prefix}-metrics-ratio")).await?;
    // Away from the editor, which stays open on its own page.
    app.click("nav-sites").await?;
    app.click("nav-flags").await?;
    app.click("flag-exchange").await?;
    tokio::time::sleep(SETTLED).await;
    app.picture(&format!("{prefix}-exchange")).await?;
    Ok(())
}
