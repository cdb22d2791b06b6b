//! `setup`: what the other tasks need, installed once.

use anyhow::Result;

use crate::command::say;
use crate::{no_arguments, node, packages, tools, wasm};

/// The task.
pub fn task(arguments: &[String]) -> Result<()> {
    no_arguments(arguments)?;
    all()?;
    say("Everything that building and running need is here.");
    Ok(())
}

/// Installs what is missing; quick when nothing is.
pub fn all() -> Result<()> {
    packages::install_missing()?;
    node::install()?;
    node::install_packages()?;
    wasm::install()?;
    tools::WASM_BINDGEN.install()?;
    tools::WORKER_BUILD.install()
}
