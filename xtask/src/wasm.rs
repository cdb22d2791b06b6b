//! A Rust toolchain that can build for wasm32: the one at hand, rustup's target, or Debian's packages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::command::{output, path_with, run, run_within, say, which};
use crate::{packages, paths};

/// The target's name.
pub const TARGET: &str = "wasm32-unknown-unknown";
const DEBIAN: &[&str] = &["rustc-web", "cargo-web", "rust-web-src", "lld-22"];
const DEBIAN_BIN: &str = "/usr/bin";
const RUSTUP_LIMIT: Duration = Duration::from_secs(90);

/// A folder with `cargo` and `rustc` that know wasm32.
pub struct Toolchain {
    bin: PathBuf,
}

impl Toolchain {
    /// The one that is there, if any.
    pub fn find() -> Option<Self> {
        let on_path = which("rustc").and_then(|rustc| rustc.parent().map(Path::to_path_buf));
        let candidates = on_path.into_iter().chain([PathBuf::from(DEBIAN_BIN)]);
        candidates.map(|bin| Self { bin }).find(Self::has_target)
    }

    /// The one that is there; the error says how to get one.
    pub fn need() -> Result<Self> {
        Self::find().context("No Rust toolchain here builds for wasm32. Run `cargo xtask setup`.")
    }

    fn has_target(&self) -> bool {
        let Some(sysroot) = output(self.bin.join("rustc"), &["--print", "sysroot"]) else { return false };
        self.bin.join("cargo").is_file() && holds_std(&library_folder(Path::new(&sysroot)))
    }

    /// Returns true if clippy is there for this toolchain; Debian packages it apart.
    pub fn has_clippy(&self) -> bool {
        self.bin.join("cargo-clippy").is_file()
    }

    /// Returns the folder of the toolchain.
    pub fn folder(&self) -> &Path {
        &self.bin
    }

    /// Makes a command see this toolchain before any other, and nothing of the cargo that runs this task.
    pub fn apply(&self, command: &mut Command) -> Result<()> {
        let tools = paths::tools()?.join("bin");
        command.env("PATH", path_with(&[&tools, &self.bin])?).env("CARGO_TARGET_DIR", paths::wasm_target()?);
        command.env("CARGO", self.bin.join("cargo"));
        for variable in ["RUSTC", "LD_LIBRARY_PATH", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"] {
            command.env_remove(variable);
        }
        Ok(())
    }

    /// This toolchain's cargo, at the repository's root.
    pub fn cargo(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new(self.bin.join("cargo"));
        command.args(arguments).current_dir(paths::root());
        self.apply(&mut command)?;
        Ok(command)
    }
}

fn library_folder(sysroot: &Path) -> PathBuf {
    sysroot.join("lib/rustlib").join(TARGET).join("lib")
}

fn holds_std(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // With a hash from rustup, without one when built from Debian's source.
        name == "libstd.rlib" || (name.starts_with("libstd-") && name.ends_with(".rlib"))
    })
}

/// Gets a toolchain that builds for wasm32, by the cheapest way that works here.
pub fn install() -> Result<()> {
    if Toolchain::find().is_none() {
        let added = which("rustup").is_some_and(|_| add_with_rustup());
        if !added {
            install_from_debian().context("Rust's wasm32 target could not be set up")?;
        }
    }
    let found = Toolchain::need()?;
    if found.bin == Path::new(DEBIAN_BIN) {
        link_linker()?;
    }
    Ok(())
}

fn add_with_rustup() -> bool {
    say("The interface and the edge are built for wasm32: adding the target with rustup.");
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", TARGET]).env("RUSTUP_MAX_RETRIES", "1");
    match run_within(&mut rustup, RUSTUP_LIMIT) {
        Ok(()) => Toolchain::find().is_some(),
        Err(error) => {
            say(&format!("{error:#}; trying Debian's packages instead."));
            false
        }
    }
}

fn install_from_debian() -> Result<()> {
    let source = Path::new("/usr/lib/rustlib/src/rust/library");
    let there = source.is_dir() && Path::new(DEBIAN_BIN).join("cargo").is_file() && lld().is_some();
    if !there {
        packages::install("Debian's Rust compiler with its library source, to build for wasm32", DEBIAN)?;
    }
    say("Building Rust's standard library for wasm32 once (about a minute).");
    let build = paths::cache()?.join("sysroot-build");
    if build.exists() {
        fs::remove_dir_all(&build)?;
    }
    fs::create_dir_all(&build)?;
    run(Command::new("cp").arg("-rL").arg(source).arg(&build))?;
    link_linker()?;
    let debian = Toolchain { bin: DEBIAN_BIN.into() };
    let target = build.join("target");
    let mut cargo = debian.cargo(&["build", "--release", "--target", TARGET])?;
    cargo.current_dir(build.join("library/sysroot")).env("CARGO_TARGET_DIR", &target).env("RUSTC_BOOTSTRAP", "1");
    cargo.env("RUSTFLAGS", "-Cembed-bitcode=yes -Zforce-unstable-if-unmarked");
    run(&mut cargo)?;
    copy_libraries(&target.join(TARGET).join("release/deps"))?;
    Ok(fs::remove_dir_all(&build)?)
}

fn copy_libraries(built: &Path) -> Result<()> {
    let folder = library_folder(Path::new("/usr"));
    let wanted = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".rlib") && !name.starts_with("libsysroot-")
    };
    let libraries: Vec<_> = fs::read_dir(built)?.flatten().map(|entry| entry.path()).filter(wanted).collect();
    if libraries.is_empty() {
        bail!("The build left no libraries in {}.", built.display());
    }
    let why = format!("Putting the built library into {}.", folder.display());
    packages::as_root(&why, Command::new("mkdir").arg("-p").arg(&folder))?;
    packages::as_root(&why, Command::new("cp").args(&libraries).arg(&folder))
}

fn lld() -> Option<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(DEBIAN_BIN).ok()?.flatten().map(|entry| entry.path()).collect();
    found.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("lld-")));
    found.sort();
    found.pop().or_else(|| which("lld"))
}

/// rustc calls its wasm linker `rust-lld`; Debian's has the version in its name.
fn link_linker() -> Result<()> {
    let folder = paths::tools()?.join("bin");
    let link = folder.join("rust-lld");
    if link.exists() {
        return Ok(());
    }
    let lld = lld().context("The linker lld is missing: install Debian's package lld-22.")?;
    fs::create_dir_all(&folder)?;
    if link.is_symlink() {
        fs::remove_file(&link)?;
    }
    #[cfg(unix)]
    std::os::unix::fs::symlink(lld, link)?;
    #[cfg(not(unix))]
    bail!("{} cannot be linked here: install the target with rustup.", lld.display());
    Ok(())
}
