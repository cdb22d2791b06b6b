//! The SQL of one metric: what each visitor's events come to, after the exposure and before.

use beacon_shared::event::MAX_VALUE;
use beacon_shared::model::{Aggregation, Cap, Metric, MetricKind};
use rusqlite::ToSql;
use serde_json::Value;

use super::functions::SATISFIES;
use crate::results::Query;

/// In milliseconds.
pub(super) const DAY: i64 = 24 * HOUR;
pub(super) const HOUR: i64 = 60 * 60 * 1000;

/// Events that a metric may count. `e` is the event.
pub(super) const MAY_COUNT: &str = "e.type IN ('event', 'conversion') AND e.counts = 1 AND e.event_id IS NOT NULL";

/// The statements of one metric over the table of visitors. Parameters are ?1 the site, ?2 the experiment, ?3 the
/// phase, ?4 the filter, from ?5 on the names of events.
pub(super) struct Outcome {
    /// One SQL expression for each of a visitor's numbers: after the exposure, then before.
    columns: Vec<String>,
    fixed: [String; 4],
    names: Vec<String>,
    adjusted: bool,
    whole: bool,
    /// The visitors who count, as a condition of `v`.
    who: String,
}

impl Outcome {
    /// The statements for the events after each visitor's first exposure of the phase, and for those before the first
    /// exposure of any phase: what came after it may be the experiment's doing, so it explains no noise.
    pub fn new(query: &Query, metric: &Metric) -> Self {
        let counting = &metric.counting;
        let filter = if counting.filter.is_empty() { String::new() } else { format!(" AND {SATISFIES}(?4, e.body)") };
        let end = match counting.window {
            Some(hours) => format!("e.ts < v.ts + {}", i64::from(hours) * HOUR),
            None => until_the_phase_ends(query.ended),
        };
        let after = format!("e.ts >= v.ts AND {end}{filter}");
        let before = counting.adjust.filter(|_| metric.kind.has_adjustment());
        let before =
            before.map(|days| format!("e.ts >= v.first - {} AND e.ts < v.first{filter}", i64::from(days) * DAY));
        let aggregates = metric.kind.aggregates();
        let converts = matches!(metric.kind, MetricKind::Conversion { .. });
        let column = |span: &str| -> Vec<String> {
            (5..).zip(&aggregates).map(|(name, a)| column(name, span, (!converts).then_some(a.aggregate))).collect()
        };
        let mut columns = column(&after);
        columns.extend(before.iter().flat_map(|before| column(before)));
        let condition = Value::from(counting.filter.clone()).to_string();
        let percentile = matches!(counting.cap, Some(Cap::Percentile(_) | Cap::PercentileOfPositive(_)));
        Self {
            columns,
            fixed: [query.site.clone(), query.experiment.clone(), query.phase.clone(), condition],
            names: aggregates.into_iter().map(|aggregate| aggregate.event).collect(),
            adjusted: before.is_some(),
            whole: matches!(metric.kind, MetricKind::Quantile { .. }) || (percentile && metric.kind.has_cap()),
            who: has_matured(query, metric),
        }
    }

    /// Returns true if every visitor has the same numbers of before, too.
    pub fn is_adjusted(&self) -> bool {
        self.adjusted
    }

    /// Returns true if its days do not add.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// Numbers of each visitor.
    pub fn numbers(&self) -> usize {
        self.columns.len()
    }

    /// The parameters of [`Outcome::converted`] and [`Outcome::each`].
    pub fn parameters(&self) -> Vec<&dyn ToSql> {
        self.fixed.iter().chain(&self.names).map(|parameter| parameter as &dyn ToSql).collect()
    }

    /// The parameters of [`Outcome::totals`], which asks for one event.
    pub fn parameters_of_totals(&self) -> Vec<&dyn ToSql> {
        self.fixed.iter().chain(self.names.first()).map(|parameter| parameter as &dyn ToSql).collect()
    }

