//! `build`: beacon.js, the interface, the edge's worker and the app.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::command::{cargo, run, say};
use crate::{node, paths, setup, tools, wasm};

/// The profile of wasm that people wait for.
pub const PROFILE: &str = "wasm-release";

/// The most bytes of the gzipped worker. Cloudflare's free plan takes three times that; a small one starts faster.
const MOST_GZIPPED: usize = 1_000_000;

/// The wasm features that rustc uses and every supported webview reads. All features together would have binaryen write
/// import sections that no webview reads yet.
const WEBVIEW_FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// The task.
pub fn task(arguments: &[String]) -> Result<()> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    setup::all()?;
    match words[..] {
        [] => all(),
        ["sdk"] => sdk(),
        ["ui"] => ui(),
        ["edge"] => sdk().and_then(|()| edge()),
        ["app"] => ui().and_then(|()| app()),
        _ => bail!("`build` takes nothing, or one of sdk, ui, edge, app."),
    }
}

/// Every part, each before what embeds it.
pub fn all() -> Result<()> {
    sdk()?;
    edge()?;
    ui()?;
    app()
}

/// beacon.js, which the worker embeds.
pub fn sdk() -> Result<()> {
    say("Building beacon.js.");
    run(&mut node::script(&["edge/sdk/build.mjs"])?)
}

/// The edge's worker into edge/build.
pub fn edge() -> Result<()> {
    say("Building the edge's worker.");
    let mut command = std::process::Command::new(tools::WORKER_BUILD.need()?);
    wasm::Toolchain::need()?.apply(&mut command)?;
    command.args(["--profile", PROFILE]).current_dir(paths::root().join("edge"));
    command.env("WASM_BINDGEN_BIN", tools::WASM_BINDGEN.need()?);
    command.env("WASM_OPT_BIN", paths::npm_program("wasm-opt")).env("ESBUILD_BIN", paths::npm_program("esbuild"));
    run(&mut command)?;
    weigh(&paths::root().join("edge/build/index_bg.wasm"))
}

/// Says how large the worker is, and fails above the limit.
fn weigh(module: &Path) -> Result<()> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&fs::read(module)?)?;
    let bytes = gzip.finish()?.len();
    println!("  the worker: {bytes} bytes gzipped of {MOST_GZIPPED}");
    if bytes > MOST_GZIPPED {
        bail!("The worker is larger than {MOST_GZIPPED} bytes gzipped: it would start slowly.");
    }
    Ok(())
}

/// The interface into dist.
pub fn ui() -> Result<()> {
    say("Building the interface.");
    let toolchain = wasm::Toolchain::need()?;
    run(&mut toolchain.cargo(&["build", "--profile", PROFILE, "--target", wasm::TARGET, "-p", "beacon-ui"])?)?;
    let module = paths::wasm_target()?.join(wasm::TARGET).join(PROFILE).join("beacon_ui.wasm");
    let dist = paths::root().join("dist");
    fs::create_dir_all(&dist)?;
    let mut bindgen = std::process::Command::new(tools::WASM_BINDGEN.need()?);
    bindgen.args(["--target", "web", "--no-typescript", "--out-name", "beacon-ui", "--out-dir"]).arg(&dist).arg(module);
    run(&mut bindgen)?;
    shrink(&dist.join("beacon-ui_bg.wasm"))?;
    copy_all(&paths::root().join("ui/static"), &dist)
}

fn shrink(module: &Path) -> Result<()> {
    let wasm_opt = paths::npm_program("wasm-opt");
    if !wasm_opt.exists() {
        return Ok(());
    }
    let mut command = node::script(&[])?;
    command.arg(fs::canonicalize(wasm_opt)?).arg("-Os").args(WEBVIEW_FEATURES).arg(module).arg("-o").arg(module);
    run(&mut command)
}

fn copy_all(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    let entries = fs::read_dir(from).with_context(|| format!("{} cannot be read", from.display()))?;
    for entry in entries {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_all(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// The app with the interface inside it.
pub fn app() -> Result<()> {
    say("Building the app.");
    run(&mut cargo(&["build", "-p", "beacon-desktop", "--features", "shell"])?)
}

/// The program that simulates visitors.
pub fn demo() -> Result<()> {
    say("Building the simulated visitors.");
    run(&mut cargo(&["build", "-p", "beacon-tests", "--bin", "demo"])?)
}
