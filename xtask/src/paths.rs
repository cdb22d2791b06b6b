//! The places of files.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The repository's root.
pub fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_path_buf()
}

fn home() -> Result<PathBuf> {
    env::home_dir().context("The home folder is unknown: set HOME.")
}

fn xdg(variable: &str, fallback: &str) -> Result<PathBuf> {
    match env::var_os(variable).filter(|value| Path::new(value).is_absolute()) {
        Some(folder) => Ok(folder.into()),
        None => Ok(home()?.join(fallback)),
    }
}

/// Tools and compiled things that later runs reuse: `$BEACON_CACHE`, or `beacon` in the user's cache folder.
pub fn cache() -> Result<PathBuf> {
    match env::var_os("BEACON_CACHE") {
        Some(folder) => Ok(std::path::absolute(folder)?),
        None => Ok(xdg("XDG_CACHE_HOME", ".cache")?.join("beacon")),
    }
}

/// Returns the folder that `cargo xtask run` keeps between runs. It isn't in the cache: it holds what people typed.
pub fn dev_state() -> Result<PathBuf> {
    Ok(xdg("XDG_DATA_HOME", ".local/share")?.join("beacon-dev"))
}

/// Programs that `setup` installed with cargo.
pub fn tools() -> Result<PathBuf> {
    Ok(cache()?.join("tools"))
}

/// The target folder of native builds.
pub fn target() -> Result<PathBuf> {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => Ok(std::path::absolute(folder)?),
        None => Ok(cache()?.join("target")),
    }
}

/// The target folder of wasm builds: sharing one makes each kind rebuild the other's.
pub fn wasm_target() -> Result<PathBuf> {
    Ok(cache()?.join("target-wasm"))
}

/// The built application.
pub fn app() -> Result<PathBuf> {
    Ok(target()?.join("debug").join(if cfg!(windows) { "beacon.exe" } else { "beacon" }))
}

/// The built program that simulates visitors.
pub fn demo() -> Result<PathBuf> {
    Ok(target()?.join("debug").join(if cfg!(windows) { "demo.exe" } else { "demo" }))
}

/// A program of edge's npm packages.
pub fn npm_program(name: &str) -> PathBuf {
    root().join("edge/node_modules/.bin").join(if cfg!(windows) { format!("{name}.cmd") } else { name.to_owned() })
}
