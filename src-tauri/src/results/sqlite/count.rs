//! Counting a phase: sufficient statistics come out, never rows.

use std::collections::BTreeMap;

use beacon_shared::model::{Metric, MetricKind};
use beacon_shared::stats::{Cell, Proportion, Reason, Sample};
use rusqlite::{Connection, Result, Row, params};

use super::exclusions;
use super::fold::{Fold, Winsor};
use super::functions::LOCAL_DAY;
use super::outcome::{DAY, Outcome, has_matured};
use crate::results::{Counts, Exposed, Query};

const TABLE: &str = "CREATE TEMP TABLE visitors \
    (visitor TEXT PRIMARY KEY, variant TEXT, ts INTEGER, day INTEGER, several INTEGER, first INTEGER) WITHOUT ROWID";

/// ?1 site, ?2 experiment, ?3 phase, ?4 the earliest time of arrival.
///
/// `first` is the exposure of any phase.
fn visitors() -> String {
    format!(
        "INSERT INTO temp.visitors \
         SELECT visitor, variant, ts, {LOCAL_DAY}(ts), several, first FROM ( \
           SELECT visitor, min(variant) FILTER (WHERE here) AS variant, min(ts) FILTER (WHERE here) AS ts, \
             min(variant) FILTER (WHERE here) <> max(variant) FILTER (WHERE here) AS several, min(ts) AS first \
           FROM (SELECT visitor, variant, ts, phase = ?3 AND received >= ?4 AS here FROM main.events \
             WHERE site = ?1 AND experiment = ?2 AND type = 'exposure' AND counts = 1 AND event_id IS NOT NULL \
               AND variant IS NOT NULL) \
           GROUP BY visitor) \
         WHERE ts IS NOT NULL"
    )
}

/// ?1 site, ?2 since, ?3 the variant that everybody is in.
fn everybody() -> String {
    format!(
        "INSERT INTO temp.visitors SELECT visitor, ?3, ts, {LOCAL_DAY}(ts), 0, ts FROM ( \
           SELECT visitor, min(ts) AS ts FROM main.events \
           WHERE site = ?1 AND ts >= ?2 AND counts = 1 AND event_id IS NOT NULL AND visitor IS NOT NULL GROUP BY visitor)"
    )
}

/// ?1 variants, as JSON.
const LEAVE_OUT: &str = "DELETE FROM temp.visitors WHERE several OR variant NOT IN (SELECT value FROM json_each(?1))";

/// A variant, and a first-exposure day or the whole phase.
type Group = (String, Option<i64>);
/// One metric's numbers, as far as there are any.
#[derive(Default)]
struct Samples {
    samples: BTreeMap<Group, Sample>,
    /// Whether the metric has a cap that caps nothing.
    has_idle_cap: bool,
}

/// Counts on a connection that knows the functions: the phase's visitors, or everybody who visited the site since a time.
pub(super) fn count(connection: &mut Connection, query: &Query, since: Option<i64>) -> Result<Counts> {
    // One transaction, so that all numbers come from the same events.
    let transaction = connection.transaction()?;
    // The phase's id decides. The time of arrival is a sanity check, a day wide since clocks differ.
    let earliest = query.started.map_or(i64::MIN, |started| started.saturating_sub(DAY));
    transaction.execute_batch(TABLE)?;
    match since {
        None => transaction.execute(&visitors(), params![query.site, query.experiment, query.phase, earliest])?,
        Some(since) => transaction.execute(&everybody(), params![query.site, since, query.variants.first()])?,
    };
    let mut excluded = exclusions::exposures(&transaction, query, earliest)?;
    let several_by_first = several_by_first(&transaction, query)?;
    transaction.execute(LEAVE_OUT, [serde_json::Value::from(query.variants.clone()).to_string()])?;
    excluded.extend(exclusions::outcomes(&transaction, query)?);
    let (mut cells, mut idle_caps) = (Vec::new(), Vec::new());
    for metric in &query.metrics {
        let Samples { samples, has_idle_cap } = samples(&transaction, &Outcome::new(query, metric), metric)?;
        if has_idle_cap && !samples.is_empty() {
            idle_caps.push(metric.id.clone());
        }
        let cell =
            |((variant, day), sample)| Cell { variant, metric: metric.id.clone(), day, value: String::new(), sample };
        cells.extend(samples.into_iter().map(cell));
    }
    let (all, newcomers) = (exposed(&transaction, "1")?, exposed(&transaction, "first = ts")?);
    let open_windows = open_windows(&transaction, query)?;
    let counts = Counts { exposed: all, newcomers, cells, several_by_first, excluded, open_windows, idle_caps };
    // The table is this transaction's own and goes with it.
    transaction.rollback()?;
    Ok(counts)
}

