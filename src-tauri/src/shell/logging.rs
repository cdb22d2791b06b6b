//! The log: standard error, and a file beside the data for the person who reports a problem.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::sync::Mutex;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::MakeWriterExt;

const NAME: &str = "beacon.log";
const OLD: &str = "beacon.old.log";
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// Starts the log. `BEACON_LOG` says how much, in the form of `tracing`'s filters.
pub fn start(folder: &Path) {
    let filter = EnvFilter::try_from_env("BEACON_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,beacon=info,beacon_desktop=info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false);
    // A log that cannot be written must not stop the work, and a second start in one process keeps the first log.
    let _ = match file(folder) {
        Ok(file) => log.with_writer(std::io::stderr.and(Mutex::new(file))).try_init(),
        Err(_) => log.with_writer(std::io::stderr).try_init(),
    };
}

/// Opens the log file to append to it. A file that is too long is put aside first.
fn file(folder: &Path) -> std::io::Result<File> {
    let path = folder.join(NAME);
    if std::fs::metadata(&path).is_ok_and(|found| found.len() > MOST_BYTES) {
        std::fs::rename(&path, folder.join(OLD))?;
    }
    OpenOptions::new().create(true).append(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_is_too_long_makes_room() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(NAME), vec![b'x'; MOST_BYTES as usize + 1]).unwrap();
        let fresh = file(folder.path()).unwrap();
        assert_eq!(fresh.metadata().unwrap().len(), 0);
        assert!(folder.path().join(OLD).exists());
    }
}
