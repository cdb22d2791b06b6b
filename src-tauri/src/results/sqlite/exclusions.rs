//! The events that a phase's numbers leave out, by reason.

use std::collections::BTreeMap;

use beacon_shared::event::Mark;
use beacon_shared::results::{Counted, Excluded, Exclusion};
use rusqlite::{Connection, Params, Result, Row, ToSql, params};
use serde_json::Value;

use super::outcome::{MAY_COUNT, is_repeated};
use crate::results::Query;

/// Counts the exposures that are left out. The table of visitors still has those of several and of unknown variants.
pub(super) fn exposures(connection: &Connection, query: &Query, earliest: i64) -> Result<Vec<Excluded>> {
    let Query { site, experiment, phase, .. } = query;
    const OF_EXPERIMENT: &str = "e.site = ?1 AND e.experiment = ?2 AND e.type = 'exposure' AND e.event_id IS NOT NULL";
    let marks = format!(
        "SELECT m.value, count(DISTINCT e.visitor), count(*) FROM main.events AS e, json_each(e.marks) AS m \
         WHERE {OF_EXPERIMENT} AND e.counts = 0 AND e.phase = ?3 GROUP BY m.value"
    );
    let mut all = by_mark(connection, Counted::Exposures, &marks, params![site, experiment, phase])?;
    let unmarked = |which: &str| {
        format!(
            "SELECT count(DISTINCT e.visitor), count(*) FROM main.events AS e \
             WHERE {OF_EXPERIMENT} AND e.counts = 1 AND {which}"
        )
    };
    let of_visitors = |which: &str| {
        unmarked(&format!(
            "e.phase = ?3 AND e.received >= ?4 AND e.visitor IN (SELECT visitor FROM temp.visitors WHERE {which})"
        ))
    };
    let one = |reason, sql: &str, params: &[&dyn ToSql]| one(connection, Counted::Exposures, reason, sql, params);
    let variants = Value::from(query.variants.clone()).to_string();
    let unknown = of_visitors("NOT several AND variant NOT IN (SELECT value FROM json_each(?5))");
    let early = unmarked("e.phase = ?3 AND e.received < ?4");
    let found = [
        one(Exclusion::SeveralVariants, &of_visitors("several"), params![site, experiment, phase, earliest])?,
        one(Exclusion::UnknownVariant, &unknown, params![site, experiment, phase, earliest, variants])?,
        one(Exclusion::NoPhase, &unmarked("e.phase IS NULL"), params![site, experiment])?,
        one(Exclusion::BeforeStart, &early, params![site, experiment, phase, earliest])?,
    ];
    all.extend(found.into_iter().flatten());
    Ok(all)
}

/// Counts the outcomes that are left out: of counted visitors, after their exposure.
pub(super) fn outcomes(connection: &Connection, query: &Query) -> Result<Vec<Excluded>> {
    let names: Vec<String> =
        query.metrics.iter().flat_map(|metric| metric.kind.aggregates()).map(|aggregate| aggregate.event).collect();
    let names = Value::from(names).to_string();
    let visitors = "JOIN temp.visitors AS v ON v.visitor = e.visitor";
    let of_metrics = "e.site = ?1 AND e.name IN (SELECT value FROM json_each(?2)) AND e.ts >= v.ts";
    let marks = format!(
        "SELECT m.value, count(DISTINCT e.visitor), count(*) FROM main.events AS e {visitors}, json_each(e.marks) AS m \
         WHERE {of_metrics} AND e.type IN ('event', 'conversion') AND e.counts = 0 AND e.event_id IS NOT NULL \
         GROUP BY m.value"
    );
    let mut all = by_mark(connection, Counted::Outcomes, &marks, params![query.site, names])?;
    let own = |event: &str| format!(" AND ({event}.type = 'event' OR {event}.experiment = ?3)");
    // Left to itself, the planner reads every event of the site.
    let repeated = format!(
        "SELECT count(DISTINCT e.visitor), count(*) FROM main.events AS e INDEXED BY own_ids {visitors} \
         WHERE {of_metrics} AND {MAY_COUNT}{} AND {}",
        own("e"),
        is_repeated(&own("d"))
    );
    let params = params![query.site, names, query.experiment];
    all.extend(one(connection, Counted::Outcomes, Exclusion::Repeated, &repeated, params)?);
    Ok(all)
}

/// Reads rows of a mark, visitors and events. Marks that exclude nothing are left out here.
fn by_mark(connection: &Connection, what: Counted, sql: &str, params: impl Params) -> Result<Vec<Excluded>> {
    let row = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?));
    let mut found = BTreeMap::new();
    for row in connection.prepare(sql)?.query_map(params, row)? {
        let (mark, visitors, events) = row?;
        if let Some(reason) = serde_json::from_value::<Mark>(mark.into()).ok().and_then(Exclusion::of) {
            found.insert(reason, Excluded { what, reason, visitors, events });
        }
    }
    Ok(found.into_values().collect())
}

/// Reads one row of visitors and events; `None` when there are none.
fn one(
    connection: &Connection,
    what: Counted,
    reason: Exclusion,
    sql: &str,
    params: impl Params,
) -> Result<Option<Excluded>> {
    let row = |row: &Row<'_>| Ok(Excluded { what, reason, visitors: row.get(0)?, events: row.get(1)? });
    Ok(Some(connection.query_row(sql, params, row)?).filter(|excluded| excluded.events > 0))
}
