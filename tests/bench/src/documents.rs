//! Saving and listing in a large workspace: the app's core on its database on disk, called as the window calls it, next
//! to the same in a small workspace.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use beacon_desktop::app::{App, Bus};
use beacon_desktop::ipc::dispatch_text;
use beacon_desktop::store::Store;
use beacon_desktop::workspaces::Workspaces;
use beacon_shared::ipc::{Call, DocumentSummaries, ExperimentGet, ExperimentSave};
use beacon_shared::model::Kind;
use beacon_shared::sync::Replica;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// Documents in the small and in the large workspace.
const SIZES: [usize; 2] = [10, 10_000];
/// Rounds. In each, both workspaces have their turn, so that both meet the same machine.
const ROUNDS: usize = 20;
const SAVES: usize = 25;
const LISTS: usize = 3;
/// The goals: milliseconds for a save, and its cost in the large workspace over that in the small one.
const MAX_SAVE: f64 = 5.0;
const MAX_RATIO: f64 = 1.5;
/// The folder that keeps the large workspace for the window's part of the benchmark.
const FOLDER: &str = "BEACON_LARGE_WORKSPACE";

/// One workspace, and what was measured in it, in milliseconds.
struct Measured {
    app: Arc<App>,
    saves: Vec<f64>,
    lists: Vec<f64>,
}

/// Runs it.
pub fn run() -> Result<bool> {
    let scratch = tempfile::tempdir()?;
    let runtime = Runtime::new()?;
    let mut measured = Vec::new();
    for size in SIZES {
        let kept = std::env::var_os(FOLDER).filter(|_| size == SIZES[1]);
        let folder = kept.map_or_else(|| scratch.path().join(size.to_string()), Into::into);
        measured.push(Measured { app: fill(&folder, size)?, saves: Vec::new(), lists: Vec::new() });
    }
    for round in 0..ROUNDS {
        for workspace in &mut measured {
            for save in 0..SAVES {
                workspace.saves.push(runtime.block_on(time_a_save(&workspace.app, &format!("{round}-{save}")))?);
            }
            for _ in 0..LISTS {
                workspace.lists.push(runtime.block_on(time_a_list(&workspace.app))?);
            }
        }
    }
    println!("  {:>10}  {:>12}  {:>12}  {:>12}", "documents", "save, p50 ms", "save, p95 ms", "list, p50 ms");
    let mut medians = Vec::new();
    for (size, workspace) in SIZES.iter().zip(&mut measured) {
        let (save, list) = (quantile(&mut workspace.saves, 0.5), quantile(&mut workspace.lists, 0.5));
        println!("  {size:>10}  {save:>12.2}  {:>12.2}  {list:>12.2}", quantile(&mut workspace.saves, 0.95));
        medians.push(save);
    }
    let [small, large] = medians[..] else { bail!("There are two workspaces.") };
    println!("  a save in the large workspace costs {:.2} times one in the small (goal: {MAX_RATIO})", large / small);
    Ok(large < MAX_SAVE && large / small <= MAX_RATIO)
}

/// Makes a workspace of experiments on one site and opens it.
fn fill(folder: &Path, size: usize) -> Result<Arc<App>> {
    std::fs::create_dir_all(folder)?;
    let document = |number: usize| match number {
        0 => Replica::new("sit_bench", Kind::Site, body(&site())),
        _ => Replica::new(id(number), Kind::Experiment, body(&experiment(number))),
    };
    let mut store = Store::open(&folder.join("beacon.db"))?;
    store.add_copies((0..size).map(document).collect(), 1_790_000_000_000)?;
    drop(store);
    Ok(App::open(Arc::new(Workspaces::open(folder)?), Bus::default())?)
}

/// Changes one field as the editor does: with the draft that it shows as the base. Answered is durable.
async fn time_a_save(app: &Arc<App>, name: &str) -> Result<f64> {
    let view = call::<ExperimentGet>(app, &json!({"id": id(1)})).await?;
    let base = view.get("draft").context("a draft")?;
    let mut draft = base.clone();
    draft["name"] = json!(format!("Experiment {name}"));
    let request = json!({"id": id(1), "base": base, "draft": draft}).to_string();
    let started = Instant::now();
    dispatch_text(app, ExperimentSave::NAME, &request).await?;
    Ok(milliseconds(started))
}

async fn time_a_list(app: &Arc<App>) -> Result<f64> {
    let request = json!({"kind": "experiment", "ids": []}).to_string();
    let started = Instant::now();
    dispatch_text(app, DocumentSummaries::NAME, &request).await?;
    Ok(milliseconds(started))
}

async fn call<C: Call>(app: &Arc<App>, request: &Value) -> Result<Value> {
    Ok(serde_json::from_str(&dispatch_text(app, C::NAME, &request.to_string()).await?)?)
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * share).round() as usize]
}

fn id(number: usize) -> String {
    format!("exp_bench_{number}")
}

fn body(draft: &Value) -> Value {
    json!({"schema": beacon_shared::model::SCHEMA, "draft": draft, "released": null})
}

fn site() -> Value {
    json!({"key": "shop", "name": "Shop", "domains": ["shop.example"], "enabled": true, "time_zone": "UTC"})
}

fn experiment(number: usize) -> Value {
    let variant = |id: &str| {
        json!({"id": id, "name": id, "weight": 5000,
            "config": {"heading": format!("Heading {number}"), "colour": "#336699", "items": [1, 2, 3]}})
    };
    json!({
        "key": format!("experiment_{number}"), "name": format!("Experiment {number}"),
        "hypothesis": "A shorter form brings more people to the end, and no fewer of them buy.",
        "site_id": "sit_bench", "status": "draft", "variants": [variant("control"), variant("treatment")],
        "coverage": 10000, "hash_attribute": "id", "hash_version": 2, "seed": format!("experiment_{number}"),
        "auto_activate": true, "phases": [],
        "metrics": [{"id": "goal", "name": "Bought", "role": "goal", "kind": "conversion", "event": "bought"}],
    })
}
