//! Every kind of metric, against a recomputation that knows no SQL.

use std::collections::{BTreeMap, BTreeSet};

use beacon_shared::model::{Aggregate, Aggregation};
use beacon_shared::stats::{Cap, Mean, Moments, Proportion, Reason, Totals, winsorised};
use serde_json::{Value, json};

use super::*;
use beacon_shared::stats::Cell;

const HOUR: i64 = DAY / 24;

/// A visitor's first exposure in the phase.
struct Exposed {
    variant: String,
    at: i64,
    /// Time of the visitor's exposure in any phase.
    ever: i64,
}

/// Small and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn time(&mut self, from: i64, until: i64) -> i64 {
        from + self.below((until - from) as u64) as i64
    }
}

/// Visitors of all sorts: in several variants, in removed ones, bots; with events before, after and between, some
/// written twice, some of the wrong type. Values are quarters, so that any order of adding gives the same sum.
fn log() -> Log {
    let (mut log, mut random) = (Log::new(), Random(7));
    for visitor in (0..120).map(|n| format!("v{n}")) {
        let exposed = random.time(0, 9 * DAY);
        let variant = ["control", "treatment", "treatment", "control", "removed"][random.below(5) as usize];
        log.exposed(&visitor, variant, exposed);
        match random.below(12) {
            0 => drop(log.exposed(&visitor, "control", exposed + HOUR)),
            1 => log.exposed(&visitor, "treatment", exposed - HOUR).marks = vec![Mark::Forced],
            // Another phase, and another variant there.
            2 => log.exposed(&visitor, "treatment", exposed - 3 * HOUR).phase = Some("0".into()),
            3 => log.exposed(&visitor, "control", exposed + HOUR).phase = Some("2".into()),
            _ => (),
        }
        let (from, until) = (exposed - 20 * DAY, exposed + 4 * DAY);
        for _ in 0..random.below(24) {
            let at = match random.below(8) {
                0 | 1 => exposed + random.time(-1, 2),
                // At the very end or beginning of a span.
                2 => exposed + [HOUR, 30 * HOUR, -DAY, -14 * DAY, END - START - exposed][random.below(5) as usize],
                _ => random.time(from, until),
            };
            let name = ["order", "visit"][random.below(2) as usize];
            let twice = random.below(6) == 0;
            let event = log.did(&visitor, name, at);
            if random.below(2) == 0 {
                event.props = Map::from_iter([("items".to_owned(), random.below(4).into())]);
            }
            event.value = (random.below(5) > 0).then(|| random.below(4_000) as f64 / 4.0 - 50.0);
            match random.below(10) {
                0 => event.marks = vec![Mark::Bot],
                1 => event.marks = vec![Mark::ClockSkew],
                2 => event.kind = EventType::Click,
                3 => event.kind = EventType::Conversion,
                4 | 5 => {
                    event.kind = EventType::Conversion;
                    event.experiment_id = Some(["hero", "other"][random.below(2) as usize].into());
                    event.phase = [None, Some("1"), Some("2")][random.below(3) as usize].map(str::to_owned);
                }
                _ => (),
            }
            // Several visitors may send the same id.
            event.id = (random.below(3) == 0).then(|| format!("A{}", random.below(300)));
            let copy = event.clone();
            if twice {
                *log.push(&visitor, EventType::Event, 0) = copy;
            }
        }
    }
    log
}

fn metric(fields: &Value) -> Metric {
    let mut json = json!({"id": "m", "name": "M", "role": "goal"});
    json.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    serde_json::from_value(json).unwrap()
}

/// The events that are there once and count, each with its first number.
fn counting(log: &Log) -> Vec<&Event> {
    let mut seen = BTreeSet::new();
    let first = log.events.iter().map(|logged| &logged.event).filter(|e| seen.insert(&e.event_id));
    first.filter(|e| e.marks.iter().all(|mark| *mark == Mark::ClockSkew)).collect()
}

fn exposed(events: &[&Event]) -> BTreeMap<String, Exposed> {
    let mut all: BTreeMap<String, Vec<(i64, String)>> = BTreeMap::new();
    for e in events.iter().filter(|e| e.kind == EventType::Exposure && e.phase.as_deref() == Some(PHASE)) {
        all.entry(e.visitor_id.clone()).or_default().push((e.ts, e.variant_id.clone().unwrap()));
    }
    let single = |seen: &Vec<(i64, String)>| seen.iter().all(|(_, v)| *v == seen[0].1 && v != "removed");
    all.retain(|_, seen| single(seen));
    let ever = |visitor: &str| {
        let exposures = events.iter().filter(|e| e.kind == EventType::Exposure && e.visitor_id == visitor);
        exposures.map(|e| e.ts).min().unwrap()
    };
    let first = |visitor: &str, seen: Vec<(i64, String)>| {
        let (at, variant) = seen.into_iter().min().unwrap();
        Exposed { variant, at, ever: ever(visitor) }
    };
    all.into_iter().map(|(visitor, seen)| (visitor.clone(), first(&visitor, seen))).collect()
}

