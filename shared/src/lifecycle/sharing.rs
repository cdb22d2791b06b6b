//! Sharing: the metrics that an experiment defines itself become metrics of the workspace.
//!
//! Works on JSON, so that fields of a newer schema survive. Ids and keys come from the experiment's id and the metric
//! itself, so that two devices that share the same metric make the same document, and never two versions of one.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::model::{Experiment, ExperimentMetric, Kind, MetricDefinition};
use crate::validate::MAX_KEY;

/// The fields of an own metric that belong to its use by the experiment; all others define the metric.
const OF_USE: [&str; 3] = ["id", "role", "margin"];
/// Hexadecimal digits of a hash at the end of a key.
const KEY_DIGITS: usize = 8;

/// An experiment's definition that uses metrics of the workspace only, and the metrics that it defined before.
#[derive(Clone, Debug, PartialEq)]
pub struct Shared {
    /// The experiment's definition.
    pub definition: Value,
    /// Document ids and definitions of the metrics.
    pub metrics: Vec<(String, Value)>,
}

/// Returns true if an experiment's definition defines metrics itself.
pub fn has_own_metrics(definition: &Value) -> bool {
    Experiment::deserialize(definition).is_ok_and(|e| e.metrics.iter().any(|m| matches!(m, ExperimentMetric::Own(_))))
}

/// Returns the definition with its own metrics shared; `None` if it has none, or is no experiment that this version
/// reads.
pub fn share_metrics(experiment: &str, definition: &Value) -> Option<Shared> {
    if !has_own_metrics(definition) {
        return None;
    }
    let mut definition = definition.clone();
    let mut metrics = Vec::new();
    for metric in definition.get_mut("metrics")?.as_array_mut()? {
        let fields = metric.as_object_mut()?;
        if !fields.contains_key("metric") {
            let (used, defined) = split(experiment, fields)?;
            metrics.push((used.get("metric")?.as_str()?.to_owned(), Value::Object(defined)));
            *fields = used;
        }
    }
    let is_metric = |(_, metric): &(String, Value)| MetricDefinition::deserialize(metric).is_ok();
    metrics.iter().all(is_metric).then_some(Shared { definition, metrics })
}

/// Returns an own metric's use, and its definition.
fn split(experiment: &str, metric: &Map<String, Value>) -> Option<(Map<String, Value>, Map<String, Value>)> {
    let id = metric.get("id")?.as_str()?;
    let (mut used, mut defined) = (Map::new(), Map::new());
    for (field, value) in metric {
        let part = if OF_USE.contains(&field.as_str()) { &mut used } else { &mut defined };
        part.insert(field.clone(), value.clone());
    }
    let hash = Sha256::digest(json!([experiment, id, defined]).to_string());
    let hash: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    used.insert("metric".to_owned(), json!(format!("met_{hash}")));
    let stem: String = id.chars().take(MAX_KEY - KEY_DIGITS - 1).collect();
    defined.insert("key".to_owned(), json!(format!("{stem}_{}", hash.get(..KEY_DIGITS)?)));
    for (field, usual) in [("description", ""), ("direction", "increase")] {
        defined.entry(field).or_insert_with(|| json!(usual));
    }
    Some((used, defined))
}

