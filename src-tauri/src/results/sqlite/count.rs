//! Counting a phase: sufficient statistics come out, never rows.

use std::collections::BTreeMap;

use beacon_shared::event::Mark;
use beacon_shared::model::{Metric, MetricKind};
use beacon_shared::stats::{Proportion, Reason, Sample};
use rusqlite::{Connection, Result, Row, ToSql, params};

use super::fold::{Fold, Winsor};
use super::outcome::{DAY, Outcome};
use crate::results::{Cell, Counts, Query, Whole};

/// ?1 site, ?2 experiment, ?3 from, ?4 until (exclusive).
///
/// `first` is the exposure of any phase: what came after it may be the experiment's doing, so it explains no noise.
const VISITORS: &str = "CREATE TEMP TABLE visitors AS \
    SELECT visitor, min(ts) FILTER (WHERE ts >= ?3) AS ts, min(variant) FILTER (WHERE ts >= ?3) AS variant, \
      min(variant) FILTER (WHERE ts >= ?3) <> max(variant) FILTER (WHERE ts >= ?3) AS several, min(ts) AS first \
    FROM main.events \
    WHERE site = ?1 AND experiment = ?2 AND type = 'exposure' AND counts = 1 AND event_id IS NOT NULL \
      AND ts < ?4 AND variant IS NOT NULL \
    GROUP BY visitor HAVING max(ts) >= ?3";

/// ?1 variants, as JSON.
const LEAVE_OUT: &str = "DELETE FROM temp.visitors WHERE several OR variant NOT IN (SELECT value FROM json_each(?1))";

const EXCLUDED: &str = "SELECT m.value, count(DISTINCT e.visitor) FROM events AS e, json_each(e.marks) AS m \
    WHERE e.site = ?1 AND e.experiment = ?2 AND e.type = 'exposure' AND e.counts = 0 AND e.event_id IS NOT NULL \
      AND e.ts >= ?3 AND e.ts < ?4 \
    GROUP BY m.value ORDER BY m.value";

/// A variant, and a first-exposure day or the whole phase.
type Group = (String, Option<i64>);
/// One metric's numbers, as far as there are any.
type Samples = BTreeMap<Group, Sample>;

pub(super) fn count(connection: &mut Connection, query: &Query) -> Result<Counts> {
    // One transaction, so that all numbers come from the same events.
    let transaction = connection.transaction()?;
    let until = query.until.unwrap_or(i64::MAX);
    let phase = params![query.site, query.experiment, query.from, until];
    let excluded = excluded(&transaction, phase)?;
    transaction.execute(VISITORS, phase)?;
    let multiple = transaction.query_row("SELECT count(*) FROM visitors WHERE several", [], |row| row.get(0))?;
    transaction.execute(LEAVE_OUT, [serde_json::Value::from(query.variants.clone()).to_string()])?;
    let mut counts =
        Counts { cells: units(&transaction)?, multiple_exposures: multiple, excluded, ..Counts::default() };
    for (index, metric) in query.metrics.iter().enumerate() {
        let mut samples = samples(&transaction, &Outcome::new(query, metric), metric)?;
        for cell in &mut counts.cells {
            cell.samples.push(samples.remove(&(cell.variant.clone(), Some(cell.day))));
        }
        let whole = |((variant, _), sample)| Whole { variant, metric: index, sample };
        counts.whole.extend(samples.into_iter().map(whole));
    }
    // The table is this transaction's own and goes with it.
    transaction.rollback()?;
    Ok(counts)
}

/// The cells without any metric yet.
fn units(connection: &Connection) -> Result<Vec<Cell>> {
    let sql = format!("SELECT variant, ts / {DAY}, count(*) FROM temp.visitors GROUP BY 1, 2 ORDER BY 1, 2");
    let cell =
        |row: &Row<'_>| Ok(Cell { variant: row.get(0)?, day: row.get(1)?, units: row.get(2)?, samples: Vec::new() });
    connection.prepare(&sql)?.query_map([], cell)?.collect()
}

fn samples(connection: &Connection, outcome: &Outcome, metric: &Metric) -> Result<Samples> {
    if matches!(metric.kind, MetricKind::Conversion { .. }) && !outcome.is_adjusted() {
        return proportions(connection, outcome);
    }
    let folded = match winsor(connection, outcome, metric)? {
        Ok(winsor) => folded(connection, outcome, metric, winsor)?,
        Err(reason) => Err(reason),
    };
    Ok(folded.unwrap_or_else(|reason| {
        tracing::warn!(metric = metric.id, %reason, "a metric cannot be counted");
        Samples::new()
    }))
}

/// Who converted is counted by the database alone.
fn proportions(connection: &Connection, outcome: &Outcome) -> Result<Samples> {
    let sample = |row: &Row<'_>| {
        let proportion = Proportion::new(row.get(2)?, row.get(3)?).unwrap_or_default();
        Ok(((row.get(0)?, row.get(1)?), Sample::from(proportion)))
    };
    connection.prepare(&outcome.converted())?.query_map(outcome.parameters().as_slice(), sample)?.collect()
}

/// Where totals are capped: found over all arms together, so that the cap is the same for each.
fn winsor(connection: &Connection, outcome: &Outcome, metric: &Metric) -> Result<std::result::Result<Winsor, Reason>> {
    let Some(cap) = metric.counting.cap.filter(|_| metric.kind.has_cap()) else { return Ok(Ok(Winsor::none())) };
    let totals: Vec<f64> = if outcome.is_whole() {
        let mut statement = connection.prepare(&outcome.totals())?;
        let mut parameters = outcome.parameters();
        // The first number asks for one event.
        parameters.truncate(4);
        statement.query_map(parameters.as_slice(), |row| number(row, 0))?.collect::<Result<_>>()?
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
    Ok(groups.into_iter().map(|(group, fold)| Ok((group, fold.sample()?))).collect())
}

/// SQLite has no NaN: what is none of its numbers is NULL.
fn number(row: &Row<'_>, column: usize) -> Result<f64> {
    Ok(row.get::<_, Option<f64>>(column)?.unwrap_or(f64::NAN))
}

fn excluded(connection: &Connection, phase: &[&dyn ToSql]) -> Result<Vec<(String, u64)>> {
    let mut statement = connection.prepare_cached(EXCLUDED)?;
    let found = statement.query_map(phase, |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<Vec<_>>>()?;
    let excludes = |name: &str| serde_json::from_value(name.into()).is_ok_and(Mark::excludes);
    Ok(found.into_iter().filter(|(name, _): &(String, u64)| excludes(name)).collect())
}
