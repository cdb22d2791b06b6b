use super::{event_name, key, name, text};
use crate::error::Problem;
use crate::model::{MetricDefinition, MetricKind};

/// The problems of a metric that experiments share.
pub fn metric(metric: &MetricDefinition) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(key("/key", &metric.key));
    problems.extend(name("/name", &metric.name));
    problems.extend(text("/description", &metric.description));
    let MetricKind::Conversion { event } = &metric.measure;
    problems.extend(event_name("/event", event));
    problems
}
