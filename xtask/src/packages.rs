//! System packages (apt): what is missing, why it is needed, and installing it as the machine allows.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, bail};

use crate::command::{output, run, say, which};

/// The sign that a package is there.
enum Sign {
    /// A library, by its pkg-config name.
    Library(&'static str),
    /// A program on PATH.
    Program(&'static str),
    /// A file or folder.
    Place(&'static str),
}

/// One package, what shows that it is there, and what it is for.
pub struct Package {
    /// Its name for apt.
    pub name: &'static str,
    sign: Sign,
    /// Beacon's use of it.
    pub why: &'static str,
}

const fn package(name: &'static str, sign: Sign, why: &'static str) -> Package {
    Package { name, sign, why }
}

const PACKAGES: &[Package] = &[
    package("pkg-config", Sign::Program("pkg-config"), "finding libraries"),
    package("libwebkit2gtk-4.1-dev", Sign::Library("webkit2gtk-4.1"), "the app's window"),
    package("libdbus-1-dev", Sign::Library("dbus-1"), "the OS keychain"),
    package("librsvg2-dev", Sign::Library("librsvg-2.0"), "the app's icons"),
    package("webkit2gtk-driver", Sign::Program("WebKitWebDriver"), "driving the app in tests"),
    package("gnome-keyring", Sign::Program("gnome-keyring-daemon"), "a keychain where the session has none"),
    package("dbus", Sign::Program("dbus-run-session"), "a session bus for the keychain"),
    package("xvfb", Sign::Program("Xvfb"), "a screen where there is none"),
    package("openbox", Sign::Program("openbox"), "sizing windows on that screen"),
    package("chromium", Sign::Program("chromium"), "testing beacon.js in a browser"),
    package("chromium-driver", Sign::Program("chromedriver"), "driving that browser"),
    package("nodejs", Sign::Program("node"), "running the edge locally"),
    package("npm", Sign::Program("npm"), "the edge's tools"),
    package("xdotool", Sign::Program("xdotool"), "looking at windows in tests"),
    package("imagemagick", Sign::Program("import"), "screenshots"),
    package("fonts-inter", Sign::Place("/usr/share/fonts/opentype/inter"), "the interface's typeface"),
];

impl Package {
    /// Returns true if what it provides is here, from this package or any other source.
    pub fn is_there(&self) -> bool {
        match self.sign {
            Sign::Library(name) => has_library(name),
            Sign::Program(name) => which(name).is_some(),
            Sign::Place(path) => Path::new(path).exists(),
        }
    }
}

/// Returns true if pkg-config knows the library.
pub fn has_library(name: &str) -> bool {
    output("pkg-config", &["--exists", name]).is_some()
}

/// All that Beacon wants from the system. Other systems than Linux bring a webview and a keychain themselves.
pub fn wanted() -> &'static [Package] {
    if cfg!(target_os = "linux") { PACKAGES } else { &[] }
}

/// Installs what is missing, saying first what and why.
pub fn install_missing() -> Result<()> {
    let missing: Vec<_> = wanted().iter().filter(|package| !package.is_there()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    say("Missing from this system:");
    for package in &missing {
        eprintln!("      {:<30} for {}", package.name, package.why);
    }
    let names: Vec<_> = missing.iter().map(|package| package.name).collect();
    install("the packages listed above", &names)
}

/// Installs packages with apt.
pub fn install(what: &str, names: &[&str]) -> Result<()> {
    let list = names.join(" ");
    if which("apt-get").is_none() {
        bail!("This system has no apt. Install what gives {what} (Debian's names: {list}), then try again.");
    }
    let why = format!("Installing {what}: {list}");
    static UPDATED: AtomicBool = AtomicBool::new(false);
    if !UPDATED.swap(true, Ordering::Relaxed) {
        as_root(&why, Command::new("apt-get").args(["update", "--quiet=2"]))?;
    }
    let mut apt = Command::new("apt-get");
    apt.args(["install", "--yes", "--no-install-recommends", "--quiet"]).args(names);
    as_root(&why, apt.env("DEBIAN_FRONTEND", "noninteractive"))
}

/// Runs as root: at once when we are, after asking when somebody can answer, and otherwise not at all.
pub fn as_root(why: &str, command: &mut Command) -> Result<()> {
    say(why);
    if output("id", &["-u"]).as_deref() == Some("0") {
        return run(command);
    }
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let line = words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ");
    if !std::io::stdin().is_terminal() {
        bail!("This needs root, and there is no terminal to ask on. Run `sudo {line}`, then try again.");
    }
    eprint!("      `sudo {line}`: go ahead? [y/N] ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    if !answer.trim().eq_ignore_ascii_case("y") {
        bail!("Not installed. Run `sudo {line}` when it suits you, then try again.");
    }
    let mut sudo = Command::new("sudo");
    sudo.arg(command.get_program()).args(command.get_args());
    run(&mut sudo)
}
