//! `test`: everything, on the real runtime and in real windows.

use anyhow::{Result, bail};

use crate::command::{cargo, run, say};
use crate::{build, check, conformance, fuzz, node, paths, setup, sim, statistics, suites, tools};

/// The task.
pub fn task(arguments: &[String]) -> Result<()> {
    let full = match arguments {
        [] => false,
        [flag] if flag == "--full" => true,
        _ => bail!("`test` takes only --full, which adds the long suites and asks the advisory database (by network)."),
    };
    setup::all()?;
    build::sdk()?;
    script_tests()?;
    conformance::over(&[conformance::own()])?;
    conformance::differ(&[])?;
    check::all()?;
    sim::ordinary()?;
    statistics::agreement(&[])?;
    build::all()?;
    product_tests()?;
    dependencies(&["bans", "licenses", "sources"])?;
    if full {
        long_suites()?;
        // Last: it needs the network.
        dependencies(&["advisories"])?;
    }
    say("All tests passed.");
    Ok(())
}

fn script_tests() -> Result<()> {
    let mut files = Vec::new();
    for folder in suites::SCRIPT_FOLDERS {
        for entry in std::fs::read_dir(paths::root().join(folder)).into_iter().flatten() {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if [".test.mjs", ".test.js"].iter().any(|end| name.ends_with(end)) {
                files.push(path);
            }
        }
    }
    say("Tests of beacon.js and of the local edge's migrations.");
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

/// Runs the suites that take minutes, so not for every change.
fn long_suites() -> Result<()> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    conformance::differ(&words(&["--seed", "2", "--cases", "200000"]))?;
    say("Sync over thousands of faulty histories.");
    sim::task(&words(&["--seeds", "5000"]))?;
    fuzz::all()
}

fn dependencies(checks: &[&str]) -> Result<()> {
    tools::CARGO_DENY.install()?;
    say(&format!("Dependencies: {}.", checks.join(", ")));
    let mut command = std::process::Command::new(tools::CARGO_DENY.need()?);
    run(command.current_dir(paths::root()).arg("check").args(checks))
}
