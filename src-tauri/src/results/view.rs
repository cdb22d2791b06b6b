//! The results of one experiment, ready to be shown.

use beacon_shared::chart::Theme;
use beacon_shared::error::{Code, Error, Result};
use beacon_shared::ipc::ResultsView;
use beacon_shared::model::{Direction, Experiment, Metric, Phase};
use beacon_shared::stats::{Engine, MetricOptions, Plan, Proportion, Sample, analyse};

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
        chart_text: charts::words(&analysis),
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
        from: phase.started_at,
        until: phase.ended_at,
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

#[cfg(test)]
mod tests {
    use beacon_shared::event::Logged;
    use beacon_shared::stats::Verdict;
    use serde_json::json;

    use super::*;
    use crate::results::Cell;

    /// Gives the same cells whatever is asked, once it was asked for the right thing.
    struct Fixed(Counts);

    impl EventStore for Fixed {
        fn append(&self, _: &str, _: &[Logged]) -> Result<()> {
            Ok(())
        }
        fn head(&self, _: &str) -> Result<u64> {
            Ok(7)
        }
        fn len(&self, _: &str) -> Result<u64> {
            Ok(7)
        }
        fn set_as_of(&self, _: &str, _: i64) -> Result<()> {
            Ok(())
        }
        fn as_of(&self, _: &str) -> Result<Option<i64>> {
            Ok(Some(99))
        }
        fn count(&self, query: &Query) -> Result<Counts> {
            assert_eq!((query.site.as_str(), query.experiment.as_str()), ("sit_1", "hero"));
            assert_eq!((query.from, query.until), (300, None));
            Ok(self.0.clone())
        }
    }

    fn experiment(phases: serde_json::Value) -> Experiment {
        serde_json::from_value(json!({
            "key": "hero", "name": "Hero", "site_id": "sit_1", "status": "running", "coverage": 10000,
            "hash_attribute": "id", "hash_version": 2, "seed": "hero", "auto_activate": true, "phases": phases,
            "variants": [
                {"id": "control", "name": "As it is", "weight": 5000},
                {"id": "bold", "name": "Bold", "weight": 5000}
            ],
            "metrics": [{"id": "m1", "name": "Sign-up", "role": "goal", "kind": "conversion", "event": "signup"}]
        }))
        .unwrap()
    }

    fn cell(variant: &str, day: i64, units: u64, conversions: u64) -> Cell {
        let sample = Proportion::new(units, conversions).map(Sample::from);
        Cell { variant: variant.into(), day, units, samples: vec![sample] }
    }

    #[test]
    fn days_add_up_to_a_verdict_with_its_chart() {
        let cells = vec![cell("bold", 1, 900, 300), cell("bold", 2, 100, 40), cell("control", 1, 1000, 100)];
        let store =
            Fixed(Counts { cells, multiple_exposures: 3, excluded: vec![("bot".into(), 4)], ..Counts::default() });
        let phases = json!([{"started_at": 100, "ended_at": 200}, {"started_at": 300, "ended_at": null}]);
        let view = view(&store, &experiment(phases), Theme::Light).unwrap();
        let bold = &view.analysis.metrics[0].variants[1];
        assert_eq!((bold.units, bold.conversions), (1000, 340));
        assert_eq!(view.analysis.verdict, Verdict::Winner { variant: "bold".into() });
        assert!(
            view.analysis.sentence.starts_with("Bold is better than As it is: +240.0 %"),
            "{}",
            view.analysis.sentence
        );
        assert_eq!(view.analysis.health.srm.p_value, Some(1.0));
        assert_eq!((view.analysis.health.multiple_exposures, view.events, view.data_as_of), (3, 7, Some(99)));
        assert_eq!(
            (view.variant_names, view.excluded),
            (vec!["As it is".into(), "Bold".into()], vec![("bot".into(), 4)])
        );
        assert!(view.chart_svg.contains("340 of 1,000 visitors") && view.chart_text.contains("Bold: +240.0 %"));
    }

    #[test]
    fn before_the_start_it_says_what_to_do() {
        let error = view(&Fixed(Counts::default()), &experiment(json!([])), Theme::Dark).unwrap_err();
        assert_eq!(error.code, Code::Invalid);
        assert!(error.message.starts_with("This experiment has not been started yet."), "{error}");
    }

    #[test]
    fn without_visitors_it_is_too_early() {
        let phases = json!([{"started_at": 300, "ended_at": null}]);
        let view = view(&Fixed(Counts::default()), &experiment(phases), Theme::Dark).unwrap();
        assert_eq!(view.analysis.verdict, Verdict::TooEarly);
    }
}
