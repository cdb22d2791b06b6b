//! From an experiment's phase to what is counted and how it is judged.

mod planned;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use beacon_shared::error::{Code, Error, Result};
use beacon_shared::model::{Assignment, Direction, Experiment, Metric, Phase};
use beacon_shared::results::Excluded;
use beacon_shared::stats::{Analysis, Arrivals, Engine, MetricOptions, Plan, Proportion, Sample, Traffic, analyse};
use beacon_shared::wording::count;

use super::{Cancel, Counts, EventStore, Exposed, Query, Zone};

pub use planned::phase_plan;

/// A phase's analysis, and what it was counted from.
#[derive(Clone, Debug)]
pub struct Analysed {
    /// The decision and the numbers it comes from.
    pub analysis: Analysis,
    /// Events that were left out.
    pub excluded: Vec<Excluded>,
    /// Sentences about visitors whose outcome may still change.
    pub open_windows: Vec<String>,
    /// Sentences about caps that cap nothing.
    pub idle_caps: Vec<String>,
    /// Number of the site's events on this machine.
    pub events: u64,
    /// Unix milliseconds: everything the edge acknowledged before it is in. `None` before the first fetch.
    pub data_as_of: Option<i64>,
}

/// Analyses one phase by these metrics from the events on this machine. Blocks: use the blocking pool.
pub fn analyse_phase(
    events: &dyn EventStore,
    experiment: &Experiment,
    metrics: Vec<Metric>,
    phase: &Phase,
    zone: &Zone,
    cancel: &Cancel,
) -> Result<Analysed> {
    let plan = plan(experiment, metrics, phase);
    // Read before counting, so that it never promises more than was counted.
    let data_as_of = events.as_of(&experiment.site_id)?;
    let query = Query { as_of: data_as_of, ..query(experiment, phase, &plan, zone) };
    let counts = events.count(&query, cancel)?;
    let analysis =
        analyse(&plan, &samples(&plan, &counts)?, &traffic(&plan, &counts, experiment.keeps_another_split(phase)));
    let open_windows = plan.metrics.iter().filter_map(|metric| open_window(metric, &counts)).collect();
    let idle = plan.metrics.iter().filter(|metric| counts.idle_caps.contains(&metric.id));
    let idle_caps = idle.map(idle_cap).collect();
    let events = events.len(&experiment.site_id)?;
    Ok(Analysed { analysis, excluded: counts.excluded, open_windows, idle_caps, events, data_as_of })
}

/// The default plan of the engine: sequential, since people look every day, with Holm's correction. The split is checked
/// against the phase's own weights: those of today may be another phase's. The sequence is tuned to the visitors that the
/// phase was planned for.
fn plan(experiment: &Experiment, metrics: Vec<Metric>, phase: &Phase) -> Plan {
    let assignment = &experiment.assignment(phase);
    let variants = variants(experiment, assignment);
    let whole: u32 = assignment.weights.iter().map(|w| w.weight).fold(0, u32::saturating_add);
    let weight = |variant: &String| f64::from(assignment.weight(variant)) / f64::from(whole.max(1));
    let name = |id: &String| {
        let variant = experiment.variants.iter().find(|variant| variant.id == *id);
        variant.map_or_else(|| id.clone(), |variant| variant.name.clone())
    };
    let weights: Vec<f64> = variants.iter().map(weight).collect();
    let planned = phase.plan.as_ref();
    let usual = Plan::default();
    let lift = |metric: &Metric| planned.and_then(|plan| plan.lifts.get(&metric.id)).copied();
    Plan {
        engine: if planned.is_some_and(|plan| plan.ends) { Engine::PlannedEnd } else { usual.engine },
        names: variants.iter().map(name).collect(),
        sequential_n: planned.map_or(usual.sequential_n, |plan| of_two_arms(plan.visitors, &weights)),
        planned: planned.map(|plan| plan.visitors),
        weights,
        variants,
        options: metrics.iter().filter_map(|m| Some((m.id.clone(), options(m, lift(m))?))).collect(),
        metrics,
        ..usual
    }
}

/// Returns how many of these visitors a comparison of the first variant with one of the others has, on average.
fn of_two_arms(visitors: u64, weights: &[f64]) -> f64 {
    let Some((baseline, others)) = weights.split_first().filter(|(_, others)| !others.is_empty()) else {
        return visitors as f64;
    };
    (visitors as f64 * (baseline + others.iter().sum::<f64>() / others.len() as f64)).max(1.0)
}

