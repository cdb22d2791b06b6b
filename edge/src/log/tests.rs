//! Tests of the log, on SQLite.

use super::core::{SEGMENT_BYTES, SEGMENT_EVENTS};
use super::*;
use crate::memory::MemoryDb;
use crate::sql::Argument;

const NOW: i64 = 1_790_000_000_000;

fn log() -> Log<MemoryDb> {
    Log::open(MemoryDb::empty().expect("SQLite")).expect("a log")
}

fn entries(ids: std::ops::Range<u64>, bytes: usize) -> Vec<Entry> {
    ids.map(|id| Entry { id: format!("e{id}"), body: format!("{{\"x\":\"{}\"}}", "a".repeat(bytes)) }).collect()
}

fn append(log: &Log<impl Sql>, ids: std::ops::Range<u64>, bytes: usize) -> Appended {
    log.append(&entries(ids, bytes)).expect("appended")
}

/// Seals everything that is full, and returns the ranges.
fn seal(log: &Log<MemoryDb>) -> Vec<(u64, u64)> {
    let mut sealed = Vec::new();
    while let Some(full) = log.full().expect("read") {
        log.sealed(&full, NOW).expect("sealed");
        sealed.push((full.first, full.last));
    }
    sealed
}

#[test]
fn events_are_numbered_without_gaps_and_once() {
    let log = log();
    assert_eq!(append(&log, 0..3, 10).duplicates, 0);
    assert_eq!(append(&log, 1..5, 10).duplicates, 2);
    let twice = [entries(7..8, 10), entries(7..8, 10)].concat();
    assert_eq!(log.append(&twice).expect("appended").duplicates, 1);
    let list = log.list("s", 0, NOW).expect("a list");
    assert_eq!((list.head, list.segments.len()), (6, 1));
    let Reading::Open(text) = log.read(1, 6).expect("read") else { panic!("not open") };
    let numbers: Vec<u64> = text
        .lines()
        .map(|l| serde_json::from_str::<serde_json::Value>(l).expect("JSON")["seq"].as_u64().expect("a number"))
        .collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_segment_is_sealed_by_count() {
    let log = log();
    assert!(!append(&log, 0..SEGMENT_EVENTS - 1, 10).full);
    assert!(append(&log, SEGMENT_EVENTS..SEGMENT_EVENTS + 3, 10).full);
    assert_eq!(seal(&log), [(1, SEGMENT_EVENTS)]);
    assert_eq!(log.list("s", 0, NOW).expect("a list").head, SEGMENT_EVENTS + 2);
}

#[test]
fn a_segment_is_sealed_by_bytes() {
    let log = log();
    let size = 200_000;
    let in_one = SEGMENT_BYTES / size + 1;
    assert!(append(&log, 0..50, size as usize).full);
    let sealed = seal(&log);
    assert_eq!(sealed.first(), Some(&(1, in_one)));
    // What is left is less than a segment, and all of it is there.
    let list = log.list("s", 0, NOW).expect("a list");
    let covered: Vec<(u64, u64)> = list.segments.iter().map(|s| (s.first, s.last)).collect();
    assert!(covered.windows(2).all(|w| w[1].0 == w[0].1 + 1), "{covered:?}");
    assert_eq!((covered[0].0, covered.last().map(|s| s.1)), (1, Some(50)));
}

#[test]
fn the_open_end_is_listed_in_pieces() {
    let log = log();
    append(&log, 0..100, 150_000);
    let first = log.list("s", 0, NOW).expect("a list");
    let piece = first.segments[0].last;
    assert!(piece < 100 && first.head == 100, "{piece}");
    let Reading::Open(text) = log.read(1, piece).expect("read") else { panic!("not open") };
    assert!((text.len() as u64) < SEGMENT_BYTES + 200_000);
    assert_eq!(log.list("s", piece, NOW).expect("a list").segments[0].first, piece + 1);
    assert_eq!(log.read(1, 100).expect("read"), Reading::SealedSince, "more than a list would name");
}

#[test]
fn a_sealed_event_is_still_recognised_for_two_days() {
    let log = log();
    append(&log, 0..SEGMENT_EVENTS, 10);
    seal(&log);
    assert_eq!(append(&log, 0..2, 10).duplicates, 2);
    append(&log, SEGMENT_EVENTS..2 * SEGMENT_EVENTS, 10);
    let full = log.full().expect("read").expect("full");
    log.sealed(&full, NOW + 49 * 60 * 60 * 1000).expect("sealed");
    assert_eq!(append(&log, 0..2, 10).duplicates, 0);
}

#[test]
fn a_read_says_what_became_of_a_segment() {
    let log = log();
    append(&log, 0..10, 10);
    append(&log, 10..SEGMENT_EVENTS, 10);
    seal(&log);
    append(&log, SEGMENT_EVENTS..SEGMENT_EVENTS + 10, 10);
    assert_eq!(log.read(1, SEGMENT_EVENTS).expect("read"), Reading::Sealed);
    assert_eq!(log.read(1, 10).expect("read"), Reading::SealedSince);
    assert_eq!(log.read(4_000, SEGMENT_EVENTS + 3).expect("read"), Reading::SealedSince);
    assert!(matches!(log.read(SEGMENT_EVENTS + 1, SEGMENT_EVENTS + 10), Ok(Reading::Open(_))));
    assert_eq!(log.read(SEGMENT_EVENTS + 1, SEGMENT_EVENTS + 11).expect("read"), Reading::Missing);
    assert_eq!(log.read(0, 0).expect("read"), Reading::Missing);
}

#[test]
fn a_crash_between_the_object_and_its_rows_seals_the_same_segment_again() {
    let log = log();
    append(&log, 0..SEGMENT_EVENTS + 5, 10);
    let first = log.full().expect("read").expect("full");
    let again = log.full().expect("read").expect("full");
    assert_eq!((first.first, first.last, &first.text), (again.first, again.last, &again.text));
    log.sealed(&first, NOW).expect("sealed");
    log.sealed(&again, NOW).expect("sealed twice changes nothing");
    assert!(log.full().expect("read").is_none());
    assert_eq!(log.list("s", 0, NOW).expect("a list").segments.len(), 2);
}

/// A log from before it had an identity.
#[test]
fn an_older_log_gets_an_identity_once() {
    let db = MemoryDb::empty().expect("SQLite");
    let tables = "CREATE TABLE events (seq INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL UNIQUE, body TEXT NOT NULL);
        INSERT INTO events (event_id, body) VALUES ('e0', '{}'), ('e1', '{\"é\":1}');";
    db.connection().execute_batch(tables).expect("the old tables");
    let log = Log::open(&db).expect("a log");
    let head = log.head().expect("a head");
    assert_eq!((head.head, head.log_id.len()), (2, 32));
    // An evicted object opens its storage again.
    let log = Log::open(&db).expect("the same log");
    assert_eq!(append(&log, 0..3, 10).duplicates, 2);
    assert_eq!(log.head().expect("a head").log_id, head.log_id);
    assert_ne!(self::log().head().expect("a head").log_id, head.log_id);
}

/// The counters decide when to seal, so they must never drift.
#[test]
fn the_counters_are_what_is_there() {
    let db = MemoryDb::empty().expect("SQLite");
    let log = Log::open(db).expect("a log");
    for round in 0..4 {
        append(&log, round * 3_000..(round + 1) * 3_000 + 5, 100);
        seal(&log);
        let sql = "SELECT events = (SELECT COUNT(*) FROM events)
            AND bytes = (SELECT COALESCE(SUM(LENGTH(CAST(body AS BLOB))), 0) FROM events) AS same FROM log";
        let rows = log.sql().run(sql, Vec::<Argument>::new()).expect("rows");
        assert_eq!(rows[0]["same"], 1, "{round}");
    }
}
