//! The common base of the whole-product tests: the real parts of the product, started and ended by the test.
//!
//! Nothing is skipped. What is missing is an error that names the command to run.

pub mod app;
pub mod clients;
pub mod desktop;
pub mod edge;
pub mod events;
pub mod processes;
pub mod visitors;
pub mod wait;
pub mod workspace;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

/// The checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_path_buf()
}

/// Something built, at the path the environment names or where the tasks put it.
pub(crate) fn built(variable: &str, default: PathBuf, how: &str) -> Result<PathBuf> {
    let path = std::env::var_os(variable).map_or(default, PathBuf::from);
    if !path.exists() {
        bail!("{} is not there: run `{how}`, or set {variable}.", path.display());
    }
    Ok(path)
}

/// Returns the folder in which builds are kept between runs.
pub(crate) fn cache() -> PathBuf {
    std::env::var_os("BEACON_CACHE")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache").join("beacon"))
}

/// The Node that runs the local edge and the browser.
pub(crate) fn node() -> PathBuf {
    std::env::var_os("BEACON_NODE").map_or_else(|| PathBuf::from("node"), PathBuf::from)
}
