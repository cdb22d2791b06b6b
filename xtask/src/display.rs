//! A screen and a keychain where the session has none.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::command::{output, say};
use crate::processes::Group;

/// A virtual screen with a window manager: without one, a window stays 10 by 10 pixels.
pub struct Screen {
    name: String,
    // Ended in this order: what draws on the screen before the screen.
    _window_manager: Group,
    _server: Group,
}

/// Returns true if the session has a screen.
pub fn has_screen() -> bool {
    let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

impl Screen {
    /// Starts one under a free number.
    pub fn start() -> Result<Self> {
        say("There is no screen here: starting a virtual one.");
        let mut command = Command::new("Xvfb");
        command.args(["-displayfd", "1", "-screen", "0", "1440x960x24", "-nolisten", "tcp"]);
        let mut server = Group::start("Xvfb", command.stdout(Stdio::piped()).stderr(Stdio::null()))?;
        let mut number = String::new();
        BufReader::new(server.stdout().context("Xvfb has no output.")?).read_line(&mut number)?;
        let number: u32 = number.trim().parse().context("Xvfb did not start.")?;
        let name = format!(":{number}");
        let mut openbox = Command::new("openbox");
        let window_manager = Group::start("openbox", openbox.env("DISPLAY", &name).stderr(Stdio::null()))?;
        Ok(Self { name, _window_manager: window_manager, _server: server })
    }

    /// Makes a program draw on this screen.
    pub fn apply(&self, command: &mut Command) {
        // The virtual screen has no GPU buffers to share.
        command.env("DISPLAY", &self.name).env("WEBKIT_DISABLE_DMABUF_RENDERER", "1");
    }

    /// Saves what is on the screen.
    pub fn photograph(&self, file: &Path) -> Result<()> {
        // Not by `run`, which would say so every time.
        let taken = Command::new("import").args(["-display", &self.name, "-window", "root"]).arg(file).status()?;
        if taken.success() { Ok(()) } else { bail!("The screen could not be photographed ({taken}).") }
    }
}

/// Returns true if a keychain answers, or would when asked, on the session's bus.
pub fn has_keychain() -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    if env::var_os("DBUS_SESSION_BUS_ADDRESS").is_none() {
        return false;
    }
    ["ListNames", "ListActivatableNames"].iter().any(|method| {
        let name = format!("org.freedesktop.DBus.{method}");
        let arguments = ["--session", "--dest=org.freedesktop.DBus", "--print-reply", "/org/freedesktop/DBus", &name];
        output("dbus-send", &arguments).is_some_and(|names| names.contains("org.freedesktop.secrets"))
    })
}

/// The program inside a session bus of its own with an unlocked keyring, whose file is in `folder`.
pub fn with_keychain(program: &Path, folder: &Path) -> Command {
    say("There is no keychain here: starting gnome-keyring for this run, with its file in the state folder.");
    // The daemon goes to the background before it has its name on the bus; an app that asks earlier makes the bus start
    // a second, locked one.
    const UNLOCK: &str = r#"
printf beacon-dev | XDG_DATA_HOME="$1" gnome-keyring-daemon --unlock --components=secrets >/dev/null || exit 1
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  dbus-send --session --dest=org.freedesktop.DBus --print-reply / org.freedesktop.DBus.GetNameOwner \
    string:org.freedesktop.secrets >/dev/null 2>&1 && break
  sleep 0.25
done
exec "$2""#;
    let mut command = Command::new("dbus-run-session");
    command.args(["--", "sh", "-c", UNLOCK, "sh"]).arg(folder).arg(program);
    command
}
