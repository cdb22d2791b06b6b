//! The writer's core, over the SQL storage that a Durable Object has.
//!
//! Numbers come from one place, so a reader's cursor can never overtake a late writer. Nothing is kept in memory,
//! because an object may be evicted at any time, and no call holds more than one segment.

use std::collections::BTreeSet;

use beacon_shared::api::{SegmentInfo, SegmentList};
use beacon_shared::error::{Code, Error, Result};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{SegmentName, line};
use crate::sql::Argument;

/// A segment is sealed at this many events …
pub const SEGMENT_EVENTS: u64 = 5_000;
/// … or at this many bytes, whichever comes first.
pub const SEGMENT_BYTES: u64 = 4 * 1024 * 1024;
/// The most segments in one list.
const MAX_LISTED: u64 = 1_000;
/// The most events that are looked at in one step; one event is far below 100 KB.
const STEP: u64 = 100;
/// Milliseconds for which a sealed event's id is still recognised.
const SEEN_FOR: i64 = 48 * 60 * 60 * 1000;

const TABLES: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS events (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL UNIQUE, body TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS seen (event_id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS seen_at ON seen (at)",
    "CREATE TABLE IF NOT EXISTS segments (first INTEGER PRIMARY KEY, last INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS log (
      id INTEGER PRIMARY KEY CHECK (id = 1), log_id TEXT NOT NULL, events INTEGER NOT NULL, bytes INTEGER NOT NULL)",
    // Made once; the counters of a log from before this table are counted here.
    "INSERT INTO log (id, log_id, events, bytes)
      SELECT 1, lower(hex(randomblob(16))), (SELECT COUNT(*) FROM events),
        (SELECT COALESCE(SUM(LENGTH(CAST(body AS BLOB))), 0) FROM events)
      WHERE NOT EXISTS (SELECT 1 FROM log)",
];

/// The storage's SQL. The calls of one request without a wait between them are written together.
pub trait Sql {
    /// Runs a statement and returns its rows as objects.
    fn run(&self, sql: &str, arguments: Vec<Argument>) -> Result<Vec<Value>>;
}

impl<S: Sql> Sql for &S {
    fn run(&self, sql: &str, arguments: Vec<Argument>) -> Result<Vec<Value>> {
        (**self).run(sql, arguments)
    }
}

/// An accepted event on its way into the log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// The event's id.
    pub id: String,
    /// The event as JSON.
    pub body: String,
}

/// The outcome of an append.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Appended {
    /// The number of events that were in the log already.
    pub duplicates: usize,
    /// True if enough waits to be sealed.
    #[serde(skip)]
    pub full: bool,
}

/// The end of a log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// The log's identity.
    pub log_id: String,
    /// Its last number.
    pub head: u64,
}

/// A segment that was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// It is sealed and lies in the object store.
    Sealed,
    /// Its lines, from the open end.
    Open(String),
    /// It was open when it was listed, and has been sealed since.
    SealedSince,
    /// The log has no such segment.
    Missing,
}

/// A segment that is full, not yet sealed.
#[derive(Debug)]
pub struct Full {
    /// First number.
    pub first: u64,
    /// Last number.
    pub last: u64,
    /// Its lines.
    pub text: String,
}

/// The log of the site whose storage this is.
pub struct Log<S>(S);

#[derive(Deserialize)]
struct EventRow {
    seq: u64,
    body: String,
}

#[derive(Deserialize)]
struct SizeRow {
    seq: u64,
    bytes: u64,
}

#[derive(Deserialize)]
struct IdRow {
    event_id: String,
}

#[derive(Deserialize)]
struct Range {
    first: u64,
    last: u64,
}

/// The open events.
#[derive(Default, Deserialize)]
struct Waiting {
    events: u64,
    bytes: u64,
}

impl Waiting {
    fn full(&self) -> bool {
        self.events >= SEGMENT_EVENTS || self.bytes >= SEGMENT_BYTES
    }
}

#[derive(Deserialize)]
struct State {
    log_id: String,
    #[serde(flatten)]
    waiting: Waiting,
    first: Option<u64>,
    last: Option<u64>,
    sealed: Option<u64>,
}

impl State {
    fn head(&self) -> u64 {
        self.last.or(self.sealed).unwrap_or(0)
    }
}

