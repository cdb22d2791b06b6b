//! The statistics' own tasks: validity by simulation, native against wasm, speed against a peer.

use std::fs;
use std::process::Command;

use anyhow::{Result, bail};

use crate::command::{cargo, run, say};
use crate::{no_arguments, node, paths, wasm};

const PACKAGE: &str = "beacon-statistics";
const GBSTATS: &str = "gbstats==0.8.0";

/// `validity`: measures what the engines promise, and writes docs/statistics-validity.md.
pub fn validity(arguments: &[String]) -> Result<()> {
    let mut command = cargo(&["run", "--profile", "sim", "-p", PACKAGE, "--bin", "validity", "--"])?;
    run(command.args(arguments))
}

/// `agreement`: the same numbers natively and as wasm in Node, to 1e-12.
pub fn agreement(arguments: &[String]) -> Result<()> {
    no_arguments(arguments)?;
    say("The statistics, native against wasm.");
    let toolchain = wasm::Toolchain::need()?;
    run(&mut toolchain.cargo(&["build", "--quiet", "--lib", "--target", wasm::TARGET, "-p", PACKAGE])?)?;
    let module = paths::wasm_target()?.join(wasm::TARGET).join("debug/beacon_statistics.wasm");
    let numbers = paths::wasm_target()?.join("native-statistics.json");
    let native = cargo(&["run", "--quiet", "-p", PACKAGE, "--bin", "values"])?.output()?;
    if !native.status.success() {
        bail!("The native numbers could not be computed: {}", String::from_utf8_lossy(&native.stderr));
    }
    fs::write(&numbers, native.stdout)?;
    run(node::script(&["tests/statistics/agreement.mjs"])?.arg(module).arg(numbers))
}

/// `bench statistics`: against gbstats, in a Python environment of its own.
pub fn bench() -> Result<()> {
    let environment = paths::cache()?.join("gbstats");
    let python = environment.join("bin/python");
    if !environment.join("ready").is_file() {
        say(&format!("Installing {GBSTATS} from PyPI, to compare with."));
        run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", GBSTATS]))?;
        fs::write(environment.join("ready"), GBSTATS)?;
    }
    run(cargo(&["run", "--release", "-p", PACKAGE, "--bin", "bench", "--"])?.arg(python))
}
