//! The simulator: what drafts would give somebody at some time, and why. It asks the evaluator that pages ask.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::eval::Context;
use crate::eval::definitions::Definitions;
use crate::eval::trace::Step;
use crate::eval::{Reason, Source, StickyDocuments};
use crate::model::{Experiment, Flag, Segment};

/// The drafts of a workspace, or of one site.
#[derive(Clone, Copy, Debug)]
pub struct Drafts<'a> {
    /// Flags, whether they are switched on or not.
    pub flags: &'a [Flag],
    /// Experiments, whether they run or not: the simulation is of what happens when they do.
    pub experiments: &'a [Experiment],
    /// Segments that conditions refer to.
    pub segments: &'a [Segment],
}

/// A visit: the visitor, the page and the time.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    /// Attributes of the visitor: an object.
    pub attributes: &'a Value,
    /// The page's address, or empty.
    pub url: &'a str,
    /// Earlier assignments of the visitor; `None` without sticky bucketing.
    pub sticky: Option<&'a StickyDocuments>,
    /// Unix milliseconds.
    pub now: i64,
}

/// The outcome for the visitor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Simulation {
    /// The flag's value, or the config of the variant; null for who gets neither.
    pub value: Value,
    /// The variant, where an experiment decided.
    pub variant: Option<String>,
    /// Reason why a flag has its value; `None` for an experiment.
    pub source: Option<Source>,
    /// Reason for an experiment's outcome; `None` where none was asked.
    pub reason: Option<Reason>,
    /// Rules of the flag (by id), or the experiment itself (by key), that do not apply at this time.
    pub off_schedule: Vec<String>,
    /// Every step on the way, in its order.
    pub steps: Vec<Step>,
}

impl Drafts<'_> {
    /// Returns what the flag with this key gives the visitor; `None` when there is no such flag.
    pub fn flag(&self, key: &str, visit: &Visit<'_>) -> Option<Simulation> {
        let flag = self.flags.iter().find(|flag| flag.key == key)?;
        let definitions = self.definitions(visit.now);
        let context = visit.context();
        let (result, steps) = definitions.feature_traced(key, &context);
        let in_time = |schedule: &crate::model::Schedule| schedule.holds(visit.now) && flag.schedule.holds(visit.now);
        Some(Simulation {
            value: result.value.clone(),
            variant: result.experiment.as_ref().map(|e| e.key()),
            source: Some(result.source),
            reason: result.experiment.as_ref().map(|e| e.reason),
            off_schedule: flag.rules.iter().filter(|r| !in_time(&r.schedule)).map(|r| r.id.clone()).collect(),
            steps,
        })
    }

    /// Returns what the experiment with this key gives the visitor; `None` when there is no such experiment.
    pub fn experiment(&self, key: &str, visit: &Visit<'_>) -> Option<Simulation> {
        self.experiments.iter().find(|experiment| experiment.key == key)?;
        let definitions = self.definitions(visit.now);
        let context = visit.context();
        let Some(experiment) = definitions.experiments.iter().find(|experiment| experiment.key == key) else {
            return Some(Simulation {
                value: Value::Null,
                variant: None,
                source: None,
                reason: None,
                off_schedule: vec![key.to_owned()],
                steps: Vec::new(),
            });
        };
        let (result, steps) = definitions.run_traced(experiment, &context);
        Some(Simulation {
            value: if result.in_experiment { result.value().clone() } else { Value::Null },
            variant: result.in_experiment.then(|| result.key()),
            source: None,
            reason: Some(result.reason),
            off_schedule: Vec::new(),
            steps,
        })
    }

    fn definitions(&self, now: i64) -> Definitions {
        let payload = super::draft(self.flags.iter(), self.experiments.iter(), self.segments.iter().cloned());
        Definitions::parse(&super::at(&payload, now))
    }
}

impl<'a> Visit<'a> {
    fn context(&self) -> Context<'a> {
        let mut context = Context::new(self.attributes);
        context.url = self.url;
        context.sticky = self.sticky;
        context
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::eval::trace::Purpose;

