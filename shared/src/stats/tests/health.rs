//! Whether the numbers can be trusted: alarms that are right, and none that are not.

use super::*;
use crate::model::{Metric, MetricKind, Role};

fn health(weights: [f64; 2], units: [u64; 2], traffic: &Traffic) -> Health {
    let metric = Metric::new("goal", "Goal", Role::Goal, MetricKind::Conversion { event: "goal".into() });
    let variants = vec!["control".into(), "treatment".into()];
    let plan = Plan { variants, weights: weights.to_vec(), metrics: vec![metric], ..Plan::default() };
    let samples = units.map(|units| proportion(units, units / 10));
    analyse(&plan, &[samples.to_vec()], traffic).health
}

/// χ² at p < 0.001 raised a false alarm in 8% of experiments that were split 99/1.
#[test]
fn small_arms_raise_no_alarm() {
    let few = health([0.99, 0.01], [95, 5], &Traffic::default());
    assert_eq!((few.srm.alarm, few.srm.p_value), (false, None), "one visitor is expected in the small arm");
    let many = health([0.99, 0.01], [9500, 500], &Traffic::default());
    assert!(many.srm.alarm && many.srm.p_value.is_some_and(|p| p < 1e-9));
}

/// The alarm came and went with the looks.
#[test]
fn a_mismatch_stays_found() {
    let day = |day, control, treatment| Arrivals { day, units: vec![control, treatment] };
    // The second day's redirect lost a fifth of the treatment, and the third day made up for it.
    let days = vec![day(10, 1000, 1000), day(11, 3000, 2400), day(12, 1000, 1600)];
    let traffic = Traffic { days, ..Traffic::default() };
    let found = health([1.0; 2], [5000, 5000], &traffic).srm;
    assert_eq!((found.alarm, found.since, found.p_value), (true, Some(11), Some(1.0)));
    let right = Traffic { days: (0..300).map(|d| day(d, 500 + d as u64 % 3, 501)).collect(), ..Traffic::default() };
    assert!(!health([1.0; 2], [150_300, 150_300], &right).srm.alarm);
}

/// One of forty visitors was enough for "don't trust these numbers": the developer who tried both variants.
#[test]
fn visitors_of_several_variants_alarm_when_they_are_surely_many() {
    let alarm = |several, units| health([1.0; 2], [units; 2], &Traffic::of_several(several)).multiple_exposures_alarm;
    assert_eq!(
        [alarm(1, 20), alarm(3, 150), alarm(20, 1000), alarm(100, 2000), alarm(0, 0)],
        [false, false, false, true, false]
    );
}

/// Together they are below 1%, yet the treatment lacks those who were driven out of it.
#[test]
fn visitors_of_several_variants_are_split_like_the_others() {
    let unlike = |first: [u64; 2]| {
        let traffic = Traffic { several: first.iter().sum(), several_by_first: first.to_vec(), ..Traffic::default() };
        let health = health([1.0; 2], [50_000; 2], &traffic);
        (health.multiple_exposures_alarm, health.multiple_unlike, health.is_alarming())
    };
    assert_eq!(unlike([250, 650]), (false, true, true));
    assert_eq!(unlike([440, 460]), (false, false, false));
}

/// Visitors whose window is open are no missing data, though another list knows them.
#[test]
fn open_windows_are_not_missing() {
    let missing = |open: Vec<u64>| {
        let metric = Metric::new("goal", "Goal", Role::Goal, MetricKind::Conversion { event: "goal".into() });
        let variants = vec!["control".into(), "treatment".into()];
        let plan = Plan { variants, metrics: vec![metric], ..Plan::default() };
        let samples = [vec![proportion(100, 10), proportion(100, 10)], vec![proportion(140, 0), proportion(160, 0)]];
        let traffic = Traffic { open: [("goal".to_owned(), open)].into(), ..Traffic::default() };
        analyse(&plan, &samples, &traffic).health.missing.iter().map(|m| m.units).collect::<Vec<u64>>()
    };
    assert_eq!((missing(vec![40, 60]), missing(vec![])), (vec![], vec![40, 60]));
}
