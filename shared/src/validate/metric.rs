use serde_json::{Map, Value};

use super::{
    MAX_ADJUST_DAYS, MAX_KEY, MAX_MARGIN, MAX_WINDOW_HOURS, event_name, key, name, text, typed_condition,
    unfinished_number,
};
use crate::error::Problem;
use crate::model::Cap;
use crate::model::{Aggregate, Counting, ExperimentMetric, Metric, MetricDefinition, MetricKind, MetricUse, Role};
use crate::typed;

/// The problems of a metric of the workspace.
pub fn metric(metric: &MetricDefinition) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(key("/key", &metric.key));
    problems.extend(name("/name", &metric.name));
    problems.extend(text("/description", &metric.description));
    problems.extend(measure("", &metric.measure));
    problems.extend(filter("/filter", &metric.counting.filter, &metric.extra));
    problems.extend(counting("", &metric.measure, &metric.counting));
    problems.extend(unfinished_numbers("", &metric.measure, &metric.counting, &metric.extra));
    problems
}

/// Returns what is wrong with the texts in a metric's number fields; a text of a field that the kind has not is none.
fn unfinished_numbers(
    pointer: &str,
    kind: &MetricKind,
    counting: &Counting,
    extra: &Map<String, Value>,
) -> impl Iterator<Item = Problem> + use<> {
    let field = |name: &str| format!("{pointer}/{name}");
    let cap = match counting.cap {
        Some(Cap::Value(_)) => unfinished_number(&field("cap"), extra, typed::amount),
        Some(_) => unfinished_number(&field("cap"), extra, typed::percentage),
        None => None,
    };
    let level = unfinished_number(&field("level"), extra, typed::percentage)
        .filter(|_| matches!(kind, MetricKind::Quantile { .. }));
    let adjust = unfinished_number(&field("adjust"), extra, typed::whole).filter(|_| counting.adjust.is_some());
    [unfinished_number(&field("window"), extra, typed::whole), cap, level, adjust].into_iter().flatten()
}

/// The problems of a metric in an experiment's definition.
pub(super) fn experiment_metric(pointer: &str, metric: &ExperimentMetric) -> Vec<Problem> {
    match metric {
        ExperimentMetric::Shared(used) => metric_use(pointer, used),
        ExperimentMetric::Own(metric) => own_metric(pointer, metric),
    }
}

fn metric_use(pointer: &str, used: &MetricUse) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(key(&format!("{pointer}/id"), &used.id));
    if used.metric.is_empty() || used.metric.len() > MAX_KEY {
        problems.push(Problem::new(format!("{pointer}/metric"), "Choose a metric."));
    }
    problems.extend(used.margin.and_then(|margin| self::margin(&format!("{pointer}/margin"), used.role, margin)));
    problems.extend(unfinished_margin(pointer, used.role, &used.extra));
    problems
}

fn own_metric(pointer: &str, metric: &Metric) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(key(&format!("{pointer}/id"), &metric.id));
    problems.extend(name(&format!("{pointer}/name"), &metric.name));
    problems.extend(measure(pointer, &metric.kind));
    problems.extend(metric.margin.and_then(|margin| self::margin(&format!("{pointer}/margin"), metric.role, margin)));
    problems.extend(unfinished_margin(pointer, metric.role, &metric.extra));
    problems.extend(filter(&format!("{pointer}/filter"), &metric.counting.filter, &metric.extra));
    problems.extend(counting(pointer, &metric.kind, &metric.counting));
    problems.extend(unfinished_numbers(pointer, &metric.kind, &metric.counting, &metric.extra));
    problems
}

fn measure(pointer: &str, kind: &MetricKind) -> Vec<Problem> {
    let event = |event| event_name(&format!("{pointer}/event"), event);
    match kind {
        MetricKind::Conversion { event: name }
        | MetricKind::Count { event: name }
        | MetricKind::Value { event: name } => event(name).into_iter().collect(),
        MetricKind::Quantile { event: name, level } => {
            let outside = !(*level > 0.0 && *level < 1.0);
            let detail = "Choose a percentile between 0% and 100%, such as 95%.";
            let level = outside.then(|| Problem::new(format!("{pointer}/level"), detail));
            event(name).into_iter().chain(level).collect()
        }
        MetricKind::Ratio { numerator, denominator } => ratio(pointer, numerator, denominator),
    }
}

