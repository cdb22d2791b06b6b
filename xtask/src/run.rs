//! `run`: the app on a local edge.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::command::say;
use crate::display::{self, Screen};
use crate::processes::{self, Group};
use crate::{build, edge, paths, setup};

/// Fixed, so that a connection that the app remembers stays true between runs.
const PORT: u16 = 8787;
const PHOTO_EVERY: Duration = Duration::from_secs(10);

struct Options {
    state: PathBuf,
    reset: bool,
    demo: bool,
}

fn options(arguments: &[String]) -> Result<Options> {
    let mut options = Options { state: paths::dev_state()?, reset: false, demo: false };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--reset" => options.reset = true,
            "--demo" => options.demo = true,
            "--state" => options.state = std::path::absolute(words.next().context("--state wants a folder.")?)?,
            _ => bail!("`run` takes --demo, --reset and --state DIR, not `{word}`."),
        }
    }
    Ok(options)
}

/// The task.
pub fn task(arguments: &[String]) -> Result<()> {
    let options = options(arguments)?;
    setup::all()?;
    build::all()?;
    if options.demo {
        build::demo()?;
    }
    processes::catch_stop()?;
    if options.reset {
        reset(&options.state)?;
    }
    fs::create_dir_all(&options.state)?;
    let key = admin_key(&options.state.join("admin-key"))?;
    let mut edge = edge::start(&options.state.join("edge"), free_port()?, &key)?;
    say(&format!("The edge serves on {}; its data and the app's are in {}.", edge.url, options.state.display()));
    let screen = (!display::has_screen()).then(Screen::start).transpose()?;
    let mut app = start_app(&options.state, &edge.url, &key, screen.as_ref())?;
    let _demo = options.demo.then(|| start_demo(&edge.url, &key)).transpose()?;
    say("The app is running. Ctrl-C ends it and the edge.");
    watch(&mut app, &mut edge.process, screen.as_ref(), &options.state.join("screen.png"))?;
    say("Ending the app and the edge.");
    Ok(())
}

/// Returns when the person asks to stop or closes the app. A virtual screen is photographed meanwhile.
fn watch(app: &mut Group, edge: &mut Group, screen: Option<&Screen>, photo: &Path) -> Result<()> {
    if screen.is_some() {
        say(&format!("What it shows is saved every {} seconds in {}.", PHOTO_EVERY.as_secs(), photo.display()));
    }
    let mut photographed = Instant::now();
    while !processes::stopping() {
        if let Some(status) = app.ended()? {
            if !status.success() {
                bail!("The app ended with {status}.");
            }
            break;
        }
        if let Some(status) = edge.ended()? {
            bail!("The edge ended with {status}; its message is above.");
        }
        if let Some(screen) = screen
            && photographed.elapsed() > PHOTO_EVERY
        {
            screen.photograph(photo)?;
            photographed = Instant::now();
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

/// Simulated visitors on a site of their own.
fn start_demo(url: &str, key: &str) -> Result<Group> {
    say("Simulated visitors come to a demo site; open Results in the app to watch.");
    let mut command = Command::new(paths::demo()?);
    command.env("BEACON_CONNECT_URL", url).env("BEACON_CONNECT_KEY", key);
    Group::start("The demo", &mut command)
}

/// The usual port, or any other when that one is taken.
fn free_port() -> Result<u16> {
    Ok(if std::net::TcpListener::bind(("127.0.0.1", PORT)).is_ok() { PORT } else { 0 })
}

fn start_app(state: &Path, url: &str, key: &str, screen: Option<&Screen>) -> Result<Group> {
    let program = paths::app()?;
    let mut command = match display::has_keychain() {
        true => Command::new(program),
        false => {
            let keyring = state.join("keyring");
            fs::create_dir_all(&keyring)?;
            display::with_keychain(&program, &keyring)
        }
    };
    command.env("BEACON_DATA_DIR", state.join("app")).env("BEACON_CONNECT_URL", url).env("BEACON_CONNECT_KEY", key);
    if let Some(screen) = screen {
        screen.apply(&mut command);
    }
    Group::start("The app", &mut command)
}

/// Only a folder that this task made is ever removed: it carries the key.
fn reset(state: &Path) -> Result<()> {
    if !state.exists() {
        return Ok(());
    }
    if !state.join("admin-key").is_file() {
        bail!("{} was not made by this task, so --reset leaves it alone.", state.display());
    }
    say(&format!("Removing {}.", state.display()));
    Ok(fs::remove_dir_all(state)?)
}

/// The local edge's key, made once, readable only by its owner.
fn admin_key(file: &Path) -> Result<String> {
    if file.exists() {
        return Ok(fs::read_to_string(file)?.trim().to_owned());
    }
    let mut bytes = [0_u8; 32];
    fs::File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes))?;
    let key = bytes.iter().fold(String::from("bcn_"), |key, byte| format!("{key}{byte:02x}"));
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(key.as_bytes())?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("beacon-xtask-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn unknown_words_are_refused() {
        let words = |words: &[&str]| options(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        let all = words(&["--reset", "--demo", "--state", "/tmp/x"]).unwrap();
        assert!(all.reset && all.demo);
        assert!(words(&["--rest"]).is_err());
        assert!(words(&["--state"]).is_err());
    }

    #[test]
    fn the_key_is_made_once_and_only_its_owner_reads_it() {
        let folder = fresh("key");
        let file = folder.join("admin-key");
        let key = admin_key(&file).unwrap();
        assert_eq!((key.len(), &key[..4]), (68, "bcn_"));
        assert_eq!(admin_key(&file).unwrap(), key);
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).unwrap().permissions()) & 0o777, 0o600);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn reset_leaves_a_folder_alone_that_it_did_not_make() {
        let folder = fresh("reset");
        fs::write(folder.join("thesis.txt"), "years of work").unwrap();
        assert!(reset(&folder).is_err());
        assert!(folder.join("thesis.txt").exists());
        admin_key(&folder.join("admin-key")).unwrap();
        reset(&folder).unwrap();
        assert!(!folder.exists());
    }
}
