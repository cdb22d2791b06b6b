//! The measure of a metric: the way from a visitor's events to a number.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// Makes a visitor's number. It is 0 without an event, and every visitor of the experiment counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MetricKind {
    /// 1 when the visitor has at least one event of this name after the exposure, else 0.
    Conversion {
        /// The name of the event.
        event: String,
    },
    /// The visitor's number of events of this name.
    Count {
        /// The name of the event.
        event: String,
    },
    /// The sum of the values of the visitor's events of this name, such as revenue.
    Value {
        /// The name of the event.
        event: String,
    },
    /// The visitors' total of one thing divided by their total of another, such as revenue per order.
    Ratio {
        /// Above the line.
        numerator: Aggregate,
        /// Below the line.
        denominator: Aggregate,
    },
    /// A quantile of the visitors' sums of values, such as the 95th percentile of the time they waited.
    Quantile {
        /// The name of the event.
        event: String,
        /// Place between 0 and 1: 0.5 is the median.
        level: f64,
    },
}

/// The fields of a [`MetricKind`], as they stand next to the other fields of its metric.
const FIELDS: [&str; 5] = ["kind", "event", "numerator", "denominator", "level"];

impl MetricKind {
    /// The aggregates of a visitor's events that the metric is made of: one, or the two of a ratio.
    pub fn aggregates(&self) -> Vec<Aggregate> {
        let one = |aggregate, event: &String| vec![Aggregate { aggregate, event: event.clone() }];
        match self {
            Self::Conversion { event } | Self::Count { event } => one(Aggregation::Count, event),
            Self::Value { event } | Self::Quantile { event, .. } => one(Aggregation::Sum, event),
            Self::Ratio { numerator, denominator } => vec![numerator.clone(), denominator.clone()],
        }
    }

    /// Returns true if totals may be capped: what is 0 or 1 has none, and a quantile does not mind the largest ones.
    pub fn has_cap(&self) -> bool {
        matches!(self, Self::Count { .. } | Self::Value { .. } | Self::Ratio { .. })
    }

    /// Returns true if it may be adjusted by what was before (CUPED).
    pub fn has_adjustment(&self) -> bool {
        !matches!(self, Self::Quantile { .. })
    }
}

/// The aggregate of one visitor's events of one name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aggregate {
    /// Aggregate of the events.
    pub aggregate: Aggregation,
    /// Their name.
    pub event: String,
}

/// The way from several events to one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    /// Their number.
    Count,
    /// The sum of their values; an event without one adds nothing.
    Sum,
}

/// The events that count, their cap, and what they are compared with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counting {
    /// Only events whose properties satisfy this count, as a condition; the empty one takes all.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub filter: Map<String, Value>,
    /// Only events within N hours after the exposure count; `None` for all until the phase ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<u32>,
    /// Cap of a visitor's total (winsorised), so that one visitor cannot decide; of a ratio, the numerator's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cap: Option<Cap>,
    /// CUPED: the same number in the N days before the exposure explains a part of the noise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adjust: Option<u32>,
}

/// The cap of totals.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cap {
    /// At this amount, in the metric's unit.
    Value(f64),
    /// At this percentile of all visitors' totals, as a share: 0.99 caps the top 1%.
    Percentile(f64),
    /// At this percentile of the totals above zero: for metrics that most visitors have none of.
    PercentileOfPositive(f64),
}

/// Days before the exposure that an adjustment looks at, unless somebody says otherwise.
pub const ADJUST_DAYS: u32 = 14;

/// The fields of a newer schema beside a [`MetricKind`]: what is the kind's own is not among them. Without this they
/// would be kept twice, and the old ones would win.
pub(super) fn beside_kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Map<String, Value>, D::Error> {
    let mut extra = Map::deserialize(deserializer)?;
    extra.retain(|name, _| !FIELDS.contains(&name.as_str()));
    Ok(extra)
}
