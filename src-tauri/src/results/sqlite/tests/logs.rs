//! Logs, gaps, and files of older versions.

use super::*;

/// A file as a Beacon of this schema left it.
fn old_file(path: &Path, schema: usize, events: &[(u64, &str, &str, &str)]) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(&MIGRATIONS[..schema].concat()).unwrap();
    connection.pragma_update(None, "user_version", schema).unwrap();
    for (seq, kind, name, body) in events {
        const INSERT: &str = "INSERT INTO events \
            (site, seq, event_id, ts, type, name, visitor, experiment, variant, marks, counts, body) \
            VALUES ('sit_1', ?1, 'e' || ?1, ?2, ?3, ?4, 'a', 'hero', 'control', '[]', 1, ?5)";
        connection.execute(INSERT, params![seq, START, kind, name, body]).unwrap();
    }
    let head = events.len() as u64;
    connection.execute("INSERT INTO logs VALUES ('sit_1', ?1, ?1, 99)", [head]).unwrap();
}

#[test]
fn events_of_an_older_file_get_their_phase_and_their_own_id() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let events = [
        (1, "exposure", "", r#"{"received_at":7,"props":{"phase":"0","order_id":"A1"}}"#),
        (2, "conversion", "order", r#"{"props":{"phase":1,"order_id":"A1","transaction_id":"T1"}}"#),
        (3, "event", "order", r#"{"props":{"phase":"0","transaction_id":1001}}"#),
        (4, "event", "order", r#"{"props":{"order_id":"","transaction_id":"T2"}}"#),
        (5, "event", "order", r#"{"props":{"order_id":["A1"],"phase":{}}}"#),
        (6, "exposure", "", "{}"),
        (7, "pageview", "", r#"{"props":{"phase":"0","order_id":"A1"}}"#),
        (8, "event", "order", "not JSON"),
    ];
    old_file(&path, 2, &events);
    let store = SqliteEvents::new(&path);
    let state = store.log("sit_1").unwrap().unwrap();
    assert_eq!(state, LogState { head: 8, as_of: Some(99), ..LogState::default() });
    assert_eq!(store.len("sit_1").unwrap(), 8);
    let sql = "SELECT seq, received, phase, id FROM events ORDER BY seq";
    type Found = (u64, i64, Option<String>, Option<String>);
    let found: Vec<Found> = store
        .read(|c| {
            let mut statement = c.prepare(sql).map_err(storage)?;
            let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
            statement.query_map([], row).map_err(storage)?.collect::<rusqlite::Result<_>>().map_err(storage)
        })
        .unwrap();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        found,
        [
            (1, 7, text("0"), None),
            (2, START, text("1"), text("A1")),
            (3, START, None, text("1001")),
            (4, START, None, text("T2")),
            (5, START, None, None),
            (6, START, None, None),
            (7, START, None, None),
            (8, START, None, None),
        ]
    );
    let backup = Connection::open(folder.path().join("events.v2.backup")).unwrap();
    assert_eq!(backup.query_row("SELECT count(*) FROM events", [], |row| row.get::<_, i64>(0)).unwrap(), 8);
}

/// The columns of an old file and of a fetch say the same of the same event.
#[test]
fn an_event_is_read_alike_from_an_old_file_and_from_the_edge() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old.db"), folder.path().join("new.db"));
    let props = [
        r#"{"phase":"0","order_id":"A1"}"#,
        r#"{"phase":12,"transaction_id":9007199254740993}"#,
        r#"{"phase":1.5,"order_id":-3}"#,
        r#"{"phase":"","order_id":"","transaction_id":"T"}"#,
        r#"{"phase":true,"order_id":null}"#,
    ];
    let lines: Vec<Line> = (1..)
        .zip(props.iter().flat_map(|props| ["exposure", "conversion", "event"].map(|kind| (kind, props))))
        .map(|(seq, (kind, props))| {
            let text = format!(
                r#"{{"seq":{seq},"event_id":"e{seq}","site_id":"sit_1","ts":{START},"type":"{kind}","name":"order","visitor_id":"a","props":{props},"schema_version":1}}"#
            );
            Line::parse(text.as_bytes()).unwrap()
        })
        .collect();
    let events: Vec<_> = lines
        .iter()
        .map(|line| (line.seq, line.event.as_ref().unwrap().kind.name(), "order", line.text.as_str()))
        .collect();
    old_file(&old, 2, &events);
    SqliteEvents::new(&new).append("sit_1", &lines).unwrap();
    let rows = |path: &Path| -> Vec<(i64, Option<String>, Option<String>)> {
        SqliteEvents::new(path).head("sit_1").unwrap();
        let connection = Connection::open(path).unwrap();
        let mut statement = connection.prepare("SELECT received, phase, id FROM events ORDER BY seq").unwrap();
        statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap()
            .collect::<rusqlite::Result<_>>()
            .unwrap()
    };
    assert_eq!(rows(&old), rows(&new));
}

fn stretch(seqs: &[u64]) -> Vec<Line> {
    let events: Vec<Logged> =
        seqs.iter().map(|seq| Logged { seq: *seq, event: event(*seq, "a", EventType::Pageview, START) }).collect();
    lines(&events)
}

#[test]
fn a_gap_is_stepped_over_and_shrinks_with_what_arrives() {
    let log = Log::new();
    let gaps = || -> Vec<(u64, u64, i64)> {
        let state = log.store.log("sit_1").unwrap().unwrap();
        state.gaps.iter().map(|gap| (gap.first, gap.last, gap.since)).collect()
    };
    log.store.append("sit_1", &stretch(&[1, 2, 5])).unwrap();
    log.store.skip("sit_1", 1, 9, 50).unwrap();
    assert_eq!((gaps(), log.store.head("sit_1").unwrap()), (vec![(3, 4, 50), (6, 9, 50)], 9));
    log.store.append("sit_1", &stretch(&[7, 8, 10])).unwrap();
    assert_eq!((gaps(), log.store.head("sit_1").unwrap()), (vec![(3, 4, 50), (6, 6, 50), (9, 9, 50)], 10));
    // Asked for again in vain: missing since the first time.
    log.store.skip("sit_1", 3, 4, 60).unwrap();
    assert_eq!(log.store.log("sit_1").unwrap().unwrap().gaps[0].tried, 60);
    log.store.append("sit_1", &stretch(&[3, 4, 6, 9])).unwrap();
    assert_eq!((gaps(), log.store.len("sit_1").unwrap()), (vec![], 10));
}

#[test]
fn an_event_of_two_logs_counts_once() {
    let mut log = Log::new();
    log.exposed("a", "control", 1);
    log.exposed("b", "control", 2);
    log.store.open_log("sit_1", "first", 1).unwrap();
    log.count();
    log.store.open_log("sit_1", "second", 2).unwrap();
    assert_eq!(log.store.head("sit_1").unwrap(), 0);
    log.exposed("c", "control", 3);
    assert_eq!(table(&log.count()), [row("control", 20_000, 3, [0, 0])]);
    let state = log.store.log("sit_1").unwrap().unwrap();
    assert_eq!((state.log_id.as_str(), state.since, state.head, state.earlier), ("second", Some(2), 3, 2));
    log.store.open_log("sit_1", "first", 9).unwrap();
    let state = log.store.log("sit_1").unwrap().unwrap();
    assert_eq!((state.since, state.head, state.earlier), (Some(1), 2, 3));
}