/// The ids of the phase's variants, in the experiment's order, so that the control is first; then those that were
/// removed since.
fn variants(experiment: &Experiment, assignment: &Assignment) -> Vec<String> {
    let of_phase = |id: &str| assignment.weights.iter().any(|w| w.variant == id);
    let is_there = |id: &str| experiment.variants.iter().any(|v| v.id == id);
    let kept = experiment.variants.iter().map(|v| &v.id).filter(|id| of_phase(id));
    let removed = assignment.weights.iter().map(|w| &w.variant).filter(|id| !is_there(id));
    kept.chain(removed).cloned().collect()
}

/// `None` for what is judged as usual.
fn options(metric: &Metric, smallest_lift: Option<f64>) -> Option<MetricOptions> {
    let usual = MetricOptions::default();
    let lower_is_better = metric.direction == Direction::Decrease;
    let margin = metric.margin.unwrap_or(usual.margin);
    let options = MetricOptions { lower_is_better, margin, smallest_lift };
    (options != usual).then_some(options)
}

fn query(experiment: &Experiment, phase: &Phase, plan: &Plan, zone: &Zone) -> Query {
    Query {
        site: experiment.site_id.clone(),
        experiment: experiment.key.clone(),
        phase: phase.id.clone(),
        started: phase.started,
        ended: phase.ended,
        as_of: None,
        zone: zone.clone(),
        variants: plan.variants.clone(),
        metrics: plan.metrics.clone(),
    }
}

/// Says that a cap does nothing.
fn idle_cap(metric: &Metric) -> String {
    format!(
        "The cap of {} does nothing so far: so few visitors have a value that the percentile is zero. Use a percentile of \
         the positive values.",
        metric.name
    )
}

/// Says how many visitors are still within the metric's window.
fn open_window(metric: &Metric, counts: &Counts) -> Option<String> {
    let (by_variant, hours) = (counts.open_windows.get(&metric.id)?, metric.counting.window?);
    let name = &metric.name;
    Some(match by_variant.values().sum::<u64>() {
        1 => format!("1 visitor is still within the {hours}-hour window of {name}, and doesn't count yet."),
        n => format!("{} visitors are still within the {hours}-hour window of {name}, and don't count yet.", count(n)),
    })
}

/// Returns the visitors by day, those who saw several variants, and those whose window is open.
/// If visitors keep another phase's split, the phase's weights assigned the newcomers only.
fn traffic(plan: &Plan, counts: &Counts, keeps_another_split: bool) -> Traffic {
    let in_order = |by_variant: &BTreeMap<String, u64>| -> Vec<u64> {
        plan.variants.iter().map(|v| by_variant.get(v).copied().unwrap_or_default()).collect()
    };
    Traffic {
        days: arrivals(plan, &counts.exposed),
        drawn: keeps_another_split.then(|| arrivals(plan, &counts.newcomers)),
        several: counts.several(),
        several_by_first: in_order(&counts.several_by_first),
        open: counts.open_windows.iter().map(|(metric, open)| (metric.clone(), in_order(open))).collect(),
    }
}

/// Returns visitors by day, in the order of the plan's variants.
fn arrivals(plan: &Plan, visitors: &[Exposed]) -> Vec<Arrivals> {
    let mut days: BTreeMap<i64, Vec<u64>> = BTreeMap::new();
    for exposed in visitors {
        let units = days.entry(exposed.day).or_insert_with(|| vec![0; plan.variants.len()]);
        let place = plan.variants.iter().position(|v| *v == exposed.variant).and_then(|place| units.get_mut(place));
        if let Some(units) = place {
            *units += exposed.units;
        }
    }
    days.into_iter().map(|(day, units)| Arrivals { day, units }).collect()
}

/// For each metric, each variant's cells together; and lastly how many visitors there are, since the check of the split
/// needs that even without a metric that knows them all.
fn samples(plan: &Plan, counts: &Counts) -> Result<Vec<Vec<Sample>>> {
    let of_metric = |metric: &Metric| plan.variants.iter().map(|v| counts.sample(&metric.id, v)).collect();
    let mut samples: Vec<Vec<Sample>> =
        plan.metrics.iter().map(of_metric).collect::<std::result::Result<_, _>>().map_err(|reason| {
            let message = format!("The numbers of a metric do not add up ({reason}). Please report this to Beacon.");
            Error::new(Code::Internal, message)
        })?;
    let everybody = |v: &String| Proportion::new(counts.units(v), 0).unwrap_or_default().into();
    samples.push(plan.variants.iter().map(everybody).collect());
    Ok(samples)
}
