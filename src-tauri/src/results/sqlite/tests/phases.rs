//! The events of a phase and of a day.

use beacon_shared::stats::Moments;

use super::*;

const HOUR: i64 = DAY / 24;

fn in_phase(phase: &str) -> Query {
    Query { phase: phase.into(), ..query() }
}

#[test]
fn outcomes_count_after_the_exposure_until_the_phase_ends() {
    let mut log = Log::new();
    log.did("a", "signup", 9);
    log.exposed("a", "control", 10);
    log.did("a", "signup", 10 * DAY);
    log.did("a", "other", 11);
    log.exposed("b", "control", 10);
    log.did("b", "signup", 20).marks = vec![Mark::Bot];
    log.exposed("c", "control", 10);
    log.did("c", "signup", 20).marks = vec![Mark::ClockSkew];
    log.exposed("d", "control", 10);
    log.did("d", "signup", 20).kind = EventType::Conversion;
    log.exposed("e", "control", 10);
    log.did("e", "signup", 20).kind = EventType::Click;
    log.exposed("f", "control", 10);
    log.did("f", "signup", 10);
    log.did("stranger", "signup", 20);
    assert_eq!(table(&log.count()), [row("control", 20_000, 6, [3, 0])]);
}

/// D3: the desktop's clock decided. Here a phase was started in a draft on Friday and went live on Monday: over the
/// weekend, pages still ran the phase before, split differently.
#[test]
fn a_phase_has_the_exposures_that_carry_it() {
    let mut log = Log::new();
    log.exposed("old", "control", 2 * DAY).phase = Some("0".into());
    log.did("old", "signup", 2 * DAY + 1);
    // Exposed in both, to another variant each time.
    log.exposed("both", "control", DAY).phase = Some("0".into());
    log.did("both", "signup", DAY + 1);
    log.exposed("both", "treatment", 3 * DAY);
    // A page that was open all the time still runs the old phase after the new one went live.
    log.exposed("open", "control", 4 * DAY).phase = Some("0".into());
    // The visitor's clock is two hours behind, and the phase is one hour old.
    log.exposed("slow", "treatment", -HOUR).received_at = START + HOUR;
    log.did("slow", "signup", -HOUR + 1).received_at = START + HOUR;
    let now = log.count();
    assert_eq!(table(&now), [row("treatment", 19_999, 1, [1, 0]), row("treatment", 20_003, 1, [0, 0])]);
    assert_eq!(now.several(), 0, "another phase's variant is no second variant");
    let newcomers: u64 = now.newcomers.iter().map(|exposed| exposed.units).sum();
    assert_eq!(newcomers, 1, "a visitor of two phases is a newcomer in the first one only");
    let before = log.counted(&Query { started: Some(START - DAY), ended: Some(START + 3 * DAY), ..in_phase("0") });
    assert_eq!(
        table(&before),
        [row("control", 20_001, 1, [1, 0]), row("control", 20_002, 1, [1, 0]), row("control", 20_004, 1, [0, 0])]
    );
}

#[test]
fn several_variants_of_one_phase_leave_a_visitor_out() {
    let mut log = Log::new();
    log.exposed("a", "control", 1);
    log.exposed("a", "treatment", 2);
    log.did("a", "signup", 3);
    log.exposed("b", "treatment", 1);
    log.exposed("b", "control", -1).phase = Some("0".into());
    log.exposed("b", "control", 10 * DAY).phase = Some("2".into());
    let counts = log.count();
    assert_eq!((table(&counts), counts.several()), (vec![row("treatment", 20_000, 1, [0, 0])], 1));
}

/// A conversion of the experiment says in which phase it happened; other events have the time alone.
#[test]
fn a_conversion_that_names_its_phase_belongs_to_that_one() {
    let mut log = Log::new();
    for visitor in ["this", "later", "foreign", "plain", "unsaid"] {
        log.exposed(visitor, "control", 1);
    }
    let mut convert = |visitor: &str, at: i64, experiment: &str, phase: Option<&str>| {
        let event = log.did(visitor, "signup", at);
        event.kind = EventType::Conversion;
        event.experiment_id = Some(experiment.into());
        event.phase = phase.map(str::to_owned);
    };
    // Recorded just after the end by a page that did not know of it yet.
    convert("this", 10 * DAY + 5, "hero", Some(PHASE));
    convert("later", 9 * DAY, "hero", Some("2"));
    convert("foreign", 9 * DAY, "other", Some("2"));
    convert("unsaid", 9 * DAY, "hero", None);
    log.did("plain", "signup", 10 * DAY + 5);
    assert_eq!(table(&log.count()), [row("control", 20_000, 5, [3, 0])]);
}

