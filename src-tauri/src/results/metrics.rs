//! The metrics that an experiment is judged by, with the definitions of the workspace.

use beacon_shared::error::{Code, Error, Result};
use beacon_shared::model::{Experiment, ExperimentMetric, Metric, MetricDefinition, MetricUse};
use beacon_shared::wording::title;
use serde::Deserialize;
use serde_json::Value;

/// The part of a metric's document that defines it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefinitionPart {
    /// The definition that was published last, or the draft of a metric that never was: for an experiment that is
    /// published.
    Released,
    /// The draft, for an experiment that is not published either.
    Draft,
}

/// The metrics of one experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedBy {
    /// The metrics, in the experiment's order.
    pub metrics: Vec<Metric>,
    /// Sentences about metrics whose draft says something else.
    pub notes: Vec<String>,
}

/// Resolves the metrics of an experiment. `body_of` returns the body of a metric's document by id.
///
/// Errors: [`Code::NotFound`] for a metric that is not on this machine, [`Code::Invalid`] for one that this version
/// cannot read.
pub fn judged_by(
    experiment: &Experiment,
    part: DefinitionPart,
    body_of: impl Fn(&str) -> Result<Option<Value>>,
) -> Result<JudgedBy> {
    let mut judged_by = JudgedBy { metrics: Vec::new(), notes: Vec::new() };
    for metric in &experiment.metrics {
        match metric {
            ExperimentMetric::Own(metric) => judged_by.metrics.push(metric.clone()),
            ExperimentMetric::Shared(used) => {
                let body = body_of(&used.metric)?.ok_or_else(missing)?;
                judged_by.add(used, part, &body)?;
            }
        }
    }
    Ok(judged_by)
}

impl JudgedBy {
    fn add(&mut self, used: &MetricUse, part: DefinitionPart, body: &Value) -> Result<()> {
        let (draft, released) = (&body["draft"], &body["released"]);
        let is_released = part == DefinitionPart::Released && !released.is_null();
        let metric = used.resolved(&read(if is_released { released } else { draft })?);
        if is_released && read(draft).is_ok_and(|draft| used.resolved(&draft) != metric) {
            let name = title(beacon_shared::model::Kind::Metric, &metric.name);
            self.notes.push(format!(
                "The metric {name} has changes that aren't published. These numbers use the published definition."
            ));
        }
        self.metrics.push(metric);
        Ok(())
    }
}

fn read(definition: &Value) -> Result<MetricDefinition> {
    MetricDefinition::deserialize(definition).map_err(|e| {
        let message = format!("This version of Beacon cannot read a metric of this experiment ({e}). Update Beacon.");
        Error::new(Code::Invalid, message)
    })
}

fn missing() -> Error {
    let message = "A metric of this experiment isn't on this computer yet. Sync, then open the results again.";
    Error::new(Code::NotFound, message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn experiment(metrics: Value) -> Experiment {
        Experiment { metrics: serde_json::from_value(metrics).unwrap(), ..Experiment::default() }
    }

    fn metric(event: &str) -> Value {
        json!({"key": "buy", "name": "Buy", "kind": "conversion", "event": event})
    }

    /// The events of the goal, and how many notes there are.
    fn check(part: DefinitionPart, body: Value, expected: (&str, usize)) {
        let experiment = experiment(json!([{"id": "m", "metric": "met_1", "role": "goal"}]));
        let found = judged_by(&experiment, part, |id| Ok((id == "met_1").then(|| body.clone()))).unwrap();
        assert_eq!(found.metrics[0].id, "m");
        let event = found.metrics[0].kind.aggregates().remove(0).event;
        assert_eq!((event.as_str(), found.notes.len()), expected, "{body}");
    }

    #[test]
    fn what_is_published_is_counted_by_what_is_published() {
        use DefinitionPart::{Draft, Released};
        let body = |released: Value| json!({"draft": metric("draft"), "released": released});
        check(Released, body(metric("live")), ("live", 1));
        check(Released, body(metric("draft")), ("draft", 0));
        check(Released, body(Value::Null), ("draft", 0));
        check(Draft, body(metric("live")), ("draft", 0));
        let mut renamed = metric("draft");
        renamed["description"] = json!("Another text changes no number.");
        check(Released, body(renamed), ("draft", 0));
    }

    #[test]
    fn an_own_metric_needs_no_document_and_a_missing_one_is_said() {
        let own = json!({"id": "o", "name": "O", "role": "goal", "kind": "count", "event": "e"});
        let found = judged_by(&experiment(json!([own])), DefinitionPart::Released, |_| Ok(None)).unwrap();
        assert_eq!(json!(found.metrics), json!([own]));
        let used = experiment(json!([{"id": "m", "metric": "met_1", "role": "goal"}]));
        let none = judged_by(&used, DefinitionPart::Released, |_| Ok(None)).unwrap_err();
        assert_eq!(none.code, Code::NotFound);
        let strange = |_: &str| Ok(Some(json!({"draft": {"kind": "newer"}, "released": null})));
        assert_eq!(judged_by(&used, DefinitionPart::Released, strange).unwrap_err().code, Code::Invalid);
    }
}