impl<S: Sql> Log<S> {
    /// Opens the storage and makes what is missing in it.
    pub fn open(sql: S) -> Result<Self> {
        for statement in TABLES {
            sql.run(statement, Vec::new())?;
        }
        Ok(Self(sql))
    }

    /// Returns the storage, for tests that look inside.
    #[cfg(test)]
    pub fn sql(&self) -> &S {
        &self.0
    }

    fn rows<T: DeserializeOwned>(&self, sql: &str, arguments: Vec<Argument>) -> Result<Vec<T>> {
        let read = |row| serde_json::from_value(row).map_err(|e| defect(&e));
        self.0.run(sql, arguments)?.into_iter().map(read).collect()
    }

    fn state(&self) -> Result<State> {
        let sql = "SELECT log_id, events, bytes, (SELECT MIN(seq) FROM events) AS first,
            (SELECT MAX(seq) FROM events) AS last, (SELECT MAX(last) FROM segments) AS sealed FROM log";
        self.rows(sql, Vec::new())?.into_iter().next().ok_or_else(|| defect(&"the log has no state"))
    }

    /// Appends events. Those whose ids are known are dropped.
    pub fn append(&self, entries: &[Entry]) -> Result<Appended> {
        let ids: Vec<&str> = entries.iter().map(|e| e.id.as_str()).collect();
        let known = "SELECT value AS event_id FROM json_each(?1)
            WHERE value IN (SELECT event_id FROM events) OR value IN (SELECT event_id FROM seen)";
        let known: Vec<IdRow> = self.rows(known, vec![json!(ids).to_string().into()])?;
        let mut known: BTreeSet<String> = known.into_iter().map(|row| row.event_id).collect();
        let fresh: Vec<&Entry> = entries.iter().filter(|e| known.insert(e.id.clone())).collect();
        let mut waiting = Waiting::default();
        if !fresh.is_empty() {
            let insert = "INSERT INTO events (event_id, body)
                SELECT value ->> 'id', value ->> 'body' FROM json_each(?1) ORDER BY key";
            self.0.run(insert, vec![json!(fresh).to_string().into()])?;
            let bytes: usize = fresh.iter().map(|e| e.body.len()).sum();
            let count = "UPDATE log SET events = events + ?1, bytes = bytes + ?2 RETURNING events, bytes";
            let counted = self.rows(count, vec![integer(fresh.len() as u64), integer(bytes as u64)])?;
            waiting = counted.into_iter().next().unwrap_or_default();
        }
        Ok(Appended { duplicates: entries.len() - fresh.len(), full: waiting.full() })
    }

    /// Returns the oldest segment that is full, if there is one.
    pub fn full(&self) -> Result<Option<Full>> {
        let state = self.state()?;
        match (state.first, state.last) {
            (Some(first), Some(last)) if state.waiting.full() => self.lines(first, last).map(Some),
            _ => Ok(None),
        }
    }

    /// Forgets the events of a segment, once its object is stored. Their ids are still recognised for 48 hours.
    pub fn sealed(&self, segment: &Full, now: i64) -> Result<()> {
        let range = || vec![integer(segment.first), integer(segment.last)];
        self.0.run("INSERT OR IGNORE INTO segments (first, last) VALUES (?1, ?2)", range())?;
        let remember = "INSERT OR REPLACE INTO seen (event_id, at)
            SELECT event_id, ?3 FROM events WHERE seq BETWEEN ?1 AND ?2";
        let mut with_time = range();
        with_time.push(now.into());
        self.0.run(remember, with_time)?;
        let count = "UPDATE log SET
            events = events - (SELECT COUNT(*) FROM events WHERE seq BETWEEN ?1 AND ?2),
            bytes = bytes - (SELECT COALESCE(SUM(LENGTH(CAST(body AS BLOB))), 0) FROM events WHERE seq BETWEEN ?1 AND ?2)";
        self.0.run(count, range())?;
        self.0.run("DELETE FROM events WHERE seq BETWEEN ?1 AND ?2", range())?;
        self.0.run("DELETE FROM seen WHERE at < ?1", vec![(now - SEEN_FOR).into()])?;
        Ok(())
    }

