//! The kinds of metrics in plain words, and what stays when another one is chosen.

use beacon_shared::model::{Aggregate, Aggregation, MetricDefinition, MetricKind};
use beacon_shared::stats::Cap;

/// The percentile of a new quantile metric.
const LEVEL: f64 = 0.95;

/// The kinds of metrics, by the name that the select knows it by.
pub const KINDS: [(&str, &str); 5] = [
    ("conversion", "Visitors with an event"),
    ("count", "Events per visitor"),
    ("value", "Value per visitor"),
    ("ratio", "Ratio of two"),
    ("quantile", "Percentile of value"),
];

/// The caps, by the name that the select knows them by.
pub const CAPS: [(&str, &str); 4] = [
    ("none", "No cap"),
    ("value", "At an amount"),
    ("percentile_of_positive", "At a percentile of those above zero"),
    ("percentile", "At a percentile of all visitors"),
];

/// Returns the name of a kind in [`KINDS`].
pub fn kind_name(kind: &MetricKind) -> &'static str {
    match kind {
        MetricKind::Conversion { .. } => "conversion",
        MetricKind::Count { .. } => "count",
        MetricKind::Value { .. } => "value",
        MetricKind::Ratio { .. } => "ratio",
        MetricKind::Quantile { .. } => "quantile",
    }
}

/// Makes it a metric of another kind, which keeps the event, and of the rest what the new kind can have.
pub fn set_kind(m: &mut MetricDefinition, name: &str) {
    let event = m.measure.aggregates().into_iter().next().map(|a| a.event).unwrap_or_default();
    m.measure = kind_of_event(name, event);
    m.counting.cap = m.counting.cap.filter(|_| m.measure.has_cap());
    m.counting.adjust = m.counting.adjust.filter(|_| m.measure.has_adjustment());
}

/// Returns the kind with this name in [`KINDS`], of an event.
pub fn kind_of_event(name: &str, event: String) -> MetricKind {
    let of = |aggregate| Aggregate { aggregate, event: event.clone() };
    match name {
        "count" => MetricKind::Count { event },
        "value" => MetricKind::Value { event },
        "ratio" => MetricKind::Ratio { numerator: of(Aggregation::Sum), denominator: of(Aggregation::Count) },
        "quantile" => MetricKind::Quantile { event, level: LEVEL },
        _ => MetricKind::Conversion { event },
    }
}

/// Names another event; of a ratio, that of the numerator.
pub fn set_event(m: &mut MetricDefinition, name: String) {
    match &mut m.measure {
        MetricKind::Conversion { event }
        | MetricKind::Count { event }
        | MetricKind::Value { event }
        | MetricKind::Quantile { event, .. } => *event = name,
        MetricKind::Ratio { numerator, .. } => numerator.event = name,
    }
}

/// Returns the name of a cap in [`CAPS`].
pub fn cap_name(cap: Option<Cap>) -> &'static str {
    match cap {
        None => "none",
        Some(Cap::Value(_)) => "value",
        Some(Cap::PercentileOfPositive(_)) => "percentile_of_positive",
        Some(Cap::Percentile(_)) => "percentile",
    }
}

/// Returns a cap of this name, at an amount that caps little until somebody chooses one.
pub fn cap(name: &str) -> Option<Cap> {
    match name {
        "value" => Some(Cap::Value(1_000.0)),
        "percentile_of_positive" => Some(Cap::PercentileOfPositive(0.99)),
        "percentile" => Some(Cap::Percentile(0.99)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use beacon_shared::model::Counting;

    use super::*;

    fn metric() -> MetricDefinition {
        let counting = Counting { window: Some(24), cap: cap("value"), adjust: Some(14), ..Counting::default() };
        MetricDefinition { counting, ..MetricDefinition::new(MetricKind::Value { event: "order".into() }) }
    }

    #[test]
    fn every_kind_can_be_chosen_and_keeps_the_event() {
        for (name, _) in KINDS {
            let mut m = metric();
            set_kind(&mut m, name);
            assert_eq!(kind_name(&m.measure), name);
            assert!(m.measure.aggregates().iter().all(|a| a.event == "order"), "{m:?}");
            set_event(&mut m, "visit".into());
            set_kind(&mut m, "count");
            assert_eq!(m.measure, MetricKind::Count { event: "visit".into() });
        }
    }

    #[test]
    fn what_the_new_kind_cannot_have_goes() {
        let counting = |name| {
            let mut m = metric();
            set_kind(&mut m, name);
            (m.counting.window.is_some(), m.counting.cap.is_some(), m.counting.adjust.is_some())
        };
        assert_eq!(counting("ratio"), (true, true, true));
        assert_eq!(counting("conversion"), (true, false, true));
        assert_eq!(counting("quantile"), (true, false, false));
    }

    #[test]
    fn every_cap_can_be_chosen() {
        for (name, _) in CAPS {
            assert_eq!(cap_name(cap(name)), name);
        }
    }
}
