//! A desktop for the app under test: a screen, a session bus and an unlocked keyring, all of their own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::process::Command;

use crate::processes::Process;
use crate::wait;

/// A private desktop session.
pub struct Desktop {
    display: String,
    bus: String,
    folder: PathBuf,
    // Ended in this order: what draws and answers before what carries it.
    keyring: Process,
    _bus: Process,
    _window_manager: Process,
    _screen: Process,
}

impl Desktop {
    /// Starts one, with its files in `folder`.
    pub async fn start(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder.join("home"))?;
        let log = folder.join("desktop.log");
        let mut xvfb = Command::new("Xvfb");
        xvfb.args(["-displayfd", "1", "-screen", "0", "1440x960x24", "-nolisten", "tcp"]);
        let mut screen = Process::start("Xvfb", &mut xvfb, &log)?;
        let display = format!(":{}", screen.line(Duration::from_secs(20)).await?.trim());
        screen.let_run();
        // Without a window manager the app's window would stay 10 by 10 pixels.
        let mut openbox = Command::new("openbox");
        let window_manager = Process::start("openbox", openbox.env("DISPLAY", &display), &log)?;
        let mut daemon = Command::new("dbus-daemon");
        daemon.args(["--session", "--nofork", "--print-address"]);
        let mut bus = Process::start("dbus-daemon", at_home(&mut daemon, folder), &log)?;
        let address = bus.line(Duration::from_secs(20)).await?;
        bus.let_run();
        let keyring = unlock_keyring(folder, &address, &log).await?;
        Ok(Self {
            display,
            bus: address,
            folder: folder.to_path_buf(),
            keyring,
            _bus: bus,
            _window_manager: window_manager,
            _screen: screen,
        })
    }

    /// Makes a program part of this session.
    pub fn apply<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        at_home(command, &self.folder)
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .env("GDK_BACKEND", "x11")
            // The virtual screen has no GPU buffers to share.
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
    }

    /// Ends the keychain, as when its daemon crashed.
    pub async fn take_the_keyring_away(&mut self) -> Result<()> {
        self.keyring.kill().await
    }

    /// The screen's name.
    pub fn display(&self) -> &str {
        &self.display
    }
}

/// The session must neither read nor change the files of the person who runs the test.
fn at_home<'a>(command: &'a mut Command, folder: &Path) -> &'a mut Command {
    let home = folder.join("home");
    command
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env_remove("WAYLAND_DISPLAY")
}

async fn unlock_keyring(folder: &Path, bus: &str, log: &Path) -> Result<Process> {
    let mut shell = Command::new("sh");
    // The daemon reads the password of its new keyring from standard input.
    shell.args(["-c", "printf test | exec gnome-keyring-daemon --foreground --unlock --components=secrets"]);
    at_home(&mut shell, folder).env("DBUS_SESSION_BUS_ADDRESS", bus);
    // Its socket: by default it would take the place of the person's own daemon.
    let control = folder.join("home/run");
    std::fs::create_dir_all(&control)?;
    shell.env("XDG_RUNTIME_DIR", &control);
    let mut keyring = Process::start("gnome-keyring-daemon", &mut shell, log)?;
    keyring.let_run();
    // An app that asks before the name is taken makes the bus start a second, locked daemon.
    wait::until("The keyring", Duration::from_secs(20), || async {
        let mut ask = Command::new("dbus-send");
        ask.args(["--session", "--dest=org.freedesktop.DBus", "--print-reply", "/"]);
        ask.args(["org.freedesktop.DBus.GetNameOwner", "string:org.freedesktop.secrets"]);
        let answer = ask.env("DBUS_SESSION_BUS_ADDRESS", bus).output().await.context("dbus-send is missing.")?;
        if answer.status.success() { Ok(()) } else { bail!("nobody has its name on the bus") }
    })
    .await?;
    Ok(keyring)
}
