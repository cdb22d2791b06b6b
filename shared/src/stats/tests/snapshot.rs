use super::*;
use crate::model::{Metric, MetricKind, Role};

fn inputs(engine: Engine) -> Inputs {
    let metric = |id: &str, role| Metric::new(id, id, role, MetricKind::Conversion { event: id.into() });
    let mut random = Random(11);
    let mut cells = Vec::new();
    for (variant, day, value) in
        ["a", "b"].iter().flat_map(|v| (0..20).flat_map(move |d| ["DE", "FR"].map(|c| (*v, d, c))))
    {
        let units = [(); 50].map(|()| [random.normal().exp(), random.normal()]);
        let revenue = Sample::Cuped(Moments::of(units).expect("finite"));
        let signups = Sample::from(proportion(50, (50.0 * random.uniform()) as u64));
        for (metric, sample) in [("revenue", revenue), ("signup", signups)] {
            cells.push(Cell {
                variant: variant.into(),
                metric: metric.into(),
                day: Some(day),
                value: value.into(),
                sample,
            });
        }
    }
    let plan = Plan {
        engine,
        variants: vec!["a".into(), "b".into()],
        weights: vec![1.0, 1.0],
        metrics: vec![metric("signup", Role::Goal), metric("revenue", Role::Secondary)],
        ..Plan::default()
    };
    Inputs {
        definition_revision: 3,
        event_watermark: 17,
        plan,
        dimension: "country".into(),
        cells,
        traffic: Traffic::of_several(2),
    }
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    for engine in [Engine::Frequentist, Engine::Sequential, Engine::Bayesian] {
        let [a, b] =
            [(); 2].map(|()| serde_json::to_string(&Snapshot::take(inputs(engine)).expect("usable")).expect("JSON"));
        assert_eq!(a, b);
        // Also after a night on the disk.
        let kept: Snapshot = serde_json::from_str(&a).expect("parses");
        assert_eq!(kept.verify(), Ok(()));
        assert_eq!(serde_json::to_string(&kept).expect("JSON"), a);
    }
}

#[test]
fn whatever_is_changed_is_noticed() {
    let taken = Snapshot::take(inputs(Engine::Sequential)).expect("usable");
    let check = |change: fn(&mut Snapshot), expected: SnapshotError| {
        let mut changed = taken.clone();
        change(&mut changed);
        assert_eq!(changed.verify(), Err(expected));
    };
    check(|s| s.inputs.event_watermark += 1, SnapshotError::Changed);
    check(|s| s.inputs.definition_revision += 1, SnapshotError::Changed);
    check(|s| s.inputs.plan.alpha = 0.1, SnapshotError::Changed);
    check(|s| s.inputs.cells[4].day = Some(21), SnapshotError::Changed);
    check(|s| s.inputs.cells[4].sample = Sample::default(), SnapshotError::Changed);
    check(|s| s.inputs.traffic.several = 0, SnapshotError::Changed);
    check(|s| s.engine_version += 1, SnapshotError::Changed);
    check(|s| s.analysis.sentence.push('!'), SnapshotError::Differs);
    check(|s| s.analysis.metrics[0].variants[1].mean += 1e-16, SnapshotError::Differs);
}

#[test]
fn values_of_a_dimension_add_up() {
    let inputs = inputs(Engine::Frequentist);
    let (all, by_value) = (inputs.analyse().expect("usable"), inputs.analyse_by_value().expect("usable"));
    assert_eq!(by_value.keys().collect::<Vec<_>>(), ["DE", "FR"]);
    let units = |a: &Analysis| a.metrics[0].variants[1].units;
    assert_eq!(by_value.values().map(units).sum::<u64>(), units(&all));
    assert_eq!(units(&all), 2000);
}
