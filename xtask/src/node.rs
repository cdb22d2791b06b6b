//! Node, recent enough for the local edge, and the npm packages in edge/.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::{output, path_with, run, say, which};
use crate::paths;

/// The oldest that serves.
const OLDEST: u32 = 20;
/// The version of Node that is installed where the system's is older.
const CACHED: &str = "22";

fn is_recent(node: &PathBuf) -> bool {
    let version = output(node, &["--version"]);
    let major = version.and_then(|text| text.trim_start_matches('v').split('.').next()?.parse::<u32>().ok());
    major.is_some_and(|major| major >= OLDEST)
}

fn package() -> String {
    let system = if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS };
    let processor = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    format!("node-{system}-{processor}")
}

fn cached() -> Result<PathBuf> {
    Ok(paths::cache()?.join("node").join("node_modules").join(package()).join("bin/node"))
}

/// A Node that serves: the system's, else the one in the cache.
pub fn find() -> Option<PathBuf> {
    which("node").into_iter().chain(cached()).find(is_recent)
}

/// A Node that serves; the error says how to get one.
pub fn need() -> Result<PathBuf> {
    find().with_context(|| format!("Node {OLDEST} or newer is missing. Run `cargo xtask setup`."))
}

/// Puts a recent Node into the cache where the system's is too old.
pub fn install() -> Result<()> {
    if find().is_some() {
        return Ok(());
    }
    say(&format!("The system's Node is older than {OLDEST}: putting Node {CACHED} into the cache."));
    let folder = paths::cache()?.join("node");
    fs::create_dir_all(&folder)?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--prefix"]).arg(&folder).arg(format!("{}@{CACHED}", package()));
    run(&mut npm)?;
    need().map(drop)
}

/// A command for a Node script at the repository's root, with this Node first on PATH for what the script starts.
pub fn script(arguments: &[&str]) -> Result<Command> {
    let node = need()?;
    let mut command = Command::new(&node);
    command.args(arguments).current_dir(paths::root());
    if let Some(folder) = node.parent() {
        command.env("PATH", path_with(&[folder])?);
    }
    Ok(command)
}

/// Returns true if edge/node_modules is what the lock file says.
pub fn packages_are_current() -> bool {
    let lock = fs::read(paths::root().join("edge/package-lock.json")).ok();
    lock.is_some() && lock == fs::read(stamp()).ok()
}

fn stamp() -> PathBuf {
    paths::root().join("edge/node_modules/.installed-lock.json")
}

/// Installs edge's npm packages when the lock file has changed.
pub fn install_packages() -> Result<()> {
    if packages_are_current() {
        return Ok(());
    }
    say("Installing the edge's npm packages (Miniflare, esbuild, wasm-opt, TypeScript).");
    let edge = paths::root().join("edge");
    run(Command::new("npm").args(["ci", "--loglevel=error"]).current_dir(&edge))?;
    fs::copy(edge.join("package-lock.json"), stamp())?;
    Ok(())
}
