//! The results of one experiment, ready to be shown.

#[cfg(test)]
mod tests;

use beacon_shared::error::{Code, Error, Result};
use beacon_shared::ipc::ResultsView;
use beacon_shared::model::{Direction, Experiment, Metric, Phase};
use beacon_shared::stats::{Engine, MetricOptions, Plan, Proportion, Sample, analyse};
use beacon_shared::theme::Theme;

use super::{Counts, EventStore, Query};
use crate::charts;

const ALPHA: f64 = 0.05;
const SEQUENTIAL_N: f64 = 5000.0;

/// Analyses the latest phase from the events on this machine. Blocks: use the blocking pool.
pub fn view(events: &dyn EventStore, experiment: &Experiment, theme: Theme) -> Result<ResultsView> {
    let phase = experiment.phases.last().ok_or_else(|| {
        let message =
            "This experiment has not been started yet. Start it and publish; results appear as visitors come.";
        Error::new(Code::Invalid, message)
    })?;
    let plan = plan(experiment);
    // Read before counting, so that it never promises more than was counted.
    let data_as_of = events.as_of(&experiment.site_id)?;
    let counts = events.count(&query(experiment, phase))?;
    let analysis = analyse(&plan, &samples(&plan, &counts)?, counts.multiple_exposures);
    Ok(ResultsView {
        chart_svg: charts::forest(&analysis, theme)?,
        chart_text: charts::alt_text(&analysis),
        variant_names: plan.names,
        excluded: counts.excluded,
        events: events.len(&experiment.site_id)?,
        data_as_of,
        analysis,
    })
}

/// Sequential, since people look every day.
fn plan(experiment: &Experiment) -> Plan {
    let weight: u32 = experiment.variants.iter().map(|v| v.weight).fold(0, u32::saturating_add);
    Plan {
        engine: Engine::Sequential,
        alpha: ALPHA,
        sequential_n: SEQUENTIAL_N,
        variants: experiment.variants.iter().map(|v| v.id.clone()).collect(),
        names: experiment.variants.iter().map(|v| v.name.clone()).collect(),
        weights: experiment.variants.iter().map(|v| f64::from(v.weight) / f64::from(weight.max(1))).collect(),
        metrics: experiment.metrics.clone(),
        options: experiment.metrics.iter().filter_map(|m| Some((m.id.clone(), options(m)?))).collect(),
        ..Plan::default()
    }
}

/// `None` for what is judged as usual.
fn options(metric: &Metric) -> Option<MetricOptions> {
    let usual = MetricOptions::default();
    let lower_is_better = metric.direction == Direction::Decrease;
    let options = MetricOptions { lower_is_better, margin: metric.margin.unwrap_or(usual.margin) };
    (options != usual).then_some(options)
}

fn query(experiment: &Experiment, phase: &Phase) -> Query {
    Query {
        site: experiment.site_id.clone(),
        experiment: experiment.key.clone(),
        from: phase.started.unwrap_or(i64::MAX),
        until: phase.ended,
        variants: experiment.variants.iter().map(|v| v.id.clone()).collect(),
        metrics: experiment.metrics.clone(),
    }
}

/// For each metric, each variant's days together; and at last how many visitors there are, since the check of the split
/// needs that even without a metric that knows them all.
fn samples(plan: &Plan, counts: &Counts) -> Result<Vec<Vec<Sample>>> {
    let of_metric = |metric: usize| plan.variants.iter().map(|v| counts.sample(metric, v)).collect();
    let mut samples: Vec<Vec<Sample>> =
        (0..plan.metrics.len()).map(of_metric).collect::<std::result::Result<_, _>>().map_err(|reason| {
            let message = format!("The numbers of a metric do not add up ({reason}). Please report this to Beacon.");
            Error::new(Code::Internal, message)
        })?;
    let everybody = |v: &String| Proportion::new(counts.units(v), 0).unwrap_or_default().into();
    samples.push(plan.variants.iter().map(everybody).collect());
    Ok(samples)
}
