//! `test`: everything, on the real runtime and in real windows.

use anyhow::{Result, bail};

use crate::command::{cargo, run, say};
use crate::{build, check, node, paths, setup, tools};

/// The task.
pub fn task(arguments: &[String]) -> Result<()> {
    let full = match arguments {
        [] => false,
        [flag] if flag == "--full" => true,
        _ => bail!("`test` takes only --full, which also asks the advisory database (that needs the network)."),
    };
    setup::all()?;
    build::sdk()?;
    sdk_tests()?;
    check::all()?;
    build::all()?;
    product_tests()?;
    dependencies(full)?;
    say("All tests passed.");
    Ok(())
}

fn sdk_tests() -> Result<()> {
    let folder = paths::root().join("edge/sdk/test");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&folder).into_iter().flatten() {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".test.mjs") {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Ok(());
    }
    say("Tests of beacon.js.");
    files.sort();
    run(node::script(&["--test"])?.args(files))
}

fn product_tests() -> Result<()> {
    say("Tests of the whole product.");
    let mut command = cargo(&["test", "-p", "beacon-tests"])?;
    command.env("BEACON_APP", paths::app()?).env("BEACON_EDGE_BUILD", paths::root().join("edge/build"));
    command.env("BEACON_CACHE", paths::cache()?).env("BEACON_NODE", node::need()?);
    run(&mut command)
}

fn dependencies(full: bool) -> Result<()> {
    tools::CARGO_DENY.install()?;
    say("Licences and sources of the dependencies.");
    let mut command = std::process::Command::new(tools::CARGO_DENY.need()?);
    command.current_dir(paths::root()).args(["check", "bans", "licenses", "sources"]);
    run(if full { command.arg("advisories") } else { &mut command })
}
