mod exclusions;
mod kinds;
mod logs;
mod own_ids;
mod phases;

use beacon_shared::event::{EVENT_SCHEMA, Event, EventType, Logged, Mark};
use beacon_shared::model::{Metric, MetricKind, Role};
use beacon_shared::stats::Sample;
use serde_json::Map;

use super::*;
use crate::results::Zone;

const DAY: i64 = 24 * 60 * 60 * 1000;
const START: i64 = 20_000 * DAY;
const END: i64 = START + 10 * DAY;
/// The phase that is counted.
const PHASE: &str = "1";

/// A hand-made log.
struct Log {
    store: SqliteEvents,
    events: Vec<Logged>,
    _folder: tempfile::TempDir,
}

impl Log {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteEvents::new(folder.path().join("events.db"));
        Self { store, events: Vec::new(), _folder: folder }
    }

    fn push(&mut self, visitor: &str, kind: EventType, at: i64) -> &mut Event {
        let seq = self.events.len() as u64 + 1;
        self.events.push(Logged { seq, event: event(seq, visitor, kind, START + at) });
        &mut self.events.last_mut().unwrap().event
    }

    fn exposed(&mut self, visitor: &str, variant: &str, at: i64) -> &mut Event {
        let event = self.push(visitor, EventType::Exposure, at);
        event.experiment_id = Some("hero".into());
        event.phase = Some(PHASE.into());
        event.variant_id = Some(variant.into());
        event
    }

    fn did(&mut self, visitor: &str, name: &str, at: i64) -> &mut Event {
        let event = self.push(visitor, EventType::Event, at);
        event.name = Some(name.into());
        event
    }

    fn count(&self) -> Counts {
        self.store.append("sit_1", &lines(&self.events)).unwrap();
        self.counted(&query())
    }

    fn counted(&self, query: &Query) -> Counts {
        self.store.count(query, &Cancel::default()).unwrap()
    }
}

/// The events as a segment has them.
fn lines(events: &[Logged]) -> Vec<Line> {
    let text: Vec<String> = events.iter().map(|logged| serde_json::to_string(logged).unwrap()).collect();
    Line::parse_all(text.join("\n").as_bytes())
}

fn event(id: u64, visitor: &str, kind: EventType, ts: i64) -> Event {
    Event {
        event_id: format!("e{id}"),
        site_id: "sit_1".into(),
        ts,
        received_at: ts,
        kind,
        name: None,
        category: None,
        label: None,
        value: None,
        visitor_id: visitor.into(),
        session_id: None,
        url: None,
        path: None,
        title: None,
        referrer: None,
        utm_source: None,
        utm_medium: None,
        utm_campaign: None,
        utm_term: None,
        utm_content: None,
        country: None,
        region: None,
        device: None,
        browser: None,
        os: None,
        language: None,
        phase: None,
        id: None,
        experiment_id: None,
        variant_id: None,
        props: Map::new(),
        marks: Vec::new(),
        schema_version: EVENT_SCHEMA,
    }
}

fn query() -> Query {
    let metric = |id: &str| Metric::new(id, id, Role::Goal, MetricKind::Conversion { event: id.into() });
    Query {
        site: "sit_1".into(),
        experiment: "hero".into(),
        phase: PHASE.into(),
        started: Some(START),
        ended: Some(END),
        as_of: None,
        zone: Zone::UTC,
        variants: vec!["control".into(), "treatment".into()],
        metrics: vec![metric("signup"), metric("o'rder")],
    }
}

/// Variant, day, visitors, and how many of them converted by each metric of [`query`].
type Row = (String, i64, u64, [u64; 2]);

fn row(variant: &str, day: i64, units: u64, conversions: [u64; 2]) -> Row {
    (variant.into(), day, units, conversions)
}

/// The counts of [`query`], each metric's cells beside the visitors of their day.
fn table(counts: &Counts) -> Vec<Row> {
    let mut cells: Vec<_> = counts.cells.iter().collect();
    let rows = counts.exposed.iter().map(|exposed| {
        let conversions = ["signup", "o'rder"].map(|metric| {
            let is_its = |cell: &&beacon_shared::stats::Cell| {
                (&*cell.metric, &cell.variant, cell.day) == (metric, &exposed.variant, Some(exposed.day))
            };
            let place = cells.iter().position(is_its).expect("a cell for each metric");
            let Sample::Proportion(proportion) = &cells.remove(place).sample else { panic!("not a proportion") };
            assert_eq!(proportion.units(), exposed.units);
            proportion.conversions()
        });
        row(&exposed.variant, exposed.day, exposed.units, conversions)
    });
    let rows = rows.collect();
    assert!(cells.is_empty(), "cells without visitors: {cells:?}");
    rows
}

