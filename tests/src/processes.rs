//! Programs in process groups of their own, so that nothing they start outlives the test.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// Lines of its log with which a program that ended is quoted.
const LAST_WORDS: usize = 20;

/// A program with all that it starts; dropping it ends them.
pub struct Process {
    name: String,
    child: Child,
    group: Pid,
    lines: Option<Lines<BufReader<ChildStdout>>>,
    log: PathBuf,
}

impl Process {
    /// Starts the program. What it says on standard error goes into `log`.
    pub fn start(name: &str, command: &mut Command, log: &Path) -> Result<Self> {
        let said = std::fs::OpenOptions::new().create(true).append(true).open(log)?;
        let started = command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(said).spawn();
        let mut child = started.with_context(|| format!("{name} cannot be started: run `cargo xtask setup`."))?;
        let id = child.id().context("The program ended at once.")?;
        let lines = child.stdout.take().map(|out| BufReader::new(out).lines());
        let group = Pid::from_raw(i32::try_from(id)?);
        Ok(Self { name: name.to_owned(), child, group, lines, log: log.to_path_buf() })
    }

    /// The next line on its standard output.
    pub async fn line(&mut self, at_most: Duration) -> Result<String> {
        let Some(lines) = self.lines.as_mut() else { bail!("{} has no output.", self.name) };
        let next = tokio::time::timeout(at_most, lines.next_line()).await;
        let next = next.with_context(|| format!("{} said nothing for {} s.", self.name, at_most.as_secs()))?;
        next?.with_context(|| {
            format!("{} ended before it was ready. Its log ends with:\n{}", self.name, self.last_words())
        })
    }

    /// The end of its log, for an error that somebody reads where the log is gone.
    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LAST_WORDS)..].join("\n")
    }

    /// Reads the rest of its output in the background, so that a full pipe never stops it.
    pub fn let_run(&mut self) {
        if let Some(mut lines) = self.lines.take() {
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        }
    }

    /// Kills the whole group, as a power cut would, and waits until it is gone.
    pub async fn kill(&mut self) -> Result<()> {
        killpg(self.group, Signal::SIGKILL).with_context(|| format!("{} is not there to be killed.", self.name))?;
        self.child.wait().await?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A group that is gone already is what we want.
        let _ = killpg(self.group, Signal::SIGKILL);
        // Not waiting here: the runtime reaps what it spawned.
    }
}
