//! `check`: the shape of the tree, formatting, lints and unit tests.

use anyhow::Result;

use crate::command::{cargo, run, say};
use crate::{build, no_arguments, packages, paths, setup, structure, suites, wasm};

const WASM: [&str; 4] = ["-p", "beacon-ui", "-p", "beacon-edge"];

/// The task.
pub fn task(arguments: &[String]) -> Result<()> {
    if matches!(arguments, [only] if only == "--structure") {
        return structure::check();
    }
    no_arguments(arguments)?;
    setup::all()?;
    all()
}

/// Everything that is checked without building the product.
pub fn all() -> Result<()> {
    structure::check()?;
    say("Formatting.");
    run(&mut cargo(&["fmt", "--all", "--check"])?)?;
    native_lints()?;
    wasm_lints()?;
    say("Unit tests.");
    run(cargo(&["test"])?.args(suites::UNIT_TESTED.iter().flat_map(|package| ["-p", package])))
}

fn native_lints() -> Result<()> {
    say("Lints of the native crates.");
    run(&mut cargo(&["clippy", "--all-targets", "--", "-D", "warnings"])?)?;
    if cfg!(target_os = "linux") && !packages::has_library("webkit2gtk-4.1") {
        say("Leaving out the shell: webkit2gtk-4.1 is not here.");
        return Ok(());
    }
    if !paths::root().join("dist/index.html").is_file() {
        build::ui()?; // The shell embeds it, so that even its lints need it.
    }
    run(&mut cargo(&[
        "clippy",
        "-p",
        "beacon-desktop",
        "--features",
        "shell",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ])?)
}

/// With the wasm toolchain's own clippy, or (Debian packages it apart) the native one on the host's target.
fn wasm_lints() -> Result<()> {
    say("Lints of the wasm crates.");
    if !paths::root().join("edge/sdk/dist/beacon.js").is_file() {
        build::sdk()?; // The edge embeds it.
    }
    let toolchain = wasm::Toolchain::need()?;
    if toolchain.has_clippy() {
        let mut clippy = toolchain.cargo(&["clippy", "--target", wasm::TARGET])?;
        return run(clippy.args(WASM).args(["--", "-D", "warnings"]));
    }
    run(cargo(&["clippy"])?.args(WASM).args(["--", "-D", "warnings"]))?;
    run(toolchain.cargo(&["check", "--target", wasm::TARGET])?.args(WASM))
}
