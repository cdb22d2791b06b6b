//! The data of this machine, in one SQLite file: drafts, operations that wait for the edge, and the edge's answers.
//!
//! A document's row, its op in flight and its entry in the log of changes are written in one transaction, and a
//! transaction that returned is on disk. The API key is never in here.

mod changes;
mod cursor;
mod documents;
mod failure;
pub(crate) mod migrate;
mod outbox;
pub(crate) mod progress;
mod settings;
mod sharing;
mod summary;
#[cfg(test)]
mod tests;
mod workspace;

use std::path::Path;
use std::time::Duration;

use beacon_shared::api::{Cursor, Op};
use beacon_shared::error::{Code, Error, Result};
use beacon_shared::ipc::{DocumentRef, Summary};
use beacon_shared::model::{Document, Kind, SCHEMA};
use beacon_shared::sync::mutant::{Mutant, is_active};
use beacon_shared::sync::{Pulled, Replica};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use serde_json::Value;

use crate::ids::Ids;

pub use changes::Origin;
use failure::storage;
pub use progress::Progress;
pub use settings::Setting;
pub use sharing::Sharing;
pub use summary::sync_state;
pub use workspace::other_workspace;

const BUSY: Duration = Duration::from_secs(5);

/// A document as it is kept here.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The document.
    pub replica: Replica,
    /// Unix milliseconds of the last change here.
    pub updated_at: i64,
}

impl Row {
    /// Returns true if a person can open it: it is not deleted, or whether it is, is what a conflict asks.
    pub fn is_here(&self) -> bool {
        !self.replica.local.deleted || self.replica.conflict.is_some()
    }
}

/// The work that waits for the edge, or for a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Documents that the edge does not have as they are here.
    pub pending: usize,
    /// Documents in conflict.
    pub conflicts: usize,
}

/// The database. Its calls block: use the blocking pool.
pub struct Store {
    connection: Connection,
}

