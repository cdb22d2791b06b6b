//! One feature as a flag.

use serde_json::Value;

use super::Importer;
use super::shares::{up_to, weights};
use super::targeting::{Filters, Why, filters, key_of, known, part_of, schedule, seed, sticky};
use crate::eval::definitions::{self, Filter, Rollout, Serves};
use crate::model::{Arm, Flag, Namespace, Prerequisite, Rule, RuleExperiment};
use crate::validate;

impl Importer<'_> {
    pub(super) fn flag(&mut self, at: &str, key: &str, source: &Value) -> Flag {
        let mut flag = Flag {
            key: key.to_owned(),
            name: key.to_owned(),
            site_ids: vec![self.site_id.to_owned()],
            default_value: source.get("defaultValue").cloned().unwrap_or_default(),
            ..Flag::default()
        };
        for (i, source) in source.get("rules").and_then(Value::as_array).into_iter().flatten().enumerate() {
            let at = format!("{at}/rules/{i}");
            match self.rule(&mut flag, &at, source) {
                Ok(Some(mut rule)) => {
                    rule.id = free_id(&flag, &rule.id, i);
                    self.note_rule_attributes(&at, &rule);
                    flag.rules.push(rule);
                }
                Ok(None) => {}
                Err(why) => self.note(at, format!("{why} The rule is left out: its visitors get what comes after it.")),
            }
        }
        for problem in validate::flag(&flag) {
            self.note(at, format!("{} ({} of the flag)", problem.detail, problem.pointer));
        }
        flag
    }

    /// The rule that `source` describes; `None` when all it does is to wait for other flags.
    fn rule(&mut self, flag: &mut Flag, at: &str, source: &Value) -> Result<Option<Rule>, Why> {
        let parsed = definitions::Rule::parse(&flag.key, source);
        let (gates, prerequisites) = self.parents(source)?;
        let mut rule = Rule {
            id: parsed.id.clone(),
            condition: self.condition(source)?,
            prerequisites,
            schedule: schedule(source),
            ..Rule::default()
        };
        let serves = match parsed.serves {
            Serves::Force { value, rollout, .. } => {
                self.force(&mut rule, at, value, &parsed.filters, rollout)?;
                true
            }
            Serves::Experiment(experiment) => {
                self.split(&mut rule, at, &experiment)?;
                true
            }
            Serves::Nothing if gates.is_empty() => return Err("It serves nothing.".into()),
            Serves::Nothing => false,
        };
        self.gate(flag, &rule, gates)?;
        Ok(serves.then_some(rule))
    }

    /// Makes a gate the flag's own prerequisite, which is right only when no rule comes before it.
    fn gate(&mut self, flag: &mut Flag, rule: &Rule, gates: Vec<Prerequisite>) -> Result<(), Why> {
        if gates.is_empty() {
            return Ok(());
        }
        if !flag.rules.is_empty() {
            return Err("It blocks the flag from here on, and Beacon's prerequisites block all of it.".into());
        }
        if !rule.schedule.is_always() {
            return Err("It blocks the flag at certain times only.".into());
        }
        flag.prerequisites.extend(gates);
        Ok(())
    }

    fn force(
        &mut self,
        rule: &mut Rule,
        at: &str,
        value: Value,
        list: &[Filter],
        rollout: Option<Rollout>,
    ) -> Result<(), Why> {
        rule.value = value;
        let Some(rollout) = rollout else {
            rule.namespace = namespace(filters(Some(list), None, &rule.hash_attribute)?)?;
            return Ok(());
        };
        rule.hash_attribute.clone_from(&rollout.hash_attribute);
        rule.hash_version = known(rollout.hash_version)?;
        rule.seed = seed(&rollout.seed)?;
        rule.namespace = namespace(filters(Some(list), None, &rule.hash_attribute)?)?;
        match rollout.range {
            Some((from, until)) if from > 0.0 => {
                if rule.namespace.is_some() {
                    return Err("It is restricted by a filter and by a range that does not begin at 0.".into());
                }
                let (from, until) = part_of((from, until))?;
                let (seed, hash_version) = (std::mem::take(&mut rule.seed), rule.hash_version);
                let attribute = String::new();
                rule.namespace = Some(Namespace { key: key_of(&seed), from, until, seed, hash_version, attribute });
            }
            // A range leaves its end out, a coverage takes it in.
            Some(range) => rule.coverage = part_of(range)?.1 - 1,
            None => {
                let coverage = rollout.coverage.unwrap_or(1.0);
                rule.coverage = up_to(coverage);
                if rule.coverage == 0 && coverage > 0.0 {
                    return Err("Its rollout is smaller than one visitor in 10,000.".into());
                }
            }
        }
        if rollout.fallback_attribute.is_some() {
            self.note(at, "Beacon's rollouts have no fallback attribute: it is not carried over.");
        }
        Ok(())
    }

    fn split(&mut self, rule: &mut Rule, at: &str, e: &definitions::Experiment) -> Result<(), Why> {
        refuse(e)?;
        if e.url_patterns.is_some() {
            return Err("It runs on certain pages only, and Beacon's flags know no pages.".into());
        }
        let found = filters(e.filters.as_deref(), e.namespace.as_ref(), &e.hash_attribute)?;
        rule.namespace = namespace(found)?;
        rule.hash_attribute.clone_from(&e.hash_attribute);
        rule.hash_version = known(e.hash_version)?;
        rule.seed = seed(&e.seed)?;
        let (parts, coverage) =
            weights(&e.ranges, share(e)).ok_or("Its ranges are not those of weights with one coverage.")?;
        rule.coverage = coverage;
        let arms = e.variations.iter().zip(parts).enumerate().map(|(i, (value, weight))| Arm {
            id: variant_id(e, i),
            name: e.meta.get(i).and_then(|m| m.name.clone()).unwrap_or_default(),
            weight,
            value: value.clone(),
        });
        rule.experiment = Some(RuleExperiment { key: e.key.clone(), arms: arms.collect(), sticky: sticky(e)? });
        self.note_stickiness(at, e);
        Ok(())
    }

    pub(super) fn note_stickiness(&mut self, at: &str, e: &definitions::Experiment) {
        if !e.sticky {
            self.note(at, "Beacon keeps a visitor's variant while nothing changes: that cannot be switched off.");
        }
    }
}

