//! The single writer of a site's events: a Durable Object with SQLite storage.
//!
//! Numbers come from one place, so a reader's cursor can never overtake a late writer. Nothing is kept in memory:
//! an object may be evicted at any time.

use std::cell::Cell;
use std::collections::BTreeSet;

use beacon_shared::api::{SegmentInfo, SegmentList};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use worker::{DurableObject, Env, Method, Request, Response, Result, SqlStorage, State, durable_object};

use crate::events::segment::{SegmentName, line};
use crate::routes::now;

/// A segment is sealed when so many events wait.
const SEGMENT_EVENTS: i64 = 5_000;
/// How long a sealed event's id is still recognised.
const SEEN_FOR: i64 = 48 * 60 * 60 * 1000;

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL UNIQUE, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS seen (event_id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_at ON seen (at);
CREATE TABLE IF NOT EXISTS segments (first INTEGER PRIMARY KEY, last INTEGER NOT NULL);";

/// One accepted event on its way into the log.
#[derive(Serialize, Deserialize)]
pub struct Entry {
    /// The event's id.
    pub id: String,
    /// The event as JSON.
    pub body: String,
}

/// What became of an append.
#[derive(Serialize, Deserialize)]
pub struct Appended {
    /// How many were in the log already.
    pub duplicates: usize,
}

#[derive(Deserialize)]
struct EventRow {
    seq: u64,
    body: String,
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

#[derive(Deserialize)]
struct Bounds {
    first: Option<u64>,
    last: Option<u64>,
    sealed: Option<u64>,
}

#[derive(Deserialize)]
struct Count {
    count: i64,
}

/// One site's log.
#[durable_object]
pub struct SiteLog {
    state: State,
    env: Env,
    sealing: Cell<bool>,
}

impl DurableObject for SiteLog {
    fn new(state: State, env: Env) -> Self {
        if let Err(error) = state.storage().sql().exec(TABLES, None) {
            worker::console_error!("site log: {}", error.to_string());
        }
        Self { state, env, sealing: Cell::new(false) }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let url = request.url()?;
        let number = |name: &str| {
            url.query_pairs().find(|(key, _)| key == name).and_then(|(_, value)| value.parse::<u64>().ok()).unwrap_or(0)
        };
        let site = url.query_pairs().find(|(key, _)| key == "site").map(|(_, v)| v.into_owned()).unwrap_or_default();
        match (request.method(), url.path()) {
            (Method::Post, "/append") => {
                let entries: Vec<Entry> = request.json().await?;
                let appended = self.append(&entries)?;
                if let Err(error) = self.seal(&site).await {
                    // The rows are still here; the next append tries again.
                    worker::console_error!("seal: {}", error.to_string());
                }
                Response::from_json(&appended)
            }
            (Method::Get, "/segments") => Response::from_json(&self.list(&site, number("after"))?),
            (Method::Get, "/segment") => self.read(&site, number("first"), number("last")).await,
            _ => Response::error("not found", 404),
        }
    }
}

impl SiteLog {
    fn sql(&self) -> SqlStorage {
        self.state.storage().sql()
    }

    fn rows<T: DeserializeOwned>(&self, query: &str, bindings: Vec<worker::SqlStorageValue>) -> Result<Vec<T>> {
        self.sql().exec(query, bindings)?.to_array()
    }

    /// No await in here: the runtime commits all of it at once, before the answer goes out.
    fn append(&self, entries: &[Entry]) -> Result<Appended> {
        let ids = serde_json::to_string(&entries.iter().map(|e| &e.id).collect::<Vec<_>>())?;
        let known = "SELECT value AS event_id FROM json_each(?1)
            WHERE value IN (SELECT event_id FROM events) OR value IN (SELECT event_id FROM seen)";
        let known: Vec<IdRow> = self.rows(known, vec![ids.into()])?;
        let mut known: BTreeSet<String> = known.into_iter().map(|row| row.event_id).collect();
        let fresh: Vec<&Entry> = entries.iter().filter(|e| known.insert(e.id.clone())).collect();
        if !fresh.is_empty() {
            let insert = "INSERT INTO events (event_id, body)
                SELECT value ->> 'id', value ->> 'body' FROM json_each(?1) ORDER BY key";
            self.sql().exec(insert, vec![serde_json::to_string(&fresh)?.into()])?;
        }
        Ok(Appended { duplicates: entries.len() - fresh.len() })
    }

    /// Moves full segments to R2. The object is written before its rows go, so a crash in between costs nothing.
    async fn seal(&self, site: &str) -> Result<()> {
        // Other requests run while R2 is written; one of them must not seal the same rows.
        if self.sealing.replace(true) {
            return Ok(());
        }
        let result = self.seal_full(site).await;
        self.sealing.set(false);
        result
    }

    async fn seal_full(&self, site: &str) -> Result<()> {
        while self
            .rows::<Count>("SELECT COUNT(*) AS count FROM events", vec![])?
            .iter()
            .any(|c| c.count >= SEGMENT_EVENTS)
        {
            let rows: Vec<EventRow> =
                self.rows("SELECT seq, body FROM events ORDER BY seq LIMIT ?1", vec![SEGMENT_EVENTS.into()])?;
            let (Some(first), Some(last)) = (rows.first().map(|r| r.seq), rows.last().map(|r| r.seq)) else {
                return Ok(());
            };
            let name = SegmentName { site: site.to_owned(), first, last };
            let text: String = rows.iter().map(|row| line(row.seq, &row.body)).collect();
            self.env.bucket("STORE")?.put(name.object(), text).execute().await?;
            self.forget(first, last)?;
        }
        Ok(())
    }

    fn forget(&self, first: u64, last: u64) -> Result<()> {
        let range = || vec![integer(first), integer(last)];
        self.sql().exec("INSERT INTO segments (first, last) VALUES (?1, ?2)", range())?;
        let remember = "INSERT OR REPLACE INTO seen (event_id, at)
            SELECT event_id, ?3 FROM events WHERE seq BETWEEN ?1 AND ?2";
        let mut with_time = range();
        with_time.push(now().into());
        self.sql().exec(remember, with_time)?;
        self.sql().exec("DELETE FROM events WHERE seq BETWEEN ?1 AND ?2", range())?;
        self.sql().exec("DELETE FROM seen WHERE at < ?1", vec![(now() - SEEN_FOR).into()])?;
        Ok(())
    }

    fn list(&self, site: &str, after: u64) -> Result<SegmentList> {
        let info = |first, last, sealed| {
            let id = SegmentName { site: site.to_owned(), first, last }.id();
            SegmentInfo { id, first, last, sealed }
        };
        let sealed: Vec<Range> =
            self.rows("SELECT first, last FROM segments WHERE last > ?1 ORDER BY first", vec![integer(after)])?;
        let bounds =
            "SELECT MIN(seq) AS first, MAX(seq) AS last, (SELECT MAX(last) FROM segments) AS sealed FROM events";
        let bounds: Vec<Bounds> = self.rows(bounds, vec![])?;
        let Bounds { first, last, sealed: sealed_to } =
            bounds.into_iter().next().unwrap_or(Bounds { first: None, last: None, sealed: None });
        let mut segments: Vec<SegmentInfo> = sealed.into_iter().map(|r| info(r.first, r.last, true)).collect();
        if let (Some(first), Some(last)) = (first, last)
            && last > after
        {
            segments.push(info(first.max(after.saturating_add(1)), last, false));
        }
        Ok(SegmentList { head: last.or(sealed_to).unwrap_or(0), as_of: now(), log_id: String::new(), segments })
    }

    async fn read(&self, site: &str, first: u64, last: u64) -> Result<Response> {
        let range = || vec![integer(first), integer(last)];
        let sealed: Vec<Count> =
            self.rows("SELECT COUNT(*) AS count FROM segments WHERE first = ?1 AND last = ?2", range())?;
        if sealed.iter().any(|c| c.count > 0) {
            let object = SegmentName { site: site.to_owned(), first, last }.object();
            let found = self.env.bucket("STORE")?.get(object).execute().await?;
            return match found.as_ref().and_then(worker::Object::body) {
                Some(body) => {
                    let mut response = Response::from_bytes(body.bytes().await?)?;
                    response.headers_mut().set("x-sealed", "1")?;
                    Ok(response)
                }
                None => Response::error("not found", 404),
            };
        }
        let rows: Vec<EventRow> =
            self.rows("SELECT seq, body FROM events WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq", range())?;
        // The beginning may have been sealed since the list was read; a part of it would look like all of it.
        if rows.first().is_none_or(|row| row.seq != first) {
            return Response::error("not found", 404);
        }
        Response::from_bytes(rows.iter().map(|row| line(row.seq, &row.body)).collect::<String>().into_bytes())
    }
}

fn integer(n: u64) -> worker::SqlStorageValue {
    i64::try_from(n).unwrap_or(i64::MAX).into()
}