/// The time in which events count.
#[derive(Clone, Copy)]
enum Span {
    /// After the exposure.
    After,
    /// Days before the first exposure of all.
    Before(u32),
}

/// A visitor's value after the exposure, and before it when the metric is adjusted.
fn numbers(events: &[&Event], visitor: &str, exposed: &Exposed, metric: &Metric) -> Vec<f64> {
    let is_own = |e: &Event| e.experiment_id.as_deref() == Some("hero");
    let is_in = |span: Span, e: &Event| match (span, metric.counting.window) {
        (Span::Before(days), _) => (exposed.ever - i64::from(days) * DAY..exposed.ever).contains(&e.ts),
        (Span::After, Some(hours)) => (exposed.at..exposed.at + i64::from(hours) * HOUR).contains(&e.ts),
        (Span::After, None) if e.kind == EventType::Conversion && is_own(e) && e.phase.is_some() => {
            e.ts >= exposed.at && e.phase.as_deref() == Some(PHASE)
        }
        (Span::After, None) => (exposed.at..END).contains(&e.ts),
    };
    let aggregate = |span: Span, aggregate: &Aggregate| {
        // Conversions of other experiments convert a visitor, but repeat an order that is counted already.
        let converts = matches!(metric.kind, MetricKind::Conversion { .. });
        let may = |e: &&&Event| match e.kind {
            EventType::Event => true,
            EventType::Conversion => converts || is_own(e),
            _ => false,
        };
        let mut outcomes: Vec<&&Event> =
            events.iter().filter(may).filter(|e| e.name.as_deref() == Some(&aggregate.event)).collect();
        outcomes.sort_by_key(|e| e.ts);
        let mut ids = BTreeSet::new();
        outcomes.retain(|e| e.id.as_ref().is_none_or(|id| ids.insert(id)));
        // The only filter that is asked for below: at least two items.
        let items = |e: &Event| e.props.get("items").and_then(Value::as_u64).unwrap_or_default();
        let theirs = outcomes.into_iter().filter(|e| e.visitor_id == visitor && is_in(span, e));
        let theirs = theirs.filter(|e| metric.counting.filter.is_empty() || items(e) >= 2);
        let values: Vec<f64> = theirs.map(|e| e.value.unwrap_or_default()).collect();
        match aggregate.aggregate {
            Aggregation::Count => values.len() as f64,
            Aggregation::Sum => values.iter().sum(),
        }
    };
    let of = |event: &String, how| Aggregate { aggregate: how, event: event.clone() };
    let number = |span: Span| match &metric.kind {
        MetricKind::Conversion { event } => vec![aggregate(span, &of(event, Aggregation::Count)).min(1.0)],
        MetricKind::Count { event } => vec![aggregate(span, &of(event, Aggregation::Count))],
        MetricKind::Value { event } | MetricKind::Quantile { event, .. } => {
            vec![aggregate(span, &of(event, Aggregation::Sum))]
        }
        MetricKind::Ratio { numerator, denominator } => vec![aggregate(span, numerator), aggregate(span, denominator)],
    };
    let before = metric.counting.adjust.map(Span::Before);
    std::iter::once(Span::After).chain(before).flat_map(number).collect()
}

fn sample(units: &[Vec<f64>], metric: &Metric) -> Result<Sample, Reason> {
    fn moments<const K: usize>(units: &[Vec<f64>]) -> Result<Moments<K>, Reason> {
        Moments::of(units.iter().map(|unit| <[f64; K]>::try_from(unit.as_slice()).unwrap()))
    }
    let adjusted = metric.counting.adjust.is_some();
    Ok(match &metric.kind {
        MetricKind::Conversion { .. } if adjusted => Sample::Cuped(moments(units)?.with_binary([true, true])),
        MetricKind::Conversion { .. } => {
            let converted = units.iter().filter(|unit| unit[0] > 0.0).count();
            Proportion::new(units.len() as u64, converted as u64).unwrap().into()
        }
        MetricKind::Quantile { level, .. } => {
            Totals::of(&mut units.iter().map(|unit| unit[0]).collect::<Vec<_>>(), *level)?.into()
        }
        MetricKind::Ratio { .. } if adjusted => Sample::CupedRatio(Box::new(moments(units)?)),
        MetricKind::Ratio { .. } => Sample::Ratio(moments(units)?),
        _ if adjusted => Sample::Cuped(moments(units)?),
        _ => Sample::from(moments(units)? as Mean),
    })
}

