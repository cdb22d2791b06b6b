//! `bench`: each benchmark compares Beacon with a named peer in the same run.

use anyhow::Result;

use crate::command::{cargo, run};
use crate::{build, node, paths, setup};

/// The task.
pub fn task(arguments: &[String]) -> Result<()> {
    setup::all()?;
    build::sdk()?;
    let mut command = cargo(&["run", "--quiet", "--release", "-p", "beacon-bench", "--"])?;
    command.args(arguments).env("BEACON_NODE", node::need()?).current_dir(paths::root());
    run(&mut command)
}
