//! `conformance`: the reference cases, through both evaluators and the statistics.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::command::{cargo, run, say};
use crate::{build, node, paths, setup};

/// The task.
pub fn task(arguments: &[String]) -> Result<()> {
    let folder = match arguments {
        [] => own(),
        [flag, folder] if flag == "--vectors" => std::path::absolute(folder).context("--vectors wants a folder.")?,
        _ => bail!("`conformance` takes only --vectors DIR."),
    };
    setup::all()?;
    build::sdk()?;
    over(&[folder])
}

/// The project's own cases.
pub fn own() -> PathBuf {
    paths::root().join("tests/vectors")
}

/// Runs the cases in each of these folders; beacon.js must be built.
pub fn over(folders: &[PathBuf]) -> Result<()> {
    for folder in folders {
        say(&format!("Reference cases in {}.", folder.display()));
        let mut command = cargo(&["run", "--quiet", "-p", "beacon-conformance", "--"])?;
        command.arg(folder).env("BEACON_NODE", node::need()?).current_dir(paths::root());
        run(&mut command)?;
    }
    Ok(())
}

/// The task `differential`: random cases, Rust's evaluator against the one that beacon.js ships.
pub fn differential(arguments: &[String]) -> Result<()> {
    setup::all()?;
    build::sdk()?;
    differ(arguments)
}

/// Runs random cases; beacon.js must be built.
pub fn differ(arguments: &[String]) -> Result<()> {
    say("Random cases, Rust against beacon.js.");
    let mut command = cargo(&["run", "--quiet", "-p", "beacon-conformance", "--", "differential"])?;
    command.args(arguments).env("BEACON_NODE", node::need()?).current_dir(paths::root());
    run(&mut command)
}
