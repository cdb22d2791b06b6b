//! Features and experiments, resolved.

use serde_json::{Value, json};

use super::bucket::{bucket_ranges, choose_variation};
use super::context::{Context, ExperimentResult, FeatureResult, Source};
use super::definitions::{Definitions, Experiment, Filter, Namespace, Parent, Rollout, Rule, Serves};
use super::hash::hash;
use super::url;

/// How many features may stand in a chain of prerequisites.
pub const MAX_CHAIN: usize = 100;

/// The features that are being resolved, outermost first: what makes a cycle visible.
type Chain<'c> = Vec<&'c str>;

/// What a prerequisite came to.
enum Gate {
    Open,
    Closed { gate: bool },
    Cycle,
}

impl Definitions {
    /// A feature's value for this visitor.
    pub fn feature<'d>(&'d self, key: &'d str, context: &Context<'_>) -> FeatureResult<'d> {
        self.resolve(key, context, &mut Vec::new())
    }

    /// Runs an experiment for this visitor.
    pub fn run<'d>(&'d self, experiment: &'d Experiment, context: &Context<'_>) -> ExperimentResult<'d> {
        self.assign(experiment, None, context, &mut Vec::new())
    }

    fn resolve<'d>(&'d self, key: &'d str, context: &Context<'_>, chain: &mut Chain<'d>) -> FeatureResult<'d> {
        if chain.contains(&key) || chain.len() >= MAX_CHAIN {
            return plain(&Value::Null, Source::CyclicPrerequisite);
        }
        let Some(feature) = self.features.get(key) else { return plain(&Value::Null, Source::UnknownFeature) };
        chain.push(key);
        let decided = feature.rules.iter().find_map(|rule| self.rule(key, rule, context, chain));
        chain.pop();
        decided.unwrap_or_else(|| plain(&feature.default_value, Source::DefaultValue))
    }

    /// What a rule decides, or `None` when the next one is to be asked.
    fn rule<'d>(
        &'d self,
        key: &'d str,
        rule: &'d Rule,
        context: &Context<'_>,
        chain: &mut Chain<'d>,
    ) -> Option<FeatureResult<'d>> {
        match self.parents(&rule.parents, context, chain) {
            Gate::Open => {}
            Gate::Cycle => return Some(plain(&Value::Null, Source::CyclicPrerequisite)),
            Gate::Closed { gate: true } => return Some(plain(&Value::Null, Source::Prerequisite)),
            Gate::Closed { gate: false } => return None,
        }
        if is_filtered_out(&rule.filters, context) {
            return None;
        }
        match &rule.serves {
            Serves::Force { value, condition, rollout } => {
                let eligible = condition.as_ref().is_none_or(|c| c.matches(context.attributes, &self.groups));
                let included = eligible && rollout.as_ref().is_none_or(|r| is_in_rollout(r, context));
                included.then(|| FeatureResult { rule_id: &rule.id, ..plain(value, Source::Force) })
            }
            Serves::Experiment(experiment) => {
                let result = self.assign(experiment, Some(key), context, chain);
                let passes_through = result.meta().is_some_and(|m| m.passthrough);
                let value = experiment.variations.get(result.variation)?;
                (result.in_experiment && !passes_through).then(|| FeatureResult {
                    rule_id: &rule.id,
                    experiment: Some(result),
                    ..plain(value, Source::Experiment)
                })
            }
            Serves::Nothing => None,
        }
    }

    fn parents<'d>(&'d self, parents: &'d [Parent], context: &Context<'_>, chain: &mut Chain<'d>) -> Gate {
        for parent in parents {
            let result = self.resolve(&parent.key, context, chain);
            if result.source == Source::CyclicPrerequisite {
                return Gate::Cycle;
            }
            if !parent.condition.matches(&json!({"value": result.value}), &self.groups) {
                return Gate::Closed { gate: parent.gate };
            }
        }
        Gate::Open
    }

    fn assign<'d>(
        &'d self,
        experiment: &'d Experiment,
        feature: Option<&'d str>,
        context: &Context<'_>,
        chain: &mut Chain<'d>,
    ) -> ExperimentResult<'d> {
        let value = context.hash_value(&experiment.hash_attribute);
        let outcome = |variation: Option<usize>, bucket: Option<f64>| ExperimentResult {
            experiment,
            feature,
            variation: variation.unwrap_or(0),
            in_experiment: variation.is_some(),
            hash_used: bucket.is_some(),
            bucket,
            hash_attribute: &experiment.hash_attribute,
            hash_value: context.attribute(&experiment.hash_attribute).cloned().unwrap_or_else(|| "".into()),
        };
        let out = || outcome(None, None);
        let count = experiment.variations.len();
        if count < 2 || !context.enabled {
            return out();
        }
        if experiment.url_patterns.as_ref().is_some_and(|p| !url::is_targeted(context.url, p)) {
            return out();
        }
        if let Some(variation) = url::query_override(&experiment.key, context.url, count) {
            return outcome(Some(variation), None);
        }
        if let Some(variation) = context.forced_variations.get(&experiment.key) {
            return outcome(index(*variation, count), None);
        }
        if !experiment.active || value.is_empty() || !self.is_eligible(experiment, &value, context, chain) {
            return out();
        }
        let Some((variation, bucket)) = choose(experiment, &value) else { return out() };
        match experiment.force {
            Some(force) => outcome(index(force, count), None),
            None if context.qa_mode || experiment.stopped => out(),
            None => outcome(Some(variation), Some(bucket)),
        }
    }

    fn is_eligible<'d>(
        &'d self,
        experiment: &'d Experiment,
        value: &str,
        context: &Context<'_>,
        chain: &mut Chain<'d>,
    ) -> bool {
        let inside = match (&experiment.filters, &experiment.namespace) {
            (Some(filters), _) => !is_filtered_out(filters, context),
            (None, Some(namespace)) => namespace.contains(value),
            (None, None) => true,
        };
        inside
            && experiment.condition.as_ref().is_none_or(|c| c.matches(context.attributes, &self.groups))
            && matches!(self.parents(&experiment.parents, context, chain), Gate::Open)
    }
}

