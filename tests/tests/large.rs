//! The list of experiments in a workspace of 10,000, in the real window. It is a measurement and not a check:
//! `cargo xtask bench documents` makes the workspace and runs it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use beacon_tests::app::{self, App};
use beacon_tests::desktop::Desktop;
use beacon_tests::wait;

const TIMES: usize = 9;
/// Milliseconds from the click until the rows are on the screen.
const MAX_PAINTED: f64 = 300.0;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a benchmark"]
async fn the_list_is_painted() -> Result<()> {
    let workspace = std::env::var_os("BEACON_LARGE_WORKSPACE").map(PathBuf::from);
    let workspace = workspace.context("`cargo xtask bench documents` makes the workspace and runs this.")?;
    let folder = tempfile::Builder::new().prefix("beacon-large-").tempdir()?.keep();
    std::fs::create_dir_all(app::data(&folder))?;
    std::fs::copy(workspace.join("beacon.db"), app::data(&folder).join("beacon.db"))?;
    let desktop = Desktop::start(&folder).await?;
    let mut first = Vec::new();
    let mut again = Vec::new();
    for _ in 0..TIMES {
        // A new window has nothing in its cache: the first look reads the store, the second does not.
        let app = App::open(&desktop, &folder).await?;
        app.click("nav-settings").await?;
        wait::until("The settings", Duration::from_secs(20), || async { app.find("edge-url").await.map(drop) }).await?;
        first.push(app.time_until_painted("nav-experiments", "experiment-row").await?);
        app.click("nav-settings").await?;
        again.push(app.time_until_painted("nav-experiments", "experiment-row").await?);
        app.kill().await?;
    }
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let (first, again) = (median(&mut first), median(&mut again));
    println!(
        "  the list of experiments is painted {first:.0} ms after the click, {again:.0} ms when it is known (medians of {TIMES})"
    );
    ensure!(first < MAX_PAINTED, "The goal is {MAX_PAINTED} ms.");
    Ok(())
}