impl Store {
    /// Opens the file, makes it if there is none, and brings its tables up to date.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_with(path, &Progress::unseen())
    }

    /// Opens the file as [`Store::open`] does, and says how much of bringing it up to date is done.
    pub fn open_with(path: &Path, progress: &Progress) -> Result<Self> {
        let connection = Connection::open(path).map_err(storage)?;
        connection.busy_timeout(BUSY).map_err(storage)?;
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")
            .map_err(storage)?;
        let mut store = Self { connection };
        migrate::migrate(&mut store.connection, path, migrate::MIGRATIONS, progress)?;
        store.write(|t| {
            read_again_if_updated(t, Kind::ALL.len())?;
            documents::fill_in(t)?;
            sharing::share_metrics(t, &Sharing::NotPushed)
        })?;
        Ok(store)
    }

    /// Opens an empty database in memory, for simulations.
    #[cfg(any(test, feature = "memory"))]
    pub fn in_memory() -> Result<Self> {
        let mut store = Self { connection: Connection::open_in_memory().map_err(storage)? };
        migrate::migrate(&mut store.connection, Path::new(":memory:"), migrate::MIGRATIONS, &Progress::unseen())?;
        Ok(store)
    }

    /// All documents of a kind, deleted ones included, the newest change first.
    pub fn documents(&self, kind: Kind) -> Result<Vec<Row>> {
        documents::by_kind(&self.connection, kind)
    }

    /// The documents of a kind that say `word` somewhere as a whole text, the newest change first. Other bodies are not
    /// parsed.
    pub fn documents_saying(&self, kind: Kind, word: &str) -> Result<Vec<Row>> {
        documents::saying(&self.connection, kind, word)
    }

    /// Returns what lists show of the documents of a kind, the newest change first, or of the `first` ones only.
    pub fn summaries(&self, kind: Kind, first: Option<usize>) -> Result<Vec<Summary>> {
        documents::summaries(&self.connection, kind, first)
    }

    /// Returns what lists show of these documents of a kind.
    pub fn summaries_of(&self, kind: Kind, ids: &[String]) -> Result<Vec<Summary>> {
        documents::summaries_of(&self.connection, kind, ids)
    }

    /// Counts the documents whose draft differs from what is live, as the review lists them.
    pub fn count_changes(&self) -> Result<usize> {
        documents::count_changes(&self.connection)
    }

    /// One document, deleted or not.
    pub fn document(&self, id: &str) -> Result<Option<Row>> {
        documents::get(&self.connection, id)
    }

    /// Adds a document that was made here.
    pub fn create(&mut self, replica: Replica, now: i64) -> Result<Row> {
        self.write(|t| add(t, replica, now))
    }

    /// Adds documents that were made here, all or none.
    pub fn create_all(&mut self, replicas: Vec<Replica>, now: i64) -> Result<()> {
        self.write(|t| replicas.into_iter().try_for_each(|replica| add(t, replica, now).map(drop)))
    }

    /// Applies a person's edit to a document: merged, recorded and queued for the edge in one transaction, or nothing.
    pub fn apply(&mut self, id: &str, now: i64, change: impl FnOnce(&mut Replica) -> Result<()>) -> Result<Row> {
        self.write(|t| {
            let before = documents::get(t, id)?.filter(Row::is_here).ok_or_else(not_found)?;
            let mut row = before.clone();
            refuse_newer(&row.replica)?;
            change(&mut row.replica)?;
            if row != before {
                row.updated_at = now;
                save(t, Some(&before), &row, Origin::Here)?;
            }
            Ok(row)
        })
    }

    /// The ops to send: those in flight, oldest first, then new ones, which are stored before this returns.
    pub fn freeze(&mut self, ids: &Ids, now: i64, most: usize) -> Result<Vec<Op>> {
        self.write(|t| {
            let mut ops = outbox::oldest(t, most)?;
            if is_active(Mutant::RetryIsAnotherOp) {
                for op in &mut ops {
                    op.op_id = ids.next();
                    outbox::put(t, &op.doc_id, Some(op))?;
                }
            }
            for id in documents::to_push(t, most)? {
                if ops.len() >= most {
                    break;
                }
                let Some(before) = documents::get(t, &id)? else { continue };
                let mut row = before.clone();
                if let Some(op) = row.replica.freeze(|| ids.next(), now) {
                    ops.push(op.clone());
                    save(t, Some(&before), &row, Origin::Here)?;
                }
            }
            Ok(ops)
        })
    }

    /// Takes in what the edge said about one document. Returns the document if something changed.
    pub fn apply_outcome(
        &mut self,
        id: &str,
        now: i64,
        event: impl FnOnce(&mut Replica),
    ) -> Result<Option<DocumentRef>> {
        self.write(|t| {
            let Some(before) = documents::get(t, id)? else { return Ok(None) };
            let mut row = before.clone();
            event(&mut row.replica);
            if row == before {
                return Ok(None);
            }
            save_remote(t, &before, row, now).map(Some)
        })
    }

    /// Takes rows in, and moves the cursor when none of them had to wait. Rows of a kind that only a newer version knows are
    /// passed over; that version reads them again. In a `resync` the rows are all that the
    /// edge has. Returns the documents that changed, and whether the cursor moved.
    pub fn pull(
        &mut self,
        rows: &[Document],
        resync: bool,
        cursor: &Cursor,
        now: i64,
    ) -> Result<(Vec<DocumentRef>, bool)> {
        self.write(|t| {
            let (mut changed, mut held) = (Vec::new(), false);
            if rows.iter().any(|row| row.kind == Kind::Unknown) {
                settings::set(t, Setting::KindsKnown, Some(&Kind::ALL.len().to_string()))?;
            }
            for theirs in rows.iter().filter(|row| row.kind != Kind::Unknown) {
                let Some(before) = documents::get(t, &theirs.id)? else {
                    let row = Row { replica: Replica::remote(theirs), updated_at: now };
                    save(t, None, &row, Origin::Edge)?;
                    changed.push(reference(&row));
                    continue;
                };
                let mut row = before.clone();
                held |= row.replica.pull(theirs, resync) == Pulled::Held;
                if row != before {
                    changed.push(save_remote(t, &before, row, now)?);
                }
            }
            if resync {
                changed.extend(mark_missing(t, rows, now)?);
            }
            let moved = !held || is_active(Mutant::CursorPassesHeldRow);
            if moved {
                cursor::set(t, cursor)?;
            }
            if resync && moved {
                cursor::forget_newest(t)?;
            }
            if moved || !resync {
                cursor::set_newest(t, cursor.seq, &cursor.stamp)?;
            }
            Ok((changed, !held))
        })
    }

    /// Remembers the newest change that the edge answered a push with, before the answer itself: what the answer says
    /// may be undone by a restore.
    pub fn note_newest(&mut self, seq: u64, stamp: &str) -> Result<()> {
        self.write(|t| cursor::set_newest(t, seq, stamp))
    }

    /// Returns the place up to which the edge was read.
    pub fn cursor(&self) -> Result<Cursor> {
        cursor::get(&self.connection)
    }

    /// Counts what waits.
    pub fn tally(&self) -> Result<Tally> {
        documents::tally(&self.connection)
    }

    /// Counts the documents of a kind.
    pub fn count(&self, kind: Kind) -> Result<usize> {
        documents::count(&self.connection, kind)
    }

    /// Ids of the sites whose events are fetched.
    pub fn sites(&self) -> Result<Vec<String>> {
        documents::pushed(&self.connection, Kind::Site)
    }

    /// A setting's value.
    pub fn setting(&self, key: Setting) -> Result<Option<String>> {
        settings::get(&self.connection, key)
    }

    /// Writes a setting; `None` removes it.
    pub fn set(&mut self, key: Setting, value: Option<&str>) -> Result<()> {
        self.write(|t| settings::set(t, key, value))
    }

    fn write<T>(&mut self, f: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(storage)?;
        let result = f(&transaction)?;
        transaction.commit().map_err(storage)?;
        Ok(result)
    }
}

