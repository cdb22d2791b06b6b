//! Targeting: the parts that rules and experiments have in common.

use serde_json::{Map, Value};

use super::Importer;
use super::shares::first_part;
use crate::bundle::build::{HOLDOUT, NAMESPACE};
use crate::eval::Range;
use crate::eval::Seed;
use crate::eval::condition::is_truthy;
use crate::eval::definitions::{self, Filter};
use crate::model::{Holdout, Namespace, Prerequisite, Schedule, Sticky};
use crate::validate::{self, MAX_SEED, WHOLE};

/// The reason why something is left out: a sentence.
pub(super) type Why = String;

/// The parts of hashes that a rule or an experiment is restricted to.
#[derive(Debug, Default)]
pub(super) struct Filters {
    pub holdout: Option<Holdout>,
    pub namespace: Option<Namespace>,
}

impl Importer<'_> {
    /// The condition, unless it asks for a group that no segment stands for.
    pub(super) fn condition(&self, source: &Value) -> Result<Map<String, Value>, Why> {
        let condition = match source.get("condition") {
            Some(Value::Object(condition)) => condition,
            Some(other) if is_truthy(other) => {
                return Err("Its condition is not an object: it is true for nobody.".into());
            }
            _ => return Ok(Map::new()),
        };
        match named_groups(condition).find(|group| self.opaque.contains(*group)) {
            Some(group) => Err(format!("Its condition asks for the group '{group}', which is not carried over.")),
            None => Ok(condition.clone()),
        }
    }

    /// The prerequisites, those that block a whole flag apart from those that skip a rule.
    pub(super) fn parents(&self, source: &Value) -> Result<(Vec<Prerequisite>, Vec<Prerequisite>), Why> {
        let (mut gates, mut others) = (Vec::new(), Vec::new());
        for parent in source.get("parentConditions").and_then(Value::as_array).into_iter().flatten() {
            let Some(flag) = parent.get("id").and_then(Value::as_str) else { continue };
            if !validate::is_key(flag) {
                return Err(format!("It waits for '{flag}', which cannot be a key in Beacon."));
            }
            if self.existing.flags.contains(flag) {
                return Err(format!("It waits for '{flag}', and the flag with that key here is another one."));
            }
            let prerequisite = Prerequisite { flag: flag.to_owned(), condition: self.condition(parent)? };
            match parent.get("gate").and_then(Value::as_bool) {
                Some(true) if !others.is_empty() => {
                    return Err("It skips the rule for one prerequisite before it blocks the flag for another.".into());
                }
                Some(true) => gates.push(prerequisite),
                _ => others.push(prerequisite),
            }
        }
        Ok((gates, others))
    }
}

/// The groups that a condition asks for.
fn named_groups(condition: &Map<String, Value>) -> Box<dyn Iterator<Item = &str> + '_> {
    Box::new(condition.iter().flat_map(|(key, value)| -> Box<dyn Iterator<Item = &str> + '_> {
        match value {
            Value::String(group) if matches!(key.as_str(), "$inGroup" | "$notInGroup") => {
                Box::new(std::iter::once(group.as_str()))
            }
            Value::Object(members) => named_groups(members),
            Value::Array(items) => Box::new(items.iter().filter_map(Value::as_object).flat_map(named_groups)),
            _ => Box::new(std::iter::empty()),
        }
    }))
}

/// The filters, or the older namespace where there are none.
pub(super) fn filters(
    filters: Option<&[Filter]>,
    namespace: Option<&definitions::Namespace>,
    hash_attribute: &str,
) -> Result<Filters, Why> {
    let mut found = Filters::default();
    let Some(list) = filters else {
        found.namespace = namespace.map(old_namespace).transpose()?;
        return Ok(found);
    };
    for filter in list {
        let namespace = filtered(filter)?;
        let holdout = holdout(&namespace).filter(|_| namespace.attribute == hash_attribute);
        let taken = if holdout.is_some() { found.holdout.is_some() } else { found.namespace.is_some() };
        if taken {
            return Err("It is restricted by several filters, and Beacon knows one namespace and one holdout.".into());
        }
        match holdout {
            Some(holdout) => found.holdout = Some(holdout),
            None => found.namespace = Some(own(namespace, hash_attribute)),
        }
    }
    Ok(found)
}