impl Namespace {
    /// Whether a visitor with this id is in it.
    pub fn contains(&self, value: &str) -> bool {
        hash(&format!("__{}", self.id), value, 1).is_some_and(|n| n >= self.range.0 && n < self.range.1)
    }
}

fn plain(value: &Value, source: Source) -> FeatureResult<'_> {
    FeatureResult { value, source, rule_id: "", experiment: None }
}

fn index(variation: i64, count: usize) -> Option<usize> {
    usize::try_from(variation).ok().filter(|v| *v < count)
}

/// The variation of a visitor with this hash value, and the visitor's place.
fn choose(experiment: &Experiment, value: &str) -> Option<(usize, f64)> {
    let bucket = hash(&experiment.seed, value, experiment.hash_version)?;
    let variation = match &experiment.ranges {
        Some(ranges) => choose_variation(bucket, ranges),
        None => {
            let weights = experiment.weights.as_deref();
            choose_variation(bucket, &bucket_ranges(experiment.variations.len(), experiment.coverage, weights))
        }
    };
    variation.filter(|v| *v < experiment.variations.len()).map(|v| (v, bucket))
}

fn is_filtered_out(filters: &[Filter], context: &Context<'_>) -> bool {
    filters.iter().any(|filter| {
        let value = context.hash_value(&filter.attribute);
        let place = if value.is_empty() { None } else { hash(&filter.seed, &value, filter.hash_version) };
        place.is_none_or(|n| choose_variation(n, &filter.ranges).is_none())
    })
}

