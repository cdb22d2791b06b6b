//! Counting in SQL: sufficient statistics come out, never rows.

use beacon_shared::event::Mark;
use beacon_shared::model::MetricKind;
use rusqlite::{Connection, Result, Row, ToSql, params};

use crate::results::{Cell, Counts, Query};

/// ?1 site, ?2 experiment, ?3 from, ?4 until (exclusive).
const VISITORS: &str = "CREATE TEMP TABLE visitors AS \
    SELECT visitor, min(ts) AS ts, min(variant) AS variant, min(variant) <> max(variant) AS several \
    FROM main.events \
    WHERE site = ?1 AND experiment = ?2 AND type = 'exposure' AND counts = 1 AND event_id IS NOT NULL \
      AND ts >= ?3 AND ts < ?4 AND variant IS NOT NULL \
    GROUP BY visitor";

/// One column for each metric; ?1 site, ?2 until, from ?3 on event names.
const OUTCOME: &str = "sum(EXISTS (SELECT 1 FROM main.events AS e \
    WHERE e.site = ?1 AND e.name = ?{} AND e.visitor = v.visitor AND e.ts >= v.ts AND e.ts < ?2 \
      AND e.type IN ('event', 'conversion') AND e.counts = 1 AND e.event_id IS NOT NULL))";

const EXCLUDED: &str = "SELECT m.value, count(DISTINCT e.visitor) FROM events AS e, json_each(e.marks) AS m \
    WHERE e.site = ?1 AND e.experiment = ?2 AND e.type = 'exposure' AND e.counts = 0 AND e.event_id IS NOT NULL \
      AND e.ts >= ?3 AND e.ts < ?4 \
    GROUP BY m.value ORDER BY m.value";

const DAY: i64 = 24 * 60 * 60 * 1000;

pub(super) fn count(connection: &mut Connection, query: &Query) -> Result<Counts> {
    // One transaction, so that all numbers come from the same events.
    let transaction = connection.transaction()?;
    let until = query.until.unwrap_or(i64::MAX);
    let phase = params![query.site, query.experiment, query.from, until];
    let excluded = excluded(&transaction, phase)?;
    transaction.execute(VISITORS, phase)?;
    let multiple = transaction.query_row("SELECT count(*) FROM visitors WHERE several", [], |row| natural(row, 0))?;
    let cells = cells(&transaction, query, until)?;
    // The table is this transaction's own and goes with it.
    transaction.rollback()?;
    Ok(Counts { cells, multiple_exposures: multiple, excluded })
}

fn cells(connection: &Connection, query: &Query, until: i64) -> Result<Vec<Cell>> {
    let name = |kind: &'_ MetricKind| match kind {
        MetricKind::Conversion { event } => event.clone(),
    };
    let names: Vec<String> = query.metrics.iter().map(|m| name(&m.kind)).collect();
    let outcomes: String =
        (3..3 + names.len()).map(|parameter| format!(", {}", OUTCOME.replace("{}", &parameter.to_string()))).collect();
    let sql = format!(
        "SELECT v.variant, v.ts / {DAY}, count(*){outcomes} FROM visitors AS v \
         WHERE NOT v.several AND v.variant IN (SELECT value FROM json_each(?{})) GROUP BY 1, 2 ORDER BY 1, 2",
        3 + names.len(),
    );
    let variants = serde_json::Value::from(query.variants.clone()).to_string();
    let mut parameters: Vec<&dyn ToSql> = vec![&query.site, &until];
    parameters.extend(names.iter().map(|name| name as &dyn ToSql));
    parameters.push(&variants);
    let cell = |row: &Row<'_>| {
        Ok(Cell {
            variant: row.get(0)?,
            day: row.get(1)?,
            units: natural(row, 2)?,
            conversions: (3..3 + names.len()).map(|column| natural(row, column)).collect::<Result<_>>()?,
        })
    };
    connection.prepare(&sql)?.query_map(parameters.as_slice(), cell)?.collect()
}

fn excluded(connection: &Connection, phase: &[&dyn ToSql]) -> Result<Vec<(String, u64)>> {
    let mut statement = connection.prepare_cached(EXCLUDED)?;
    let found = statement.query_map(phase, |row| Ok((row.get(0)?, natural(row, 1)?)))?.collect::<Result<Vec<_>>>()?;
    let excludes = |name: &str| serde_json::from_value(name.into()).is_ok_and(Mark::excludes);
    Ok(found.into_iter().filter(|(name, _): &(String, u64)| excludes(name)).collect())
}

/// A count: SQLite has no unsigned numbers.
fn natural(row: &Row<'_>, column: usize) -> Result<u64> {
    Ok(row.get::<_, i64>(column)?.unsigned_abs())
}
