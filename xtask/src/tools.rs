//! Programs from the crate registry, each at one version, in the cache. Debug builds: they compile in a fifth of the time.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::command::{cargo, output, run, say};
use crate::paths;

/// A program and the one version of it that Beacon is built with.
pub struct Tool {
    crate_name: &'static str,
    program: &'static str,
    version: &'static str,
    why: &'static str,
}

/// Must equal the version of the library in Cargo.toml.
pub const WASM_BINDGEN: Tool = Tool {
    crate_name: "wasm-bindgen-cli",
    program: "wasm-bindgen",
    version: "0.2.129",
    why: "binding wasm to JavaScript",
};
/// Must equal the version of `worker` in Cargo.toml.
pub const WORKER_BUILD: Tool =
    Tool { crate_name: "worker-build", program: "worker-build", version: "0.8.7", why: "building the edge" };
/// Licences, sources and duplicate crates.
pub const CARGO_DENY: Tool =
    Tool { crate_name: "cargo-deny", program: "cargo-deny", version: "0.20.2", why: "checking the dependencies" };
/// Coverage-guided fuzzing.
pub const CARGO_FUZZ: Tool =
    Tool { crate_name: "cargo-fuzz", program: "cargo-fuzz", version: "0.13.2", why: "fuzzing" };

impl Tool {
    /// Its place in the cache.
    pub fn path(&self) -> Result<PathBuf> {
        Ok(paths::tools()?.join("bin").join(format!("{}{}", self.program, std::env::consts::EXE_SUFFIX)))
    }

    /// Returns true if this very version is in the cache.
    pub fn is_there(&self) -> bool {
        let printed = self.path().ok().and_then(|path| output(path, &["--version"]));
        printed.is_some_and(|text| text.split_whitespace().any(|word| word == self.version))
    }

    /// Name and version, for people.
    pub fn title(&self) -> String {
        format!("{} {}", self.crate_name, self.version)
    }

    /// Installs it when it is not there.
    pub fn install(&self) -> Result<()> {
        if self.is_there() {
            return Ok(());
        }
        say(&format!("Installing {} into the cache, for {} (a few minutes, once).", self.title(), self.why));
        let root = paths::tools()?.display().to_string();
        let arguments = ["install", "--locked", "--debug", "--root", &root, "--version", self.version, self.crate_name];
        run(&mut cargo(&arguments)?).or_else(|_| {
            say("Its lock file could not be used; resolving its dependencies again.");
            let unlocked: Vec<_> = arguments.into_iter().filter(|word| *word != "--locked").collect();
            run(&mut cargo(&unlocked)?)
        })
    }

    /// Its path when it is there; the error says how to get it.
    pub fn need(&self) -> Result<PathBuf> {
        let path = self.path()?;
        self.is_there()
            .then_some(path)
            .with_context(|| format!("{} is missing. Run `cargo xtask setup`.", self.title()))
    }
}