    fn flags() -> Vec<Flag> {
        let flag = json!({
            "key": "nav", "name": "Nav", "site_ids": ["sit_1"], "enabled": true, "default_value": "old",
            "prerequisites": [{"flag": "shop", "condition": {"value": true}}],
            "rules": [
                {"id": "later", "coverage": 10000, "value": "later", "schedule": {"from": 100}},
                {"id": "german", "coverage": 10000, "value": "neu", "condition": {"country": "DE", "visits": {"$gt": 3}}},
                {"id": "split", "coverage": 10000, "value": "", "experiment": {"key": "nav-test", "arms": [
                    {"id": "a", "weight": 5000, "value": "old"}, {"id": "b", "weight": 5000, "value": "new"}]}}
            ]
        });
        let shop =
            json!({"key": "shop", "name": "Shop", "site_ids": ["sit_1"], "enabled": true, "default_value": true});
        [flag, shop].map(|flag| serde_json::from_value(flag).expect("a flag")).into()
    }

    fn experiments() -> Vec<Experiment> {
        let experiment = json!({
            "key": "hero", "name": "Hero", "site_id": "sit_1", "status": "draft", "coverage": 10000,
            "hash_attribute": "id", "hash_version": 2, "seed": "hero", "auto_activate": true, "metrics": [],
            "schedule": {"until": 100}, "pages": [{"kind": "simple", "pattern": "/sale/*"}],
            "variants": [{"id": "control", "name": "C", "weight": 5000, "config": {"h": 1}},
                         {"id": "bold", "name": "B", "weight": 5000, "config": {"h": 2}}]
        });
        vec![serde_json::from_value(experiment).expect("an experiment")]
    }

    fn visit<'a>(attributes: &'a Value, url: &'a str, now: i64) -> Visit<'a> {
        Visit { attributes, url, sticky: None, now }
    }

    #[test]
    fn a_flag_says_what_and_why() {
        let (flags, experiments) = (flags(), experiments());
        let drafts = Drafts { flags: &flags, experiments: &experiments, segments: &[] };
        let german = json!({"id": "v1", "country": "DE", "visits": 2});
        let result = drafts.flag("nav", &visit(&german, "", 0)).expect("a flag");
        assert_eq!((result.source, result.reason), (Some(Source::Experiment), Some(Reason::Hashed)));
        assert_eq!(result.off_schedule, ["later"]);
        let variant = result.variant.as_deref().expect("a variant");
        assert_eq!(result.value, json!(if variant == "a" { "old" } else { "new" }));
        let failed = result.steps.iter().find_map(|step| match step {
            Step::Condition { parts, passed: false } => Some(parts.iter().map(|p| p.passed).collect::<Vec<_>>()),
            _ => None,
        });
        assert_eq!(failed, Some(vec![true, false]), "the country is right, the visits are not");
        let hashed = |step: &Step| matches!(step, Step::Hash { purpose: Purpose::Variation, place: Some(_), .. });
        assert!(result.steps.iter().any(hashed));
        let waited =
            |step: &Step| matches!(step, Step::Prerequisite { feature, passed: true, .. } if feature == "shop");
        assert!(result.steps.iter().any(waited));

        let later = drafts.flag("nav", &visit(&german, "", 100)).expect("a flag");
        assert_eq!((later.value, later.off_schedule.len()), (json!("later"), 0));
        assert_eq!(drafts.flag("gone", &visit(&german, "", 0)), None);
    }

    #[test]
    fn an_experiment_says_what_and_why() {
        let experiments = experiments();
        let drafts = Drafts { flags: &[], experiments: &experiments, segments: &[] };
        let visitor = json!({"id": "v1"});
        let inside = drafts.experiment("hero", &visit(&visitor, "https://x.example/sale/1", 0)).expect("one");
        assert!(inside.variant.is_some() && inside.value["h"].is_number());
        let elsewhere = drafts.experiment("hero", &visit(&visitor, "https://x.example/", 0)).expect("one");
        assert_eq!((elsewhere.variant, elsewhere.reason), (None, Some(Reason::Url)));
        let over = drafts.experiment("hero", &visit(&visitor, "https://x.example/sale/1", 100)).expect("one");
        assert_eq!((over.value, over.off_schedule), (Value::Null, vec!["hero".to_owned()]));
        assert_eq!(drafts.experiment("gone", &visit(&visitor, "", 0)), None);
    }
}