    /// Variant, day, visitors and how many of them converted.
    pub fn converted(&self) -> String {
        let column = self.columns.first().map_or("0", String::as_str);
        format!(
            "SELECT v.variant, v.day, count(*), sum({column}) FROM temp.visitors AS v WHERE {} GROUP BY 1, 2",
            self.who
        )
    }

    /// Every visitor's first number.
    pub fn totals(&self) -> String {
        let column = self.columns.first().map_or("0", String::as_str);
        format!("SELECT {column} FROM temp.visitors AS v WHERE {}", self.who)
    }

    /// Every visitor's variant, day (NULL when days do not add) and numbers, always in the same order.
    pub fn each(&self) -> String {
        let day = if self.whole { "NULL" } else { "v.day" };
        let columns = self.columns.join(", ");
        format!("SELECT v.variant, {day}, {columns} FROM temp.visitors AS v WHERE {} ORDER BY v.visitor", self.who)
    }
}

/// Returns the condition that the window of visitor `v` has ended by the time up to which all events are here. Whoever
/// is still within it does not count yet, converted or not: otherwise a treatment that makes people convert sooner, and
/// no more of them, would be a winner.
pub(super) fn has_matured(query: &Query, metric: &Metric) -> String {
    match (query.as_of, metric.counting.window) {
        (Some(as_of), Some(hours)) => format!("v.ts <= {}", as_of.saturating_sub(i64::from(hours) * HOUR)),
        _ => "1".to_owned(),
    }
}

/// A conversion of this experiment that names its phase belongs to that one; of other events the time decides.
fn until_the_phase_ends(ended: Option<i64>) -> String {
    let in_time = ended.map_or_else(|| "1".to_owned(), |ended| format!("e.ts < {ended}"));
    format!(
        "CASE WHEN e.type = 'conversion' AND e.experiment = ?2 AND e.phase IS NOT NULL THEN e.phase = ?3 \
         ELSE {in_time} END"
    )
}

/// Returns the condition that `e` repeats an earlier event: one of the same name, among those that satisfy `which`, has
/// the same id of the site's own, such as an order number. It may be another visitor's, or lie before the exposure.
pub(super) fn is_repeated(which: &str) -> String {
    format!(
        "(e.id IS NOT NULL AND EXISTS (SELECT 1 FROM main.events AS d WHERE d.site = e.site AND d.name = e.name \
         AND d.id = e.id AND d.id IS NOT NULL AND d.type IN ('event', 'conversion') AND d.counts = 1 \
         AND d.event_id IS NOT NULL{which} AND (d.ts, d.rowid) < (e.ts, e.rowid)))"
    )
}

/// One number of a visitor; `None` asks only whether there is an event.
///
/// A page may report one order as a conversion of each experiment it knows of. Who counts orders or adds up their
/// values takes those of its own experiment only, or it would count the order several times.
fn column(name: usize, span: &str, aggregate: Option<Aggregation>) -> String {
    let own = |event: &str| format!(" AND ({event}.type = 'event' OR {event}.experiment = ?2)");
    let (own_event, own_earlier) = if aggregate.is_some() { (own("e"), own("d")) } else { Default::default() };
    let from = format!(
        "FROM main.events AS e WHERE e.site = ?1 AND e.name = ?{name} AND e.visitor = v.visitor AND {span} \
         AND {MAY_COUNT}{own_event} AND NOT {}",
        is_repeated(&own_earlier)
    );
    match aggregate {
        None => format!("EXISTS (SELECT 1 {from})"),
        Some(Aggregation::Count) => format!("(SELECT count(*) {from})"),
        // The edge refuses larger values; what an older one let in adds nothing.
        Some(Aggregation::Sum) => {
            format!("(SELECT total(CASE WHEN abs(e.value) <= {MAX_VALUE:.1} THEN e.value END) {from})")
        }
    }
}