#[test]
fn the_first_exposure_fixes_variant_and_day() {
    let mut log = Log::new();
    log.exposed("a", "control", 2 * DAY + 5);
    log.exposed("a", "control", 5);
    log.exposed("b", "control", DAY);
    log.exposed("c", "treatment", DAY - 1);
    log.did("c", "signup", DAY - 1);
    log.did("c", "signup", DAY);
    log.did("c", "o'rder", 9 * DAY);
    let expected =
        vec![row("control", 20_000, 1, [0, 0]), row("control", 20_001, 1, [0, 0]), row("treatment", 20_000, 1, [1, 1])];
    let counts = log.count();
    assert_eq!((table(&counts), counts.excluded), (expected, vec![]));
}

#[test]
fn other_sites_and_experiments_do_not_mix() {
    let mut log = Log::new();
    log.exposed("a", "control", 1);
    log.exposed("a", "treatment", 1).experiment_id = Some("other".into());
    let mut elsewhere = Log::new();
    elsewhere.exposed("b", "control", 1);
    elsewhere.did("a", "signup", 2);
    log.store.append("sit_2", &lines(&elsewhere.events)).unwrap();
    assert_eq!(table(&log.count()), [row("control", 20_000, 1, [0, 0])]);
}

#[test]
fn appending_again_changes_nothing() {
    let mut log = Log::new();
    log.exposed("a", "control", 1);
    log.exposed("b", "control", 1);
    let first = log.count();
    log.events[0].event.variant_id = Some("treatment".into());
    assert_eq!(log.count(), first);
    assert_eq!((log.store.len("sit_1").unwrap(), log.store.head("sit_1").unwrap()), (2, 2));
}

#[test]
fn an_event_under_two_numbers_counts_once_and_leaves_no_gap() {
    let mut log = Log::new();
    log.exposed("a", "control", 1);
    log.exposed("a", "treatment", 1).event_id = "e1".into();
    log.exposed("b", "control", 1);
    let counts = log.count();
    assert_eq!(table(&counts), [row("control", 20_000, 2, [0, 0])]);
    assert_eq!((counts.several(), log.store.head("sit_1").unwrap()), (0, 3));
}

#[test]
fn the_head_stops_at_the_first_gap() {
    let log = Log::new();
    let stretch = |seqs: &[u64]| -> Vec<Logged> {
        seqs.iter().map(|seq| Logged { seq: *seq, event: event(*seq, "a", EventType::Pageview, START) }).collect()
    };
    for (seqs, head) in [(&[2, 3][..], 0), (&[5], 0), (&[1], 3), (&[4], 5), (&[], 5), (&[7, 6], 7)] {
        log.store.append("sit_1", &lines(&stretch(seqs))).unwrap();
        assert_eq!(log.store.head("sit_1").unwrap(), head, "{seqs:?}");
    }
    assert_eq!((log.store.head("sit_2").unwrap(), log.store.len("sit_2").unwrap()), (0, 0));
}

/// D17: one line of a newer edge stopped the whole site.
#[test]
fn a_line_that_cannot_be_read_keeps_its_place_and_its_text() {
    let mut log = Log::new();
    log.exposed("a", "control", 1);
    log.exposed("b", "control", 1);
    let mut segment = lines(&log.events);
    segment.insert(1, Line::parse(br#"{"seq":2,"type":"exposure","marks":["unheard_of"],"new":1}"#).unwrap());
    segment[2].seq = 3;
    log.store.append("sit_1", &segment).unwrap();
    assert_eq!((log.store.head("sit_1").unwrap(), log.store.len("sit_1").unwrap()), (3, 3));
    assert_eq!(table(&log.counted(&query())), [row("control", 20_000, 2, [0, 0])]);
    let body = "SELECT body FROM events WHERE seq = 2";
    let body: String = log.store.read(|c| c.query_row(body, [], |row| row.get(0)).map_err(storage)).unwrap();
    assert_eq!(body, segment[1].text);
}

#[test]
fn what_is_known_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let store = SqliteEvents::new(&path);
    assert_eq!(store.as_of("sit_1").unwrap(), None);
    store.append("sit_1", &lines(&[Logged { seq: 1, event: event(1, "a", EventType::Pageview, START) }])).unwrap();
    assert_eq!(store.as_of("sit_1").unwrap(), None);
    store.set_as_of("sit_1", START).unwrap();
    drop(store);
    let store = SqliteEvents::new(&path);
    assert_eq!((store.as_of("sit_1").unwrap(), store.head("sit_1").unwrap()), (Some(START), 1));
    drop(store);
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert_eq!(SqliteEvents::new(&path).head("sit_1").err().map(|e| e.code), Some(Code::NewerDatabase));
}

#[test]
fn a_file_that_is_no_database_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    std::fs::write(&path, "not a database, but long enough to be looked at as one").unwrap();
    assert_eq!(SqliteEvents::new(&path).head("sit_1").err().map(|e| e.code), Some(Code::Storage));
}