/// Visitors of several variants by the one they saw first.
fn several_by_first(connection: &Connection, query: &Query) -> Result<BTreeMap<String, u64>> {
    let sql = "SELECT (SELECT e.variant FROM main.events AS e WHERE e.site = ?1 AND e.experiment = ?2 AND e.counts = 1 \
                 AND e.phase = ?3 AND e.visitor = v.visitor AND e.ts = v.ts AND e.type = 'exposure' \
                 AND e.variant IS NOT NULL AND e.event_id IS NOT NULL ORDER BY e.rowid LIMIT 1) AS variant, count(*) \
               FROM temp.visitors AS v WHERE v.several GROUP BY 1 HAVING variant IS NOT NULL";
    let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    connection.prepare(sql)?.query_map(params![query.site, query.experiment, query.phase], row)?.collect()
}

fn open_windows(connection: &Connection, query: &Query) -> Result<BTreeMap<String, BTreeMap<String, u64>>> {
    let mut open = BTreeMap::new();
    for metric in &query.metrics {
        let sql = format!(
            "SELECT v.variant, count(*) FROM temp.visitors AS v WHERE NOT ({}) GROUP BY 1",
            has_matured(query, metric)
        );
        let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let visitors: BTreeMap<String, u64> = connection.prepare(&sql)?.query_map([], row)?.collect::<Result<_>>()?;
        open.insert(metric.id.clone(), visitors);
    }
    open.retain(|_, visitors| !visitors.is_empty());
    Ok(open)
}

/// Counts the visitors for whom a condition holds.
fn exposed(connection: &Connection, condition: &str) -> Result<Vec<Exposed>> {
    let sql = format!("SELECT variant, day, count(*) FROM temp.visitors WHERE {condition} GROUP BY 1, 2 ORDER BY 1, 2");
    let exposed = |row: &Row<'_>| Ok(Exposed { variant: row.get(0)?, day: row.get(1)?, units: row.get(2)? });
    connection.prepare(&sql)?.query_map([], exposed)?.collect()
}

fn samples(connection: &Connection, outcome: &Outcome, metric: &Metric) -> Result<Samples> {
    if matches!(metric.kind, MetricKind::Conversion { .. }) && !outcome.is_adjusted() {
        return Ok(Samples { samples: proportions(connection, outcome)?, has_idle_cap: false });
    }
    let folded = match winsor(connection, outcome, metric)? {
        Ok(winsor) => folded(connection, outcome, metric, winsor)?,
        Err(reason) => Err(reason),
    };
    Ok(folded.unwrap_or_else(|reason| {
        tracing::warn!(metric = metric.id, %reason, "a metric cannot be counted");
        Samples::default()
    }))
}

/// The database alone counts who converted.
fn proportions(connection: &Connection, outcome: &Outcome) -> Result<BTreeMap<Group, Sample>> {
    let sample = |row: &Row<'_>| {
        let proportion = Proportion::new(row.get(2)?, row.get(3)?).unwrap_or_default();
        Ok(((row.get(0)?, row.get(1)?), Sample::from(proportion)))
    };
    connection.prepare(&outcome.converted())?.query_map(outcome.parameters().as_slice(), sample)?.collect()
}

/// Finds the cap of totals over all arms together, so that it is the same for each.
fn winsor(connection: &Connection, outcome: &Outcome, metric: &Metric) -> Result<std::result::Result<Winsor, Reason>> {
    let Some(cap) = metric.counting.cap.filter(|_| metric.kind.has_cap()) else { return Ok(Ok(Winsor::none())) };
    let totals: Vec<f64> = if outcome.is_whole() {
        let mut statement = connection.prepare(&outcome.totals())?;
        let totals = statement.query_map(outcome.parameters_of_totals().as_slice(), |row| number(row, 0))?;
        totals.collect::<Result<_>>()?
    } else {
        Vec::new()
    };
    Ok(Winsor::new(cap, &totals, metric))
}

/// Every visitor's numbers, each put into its group.
fn folded(
    connection: &Connection,
    outcome: &Outcome,
    metric: &Metric,
    winsor: Winsor,
) -> Result<std::result::Result<Samples, Reason>> {
    let mut groups: BTreeMap<Group, Fold> = BTreeMap::new();
    let mut statement = connection.prepare(&outcome.each())?;
    let mut rows = statement.query(outcome.parameters().as_slice())?;
    while let Some(row) = rows.next()? {
        let mut numbers = [0.0; 4];
        for (index, place) in numbers.iter_mut().take(outcome.numbers()).enumerate() {
            *place = number(row, 2 + index)?;
        }
        let fold = groups.entry((row.get(0)?, row.get(1)?)).or_insert_with(|| Fold::new(metric));
        if let Err(reason) = fold.push(winsor.apply(numbers)) {
            return Ok(Err(reason));
        }
    }
    let has_idle_cap = metric.counting.cap.is_some() && metric.kind.has_cap() && winsor.is_idle();
    let samples: std::result::Result<_, Reason> =
        groups.into_iter().map(|(group, fold)| Ok((group, fold.sample()?))).collect();
    Ok(samples.map(|samples| Samples { samples, has_idle_cap }))
}

/// SQLite has no NaN: what is none of its numbers is NULL.
fn number(row: &Row<'_>, column: usize) -> Result<f64> {
    Ok(row.get::<_, Option<f64>>(column)?.unwrap_or(f64::NAN))
}
