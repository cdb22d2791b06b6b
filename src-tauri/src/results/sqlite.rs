//! [`EventStore`] in a SQLite file.

mod count;
mod filter;
mod fold;
mod outcome;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use beacon_shared::error::{Code, Error, Result};
use beacon_shared::event::{Event, Line};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::{Counts, EventStore, Query};

/// The steps from an empty file to today's tables. Append only: a step that was shipped never changes.
const MIGRATIONS: &[&str] = &[include_str!("migrations/0001_events.sql"), include_str!("migrations/0002_value.sql")];
/// The type of a row whose line this version cannot read.
const UNREADABLE: &str = "";
const BUSY: Duration = Duration::from_secs(5);

/// The events on this machine: one file, one writer, one reader that the writer does not hold up.
pub struct SqliteEvents {
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
}

impl SqliteEvents {
    /// Opens the file, making it when there is none.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let mut writer = connect(path)?;
        migrate(&mut writer)?;
        let reader = connect(path)?;
        filter::define(&reader).map_err(storage)?;
        Ok(Self { writer: Mutex::new(writer), reader: Mutex::new(reader) })
    }
}

impl EventStore for SqliteEvents {
    fn append(&self, site: &str, lines: &[Line]) -> Result<()> {
        let mut writer = lock(&self.writer);
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate).map_err(storage)?;
        let added = insert(&transaction, site, lines)?;
        advance(&transaction, site, added).map_err(storage)?;
        transaction.commit().map_err(storage)
    }

    fn head(&self, site: &str) -> Result<u64> {
        log(&lock(&self.reader), site, "head")
    }

    fn len(&self, site: &str) -> Result<u64> {
        log(&lock(&self.reader), site, "events")
    }

    fn set_as_of(&self, site: &str, at: i64) -> Result<()> {
        const SQL: &str = "INSERT INTO logs (site, as_of) VALUES (?1, ?2) \
                           ON CONFLICT (site) DO UPDATE SET as_of = excluded.as_of";
        lock(&self.writer).execute(SQL, params![site, at]).map(drop).map_err(storage)
    }

    fn as_of(&self, site: &str) -> Result<Option<i64>> {
        let found = lock(&self.reader).query_row("SELECT as_of FROM logs WHERE site = ?1", [site], |row| row.get(0));
        Ok(found.optional().map_err(storage)?.flatten())
    }

    fn count(&self, query: &Query) -> Result<Counts> {
        count::count(&mut lock(&self.reader), query).map_err(storage)
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

fn migrate(connection: &mut Connection) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(storage)?;
    let version: usize = transaction.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(storage)?;
    if version > MIGRATIONS.len() {
        let message = "The events on this machine were written by a newer Beacon. Install the newest version.";
        return Err(Error::new(Code::NewerDatabase, message));
    }
    for sql in MIGRATIONS.iter().skip(version) {
        transaction.execute_batch(sql).map_err(storage)?;
    }
    if version < MIGRATIONS.len() {
        transaction.pragma_update(None, "user_version", MIGRATIONS.len()).map_err(storage)?;
    }
    transaction.commit().map_err(storage)
}

/// How many rows are new.
fn insert(transaction: &Transaction<'_>, site: &str, lines: &[Line]) -> Result<i64> {
    const SQL: &str = "INSERT INTO events \
        (site, seq, event_id, ts, type, name, visitor, experiment, variant, marks, counts, body, value) \
        VALUES (?1, ?2, (SELECT ?3 WHERE NOT EXISTS (SELECT 1 FROM events WHERE site = ?1 AND event_id = ?3)), \
                ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) \
        ON CONFLICT (site, seq) DO NOTHING";
    let mut statement = transaction.prepare_cached(SQL).map_err(storage)?;
    let mut added = 0;
    for line in lines {
        let seq = i64::try_from(line.seq).map_err(|_| {
            Error::new(Code::NotAnEdge, "The edge's log has an impossible number. Update Beacon and the edge.")
        })?;
        let event = line.event.as_ref();
        let row = params![
            site,
            seq,
            event.map(|e| &e.event_id),
            event.map_or(0, |e| e.ts),
            event.map_or(UNREADABLE, |e| e.kind.name()),
            event.and_then(|e| e.name.as_ref()),
            event.map_or("", |e| &e.visitor_id),
            event.and_then(|e| e.experiment_id.as_ref()),
            event.and_then(|e| e.variant_id.as_ref()),
            event.map_or_else(|| Ok("[]".to_owned()), |e| json(&e.marks))?,
            event.is_some_and(Event::counts),
            line.text,
            event.and_then(|e| e.value),
        ];
        added += i64::from(statement.execute(row).map_err(storage)? == 1);
    }
    Ok(added)
}

/// Moves the head over all that now follows without a gap.
fn advance(transaction: &Transaction<'_>, site: &str, added: i64) -> rusqlite::Result<()> {
    const LOG: &str = "INSERT INTO logs (site, events) VALUES (?1, ?2) \
                       ON CONFLICT (site) DO UPDATE SET events = events + excluded.events RETURNING head";
    let head: i64 = transaction.query_row(LOG, params![site, added], |row| row.get(0))?;
    let mut following =
        transaction.prepare_cached("SELECT seq FROM events WHERE site = ?1 AND seq > ?2 ORDER BY seq")?;
    let mut end = head;
    for seq in following.query_map(params![site, head], |row| row.get::<_, i64>(0))? {
        if seq? != end + 1 {
            break;
        }
        end += 1;
    }
    transaction.execute("UPDATE logs SET head = ?2 WHERE site = ?1", params![site, end]).map(drop)
}

fn log(connection: &Connection, site: &str, column: &'static str) -> Result<u64> {
    let sql = format!("SELECT {column} FROM logs WHERE site = ?1");
    let found: Option<i64> = connection.query_row(&sql, [site], |row| row.get(0)).optional().map_err(storage)?;
    Ok(found.and_then(|n| u64::try_from(n).ok()).unwrap_or_default())
}

fn json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|_| Error::new(Code::Internal, "An event cannot be written as JSON. Please report this to Beacon."))
}

fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

fn storage(error: rusqlite::Error) -> Error {
    tracing::warn!(%error, "events database");
    let message = "The events on this machine cannot be read or written. Check that the disk has space and that \
                   Beacon's folder may be written to, then restart Beacon.";
    Error::new(Code::Storage, message)
}