/// Counts `metric` both ways; `whole` says whether there should be one number for the phase instead of one a day.
fn check(log: &Log, fields: Value, whole: bool) {
    let metric = metric(&fields);
    let counts = log.counted(&Query { metrics: vec![metric.clone()], ..query() });
    let events = counting(log);
    let exposed = exposed(&events);
    let mut all: Vec<(&Exposed, Vec<f64>)> =
        exposed.iter().map(|(visitor, at)| (at, numbers(&events, visitor, at, &metric))).collect();
    if let Some(cap) = metric.counting.cap {
        let amount = cap.amount(&all.iter().map(|(_, n)| n[0]).collect::<Vec<_>>()).unwrap();
        // At 0 it would take everything away.
        let amount = if amount > 0.0 { amount } else { f64::INFINITY };
        let before = if matches!(metric.kind, MetricKind::Ratio { .. }) { 2 } else { 1 };
        for (_, numbers) in &mut all {
            for part in numbers.chunks_mut(before) {
                let capped = winsorised(part[0], amount);
                // A ratio's two parts are capped together.
                let share = if capped < part[0] { capped / part[0] } else { 1.0 };
                part.iter_mut().skip(1).for_each(|n| *n *= share);
                part[0] = capped;
            }
        }
    }
    let mut groups: BTreeMap<(String, Option<i64>), Vec<Vec<f64>>> = BTreeMap::new();
    for (at, numbers) in all {
        let day = (!whole).then_some(at.at.div_euclid(DAY));
        groups.entry((at.variant.clone(), day)).or_default().push(numbers);
    }
    let expected = groups.iter().map(|((variant, day), units)| Cell {
        variant: variant.clone(),
        metric: "m".into(),
        day: *day,
        value: String::new(),
        sample: sample(units, &metric).unwrap(),
    });
    assert_eq!(counts.cells, expected.collect::<Vec<_>>(), "{fields}");
}

#[test]
fn every_kind_is_what_its_events_say() {
    let log = log();
    log.count();
    let order = |kind: &str, more: Value| {
        let mut json = json!({"kind": kind, "event": "order"});
        json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json
    };
    let ratio = |more: Value| {
        let mut json = order("ratio", more);
        json["numerator"] = json!({"aggregate": "sum", "event": "order"});
        json["denominator"] = json!({"aggregate": "count", "event": "visit"});
        json
    };
    for kind in ["conversion", "count", "value"] {
        check(&log, order(kind, json!({})), false);
        check(&log, order(kind, json!({"window": 1})), false);
        check(&log, order(kind, json!({"window": 30})), false);
        check(&log, order(kind, json!({"adjust": 14})), false);
        check(&log, order(kind, json!({"adjust": 1, "window": 8760})), false);
        check(&log, order(kind, json!({"adjust": 14, "filter": {"items": {"$gte": 2}}})), false);
        check(&log, order(kind, json!({"filter": {"items": {"$gte": 2}}})), false);
    }
    check(&log, order("count", json!({"cap": {"value": 2}})), false);
    check(&log, order("value", json!({"cap": {"value": 300}, "adjust": 14})), false);
    check(&log, order("count", json!({"cap": {"percentile": 0.9}})), true);
    check(&log, order("value", json!({"cap": {"percentile_of_positive": 0.7}, "window": 48})), true);
    check(&log, order("value", json!({"cap": {"percentile_of_positive": 0.7}, "adjust": 14})), true);
    check(&log, ratio(json!({})), false);
    check(&log, ratio(json!({"window": 24, "cap": {"value": 300}})), false);
    check(&log, ratio(json!({"adjust": 14, "cap": {"value": 300}})), false);
    check(&log, ratio(json!({"adjust": 14, "cap": {"percentile": 0.8}})), true);
    check(&log, ratio(json!({"filter": {"items": {"$gte": 2}}, "cap": {"percentile": 0.8}})), true);
    check(&log, order("quantile", json!({"level": 0.5})), true);
    check(&log, order("quantile", json!({"level": 0.9, "window": 24})), true);
}

#[test]
fn days_add_up_to_the_phase() {
    let log = log();
    log.count();
    let metrics = vec![
        metric(&json!({"id": "value", "kind": "value", "event": "order"})),
        metric(&json!({"id": "quantile", "kind": "quantile", "event": "order", "level": 0.9})),
    ];
    let counts = log.counted(&Query { metrics, ..query() });
    for variant in ["control", "treatment"] {
        let (value, quantile) = (counts.sample("value", variant).unwrap(), counts.sample("quantile", variant).unwrap());
        assert!(counts.units(variant) > 20, "{variant}");
        assert_eq!((value.units(), quantile.units()), (counts.units(variant), counts.units(variant)));
        assert!(matches!((value, quantile), (Sample::Mean(_), Sample::Totals(_))));
    }
    assert_eq!(counts.sample("value", "removed").unwrap().units(), 0);
}

