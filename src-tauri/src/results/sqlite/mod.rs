//! [`EventStore`] in a SQLite file.

mod count;
mod exclusions;
mod fold;
mod functions;
mod log;
mod outcome;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use beacon_shared::error::{Code, Error, Result};
use beacon_shared::event::Line;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::cancel::cancelled;
use super::{Cancel, Counts, EventStore, LogState, Query};
use crate::store::Progress;
use crate::store::migrate::migrate;

/// The steps from an empty file to today's tables. Append only: a step that was shipped never changes.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_events.sql"),
    include_str!("../migrations/0002_value.sql"),
    include_str!("../migrations/0003_logs.sql"),
];
/// Steps of the database between two looks at whether a count was cancelled: a fraction of a millisecond.
const STEPS: i32 = 10_000;
const BUSY: Duration = Duration::from_secs(5);

/// The events on this machine, in one file.
pub struct SqliteEvents {
    path: PathBuf,
    progress: Progress,
    opened: Mutex<Option<Arc<Opened>>>,
}

/// One writer, and one reader that the writer does not hold up. Counting has connections of its own.
struct Opened {
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
}

impl SqliteEvents {
    /// The events in this file. The first call opens it, makes it when there is none, and brings its tables up to
    /// date, which may take minutes: a window does not wait for it.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self::with_progress(path, Progress::unseen())
    }

    /// The events in this file, as [`SqliteEvents::new`] has them, which say how much of bringing them up to date is done.
    pub fn with_progress(path: impl AsRef<Path>, progress: Progress) -> Self {
        Self { path: path.as_ref().to_owned(), progress, opened: Mutex::default() }
    }

    fn opened(&self) -> Result<Arc<Opened>> {
        let mut opened = lock(&self.opened);
        if let Some(opened) = &*opened {
            return Ok(Arc::clone(opened));
        }
        let mut writer = connect(&self.path)?;
        migrate(&mut writer, &self.path, MIGRATIONS, &self.progress)?;
        let now = Arc::new(Opened { writer: Mutex::new(writer), reader: Mutex::new(connect(&self.path)?) });
        Ok(Arc::clone(opened.insert(now)))
    }

    fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        read(&lock(&self.opened()?.reader))
    }

    /// All or nothing.
    fn write<T>(&self, write: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let opened = self.opened()?;
        let mut writer = lock(&opened.writer);
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate).map_err(storage)?;
        let written = write(&transaction)?;
        transaction.commit().map_err(storage)?;
        Ok(written)
    }
}

impl EventStore for SqliteEvents {
    fn log(&self, site: &str) -> Result<Option<LogState>> {
        self.read(|c| log::current(c, site))
    }

    fn open_log(&self, site: &str, log_id: &str, now: i64) -> Result<()> {
        self.write(|t| log::open(t, site, log_id, now).map_err(storage))
    }

    fn name_log(&self, site: &str, log_id: &str) -> Result<()> {
        self.write(|t| log::name(t, site, log_id).map_err(storage))
    }

    fn retire_log(&self, site: &str, now: i64) -> Result<()> {
        self.write(|t| log::retire(t, site, now).map_err(storage))
    }

    fn event_ids(&self, site: &str, first: u64, most: u32) -> Result<Vec<(u64, Option<String>)>> {
        self.read(|c| log::event_ids(c, site, first, most).map_err(storage))
    }

    fn append(&self, site: &str, lines: &[Line]) -> Result<()> {
        self.write(|t| log::append(t, site, lines))
    }

    fn skip(&self, site: &str, first: u64, last: u64, now: i64) -> Result<()> {
        self.write(|t| log::skip(t, site, first, last, now).map_err(storage))
    }

    fn head(&self, site: &str) -> Result<u64> {
        Ok(self.log(site)?.map_or(0, |log| log.head))
    }

    fn len(&self, site: &str) -> Result<u64> {
        const SQL: &str = "SELECT coalesce(sum(events), 0) FROM logs WHERE site = ?1";
        self.read(|c| c.query_row(SQL, [site], |row| row.get(0)).map_err(storage))
    }

    fn set_as_of(&self, site: &str, at: i64) -> Result<()> {
        const SQL: &str = "UPDATE logs SET as_of = ?2 WHERE site = ?1 AND current = 1";
        self.write(|t| t.execute(SQL, params![site, at]).map(drop).map_err(storage))
    }

    fn as_of(&self, site: &str) -> Result<Option<i64>> {
        Ok(self.log(site)?.and_then(|log| log.as_of))
    }

    fn count(&self, query: &Query, cancel: &Cancel) -> Result<Counts> {
        self.counted(query, None, cancel)
    }

    fn history(&self, query: &Query, since: i64, cancel: &Cancel) -> Result<Counts> {
        self.counted(query, Some(since), cancel)
    }
}

impl SqliteEvents {
    fn counted(&self, query: &Query, since: Option<i64>, cancel: &Cancel) -> Result<Counts> {
        self.opened()?;
        let mut connection = connect(&self.path)?;
        functions::define(&connection, query.zone.clone()).map_err(storage)?;
        cancel.interrupts(connection.get_interrupt_handle());
        let ends = cancel.clone();
        connection.progress_handler(STEPS, Some(move || ends.is_cancelled())).map_err(storage)?;
        match count::count(&mut connection, query, since) {
            Err(_) if cancel.is_cancelled() => Err(cancelled()),
            counts => counts.map_err(storage),
        }
    }
}

fn connect(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path).map_err(storage)?;
    connection.busy_timeout(BUSY).map_err(storage)?;
    connection.pragma_update(None, "journal_mode", "wal").map_err(storage)?;
    // The edge still has what the last moments before a power cut may cost.
    connection.pragma_update(None, "synchronous", "normal").map_err(storage)?;
    Ok(connection)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn storage(error: rusqlite::Error) -> Error {
    tracing::warn!(%error, "events database");
    let message = "The events on this machine cannot be read or written. Check that the disk has space and that \
                   Beacon's folder may be written to, then restart Beacon.";
    Error::new(Code::Storage, message)
}