fn ratio(pointer: &str, numerator: &Aggregate, denominator: &Aggregate) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(event_name(&format!("{pointer}/numerator/event"), &numerator.event));
    problems.extend(event_name(&format!("{pointer}/denominator/event"), &denominator.event));
    if numerator == denominator {
        let detail = "Divide by something else: something divided by itself is always 1.";
        problems.push(Problem::new(format!("{pointer}/denominator"), detail));
    }
    problems
}

fn margin(pointer: &str, role: Role, margin: f64) -> Option<Problem> {
    if role != Role::Guardrail {
        Some(Problem::new(pointer, "Only a guardrail has a margin."))
    } else if !(0.0..=MAX_MARGIN).contains(&margin) {
        let most = MAX_MARGIN * 100.0;
        Some(Problem::new(pointer, format!("Choose a margin between 0% and {most}%.")))
    } else {
        None
    }
}

/// Returns what is wrong with the text in a guardrail's margin.
fn unfinished_margin(pointer: &str, role: Role, extra: &Map<String, Value>) -> Option<Problem> {
    unfinished_number(&format!("{pointer}/margin"), extra, typed::percentage).filter(|_| role == Role::Guardrail)
}

fn filter(pointer: &str, filter: &Map<String, Value>, extra: &Map<String, Value>) -> Vec<Problem> {
    let mut problems = typed_condition(pointer, filter, extra);
    if filter.iter().any(|(key, value)| names_segment(key, value)) {
        problems.push(Problem::new(pointer, "Events are in no segment: compare their properties themselves."));
    }
    problems
}

fn names_segment(key: &str, value: &Value) -> bool {
    matches!(key, "$inGroup" | "$notInGroup" | "$savedGroup")
        || match value {
            Value::Object(members) => members.iter().any(|(key, value)| names_segment(key, value)),
            Value::Array(items) => items.iter().any(|item| names_segment("", item)),
            _ => false,
        }
}

fn counting(pointer: &str, kind: &MetricKind, counting: &Counting) -> Vec<Problem> {
    let mut problems = Vec::new();
    if counting.window.is_some_and(|hours| !(1..=MAX_WINDOW_HOURS).contains(&hours)) {
        let detail = format!("Choose a window between 1 and {MAX_WINDOW_HOURS} hours.");
        problems.push(Problem::new(format!("{pointer}/window"), detail));
    }
    let cap = counting.cap.and_then(|cap| cap_problem(kind, cap));
    problems.extend(cap.map(|detail| Problem::new(format!("{pointer}/cap"), detail)));
    let adjust = counting.adjust.and_then(|days| adjust_problem(kind, days));
    problems.extend(adjust.map(|detail| Problem::new(format!("{pointer}/adjust"), detail)));
    problems
}

fn cap_problem(kind: &MetricKind, cap: Cap) -> Option<&'static str> {
    if !kind.has_cap() {
        return Some("Only numbers of events, values and ratios can be capped.");
    }
    match cap {
        Cap::Value(value) => (!(value > 0.0 && value.is_finite())).then_some("Cap at an amount above 0."),
        Cap::Percentile(level) | Cap::PercentileOfPositive(level) => {
            (!(level > 0.0 && level <= 1.0)).then_some("Cap at a percentile above 0% and at most 100%, such as 99%.")
        }
    }
}

fn adjust_problem(kind: &MetricKind, days: u32) -> Option<String> {
    if !kind.has_adjustment() {
        return Some("A percentile cannot be adjusted by what visitors did before.".to_owned());
    }
    (!(1..=MAX_ADJUST_DAYS).contains(&days)).then(|| format!("Look at 1 to {MAX_ADJUST_DAYS} days before."))
}
