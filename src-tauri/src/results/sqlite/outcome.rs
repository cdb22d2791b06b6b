//! The SQL of one metric: what each visitor's events come to, after the exposure and before.

use beacon_shared::event::MAX_VALUE;
use beacon_shared::model::{Aggregation, Metric, MetricKind};
use beacon_shared::stats::Cap;
use rusqlite::ToSql;
use serde_json::Value;

use super::filter::SATISFIES;
use crate::results::Query;

/// In milliseconds.
pub(super) const DAY: i64 = 24 * HOUR;
const HOUR: i64 = 60 * 60 * 1000;

/// What one metric asks of the table of visitors. Parameters are ?1 the site, ?2 the experiment, ?3 the filter, from ?4 on
/// the names of events.
pub(super) struct Outcome {
    /// One SQL expression for each of a visitor's numbers: after the exposure, then before.
    columns: Vec<String>,
    parameters: Vec<String>,
    adjusted: bool,
    whole: bool,
}

impl Outcome {
    /// Of the events of the query's phase, and of those before each visitor's exposure.
    pub fn new(query: &Query, metric: &Metric) -> Self {
        let until = query.until.unwrap_or(i64::MAX);
        let counting = &metric.counting;
        let filter = if counting.filter.is_empty() { String::new() } else { format!(" AND {SATISFIES}(?3, e.body)") };
        let after = match counting.window {
            Some(hours) => format!("e.ts >= v.ts AND e.ts < min({until}, v.ts + {}){filter}", i64::from(hours) * HOUR),
            None => format!("e.ts >= v.ts AND e.ts < {until}{filter}"),
        };
        let before = counting.adjust.filter(|_| metric.kind.has_adjustment());
        let before =
            before.map(|days| format!("e.ts >= v.first - {} AND e.ts < v.first{filter}", i64::from(days) * DAY));
        let aggregates = metric.kind.aggregates();
        let converts = matches!(metric.kind, MetricKind::Conversion { .. });
        let column = |span: &str| -> Vec<String> {
            (4..).zip(&aggregates).map(|(name, a)| column(name, span, (!converts).then_some(a.aggregate))).collect()
        };
        let mut columns = column(&after);
        columns.extend(before.iter().flat_map(|before| column(before)));
        let condition = Value::from(counting.filter.clone()).to_string();
        let mut parameters = vec![query.site.clone(), query.experiment.clone(), condition];
        parameters.extend(aggregates.iter().map(|aggregate| aggregate.event.clone()));
        let percentile = matches!(counting.cap, Some(Cap::Percentile(_) | Cap::PercentileOfPositive(_)));
        let whole = matches!(metric.kind, MetricKind::Quantile { .. }) || (percentile && metric.kind.has_cap());
        Self { columns, parameters, adjusted: before.is_some(), whole }
    }

    /// Whether every visitor has the same numbers of before, too.
    pub fn is_adjusted(&self) -> bool {
        self.adjusted
    }

    /// Whether its days do not add.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// How many numbers each visitor has.
    pub fn numbers(&self) -> usize {
        self.columns.len()
    }

    /// What the statements are given.
    pub fn parameters(&self) -> Vec<&dyn ToSql> {
        self.parameters.iter().map(|parameter| parameter as &dyn ToSql).collect()
    }

    /// Variant, day, visitors and how many of them converted.
    pub fn converted(&self) -> String {
        let column = self.columns.first().map_or("0", String::as_str);
        format!("SELECT v.variant, v.ts / {DAY}, count(*), sum({column}) FROM temp.visitors AS v GROUP BY 1, 2")
    }

    /// Every visitor's first number.
    pub fn totals(&self) -> String {
        let column = self.columns.first().map_or("0", String::as_str);
        format!("SELECT {column} FROM temp.visitors AS v")
    }

    /// Every visitor's variant, day (NULL when days do not add) and numbers, always in the same order.
    pub fn each(&self) -> String {
        let day = if self.whole { "NULL".to_owned() } else { format!("v.ts / {DAY}") };
        format!("SELECT v.variant, {day}, {} FROM temp.visitors AS v ORDER BY v.rowid", self.columns.join(", "))
    }
}

/// One number of a visitor; `None` asks only whether there is an event.
///
/// A page may report one order as a conversion of each experiment it knows of. Whoever counts orders or adds up their
/// values takes those of its own experiment only, or it would count the order several times.
fn column(name: usize, span: &str, aggregate: Option<Aggregation>) -> String {
    let from = format!(
        "FROM main.events AS e WHERE e.site = ?1 AND e.name = ?{name} AND e.visitor = v.visitor AND {span} \
         AND e.type IN ('event', 'conversion') AND e.counts = 1 AND e.event_id IS NOT NULL"
    );
    let own = "AND (e.type = 'event' OR e.experiment = ?2)";
    match aggregate {
        None => format!("EXISTS (SELECT 1 {from})"),
        Some(Aggregation::Count) => format!("(SELECT count(*) {from} {own})"),
        // The edge refuses larger values; what an older one let in adds nothing.
        Some(Aggregation::Sum) => {
            format!("(SELECT total(CASE WHEN abs(e.value) <= {MAX_VALUE:.1} THEN e.value END) {from} {own})")
        }
    }
}