    /// Returns where the log ends.
    pub fn head(&self) -> Result<Head> {
        let state = self.state()?;
        Ok(Head { head: state.head(), log_id: state.log_id })
    }

    /// Lists the segments with a number above `after`. A list may end before the head; the reader then asks again.
    pub fn list(&self, site: &str, after: u64, now: i64) -> Result<SegmentList> {
        let state = self.state()?;
        let info = |first, last, sealed| {
            let id = SegmentName { site: site.to_owned(), first, last }.id();
            SegmentInfo { id, first, last, sealed }
        };
        let sealed = "SELECT first, last FROM segments WHERE last > ?1 ORDER BY first LIMIT ?2";
        let sealed: Vec<Range> = self.rows(sealed, vec![integer(after), integer(MAX_LISTED)])?;
        let complete = (sealed.len() as u64) < MAX_LISTED;
        let mut segments: Vec<SegmentInfo> = sealed.into_iter().map(|r| info(r.first, r.last, true)).collect();
        if let Some(first) = state.first.map(|first| first.max(after.saturating_add(1)))
            && complete
            && state.last.is_some_and(|last| last >= first)
        {
            segments.push(info(first, self.end_of(first)?, false));
        }
        Ok(SegmentList { head: state.head(), as_of: now, log_id: state.log_id, segments })
    }

    /// Returns the last number of the segment that begins at `first` in the open end.
    fn end_of(&self, first: u64) -> Result<u64> {
        let (mut last, mut events, mut bytes) = (first, 0, 0);
        loop {
            let step =
                "SELECT seq, LENGTH(CAST(body AS BLOB)) AS bytes FROM events WHERE seq >= ?1 ORDER BY seq LIMIT ?2";
            let from = if events == 0 { first } else { last + 1 };
            let rows: Vec<SizeRow> = self.rows(step, vec![integer(from), integer(STEP)])?;
            let full_step = rows.len() as u64 == STEP;
            for row in rows {
                (last, events, bytes) = (row.seq, events + 1, bytes + row.bytes);
                if events >= SEGMENT_EVENTS || bytes >= SEGMENT_BYTES {
                    return Ok(last);
                }
            }
            if !full_step {
                return Ok(last);
            }
        }
    }

    /// Reads the open events from `first` to `last`, at most one segment of them.
    fn lines(&self, first: u64, last: u64) -> Result<Full> {
        let mut full = Full { first, last: first, text: String::new() };
        let (mut from, mut events, mut bytes) = (first, 0, 0);
        loop {
            let step = "SELECT seq, body FROM events WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq LIMIT ?3";
            let rows: Vec<EventRow> = self.rows(step, vec![integer(from), integer(last), integer(STEP)])?;
            let full_step = rows.len() as u64 == STEP;
            for row in rows {
                full.last = row.seq;
                full.text.push_str(&line(row.seq, &row.body));
                (events, bytes) = (events + 1, bytes + row.body.len() as u64);
                if events >= SEGMENT_EVENTS || bytes >= SEGMENT_BYTES {
                    return Ok(full);
                }
            }
            if !full_step {
                return Ok(full);
            }
            from = full.last + 1;
        }
    }

    /// Reads a segment that [`Log::list`] named.
    pub fn read(&self, first: u64, last: u64) -> Result<Reading> {
        let sealed = "SELECT first, last FROM segments WHERE first <= ?2 AND last >= ?1";
        let sealed: Vec<Range> = self.rows(sealed, vec![integer(first), integer(last)])?;
        if sealed.iter().any(|r| (r.first, r.last) == (first, last)) {
            return Ok(Reading::Sealed);
        }
        // A part of it would look like all of it.
        if !sealed.is_empty() {
            return Ok(Reading::SealedSince);
        }
        let state = self.state()?;
        if state.first.is_none_or(|open| first < open) || last > state.head() || last < first {
            return Ok(Reading::Missing);
        }
        let found = self.lines(first, last)?;
        // Two events may pass the limit where a list of smaller numbers did not: the reader lists again.
        Ok(if found.last == last { Reading::Open(found.text) } else { Reading::SealedSince })
    }
}

fn integer(n: u64) -> Argument {
    n.into()
}

fn defect(why: &impl std::fmt::Display) -> Error {
    Error::new(Code::Internal, format!("The site's log cannot be read: {why}."))
}
