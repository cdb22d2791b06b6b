//! `sim`: sync over faulty histories, on the real planner, merge, store and statements.

use anyhow::Result;

use crate::command::{cargo, run, say};

const PACKAGE: &str = "beacon-simulation";
/// Histories are built once and played thousands of times.
const PROFILE: [&str; 2] = ["--profile", "sim"];

/// The task.
pub fn task(arguments: &[String]) -> Result<()> {
    let mut command = cargo(&["run", "--quiet", "-p", PACKAGE])?;
    run(command.args(PROFILE).arg("--").args(arguments))
}

/// The histories of every change, and the broken variants that they must catch.
pub fn ordinary() -> Result<()> {
    say("Sync over faulty histories.");
    run(cargo(&["test", "-p", PACKAGE])?.args(PROFILE))
}