fn save_remote(t: &Transaction<'_>, before: &Row, mut row: Row, now: i64) -> Result<DocumentRef> {
    if row.replica.local != before.replica.local {
        row.updated_at = now;
    }
    save(t, Some(before), &row, Origin::Edge)?;
    Ok(reference(&row))
}

fn reference(row: &Row) -> DocumentRef {
    DocumentRef { kind: row.replica.kind, id: row.replica.id.clone() }
}

/// Marks the documents that the edge once had and that are not among `rows`, which are all that it has now.
fn mark_missing(t: &Transaction<'_>, rows: &[Document], now: i64) -> Result<Vec<DocumentRef>> {
    let there: std::collections::HashSet<&str> = rows.iter().map(|d| d.id.as_str()).collect();
    let mut changed = Vec::new();
    for before in documents::all(t)? {
        // An op in flight gets its own answer.
        if there.contains(before.replica.id.as_str()) || before.replica.in_flight.is_some() {
            continue;
        }
        let mut row = before.clone();
        row.replica.mark_missing();
        if row != before {
            changed.push(save_remote(t, &before, row, now)?);
        }
    }
    Ok(changed)
}

fn add(t: &Transaction<'_>, replica: Replica, now: i64) -> Result<Row> {
    let row = Row { replica, updated_at: now };
    save(t, None, &row, Origin::Here)?;
    Ok(row)
}

fn save(t: &Transaction<'_>, before: Option<&Row>, row: &Row, origin: Origin) -> Result<()> {
    let old = before.map(|b| &b.replica);
    documents::put(t, row)?;
    if old.and_then(|o| o.in_flight.as_ref()) != row.replica.in_flight.as_ref() {
        outbox::put(t, &row.replica.id, row.replica.in_flight.as_ref())?;
    }
    if old.map(|o| &o.local) != Some(&row.replica.local) {
        changes::add(t, &row.replica, row.updated_at, origin)?;
    }
    Ok(())
}

/// The error about a document that is not there.
pub fn not_found() -> Error {
    Error::new(Code::NotFound, "This does not exist any more: it was deleted. Go back to the list.")
}

/// A document that a newer version wrote is only read: this one does not know what its fields mean.
fn refuse_newer(replica: &Replica) -> Result<()> {
    let is_newer = |body: &Value| body["schema"].as_u64().is_some_and(|schema| schema > u64::from(SCHEMA));
    let theirs = replica.conflict.as_ref().is_some_and(|open| is_newer(&open.theirs.body));
    if theirs || is_newer(&replica.local.body) {
        let message = "A newer Beacon wrote this, so you can only read it here. Update Beacon to change it.";
        return Err(Error::new(Code::Invalid, message));
    }
    Ok(())
}

/// Starts reading the edge over, once this version knows more kinds than the one that passed some over.
fn read_again_if_updated(t: &Connection, kinds: usize) -> Result<()> {
    let known = settings::get(t, Setting::KindsKnown)?.and_then(|known| known.parse::<usize>().ok());
    if known.is_some_and(|known| known < kinds) {
        cursor::start_over(t)?;
        settings::set(t, Setting::KindsKnown, None)?;
    }
    Ok(())
}