/// B18: stopping the experiment cut the window off.
#[test]
fn a_window_may_reach_past_the_phases_end() {
    let mut log = Log::new();
    log.exposed("a", "control", 10 * DAY - HOUR);
    log.did("a", "signup", 10 * DAY + HOUR);
    log.exposed("b", "control", 10 * DAY - HOUR);
    log.did("b", "signup", 10 * DAY + 23 * HOUR);
    log.exposed("c", "control", 10 * DAY - HOUR);
    let order = log.did("c", "signup", 10 * DAY + HOUR);
    order.kind = EventType::Conversion;
    order.experiment_id = Some("hero".into());
    order.phase = Some("2".into());
    log.count();
    let mut within = query();
    within.metrics[0].counting.window = Some(24);
    assert_eq!(table(&log.counted(&within)), [row("control", 20_009, 3, [2, 0])]);
    assert_eq!(table(&log.counted(&query())), [row("control", 20_009, 3, [0, 0])], "without a window it ends there");
}

/// The treatment converts sooner, but no more: with open windows counted it was a winner in 96% of such experiments.
#[test]
fn visitors_whose_window_is_open_are_counted_and_left_out() {
    let mut log = Log::new();
    for (visitor, variant, at) in
        [("a", "control", 0), ("b", "treatment", HOUR), ("c", "control", HOUR + 1), ("d", "treatment", 5 * HOUR)]
    {
        log.exposed(visitor, variant, at);
        log.did(visitor, "signup", at + if variant == "control" { 23 * HOUR } else { HOUR });
    }
    log.count();
    let mut query = Query { as_of: Some(START + 25 * HOUR), ..query() };
    query.metrics[0].counting.window = Some(24);
    let rate = |counts: &Counts, variant: &str| counts.sample("signup", variant).map(|s| (s.units(), s.conversions()));
    let counts = log.counted(&query);
    let open = |variant: &str| counts.open_windows["signup"].get(variant).copied();
    assert_eq!((open("control"), open("treatment")), (Some(1), Some(1)));
    assert_eq!(rate(&counts, "control"), Ok((1, Some(1))));
    assert_eq!(rate(&counts, "treatment"), Ok((1, Some(1))), "the visitor who converted within an hour does not count");
    assert_eq!((counts.units("control"), counts.units("treatment")), (2, 2), "the split is checked with everybody");
    let closed = log.counted(&Query { as_of: Some(START + 29 * HOUR), ..query });
    assert!(closed.open_windows.is_empty());
    assert_eq!(rate(&closed, "treatment"), Ok((2, Some(2))));
}

/// Whom a variant drives into another one is missing from its numbers, so it is said who was first seen where.
#[test]
fn visitors_of_several_variants_have_a_first_one() {
    let mut log = Log::new();
    for (visitor, first, then) in
        [("a", "control", "treatment"), ("b", "treatment", "control"), ("c", "treatment", "x")]
    {
        log.exposed(visitor, first, 5);
        log.exposed(visitor, then, 9);
        log.exposed(visitor, then, 7);
    }
    let counts = log.count();
    let first = [("control".to_owned(), 1), ("treatment".to_owned(), 2)];
    assert_eq!((counts.several_by_first.into_iter().collect::<Vec<_>>(), counts.exposed), (first.to_vec(), vec![]));
}

/// B04: a queue that was offline sends exposure and conversion together, days later.
#[test]
fn an_offline_queue_keeps_its_order() {
    let mut log = Log::new();
    let now = START + 5 * DAY;
    log.exposed("a", "control", 5 * DAY - 36 * HOUR).received_at = now;
    log.did("a", "signup", 5 * DAY - 12 * HOUR).received_at = now;
    log.exposed("b", "control", 5 * DAY - 12 * HOUR).received_at = now;
    log.did("b", "signup", 5 * DAY - 36 * HOUR).received_at = now;
    // It went live yesterday, but the page knew the phase.
    log.count();
    let young = log.counted(&Query { started: Some(now - HOUR), ended: None, ..query() });
    assert_eq!(table(&young), [row("control", 20_003, 1, [1, 0]), row("control", 20_004, 1, [0, 0])]);
}

#[test]
fn cuped_looks_before_the_first_exposure_of_any_phase() {
    let mut log = Log::new();
    log.did("a", "order", -3 * DAY).value = Some(7.0);
    log.exposed("a", "control", -2 * DAY).phase = Some("0".into());
    log.did("a", "order", -DAY).value = Some(100.0);
    log.exposed("a", "control", 1);
    log.did("a", "order", 2).value = Some(5.0);
    log.count();
    let mut metric = Metric::new("m", "M", Role::Goal, MetricKind::Value { event: "order".into() });
    metric.counting.adjust = Some(14);
    let counts = log.counted(&Query { metrics: vec![metric], ..query() });
    assert_eq!(counts.sample("m", "control"), Ok(Sample::Cuped(Moments::of([[5.0, 7.0]]).unwrap())));
}

