//! Schedules of a payload, resolved for a time.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use crate::model::Schedule;

/// Until when a payload stays the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    changes: Vec<i64>,
}

impl Timeline {
    /// Reads the schedules of a payload as it is published.
    pub fn of(payload: &Value) -> Self {
        let mut changes: Vec<i64> =
            scheduled(payload).filter_map(schedule).flat_map(|s| s.from.into_iter().chain(s.until)).collect();
        changes.sort_unstable();
        changes.dedup();
        Self { changes }
    }

    /// The period that `now` is in: within one, [`at`] gives the same.
    pub fn period(&self, now: i64) -> usize {
        self.changes.partition_point(|change| *change <= now)
    }
}

/// The payload at a time, in Unix milliseconds: without what is not scheduled then, and without schedules.
pub fn at(payload: &Value, now: i64) -> Cow<'_, Value> {
    if scheduled(payload).all(|item| item.get("schedule").is_none()) {
        return Cow::Borrowed(payload);
    }
    let mut out = payload.clone();
    if let Some(experiments) = out.get_mut("experiments") {
        keep(experiments, now);
    }
    let features = out.get_mut("features").and_then(Value::as_object_mut);
    features.into_iter().flatten().filter_map(|(_, f)| f.get_mut("rules")).for_each(|rules| keep(rules, now));
    Cow::Owned(out)
}

fn keep(items: &mut Value, now: i64) {
    let Some(items) = items.as_array_mut() else { return };
    items.retain(|item| schedule(item).is_none_or(|s| s.holds(now)));
    items.iter_mut().filter_map(Value::as_object_mut).for_each(|item| drop(item.remove("schedule")));
}

fn schedule(item: &Value) -> Option<Schedule> {
    Schedule::deserialize(item.get("schedule")?).ok()
}

/// All that may have a schedule: experiments, and rules of features.
fn scheduled(payload: &Value) -> impl Iterator<Item = &Value> {
    fn list<'a>(from: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
        from.get(name).and_then(Value::as_array).into_iter().flatten()
    }
    let features = payload.get("features").and_then(Value::as_object).into_iter().flatten();
    list(payload, "experiments").chain(features.flat_map(|(_, feature)| list(feature, "rules")))
}
