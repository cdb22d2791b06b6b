//! An order is counted once, however often it is sent.

use super::*;

/// The orders of all visitors: how many converted, how many orders, their value.
fn orders(log: &Log) -> (u64, f64, f64) {
    log.store.append("sit_1", &lines(&log.events)).unwrap();
    let event = || "order".to_owned();
    let kinds = [
        ("converts", MetricKind::Conversion { event: event() }),
        ("count", MetricKind::Count { event: event() }),
        ("value", MetricKind::Value { event: event() }),
    ];
    let metrics = kinds.into_iter().map(|(id, kind)| Metric::new(id, id, Role::Goal, kind)).collect();
    let counts = log.counted(&Query { metrics, ..query() });
    let sum = |metric: &str| match counts.sample(metric, "control").unwrap() {
        Sample::Mean(mean) => mean.sum(0),
        other => panic!("{other:?}"),
    };
    (counts.sample("converts", "control").unwrap().conversions().unwrap(), sum("count"), sum("value"))
}

fn order<'a>(log: &'a mut Log, visitor: &str, at: i64, id: Option<&str>) -> &'a mut Event {
    let event = log.did(visitor, "order", at);
    event.value = Some(49.9);
    event.id = id.map(str::to_owned);
    event
}

/// B33: the thank-you page was loaded again.
#[test]
fn an_order_that_is_sent_again_counts_once() {
    let mut log = Log::new();
    log.exposed("a", "control", 1);
    for at in [2, 3] {
        let event = order(&mut log, "a", at, None);
        event.kind = EventType::Conversion;
        event.experiment_id = Some("hero".into());
        event.props = Map::from_iter([("order_id".to_owned(), "A1".into())]);
    }
    assert_eq!(orders(&log), (1, 1.0, 49.9));
}

#[test]
fn orders_without_an_id_or_with_others_are_orders_of_their_own() {
    let mut log = Log::new();
    log.exposed("a", "control", 1);
    order(&mut log, "a", 2, None);
    order(&mut log, "a", 3, None);
    order(&mut log, "a", 4, Some("A1"));
    order(&mut log, "a", 5, Some("A2"));
    // An id is one of its event's name.
    log.did("a", "refund", 1).id = Some("A2".into());
    assert_eq!(orders(&log), (1, 4.0, 4.0 * 49.9));
}

#[test]
fn the_first_one_counts_whoever_sends_it() {
    let mut log = Log::new();
    log.exposed("a", "control", 1);
    log.exposed("b", "control", 1);
    // The address of the thank-you page was sent to somebody, whose event arrives first.
    order(&mut log, "b", 9, Some("A1")).value = Some(1.0);
    order(&mut log, "a", 2, Some("A1"));
    assert_eq!(orders(&log), (1, 1.0, 49.9));
}

#[test]
fn an_order_of_before_the_exposure_is_no_effect_when_sent_again() {
    let mut log = Log::new();
    order(&mut log, "a", 1, Some("A1"));
    log.exposed("a", "control", 2);
    order(&mut log, "a", 3, Some("A1"));
    assert_eq!(orders(&log), (0, 0.0, 0.0));
}

/// A page sends one order for each experiment that it knows, in any order, and as an event.
#[test]
fn an_order_sent_for_several_experiments_counts_once_in_each() {
    let mut log = Log::new();
    log.exposed("a", "control", 1);
    for (at, experiment) in [(2, Some("other")), (3, Some("hero")), (4, None)] {
        let event = order(&mut log, "a", at, Some("A1"));
        if experiment.is_some() {
            event.kind = EventType::Conversion;
            event.experiment_id = experiment.map(str::to_owned);
        }
    }
    assert_eq!(orders(&log), (1, 1.0, 49.9));
}

#[test]
fn a_bots_order_does_not_hide_a_persons() {
    let mut log = Log::new();
    log.exposed("a", "control", 1);
    order(&mut log, "bot", 2, Some("A1")).marks = vec![Mark::Bot];
    log.did("a", "order", 2).kind = EventType::Click;
    order(&mut log, "a", 3, Some("A1"));
    assert_eq!(orders(&log), (1, 1.0, 49.9));
}