#[test]
fn nothing_to_cap_caps_nothing() {
    let mut log = Log::new();
    log.exposed("a", "control", 1);
    log.count();
    for cap in [Cap::PercentileOfPositive(0.9), Cap::Percentile(0.9)] {
        let mut metric = metric(&json!({"kind": "value", "event": "order"}));
        metric.counting.cap = Some(cap);
        let counts = log.counted(&Query { metrics: vec![metric], ..query() });
        assert_eq!(counts.cells[0].sample.units(), 1);
    }
}

/// Most visitors have no order, so that the percentile of all is 0: capping there would leave nothing.
#[test]
fn a_percentile_among_those_without_anything_caps_nothing() {
    let mut log = Log::new();
    for visitor in ["a", "b", "c"] {
        log.exposed(visitor, "control", 1);
    }
    log.did("a", "order", 2).value = Some(50.0);
    log.count();
    let metric = metric(&json!({"kind": "value", "event": "order", "cap": {"percentile": 0.5}}));
    let counts = log.counted(&Query { metrics: vec![metric], ..query() });
    assert_eq!((counts.cells[0].sample.mean(), counts.idle_caps), (50.0 / 3.0, vec!["m".to_owned()]), "and it is said");
}

/// Two orders of the same value instead of one are no smaller orders: the cap took of the numerator only.
#[test]
fn a_capped_ratio_keeps_its_value() {
    let mut log = Log::new();
    for (visitor, variant, orders) in [("a", "control", 1), ("b", "treatment", 3)] {
        log.exposed(visitor, variant, 1);
        (0..orders).for_each(|n| log.did(visitor, "order", 2 + n).value = Some(30.0));
    }
    log.count();
    let order = |how: &str| json!({"aggregate": how, "event": "order"});
    let fields =
        json!({"kind": "ratio", "numerator": order("sum"), "denominator": order("count"), "cap": {"value": 50}});
    let counts = log.counted(&Query { metrics: vec![metric(&fields)], ..query() });
    let value = |variant: &str| counts.sample("m", variant).map(|s| s.mean());
    assert_eq!((value("control"), value("treatment")), (Ok(30.0), Ok(30.0)));
}

#[test]
fn absurd_values_add_nothing() {
    let mut log = Log::new();
    log.exposed("a", "control", 1);
    log.did("a", "order", 2).value = Some(f64::MAX);
    log.did("a", "order", 2).value = Some(3.0);
    log.count();
    let metrics = vec![
        metric(&json!({"id": "value", "kind": "value", "event": "order"})),
        metric(&json!({"id": "count", "kind": "count", "event": "order"})),
        metric(&json!({"id": "capped", "kind": "value", "event": "order", "cap": {"value": 2}})),
    ];
    let counts = log.counted(&Query { metrics, ..query() });
    for (metric, total) in [("value", 3.0), ("count", 2.0), ("capped", 2.0)] {
        assert_eq!(counts.sample(metric, "control"), Ok(Sample::from(Mean::of([[total]]).unwrap())), "{metric}");
    }
}

#[test]
fn events_of_before_values_had_a_column_keep_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(MIGRATIONS[0]).unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    const INSERT: &str = "INSERT INTO events (site, seq, event_id, ts, type, name, visitor, experiment, variant, marks, counts, body) \
                          VALUES ('sit_1', ?1, ?1, ?2, ?3, ?4, 'a', 'hero', 'control', '[]', 1, ?5)";
    let exposure = format!(r#"{{"received_at":{START},"props":{{"phase":"{PHASE}"}}}}"#);
    connection.execute(INSERT, params![1, START, "exposure", None::<&str>, exposure]).unwrap();
    connection.execute(INSERT, params![2, START + 1, "event", "order", r#"{"value":2}"#]).unwrap();
    connection.execute(INSERT, params![3, START + 2, "event", "order", r#"{"value":0.5}"#]).unwrap();
    connection.execute(INSERT, params![4, START + 3, "event", "order", "{}"]).unwrap();
    drop(connection);
    let store = SqliteEvents::new(&path);
    let metrics = vec![metric(&json!({"kind": "value", "event": "order"}))];
    let counts = store.count(&Query { metrics, ..query() }, &Cancel::default()).unwrap();
    assert_eq!(counts.sample("m", "control"), Ok(Sample::from(Mean::of([[2.5]]).unwrap())));
}
