//! Features and experiments, resolved.

use serde_json::Value;

use super::bucket::{Range, bucket_ranges, choose_variation};
use super::condition::{Condition, Subject};
use super::context::Context;
use super::definitions::{Definitions, Experiment, Filter, Namespace, Parent, Rollout, Rule, Serves};
use super::hash::Seed;
use super::result::{ExperimentResult, FeatureResult, Leaf};
use super::sticky::{self, Stuck};
use super::trace::{Purpose, Step, Witness};
use super::url;
use crate::model::{Reason, Source, StickyAssignment, sticky_key};

/// The most features in a chain of prerequisites.
pub const MAX_CHAIN: usize = 100;
/// The most features that one evaluation resolves: prerequisites that share prerequisites can multiply. Beyond it, a
/// feature counts as one that depends on itself.
pub const MAX_RESOLUTIONS: u32 = 10_000;

/// A result, and what a caller that keeps assignments has to store.
#[derive(Clone, Debug)]
pub struct Evaluation<T> {
    /// The result.
    pub result: T,
    /// Assignments that are not in the context's documents yet.
    pub assigned: Vec<StickyAssignment>,
}

impl Definitions {
    /// A feature's value for this visitor.
    pub fn feature<'e>(&'e self, key: &'e str, context: &'e Context<'e>) -> FeatureResult<'e> {
        Pass::new(self, context, ()).resolve(key, None)
    }

    /// Runs an experiment for this visitor.
    pub fn run<'e>(&'e self, experiment: &'e Experiment, context: &'e Context<'e>) -> ExperimentResult<'e> {
        Pass::new(self, context, ()).assign(experiment, None, None)
    }

    /// A feature's value, with the assignments to keep.
    pub fn feature_kept<'e>(&'e self, key: &'e str, context: &'e Context<'e>) -> Evaluation<FeatureResult<'e>> {
        let mut pass = Pass::new(self, context, ());
        let result = pass.resolve(key, None);
        Evaluation { result, assigned: pass.assigned }
    }

    /// An experiment's variation, with the assignments to keep.
    pub fn run_kept<'e>(
        &'e self,
        experiment: &'e Experiment,
        context: &'e Context<'e>,
    ) -> Evaluation<ExperimentResult<'e>> {
        let mut pass = Pass::new(self, context, ());
        let result = pass.assign(experiment, None, None);
        Evaluation { result, assigned: pass.assigned }
    }

    /// A feature's value, with every step that led to it.
    pub fn feature_traced<'e>(&'e self, key: &'e str, context: &'e Context<'e>) -> (FeatureResult<'e>, Vec<Step>) {
        let mut pass = Pass::new(self, context, Vec::new());
        let result = pass.resolve(key, None);
        (result, pass.witness)
    }

    /// An experiment's variation, with every step that led to it.
    pub fn run_traced<'e>(
        &'e self,
        experiment: &'e Experiment,
        context: &'e Context<'e>,
    ) -> (ExperimentResult<'e>, Vec<Step>) {
        let mut pass = Pass::new(self, context, Vec::new());
        let result = pass.assign(experiment, None, None);
        (result, pass.witness)
    }
}

/// The features that are being resolved, innermost first: what makes a cycle visible.
struct Link<'c> {
    key: &'c str,
    outer: Option<&'c Link<'c>>,
    length: usize,
}

impl Link<'_> {
    fn holds(&self, key: &str) -> bool {
        std::iter::successors(Some(self), |link| link.outer).any(|link| link.key == key)
    }
}

/// The outcome of prerequisites.
enum Gate {
    Open,
    Closed { gate: bool },
    Cycle,
}

/// One evaluation for one visitor.
struct Pass<'e, W> {
    definitions: &'e Definitions,
    context: &'e Context<'e>,
    assigned: Vec<StickyAssignment>,
    resolutions: u32,
    witness: W,
}

impl<'e, W: Witness> Pass<'e, W> {
    fn new(definitions: &'e Definitions, context: &'e Context<'e>, witness: W) -> Self {
        Self { definitions, context, assigned: Vec::new(), resolutions: 0, witness }
    }