/// Older scripts send the phase among the properties.
#[test]
fn the_phase_of_an_older_script_counts() {
    let mut log = Log::new();
    let event = log.exposed("a", "control", 1);
    event.phase = None;
    event.props = Map::from_iter([("phase".to_owned(), PHASE.into())]);
    assert_eq!(table(&log.count()), [row("control", 20_000, 1, [0, 0])]);
}

/// Milliseconds after [`START`] of a time that is written out.
fn at(time: &str) -> i64 {
    time.parse::<jiff::Timestamp>().unwrap().as_millisecond() - START
}

fn day(date: &str) -> i64 {
    (at(&format!("{date}T00:00:00Z")) + START).div_euclid(DAY)
}

/// D25: days were UTC's, whatever the site's time zone.
#[test]
fn days_are_the_sites_own() {
    let mut log = Log::new();
    let exposures = [
        // Summer time begins in Berlin: the 29th of March has 23 hours.
        ("a", "2026-03-28T22:59:59.999Z"),
        ("b", "2026-03-28T23:00:00Z"),
        ("c", "2026-03-29T21:59:59.999Z"),
        ("d", "2026-03-29T22:00:00Z"),
        // It ends: the 25th of October has 25 hours.
        ("e", "2026-10-24T22:00:00Z"),
        ("f", "2026-10-25T22:59:59.999Z"),
        ("g", "2026-10-25T23:00:00Z"),
        // Half an hour off the hour.
        ("h", "2026-06-01T18:29:59.999Z"),
        ("i", "2026-06-01T18:30:00Z"),
    ];
    for (visitor, time) in exposures {
        log.exposed(visitor, "control", at(time));
    }
    log.count();
    let days = |zone: &str| -> Vec<(i64, u64)> {
        let zone = Zone::named(zone).unwrap();
        let counts = log.counted(&Query { zone, started: None, ended: None, ..query() });
        let proportions = counts.cells.iter().filter(|cell| cell.metric == "signup").map(|cell| cell.day);
        assert!(proportions.eq(counts.exposed.iter().map(|exposed| Some(exposed.day))));
        counts.exposed.iter().map(|exposed| (exposed.day, exposed.units)).collect()
    };
    let berlin = [
        (day("2026-03-28"), 1),
        (day("2026-03-29"), 2),
        (day("2026-03-30"), 1),
        (day("2026-06-01"), 2),
        (day("2026-10-25"), 2),
        (day("2026-10-26"), 1),
    ];
    assert_eq!(days("Europe/Berlin"), berlin);
    let kolkata = [
        (day("2026-03-29"), 2),
        (day("2026-03-30"), 2),
        (day("2026-06-01"), 1),
        (day("2026-06-02"), 1),
        (day("2026-10-25"), 1),
        (day("2026-10-26"), 2),
    ];
    assert_eq!(days("Asia/Kolkata"), kolkata);
}

#[test]
fn a_count_ends_when_it_is_cancelled_and_holds_nobody_up() {
    let mut log = Log::new();
    for visitor in 0..2000 {
        log.exposed(&format!("v{visitor}"), "control", 1);
    }
    log.count();
    let cancel = Cancel::default();
    cancel.cancel();
    let ended = log.store.count(&query(), &cancel);
    assert_eq!(ended.unwrap_err().code, Code::Cancelled);
    // While the one reader is busy, a count goes on.
    let counts = log.store.read(|_| log.store.count(&query(), &Cancel::default())).unwrap();
    assert_eq!(counts.units("control"), 2000);
}

/// What the site's visitors do without an experiment, for a plan: everybody counts, from the first event on.
#[test]
fn everybody_since_a_time() {
    let mut log = Log::new();
    log.did("a", "look", DAY);
    log.did("a", "signup", DAY + 5);
    log.did("b", "signup", 2 * DAY);
    log.exposed("c", "treatment", 2 * DAY);
    log.did("robot", "signup", 2 * DAY).marks = vec![Mark::Bot];
    log.did("before", "signup", -1);
    log.store.append("sit_1", &lines(&log.events)).unwrap();
    let query = Query { phase: String::new(), started: None, ended: None, ..query() };
    let counts = log.store.history(&query, START, &Cancel::default()).unwrap();
    assert_eq!((counts.units("control"), counts.units("treatment")), (3, 0));
    let sample = counts.sample("signup", "control").unwrap();
    assert_eq!((sample.units(), sample.conversions()), (3, Some(2)));
}
