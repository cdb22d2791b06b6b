//! The size of an experiment's next phase, from what the site's visitors did before.

use beacon_shared::error::Result;
use beacon_shared::model::{Experiment, Metric, Phase, PhasePlan};
use beacon_shared::stats::{self, FEW_UNITS};

use super::{Cancel, Counts, EventStore, Query, Zone, plan, query};

/// Days that a phase is planned for.
const DAYS: u32 = 28;
/// In milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// Returns the plan of the experiment's next phase: as many visitors as come in four weeks, and the smallest lifts that they
/// find. `None` where fewer than 100 visitors are known. Blocks: use the blocking pool.
pub fn phase_plan(
    events: &dyn EventStore,
    experiment: &Experiment,
    metrics: Vec<Metric>,
    zone: &Zone,
    now: i64,
) -> Result<Option<PhasePlan>> {
    let next = Phase { assignment: Some(experiment.next_assignment()), ..Phase::default() };
    let plan = plan(experiment, metrics, &next);
    let as_of = events.as_of(&experiment.site_id)?;
    let before = match experiment.phases.iter().rev().find(|phase| phase.started.is_some()) {
        Some(last) => {
            let query = Query { as_of, ..query(experiment, last, &plan, zone) };
            let (counts, until) = (events.count(&query, &Cancel::default())?, last.ended.unwrap_or(now));
            Before { share: 1.0, days: days(&counts, zone, until), counts }
        }
        None => {
            let query = Query { as_of, ..query(experiment, &next, &plan, zone) };
            let counts = events.history(&query, now.saturating_sub(i64::from(DAYS) * DAY), &Cancel::default())?;
            let share = f64::from(experiment.audience.coverage) / 10_000.0;
            Before { share, days: days(&counts, zone, now).min(f64::from(DAYS)), counts }
        }
    };
    let (visitors, Some(baseline)) = (before.visitors(), plan.variants.first()) else { return Ok(None) };
    if visitors < FEW_UNITS {
        return Ok(None);
    }
    let expected = visitors as f64 * before.share * f64::from(DAYS) / before.days;
    let samples = plan.metrics.iter().map(|m| (m, before.counts.sample(&m.id, baseline).unwrap_or_default()));
    let samples: Vec<_> = samples.collect();
    Ok(Some(stats::phase_plan(&samples, &plan.weights, expected.round() as u64, DAYS)))
}

/// What visitors did: those of the last phase, or without one everybody who visited the site in the last four weeks.
struct Before {
    counts: Counts,
    /// Days on which they came first.
    days: f64,
    /// The share of them who will be in the next phase.
    share: f64,
}

impl Before {
    fn visitors(&self) -> u64 {
        self.counts.exposed.iter().map(|exposed| exposed.units).sum()
    }
}

/// Returns how many days there are from the first visitor's to this time.
fn days(counts: &Counts, zone: &Zone, until: i64) -> f64 {
    let first = counts.exposed.iter().map(|exposed| exposed.day).min();
    first.map_or(1.0, |first| zone.day(until).saturating_sub(first).saturating_add(1).max(1) as f64)
}