fn is_in_rollout(rollout: &Rollout, context: &Context<'_>) -> bool {
    if rollout.range.is_none() && rollout.coverage == Some(0.0) {
        return false;
    }
    let value = context.hash_value(&rollout.hash_attribute);
    if value.is_empty() {
        return false;
    }
    let Some(place) = hash(&rollout.seed, &value, rollout.hash_version) else { return false };
    match (rollout.range, rollout.coverage) {
        (Some((from, to)), _) => place >= from && place < to,
        (None, Some(coverage)) => place <= coverage,
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feature(payload: Value, attributes: Value) -> (Value, &'static str) {
        let definitions = Definitions::parse(&payload);
        let result = definitions.feature("f", &Context::new(&attributes));
        (result.value.clone(), result.source.as_str())
    }

    #[test]
    fn the_first_rule_that_applies_decides() {
        let payload = json!({"features": {"f": {"defaultValue": 0, "rules": [
            {"force": 1, "condition": {"country": "DE"}},
            {"force": 2, "coverage": 0},
            {"force": 3, "coverage": 1},
        ]}}});
        assert_eq!(feature(payload.clone(), json!({"id": "x", "country": "DE"})), (json!(1), "force"));
        assert_eq!(feature(payload.clone(), json!({"id": "x"})), (json!(3), "force"));
        assert_eq!(feature(payload, json!({})), (json!(0), "defaultValue"));
        assert_eq!(feature(json!({}), json!({})), (Value::Null, "unknownFeature"));
    }

    #[test]
    fn prerequisites_gate_and_cycles_end() {
        let gated = |gate: bool| {
            json!({"features": {
                "f": {"defaultValue": "on", "rules": [
                    {"parentConditions": [{"id": "p", "condition": {"value": true}, "gate": gate}], "force": "forced"}
                ]},
                "p": {"defaultValue": false}
            }})
        };
        assert_eq!(feature(gated(true), json!({})), (Value::Null, "prerequisite"));
        assert_eq!(feature(gated(false), json!({})), (json!("on"), "defaultValue"));

        let cycle = |to: &str| json!({"rules": [{"parentConditions": [{"id": to}], "force": 1}]});
        let payload = json!({"features": {"f": cycle("g"), "g": cycle("h"), "h": cycle("f")}});
        assert_eq!(feature(payload, json!({})), (Value::Null, "cyclicPrerequisite"));

        let long: serde_json::Map<String, Value> = (0..10_000)
            .map(|i| (if i == 0 { "f".into() } else { format!("f{i}") }, cycle(&format!("f{}", i + 1))))
            .collect();
        assert_eq!(feature(json!({"features": long}), json!({})).1, "cyclicPrerequisite");
    }

    #[test]
    fn an_experiment_splits_as_its_weights_say() {
        let definitions = Definitions::default();
        let experiment = Experiment::parse(
            &json!({"key": "e", "variations": ["a", "b"], "weights": [0.2, 0.8], "coverage": 0.5, "hashVersion": 2}),
            None,
        )
        .expect("it has variations");
        let mut counts = [0u32; 3];
        for i in 0..20_000 {
            let attributes = json!({"id": format!("v{i}")});
            let result = definitions.run(&experiment, &Context::new(&attributes));
            counts[if result.in_experiment { result.variation } else { 2 }] += 1;
        }
        for (count, share) in counts.into_iter().zip([0.1, 0.4, 0.5]) {
            let expected = 20_000.0 * share;
            assert!((f64::from(count) - expected).abs() < 4.0 * expected.sqrt(), "{counts:?}");
        }
    }

    #[test]
    fn nonsense_is_nobodys_experiment() {
        for source in [
            json!({"key": "e", "variations": []}),
            json!({"key": "e", "variations": [1, 2], "hashVersion": 9}),
            json!({"key": "e", "variations": [1, 2], "ranges": [[0, 0]]}),
            json!({"key": "e", "variations": [1, 2], "force": 7}),
            json!({"key": "e", "variations": [1, 2], "status": "draft"}),
            json!({"key": "e", "variations": [1, 2], "namespace": ["n", 2, 1]}),
        ] {
            let experiment = Experiment::parse(&source, None).expect("variations is a list");
            let attributes = json!({"id": "1"});
            let definitions = Definitions::default();
            let result = definitions.run(&experiment, &Context::new(&attributes));
            assert!(!result.in_experiment && !result.hash_used, "{source}");
        }
    }
}