    fn resolve(&mut self, key: &'e str, outer: Option<&Link<'_>>) -> FeatureResult<'e> {
        self.witness.see(|| Step::Feature { key: key.to_owned() });
        let result = self.resolve_unseen(key, outer);
        let (value, source) = (result.value, result.source);
        self.witness.see(|| Step::Decided { key: key.to_owned(), value: value.clone(), source });
        result
    }

    fn resolve_unseen(&mut self, key: &'e str, outer: Option<&Link<'_>>) -> FeatureResult<'e> {
        self.resolutions += 1;
        let length = outer.map_or(1, |link| link.length + 1);
        if outer.is_some_and(|l| l.holds(key)) || length > MAX_CHAIN || self.resolutions > MAX_RESOLUTIONS {
            return plain(&Value::Null, Source::CyclicPrerequisite);
        }
        let Some(feature) = self.definitions.features.get(key) else {
            return plain(&Value::Null, Source::UnknownFeature);
        };
        let link = Link { key, outer, length };
        for (index, rule) in feature.rules.iter().enumerate() {
            self.witness.see(|| Step::Rule { index, id: rule.id.clone() });
            if let Some(result) = self.rule(key, rule, &link) {
                return result;
            }
            self.witness.see(|| Step::Skipped { index });
        }
        plain(&feature.default_value, Source::DefaultValue)
    }

    /// Returns what a rule decides, or `None` when the next one is to be asked.
    fn rule(&mut self, key: &'e str, rule: &'e Rule, link: &Link<'_>) -> Option<FeatureResult<'e>> {
        match self.parents(&rule.parents, Some(link)) {
            Gate::Open => {}
            Gate::Cycle => return Some(plain(&Value::Null, Source::CyclicPrerequisite)),
            Gate::Closed { gate: true } => return Some(plain(&Value::Null, Source::Prerequisite)),
            Gate::Closed { gate: false } => return None,
        }
        if self.is_filtered_out(&rule.filters) {
            return None;
        }
        match &rule.serves {
            Serves::Force { value, condition, rollout } => {
                let included = self.holds(condition.as_ref()) && rollout.as_ref().is_none_or(|r| self.is_in_rollout(r));
                included.then(|| FeatureResult { rule_id: &rule.id, ..plain(value, Source::Force) })
            }
            Serves::Experiment(experiment) => {
                let result = self.assign(experiment, Some(key), Some(link));
                let passes_through = result.meta().is_some_and(|m| m.passthrough);
                let value = result.value();
                (result.in_experiment && !passes_through).then(|| FeatureResult {
                    rule_id: &rule.id,
                    experiment: Some(result),
                    ..plain(value, Source::Experiment)
                })
            }
            Serves::Nothing => None,
        }
    }

    fn parents(&mut self, parents: &'e [Parent], link: Option<&Link<'_>>) -> Gate {
        for parent in parents {
            let result = self.resolve(&parent.key, link);
            if result.source == Source::CyclicPrerequisite {
                return Gate::Cycle;
            }
            let passed = parent.condition.holds(Subject::Value(result.value), &self.definitions.groups);
            self.witness.see(|| Step::Prerequisite {
                feature: parent.key.clone(),
                value: result.value.clone(),
                passed,
                gate: parent.gate,
            });
            if !passed {
                return Gate::Closed { gate: parent.gate };
            }
        }
        Gate::Open
    }

    fn holds(&mut self, condition: Option<&Condition>) -> bool {
        let Some(condition) = condition else { return true };
        let (subject, groups) = (Subject::Members(self.context.attributes), &self.definitions.groups);
        let passed = condition.holds(subject, groups);
        self.witness.see(|| Step::Condition { parts: condition.parts(subject, groups), passed });
        passed
    }

    fn assign(
        &mut self,
        experiment: &'e Experiment,
        feature: Option<&'e str>,
        link: Option<&Link<'_>>,
    ) -> ExperimentResult<'e> {
        let (attribute, value) = self.hashed(experiment);
        let mut result = ExperimentResult {
            experiment,
            feature,
            variation: 0,
            in_experiment: false,
            hash_used: false,
            sticky_used: false,
            bucket: None,
            hash_attribute: attribute,
            hash_value: value,
            reason: Reason::Disabled,
            bandit: self.leaf(experiment),
        };
        let (variation, reason, bucket) = self.choose(&result, link);
        result.reason = reason;
        result.sticky_used = matches!(reason, Reason::Sticky | Reason::StickyBlocked);
        result.bucket = bucket;
        result.hash_used = bucket.is_some();
        result.in_experiment = variation.is_some();
        result.variation = variation.unwrap_or(0);
        if result.hash_used {
            self.keep(&result);
        }
        self.witness.see(|| Step::Experiment { key: experiment.key.clone(), variation, reason });
        result
    }

    /// The attribute that counts for this experiment, and its value.
    fn hashed(&self, experiment: &'e Experiment) -> (&'e str, &'e Value) {
        let own = self.context.hashed(&experiment.hash_attribute);
        let fallback = experiment.fallback_attribute.as_deref().filter(|_| self.is_sticky(experiment));
        match fallback {
            Some(name) if !super::condition::is_truthy(own) => {
                let value = self.context.hashed(name);
                let found = super::condition::is_truthy(value);
                (if found { name } else { &experiment.hash_attribute }, value)
            }
            _ => (&experiment.hash_attribute, own),
        }
    }

    fn is_sticky(&self, experiment: &Experiment) -> bool {
        self.context.sticky.is_some() && experiment.sticky
    }

    /// The leaf of the experiment's bandit that the visitor falls into.
    fn leaf(&self, experiment: &'e Experiment) -> Option<Leaf<'e>> {
        let bandit = self.definitions.bandits.get(experiment.bandit.as_ref()?)?;
        let matches = |c: &Condition| c.matches(self.context.attributes, &self.definitions.groups);
        let leaf = bandit.leaves.iter().find(|leaf| matches(&leaf.condition));
        Some(Leaf {
            id: leaf.map(|leaf| &leaf.id),
            weights: leaf.map_or(experiment.weights.as_deref(), |leaf| leaf.weights.as_deref()),
            version: bandit.version.as_ref(),
        })
    }

    /// The variation, why, and the visitor's place when the hash decided.
    fn choose(
        &mut self,
        asked: &ExperimentResult<'e>,
        link: Option<&Link<'_>>,
    ) -> (Option<usize>, Reason, Option<f64>) {
        let experiment = asked.experiment;
        if let Some((variation, reason)) = self.before_hash(experiment) {
            return (variation, reason, None);
        }
        let value = super::condition::to_text(asked.hash_value);
        if value.is_empty() {
            return (None, Reason::NoHashValue, None);
        }
        let stuck = match self.context.sticky.filter(|_| experiment.sticky) {
            Some(documents) => sticky::find(experiment, self.context, documents),
            None => Stuck::Nothing,
        };
        let kept = if let Stuck::Variation(variation) = stuck { Some(variation) } else { None };
        if kept.is_none()
            && let Some(reason) = self.ineligible(experiment, &value, link)
        {
            return (None, reason, None);
        }
        let Some(place) = experiment.seed.place(&value, experiment.hash_version) else {
            return (None, Reason::UnknownHashVersion, None);
        };
        let chosen = kept.or_else(|| self.place(asked, &value, place));
        if matches!(stuck, Stuck::Blocked) {
            return (None, Reason::StickyBlocked, None);
        }
        let Some(variation) = chosen.filter(|v| *v < experiment.variations.len()) else {
            return (None, Reason::NotCovered, None);
        };
        match experiment.force {
            Some(force) => (index(force, experiment.variations.len()), Reason::DefinitionOverride, None),
            None if self.context.qa_mode => (None, Reason::QaMode, None),
            None if experiment.stopped => (None, Reason::Stopped, None),
            None if kept.is_some() => (Some(variation), Reason::Sticky, Some(place)),
            None => (Some(variation), Reason::Hashed, Some(place)),
        }
    }

    /// Returns what is decided before anything is hashed.
    fn before_hash(&mut self, experiment: &Experiment) -> Option<(Option<usize>, Reason)> {
        let count = experiment.variations.len();
        if count < 2 {
            return Some((None, Reason::TooFewVariations));
        }
        if !self.context.enabled {
            return Some((None, Reason::Disabled));
        }
        if let Some(patterns) = &experiment.url_patterns {
            let passed = self.context.page().is_some_and(|page| url::is_targeted(page, patterns));
            self.witness.see(|| Step::Url { page: self.context.url.to_owned(), passed });
            if !passed {
                return Some((None, Reason::Url));
            }
        }
        if let Some(variation) = url::query_override(&experiment.key, self.context.url, count) {
            return Some((Some(variation), Reason::QueryOverride));
        }
        if let Some(variation) = self.context.forced_variations.get(&experiment.key) {
            return Some((index(*variation, count), Reason::ContextOverride));
        }
        (!experiment.active).then_some((None, Reason::Inactive))
    }

    fn ineligible(&mut self, experiment: &'e Experiment, value: &str, link: Option<&Link<'_>>) -> Option<Reason> {
        let outside = match (&experiment.filters, &experiment.namespace) {
            (Some(filters), _) => self.is_filtered_out(filters),
            (None, Some(namespace)) => !self.is_in_namespace(namespace, &experiment.hash_attribute, value),
            (None, None) => false,
        };
        if outside {
            return Some(Reason::Filtered);
        }
        if !self.holds(experiment.condition.as_ref()) {
            return Some(Reason::Condition);
        }
        (!matches!(self.parents(&experiment.parents, link), Gate::Open)).then_some(Reason::Prerequisite)
    }

    /// The variation whose range holds the place.
    fn place(&mut self, asked: &ExperimentResult<'e>, value: &str, place: f64) -> Option<usize> {
        let experiment = asked.experiment;
        let from_bandit = asked.bandit.as_ref().filter(|_| !experiment.fixed_ranges);
        let from_bandit =
            from_bandit.map(|leaf| bucket_ranges(experiment.variations.len(), experiment.coverage, leaf.weights));
        let ranges = from_bandit.as_deref().unwrap_or(&experiment.ranges);
        let chosen = choose_variation(place, ranges);
        self.witness.see(|| Step::Hash {
            purpose: Purpose::Variation,
            attribute: asked.hash_attribute.to_owned(),
            value: value.to_owned(),
            seed: experiment.seed.as_str().to_owned(),
            version: experiment.hash_version,
            place: Some(place),
            ranges: ranges.to_vec(),
            chosen,
        });
        chosen
    }

    /// Notes the assignment unless the documents have it.
    fn keep(&mut self, result: &ExperimentResult<'e>) {
        let Some(documents) = self.context.sticky.filter(|_| result.experiment.sticky) else { return };
        let assignment = sticky::assignment(result.experiment, result.hash_attribute, result.hash_value, result.key());
        let key = sticky_key(&assignment.attribute_name, &assignment.attribute_value);
        let known = documents.get(&key).and_then(|d| d.assignments.get(&assignment.experiment));
        if known != Some(&assignment.variation) && !self.assigned.contains(&assignment) {
            self.assigned.push(assignment);
        }
    }

    fn is_in_namespace(&mut self, namespace: &Namespace, attribute: &str, value: &str) -> bool {
        let passed = namespace.contains(value);
        self.witness.see(|| Step::Hash {
            purpose: Purpose::Filter,
            attribute: attribute.to_owned(),
            value: value.to_owned(),
            seed: namespace.seed.as_str().to_owned(),
            version: 1,
            place: namespace.seed.place(value, 1),
            ranges: vec![namespace.range],
            chosen: passed.then_some(0),
        });
        passed
    }

    fn is_filtered_out(&mut self, filters: &[Filter]) -> bool {
        filters.iter().any(|filter| {
            self.falls_into(Purpose::Filter, &filter.attribute, &filter.seed, filter.hash_version, &filter.ranges)
                .is_none()
        })
    }

    fn is_in_rollout(&mut self, rollout: &Rollout) -> bool {
        if rollout.range.is_none() && rollout.coverage == Some(0.0) {
            return false;
        }
        let fallback = rollout.fallback_attribute.as_deref().filter(|_| self.context.sticky.is_some());
        let attribute = match fallback {
            Some(name) if !super::condition::is_truthy(self.context.hashed(&rollout.hash_attribute)) => name,
            _ => &rollout.hash_attribute,
        };
        // The reference counts the end of a coverage in, and that of a range not.
        let range = rollout.range.unwrap_or((0.0, rollout.coverage.unwrap_or(1.0).next_up()));
        self.falls_into(Purpose::Rollout, attribute, &rollout.seed, rollout.hash_version, &[range]).is_some()
    }

    /// The range that holds the visitor's place.
    fn falls_into(
        &mut self,
        purpose: Purpose,
        attribute: &str,
        seed: &Seed,
        version: u32,
        ranges: &[Range],
    ) -> Option<usize> {
        let value = self.context.hash_value(attribute);
        let place = if value.is_empty() { None } else { seed.place(&value, version) };
        let chosen = place.and_then(|place| choose_variation(place, ranges));
        self.witness.see(|| Step::Hash {
            purpose,
            attribute: attribute.to_owned(),
            value: value.into_owned(),
            seed: seed.as_str().to_owned(),
            version,
            place,
            ranges: ranges.to_vec(),
            chosen,
        });
        chosen
    }
}

impl Namespace {
    /// Returns true if a visitor with this id is in it.
    pub fn contains(&self, value: &str) -> bool {
        self.seed.place(value, 1).is_some_and(|n| n >= self.range.0 && n < self.range.1)
    }
}

fn plain(value: &Value, source: Source) -> FeatureResult<'_> {
    FeatureResult { value, source, rule_id: "", experiment: None }
}

fn index(variation: i64, count: usize) -> Option<usize> {
    usize::try_from(variation).ok().filter(|v| *v < count)
}

#[cfg(test)]
mod tests;
