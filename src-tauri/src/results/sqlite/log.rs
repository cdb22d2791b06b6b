//! A site's logs: what was fetched of them, and what is missing.

use beacon_shared::error::{Code, Error, Result};
use beacon_shared::event::{Event, Line};
use beacon_shared::results::Gap;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::storage;
use crate::results::LogState;

/// The type of a row whose line this version cannot read.
const UNREADABLE: &str = "";

/// Returns the site's current log; `None` before its first fetch.
pub(super) fn current(connection: &Connection, site: &str) -> Result<Option<LogState>> {
    const SQL: &str = "SELECT log, log_id, head, since, as_of, \
          (SELECT count(*) FROM events AS e WHERE e.log = l.log AND e.type = ''), \
          (SELECT coalesce(sum(events), 0) FROM logs AS o WHERE o.site = l.site AND o.log <> l.log) \
        FROM logs AS l WHERE site = ?1 AND current = 1";
    let state = |row: &Row<'_>| {
        let state = LogState {
            log_id: row.get(1)?,
            head: row.get(2)?,
            since: row.get(3)?,
            as_of: row.get(4)?,
            unreadable: row.get(5)?,
            earlier: row.get(6)?,
            gaps: Vec::new(),
        };
        Ok((row.get::<_, i64>(0)?, state))
    };
    let found = connection.query_row(SQL, [site], state).optional().map_err(storage)?;
    let Some((log, mut state)) = found else { return Ok(None) };
    state.gaps = gaps(connection, log).map_err(storage)?;
    Ok(Some(state))
}

fn gaps(connection: &Connection, log: i64) -> rusqlite::Result<Vec<Gap>> {
    let gap = |row: &Row<'_>| Ok(Gap { first: row.get(0)?, last: row.get(1)?, since: row.get(2)?, tried: row.get(3)? });
    let mut statement =
        connection.prepare_cached("SELECT first, last, since, tried FROM gaps WHERE log = ?1 ORDER BY first")?;
    statement.query_map([log], gap)?.collect()
}

/// Makes the log with this id the site's current one. Starts it when it is new.
pub(super) fn open(transaction: &Transaction<'_>, site: &str, log_id: &str, now: i64) -> rusqlite::Result<()> {
    transaction.execute("UPDATE logs SET current = 0 WHERE site = ?1 AND log_id <> ?2", [site, log_id])?;
    const SQL: &str = "INSERT INTO logs (site, log_id, current, since) VALUES (?1, ?2, 1, ?3) \
                       ON CONFLICT (site, log_id) DO UPDATE SET current = 1";
    transaction.execute(SQL, params![site, log_id, now]).map(drop)
}

/// Gives the current log, which has no id, this one, unless another log of the site has it.
pub(super) fn name(connection: &Connection, site: &str, log_id: &str) -> rusqlite::Result<()> {
    const SQL: &str = "UPDATE logs SET log_id = ?2 WHERE site = ?1 AND current = 1 AND log_id = '' \
                       AND NOT EXISTS (SELECT 1 FROM logs WHERE site = ?1 AND log_id = ?2)";
    connection.execute(SQL, [site, log_id]).map(drop)
}

/// Closes the current log under a name that no edge gives.
pub(super) fn retire(transaction: &Transaction<'_>, site: &str, now: i64) -> rusqlite::Result<()> {
    const SQL: &str = "UPDATE logs SET current = 0, log_id = log_id || ' until ' || ?2 WHERE site = ?1 AND current = 1";
    transaction.execute(SQL, params![site, now]).map(drop)
}

/// Returns the number of the site's current log. A log without an id is started when there is none.
fn current_number(transaction: &Transaction<'_>, site: &str) -> rusqlite::Result<i64> {
    const FIND: &str = "SELECT log FROM logs WHERE site = ?1 AND current = 1";
    const START: &str = "INSERT INTO logs (site, log_id, current) VALUES (?1, '', 1) RETURNING log";
    match transaction.query_row(FIND, [site], |row| row.get(0)).optional()? {
        Some(log) => Ok(log),
        None => transaction.query_row(START, [site], |row| row.get(0)),
    }
}

/// Appends lines to the site's current log. Lines that are there already stay as they are.
pub(super) fn append(transaction: &Transaction<'_>, site: &str, lines: &[Line]) -> Result<()> {
    let log = current_number(transaction, site).map_err(storage)?;
    let added = insert(transaction, log, site, lines)?;
    const COUNT: &str = "UPDATE logs SET events = events + ?2 WHERE log = ?1";
    transaction.execute(COUNT, params![log, added]).map_err(storage)?;
    close_gaps(transaction, log).map_err(storage)?;
    advance(transaction, log).map_err(storage)
}

/// Records that the edge cannot deliver these lines, and steps over them. Lines that are here stay.
pub(super) fn skip(transaction: &Transaction<'_>, site: &str, first: u64, last: u64, now: i64) -> rusqlite::Result<()> {
    let log = current_number(transaction, site)?;
    const SQL: &str = "INSERT INTO gaps (log, first, last, since, tried) VALUES (?1, ?2, ?3, ?4, ?4) \
                       ON CONFLICT (log, first) DO UPDATE SET last = max(last, excluded.last), tried = excluded.tried";
    for (first, last) in absent(transaction, log, first, last)? {
        transaction.execute(SQL, params![log, first, last, now])?;
    }
    close_gaps(transaction, log)?;
    advance(transaction, log)
}

