//! `doctor`: what is here and what is missing, without changing anything.

use anyhow::{Result, bail};

use crate::{no_arguments, node, packages, paths, tools, wasm};

/// The task.
pub fn task(arguments: &[String]) -> Result<()> {
    no_arguments(arguments)?;
    println!("cache            {}", paths::cache()?.display());
    println!("native target    {}", paths::target()?.display());
    println!("wasm target      {}", paths::wasm_target()?.display());
    let mut missing = 0;
    let mut row = |there: bool, name: &str, detail: &str| {
        missing += usize::from(!there);
        println!("{} {name:<30} {detail}", if there { "ok     " } else { "MISSING" });
    };
    for package in packages::wanted() {
        row(package.is_there(), package.name, package.why);
    }
    let toolchain = wasm::Toolchain::find();
    let place = toolchain.as_ref().map(|found| found.folder().display().to_string());
    row(toolchain.is_some(), "Rust for wasm32", &place.unwrap_or_default());
    for tool in [tools::WASM_BINDGEN, tools::WORKER_BUILD, tools::CARGO_DENY] {
        row(tool.is_there(), &tool.title(), "");
    }
    let node = node::find();
    row(node.is_some(), "Node 20 or newer", &node.map(|path| path.display().to_string()).unwrap_or_default());
    row(node::packages_are_current(), "edge's npm packages", "");
    if missing > 0 {
        bail!("{missing} of these are missing. `cargo xtask setup` installs them (cargo-deny comes with `test`).");
    }
    Ok(())
}
