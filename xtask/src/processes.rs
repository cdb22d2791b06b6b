//! Long-running programs, each in a process group of its own, so that ending one ends all that it started.

use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

static STOPPING: AtomicBool = AtomicBool::new(false);
const GRACE: Duration = Duration::from_secs(5);

/// From now on Ctrl-C (and SIGTERM) asks the task to end, which then ends what it started.
pub fn catch_stop() -> Result<()> {
    ctrlc::set_handler(|| STOPPING.store(true, Ordering::SeqCst)).context("Ctrl-C could not be caught")
}

/// Returns true if the person asked to stop.
pub fn stopping() -> bool {
    STOPPING.load(Ordering::SeqCst)
}

/// A program with all that it starts; dropping it ends them.
pub struct Group {
    child: Child,
    name: &'static str,
}

impl Group {
    /// Starts the program as the head of a group.
    pub fn start(name: &'static str, command: &mut Command) -> Result<Self> {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let child = command.spawn().with_context(|| format!("{name} could not be started"))?;
        Ok(Self { child, name })
    }

    /// The program's standard output, once, when it was piped.
    pub fn stdout(&mut self) -> Option<std::process::ChildStdout> {
        self.child.stdout.take()
    }

    /// Returns how it ended, if it did.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().with_context(|| format!("{} cannot be watched", self.name))
    }

    #[cfg(unix)]
    fn signal(&self, hard: bool) {
        use nix::sys::signal::{Signal, killpg};
        let Ok(group) = i32::try_from(self.child.id()) else { return };
        let signal = if hard { Signal::SIGKILL } else { Signal::SIGTERM };
        // A group that is gone already is what we want.
        let _ = killpg(nix::unistd::Pid::from_raw(group), signal);
    }

    #[cfg(not(unix))]
    fn signal(&mut self, _hard: bool) {
        let _ = self.child.kill();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(false);
        let begun = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && begun.elapsed() < GRACE {
            std::thread::sleep(Duration::from_millis(50));
        }
        self.signal(true);
        let _ = self.child.wait();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    #[test]
    fn dropping_a_group_ends_what_the_program_started() {
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' TERM; sleep 300 & echo $!; wait"]).stdout(Stdio::piped());
        let mut group = Group::start("A shell", &mut command).unwrap();
        let mut line = String::new();
        BufReader::new(group.stdout().unwrap()).read_line(&mut line).unwrap();
        let grandchild = nix::unistd::Pid::from_raw(line.trim().parse().unwrap());
        assert!(nix::sys::signal::kill(grandchild, None).is_ok());
        drop(group);
        let gone = || nix::sys::signal::kill(grandchild, None).is_err();
        let zombie = || {
            let state = std::fs::read_to_string(format!("/proc/{grandchild}/stat")).unwrap_or_default();
            state.contains(") Z ")
        };
        // A killed process takes a moment to die.
        let begun = Instant::now();
        while !(gone() || zombie()) {
            assert!(begun.elapsed() < GRACE, "{grandchild} outlived its group");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
