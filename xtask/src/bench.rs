//! `bench`: each benchmark compares Beacon with a named peer in the same run.

use anyhow::{Result, bail};

use crate::command::{cargo, run};
use crate::{build, node, paths, setup, statistics, wasm};

const PACKAGE: &str = "beacon-bench";

/// The task.
pub fn task(arguments: &[String]) -> Result<()> {
    let all = ["evaluation", "collect", "statistics"];
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
    if wanted("statistics") {
        statistics::bench()?;
    }
    Ok(())
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
