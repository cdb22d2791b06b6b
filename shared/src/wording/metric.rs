//! Metrics and their values as people read them.

use serde_json::Value;

use super::number::{count, number, percent};
use crate::model::{Aggregate, Aggregation, Cap, Counting, MetricKind};

/// A metric's value: a rate as percent, anything else as a number.
pub fn value(kind: &MetricKind, value: f64) -> String {
    match kind {
        MetricKind::Conversion { .. } => percent(value, 2),
        _ => number(value),
    }
}

/// Returns what a metric's value is called.
pub fn value_name(kind: &MetricKind) -> String {
    match kind {
        MetricKind::Conversion { .. } => "Rate".to_owned(),
        MetricKind::Count { .. } | MetricKind::Value { .. } => "Mean".to_owned(),
        MetricKind::Ratio { .. } => "Ratio".to_owned(),
        MetricKind::Quantile { level, .. } => percentile(*level),
    }
}

/// Returns what is counted: `visitors with signup`, `value of order ÷ order events`.
pub fn measure(kind: &MetricKind) -> String {
    let of = |a: &Aggregate| match a.aggregate {
        Aggregation::Count => format!("{} events", a.event),
        Aggregation::Sum => format!("value of {}", a.event),
    };
    match kind {
        MetricKind::Conversion { event } => format!("visitors with {event}"),
        MetricKind::Count { event } => format!("{event} events per visitor"),
        MetricKind::Value { event } => format!("value of {event} per visitor"),
        MetricKind::Ratio { numerator, denominator } => format!("{} ÷ {}", of(numerator), of(denominator)),
        MetricKind::Quantile { event, level } => format!("{} of the value of {event} per visitor", percentile(*level)),
    }
}

/// Returns which events count, and how much: a phrase for each thing that is not as usual.
pub fn counting(counting: &Counting) -> Vec<String> {
    let filter = (!counting.filter.is_empty()).then(|| format!("where {}", Value::from(counting.filter.clone())));
    let window = counting.window.map(|hours| format!("within {} h of the exposure", count(hours.into())));
    let cap = counting.cap.map(|cap| match cap {
        Cap::Value(value) => format!("capped at {value}"),
        Cap::Percentile(level) => format!("capped at the {}", percentile(level)),
        Cap::PercentileOfPositive(level) => format!("capped at the {} of those above zero", percentile(level)),
    });
    let adjust = counting.adjust.map(|days| format!("adjusted by the {days} d before (CUPED)"));
    [filter, window, cap, adjust].into_iter().flatten().collect()
}

/// 0.95 is `95th percentile`.
fn percentile(level: f64) -> String {
    let percent = (level * 1e6).round() / 1e4;
    let ending = match (percent % 1.0 == 0.0, percent as u64 % 10, percent as u64 / 10) {
        (false, ..) | (true, _, 1) => "th",
        (true, 1, _) => "st",
        (true, 2, _) => "nd",
        (true, 3, _) => "rd",
        _ => "th",
    };
    format!("{percent}{ending} percentile")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_read_well() {
        let event = || "order".to_owned();
        let of = |aggregate| Aggregate { aggregate, event: event() };
        let ratio = MetricKind::Ratio { numerator: of(Aggregation::Sum), denominator: of(Aggregation::Count) };
        let quantile = |level| MetricKind::Quantile { event: event(), level };
        for (kind, text, name, of_half) in [
            (MetricKind::Conversion { event: event() }, "visitors with order", "Rate", "50.00%"),
            (MetricKind::Count { event: event() }, "order events per visitor", "Mean", "0.5000"),
            (MetricKind::Value { event: event() }, "value of order per visitor", "Mean", "0.5000"),
            (ratio, "value of order ÷ order events", "Ratio", "0.5000"),
            (quantile(0.95), "95th percentile of the value of order per visitor", "95th percentile", "0.5000"),
        ] {
            assert_eq!(
                (measure(&kind), value_name(&kind), value(&kind, 0.5)),
                (text.into(), name.into(), of_half.into())
            );
        }
        for (level, name) in [(0.5, "50th"), (0.11, "11th"), (0.01, "1st"), (0.92, "92nd"), (0.999, "99.9th")] {
            assert_eq!(value_name(&quantile(level)), format!("{name} percentile"));
        }
        let all = Counting {
            filter: serde_json::Map::from_iter([("paid".to_owned(), true.into())]),
            window: Some(24),
            cap: Some(Cap::PercentileOfPositive(0.99)),
            adjust: Some(14),
        };
        assert_eq!(
            counting(&all).join(", "),
            "where {\"paid\":true}, within 24 h of the exposure, capped at the 99th percentile of those above zero, adjusted by the 14 d before (CUPED)"
        );
        assert!(counting(&Counting::default()).is_empty());
    }
}