/// Returns the stretches between two sequence numbers, both included, that have no line here.
fn absent(transaction: &Transaction<'_>, log: i64, first: u64, last: u64) -> rusqlite::Result<Vec<(i64, i64)>> {
    let (first, last) = (integer(first), integer(last));
    let mut statement =
        transaction.prepare_cached("SELECT seq FROM events WHERE log = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq")?;
    let (mut next, mut absent) = (first, Vec::new());
    for seq in statement.query_map(params![log, first, last], |row| row.get::<_, i64>(0))? {
        let seq = seq?;
        if seq > next {
            absent.push((next, seq - 1));
        }
        next = seq + 1;
    }
    if next <= last {
        absent.push((next, last));
    }
    Ok(absent)
}

/// Takes what is here out of the gaps.
fn close_gaps(transaction: &Transaction<'_>, log: i64) -> rusqlite::Result<()> {
    for gap in gaps(transaction, log)? {
        let left = absent(transaction, log, gap.first, gap.last)?;
        if left == [(integer(gap.first), integer(gap.last))] {
            continue;
        }
        transaction.execute("DELETE FROM gaps WHERE log = ?1 AND first = ?2", params![log, gap.first])?;
        for (first, last) in left {
            let row = params![log, first, last, gap.since, gap.tried];
            transaction
                .execute("INSERT INTO gaps (log, first, last, since, tried) VALUES (?1, ?2, ?3, ?4, ?5)", row)?;
        }
    }
    Ok(())
}

/// Writes the lines that are new, and returns how many.
fn insert(transaction: &Transaction<'_>, log: i64, site: &str, lines: &[Line]) -> Result<i64> {
    const SQL: &str = "INSERT INTO events \
        (log, seq, site, event_id, ts, received, type, name, visitor, experiment, variant, phase, id, marks, counts, \
         value, body) \
        VALUES (?1, ?2, ?3, (SELECT ?4 WHERE NOT EXISTS (SELECT 1 FROM events WHERE site = ?3 AND event_id = ?4)), \
                ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17) \
        ON CONFLICT (log, seq) DO NOTHING";
    let mut statement = transaction.prepare_cached(SQL).map_err(storage)?;
    let mut added = 0;
    for line in lines {
        let seq = i64::try_from(line.seq).map_err(|_| {
            Error::new(Code::NotAnEdge, "The edge's log has an impossible number. Update Beacon and the edge.")
        })?;
        let event = line.event.as_ref();
        let row = params![
            log,
            seq,
            site,
            event.map(|e| &e.event_id),
            event.map_or(0, |e| e.ts),
            event.map_or(0, received),
            event.map_or(UNREADABLE, |e| e.kind.name()),
            event.and_then(|e| e.name.as_ref()),
            event.map_or("", |e| &e.visitor_id),
            event.and_then(|e| e.experiment_id.as_ref()),
            event.and_then(|e| e.variant_id.as_ref()),
            event.and_then(Event::phase_id),
            event.and_then(Event::own_id),
            event.map_or_else(|| Ok("[]".to_owned()), marks)?,
            event.is_some_and(Event::counts),
            event.and_then(|e| e.value),
            line.text,
        ];
        added += i64::from(statement.execute(row).map_err(storage)? == 1);
    }
    Ok(added)
}

/// Returns the time of arrival, or the event's own time where a line has none.
fn received(event: &Event) -> i64 {
    if event.received_at == 0 { event.ts } else { event.received_at }
}

fn marks(event: &Event) -> Result<String> {
    serde_json::to_string(&event.marks)
        .map_err(|_| Error::new(Code::Internal, "An event cannot be written as JSON. Please report this to Beacon."))
}

/// Moves the head over all that follows without a hole: lines, and gaps that were recorded.
fn advance(transaction: &Transaction<'_>, log: i64) -> rusqlite::Result<()> {
    const GAP: &str = "SELECT last FROM gaps WHERE log = ?1 AND first <= ?2 + 1 AND last > ?2";
    let mut head: i64 = transaction.query_row("SELECT head FROM logs WHERE log = ?1", [log], |row| row.get(0))?;
    loop {
        head = end_of_run(transaction, log, head)?;
        let gap = transaction.prepare_cached(GAP)?.query_row(params![log, head], |row| row.get(0)).optional()?;
        let Some(end) = gap else { break };
        head = end;
    }
    transaction.execute("UPDATE logs SET head = ?2 WHERE log = ?1", params![log, head]).map(drop)
}

/// Returns the last of the lines that follow `after` without a hole; `after` when the next one is not here.
fn end_of_run(transaction: &Transaction<'_>, log: i64, after: i64) -> rusqlite::Result<i64> {
    let mut following =
        transaction.prepare_cached("SELECT seq FROM events WHERE log = ?1 AND seq > ?2 ORDER BY seq")?;
    let mut end = after;
    for seq in following.query_map(params![log, after], |row| row.get::<_, i64>(0))? {
        if seq? != end + 1 {
            break;
        }
        end += 1;
    }
    Ok(end)
}

/// Returns the ids of the lines from `first` on that are here, at most `most` of them.
pub(super) fn event_ids(
    connection: &Connection,
    site: &str,
    first: u64,
    most: u32,
) -> rusqlite::Result<Vec<(u64, Option<String>)>> {
    const SQL: &str = "SELECT seq, event_id FROM events \
        WHERE log = (SELECT log FROM logs WHERE site = ?1 AND current = 1) AND seq >= ?2 ORDER BY seq LIMIT ?3";
    let mut statement = connection.prepare_cached(SQL)?;
    statement.query_map(params![site, integer(first), most], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn integer(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