/// The coverage, where the ranges come from it.
pub(super) fn share(e: &definitions::Experiment) -> Option<f64> {
    Some(e.coverage).filter(|_| !e.fixed_ranges)
}

/// Returns why an experiment cannot be Beacon's, if so.
pub(super) fn refuse(e: &definitions::Experiment) -> Result<(), Why> {
    let no = |why: &str| Err(why.to_owned());
    if e.bandit.is_some() || e.source.get("contextualVariations").is_some() {
        return no("It is a contextual bandit.");
    }
    if e.variations.len() < 2 {
        return no("It has fewer than two variations.");
    }
    if e.force.is_some() {
        return no("It gives one variation to everybody.");
    }
    if e.meta.iter().any(|m| m.passthrough) {
        return no("It is a holdout that lets visitors pass on to the next rule.");
    }
    if !e.active || e.stopped {
        return no("It is not running.");
    }
    Ok(())
}

/// The variation's key, or its index as a text.
pub(super) fn variant_id(e: &definitions::Experiment, index: usize) -> String {
    e.meta.get(index).and_then(|m| m.key.clone()).unwrap_or_else(|| index.to_string())
}

fn namespace(found: Filters) -> Result<Option<Namespace>, Why> {
    match found.holdout {
        Some(_) => Err("It is held out, and Beacon's holdouts are of experiments.".into()),
        None => Ok(found.namespace),
    }
}

/// The rule's own id when it can be one in Beacon, or one that no other rule has.
fn free_id(flag: &Flag, id: &str, index: usize) -> String {
    let is_taken = |id: &str| flag.rules.iter().any(|rule| rule.id == id);
    if validate::is_key(id) && !is_taken(id) {
        return id.to_owned();
    }
    let numbered = |n: usize| format!("rule_{n}");
    (index + 1..).map(numbered).find(|id| !is_taken(id)).unwrap_or_default()
}