/// A filter, as a namespace that says all of it.
fn filtered(filter: &Filter) -> Result<Namespace, Why> {
    let [range] = filter.ranges.as_slice() else {
        return Err("It is filtered by several ranges, or by none.".into());
    };
    let (from, until) = part_of(*range)?;
    let hash_version = known(filter.hash_version)?;
    let (seed, attribute) = (seed(&filter.seed)?, filter.attribute.clone());
    Ok(Namespace { key: key_of(&seed), from, until, seed, hash_version, attribute })
}

/// An old-style namespace, hashed with the first version.
fn old_namespace(old: &definitions::Namespace) -> Result<Namespace, Why> {
    let (seed, (from, until)) = (seed(&old.seed)?, part_of(old.range)?);
    Ok(Namespace { key: key_of(&seed), from, until, seed, hash_version: 1, attribute: String::new() })
}

/// A range in parts, unless nobody could be in it.
pub(super) fn part_of((from, until): Range) -> Result<(u32, u32), Why> {
    let (from, until) = (first_part(from), first_part(until));
    if from < until { Ok((from, until)) } else { Err("It is restricted to nobody.".into()) }
}

/// The seed's text, when it is one that Beacon keeps.
pub(super) fn seed(seed: &Seed) -> Result<String, Why> {
    match seed.as_str() {
        text if text.is_empty() || text.len() > MAX_SEED => {
            Err(format!("A seed is empty, or longer than {MAX_SEED} characters."))
        }
        text => Ok(text.to_owned()),
    }
}

/// The hash version, when it is one.
pub(super) fn known(version: u32) -> Result<u32, Why> {
    if matches!(version, 1 | 2) { Ok(version) } else { Err("It is hashed with a version that nobody knows.".into()) }
}

/// Without what Beacon would say by itself.
fn own(mut namespace: Namespace, hash_attribute: &str) -> Namespace {
    if let Some(key) = namespace.seed.strip_prefix(NAMESPACE).filter(|key| validate::is_key(key)) {
        namespace.key = key.to_owned();
        namespace.seed.clear();
    }
    if namespace.attribute == hash_attribute {
        namespace.attribute.clear();
    }
    namespace
}

fn holdout(filter: &Namespace) -> Option<Holdout> {
    let key = filter.seed.strip_prefix(HOLDOUT).filter(|key| validate::is_key(key))?;
    let whole = filter.until == WHOLE && filter.hash_version == 2 && filter.from > 0;
    whole.then(|| Holdout { key: key.to_owned(), share: filter.from })
}

/// A key that looks like this text.
pub(super) fn key_of(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.') { c } else { '_' };
    let key: String = text.chars().map(plain).take(validate::MAX_KEY - 1).collect();
    if validate::is_key(&key) { key } else { format!("n{key}") }
}

/// Returns which assignments are kept; `None` when nothing is said about it.
pub(super) fn sticky(e: &definitions::Experiment) -> Result<Option<Sticky>, Why> {
    let counter = |n: u64| u32::try_from(n).map_err(|_| "A bucket version is too large.".to_owned());
    let (version, min_version) = (counter(e.bucket_version)?, counter(e.min_bucket_version)?);
    let said = version > 0 || min_version > 0 || e.fallback_attribute.is_some();
    let fallback_attribute = e.fallback_attribute.clone().unwrap_or_default();
    Ok(said.then_some(Sticky { fallback_attribute, version, min_version }))
}

/// Beacon's own schedule, which a payload carries before it is served.
pub(super) fn schedule(source: &Value) -> Schedule {
    let given = source.get("schedule").cloned().unwrap_or_default();
    serde_json::from_value(given).unwrap_or_default()
}