/// Returns what is released as the draft is to be compared with it: an own metric counts as the workspace's metric that
/// it became, as long as that one has the same definition. `draft_of` returns the draft of a metric by document id.
pub fn comparable<'a>(kind: Kind, id: &str, released: &Value, draft_of: impl Fn(&str) -> Option<&'a Value>) -> Value {
    let shared = (kind == Kind::Experiment).then(|| share_metrics(id, released)).flatten();
    let Some(Shared { definition, metrics }) = shared else { return released.clone() };
    let is_same = |(id, defined): &(String, Value)| draft_of(id) == Some(defined);
    if metrics.iter().all(is_same) { definition } else { released.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn experiment(metrics: Value) -> Value {
        json!({
            "key": "hero", "name": "Hero", "site_id": "sit_1", "status": "draft", "variants": [], "coverage": 10_000,
            "hash_attribute": "id", "hash_version": 2, "seed": "hero", "auto_activate": true, "metrics": metrics,
        })
    }

    fn own() -> Value {
        json!({"id": "help", "name": "Calls", "role": "guardrail", "kind": "count", "event": "help", "margin": 0.2,
               "direction": "decrease", "window": 24, "filter": {"a": 1}, "newer": 9_007_199_254_740_993_u64})
    }

    #[test]
    fn every_field_goes_to_the_use_or_to_the_definition() {
        let other = json!({"id": "met_x", "metric": "met_x", "role": "goal", "newer": true});
        let shared = share_metrics("exp_1", &experiment(json!([own(), other]))).expect("shared");
        let (id, defined) = &shared.metrics[0];
        let used = json!({"id": "help", "role": "guardrail", "margin": 0.2, "metric": id});
        assert_eq!(shared.definition["metrics"], json!([used, other]));
        assert_eq!(
            *defined,
            json!({"key": format!("help_{}", &id[4..12]), "name": "Calls", "description": "", "kind": "count",
                   "event": "help", "direction": "decrease", "window": 24, "filter": {"a": 1},
                   "newer": 9_007_199_254_740_993_u64})
        );
        assert_eq!(shared.metrics.len(), 1);
        assert_eq!(share_metrics("exp_1", &shared.definition), None, "once is enough");
    }

    /// The metric that results are counted by is the same before and after.
    #[test]
    fn the_resolved_metric_is_the_own_one() {
        for own in [
            json!({"id": "m", "name": "M", "role": "goal", "kind": "conversion", "event": "buy"}),
            json!({"id": "r", "name": "R", "role": "secondary", "kind": "ratio", "adjust": 14,
                   "numerator": {"aggregate": "sum", "event": "o"}, "denominator": {"aggregate": "count", "event": "o"}}),
            json!({"id": "q", "name": "Q", "role": "guardrail", "kind": "quantile", "event": "o", "level": 0.95,
                   "margin": 0.1, "direction": "decrease"}),
            json!({"id": "v", "name": "V", "role": "goal", "kind": "value", "event": "o", "cap": {"percentile": 0.99}}),
        ] {
            let shared = share_metrics("exp_1", &experiment(json!([own]))).expect("shared");
            let used: Experiment = serde_json::from_value(shared.definition).expect("an experiment");
            let metric = MetricDefinition::deserialize(&shared.metrics[0].1).expect("a metric");
            let ExperimentMetric::Shared(used) = &used.metrics[0] else { panic!("not shared") };
            assert_eq!(json!(used.resolved(&metric)), own);
        }
    }

    #[test]
    fn the_same_metric_is_the_same_document_and_another_one_is_not() {
        let one = |experiment_id: &str, metric: Value| {
            share_metrics(experiment_id, &experiment(json!([metric]))).expect("shared").metrics.remove(0)
        };
        let (mut renamed, mut decides) = (own(), own());
        renamed["name"] = json!("Another name");
        decides["role"] = json!("goal");
        let first = one("exp_1", own());
        assert_eq!(one("exp_1", decides), first, "the role belongs to the use");
        for other in [one("exp_1", renamed), one("exp_2", own())] {
            assert_ne!(other.0, first.0);
            assert_ne!(other.1["key"], first.1["key"]);
        }
        let mut long = own();
        long["id"] = json!("x".repeat(MAX_KEY));
        assert_eq!(one("exp_1", long).1["key"].as_str().map(str::len), Some(MAX_KEY));
    }

    #[test]
    fn what_this_version_cannot_read_stays() {
        for definition in [json!(null), json!({"metrics": [own()]}), experiment(json!([{"id": "m", "kind": "new"}]))] {
            assert_eq!(share_metrics("exp_1", &definition), None, "{definition}");
        }
    }

    #[test]
    fn sharing_alone_is_no_change() {
        let released = experiment(json!([own()]));
        let Shared { definition, metrics } = share_metrics("exp_1", &released).expect("shared");
        let compare =
            |draft: &Value| comparable(Kind::Experiment, "exp_1", &released, |_| Some(draft).filter(|d| !d.is_null()));
        assert_eq!(compare(&metrics[0].1), definition);
        let mut edited = metrics[0].1.clone();
        edited["event"] = json!("call");
        assert_eq!(compare(&edited), released, "another definition is a change");
        assert_eq!(compare(&Value::Null), released);
    }
}
