//! `bench`: each benchmark compares Beacon with a named peer in the same run.

use anyhow::{Result, bail};

use crate::command::{cargo, run};
use crate::{build, node, paths, setup, statistics, wasm};

const PACKAGE: &str = "beacon-bench";
/// The folder of the large workspace, which the core's part of the benchmark makes.
const LARGE: &str = "BEACON_LARGE_WORKSPACE";

/// The task.
pub fn task(arguments: &[String]) -> Result<()> {
    let all = ["evaluation", "collect", "documents", "publishing", "statistics"];
    let chosen: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let Some(unknown) = chosen.iter().find(|name| !all.contains(name)) {
        bail!("There is no benchmark `{unknown}`; there are: {}.", all.join(", "));
    }
    let wanted = |name| chosen.is_empty() || chosen.contains(&name);
    if wanted("evaluation") {
        setup::all()?;
        evaluation()?;
    }
    if wanted("collect") {
        run(cargo(&["run", "--quiet", "--release", "-p", PACKAGE, "--", "collect"])?.current_dir(paths::root()))?;
    }
    if wanted("documents") {
        setup::all()?;
        documents()?;
    }
    if wanted("publishing") {
        let mut command = cargo(&["run", "--quiet", "--profile", "sim", "-p", PACKAGE, "--", "publishing"])?;
        run(command.current_dir(paths::root()))?;
    }
    if wanted("statistics") {
        statistics::bench()?;
    }
    Ok(())
}

/// Saves and lists in a workspace of 10,000 documents: the core, then its list in the real window. Optimised, but without
/// the release's slow link: what people run is a little faster.
fn documents() -> Result<()> {
    build::ui()?;
    run(cargo(&["build", "--profile", "sim", "-p", "beacon-desktop", "--features", "shell"])?
        .current_dir(paths::root()))?;
    let workspace = paths::dev_state()?.join("large-workspace");
    if workspace.exists() {
        std::fs::remove_dir_all(&workspace)?;
    }
    let mut core = cargo(&["run", "--quiet", "--profile", "sim", "-p", PACKAGE, "--", "documents"])?;
    run(core.env(LARGE, &workspace).current_dir(paths::root()))?;
    let mut window = cargo(&["test", "--quiet", "-p", "beacon-tests", "--test", "large", "--", "--ignored"])?;
    window.arg("--nocapture").env(LARGE, &workspace).env("BEACON_APP", paths::target()?.join("sim/beacon"));
    run(window.env("BEACON_CACHE", paths::cache()?).current_dir(paths::root()))
}

/// Flags: the evaluator natively, as wasm on workerd and in beacon.js, against GrowthBook's JavaScript.
fn evaluation() -> Result<()> {
    build::sdk()?;
    // Compiled as the edge is.
    let toolchain = wasm::Toolchain::need()?;
    let arguments = ["build", "--profile", build::PROFILE, "--lib", "--target", wasm::TARGET, "-p", PACKAGE];
    run(&mut toolchain.cargo(&arguments)?)?;
    let module = paths::wasm_target()?.join(wasm::TARGET).join(build::PROFILE).join("beacon_bench.wasm");
    let mut command = cargo(&["run", "--quiet", "--release", "-p", PACKAGE, "--", "evaluation"])?;
    command.env("BEACON_NODE", node::need()?).env("BEACON_BENCH_WASM", module).current_dir(paths::root());
    run(&mut command)
}
