//! One flag as a feature, one experiment as an experiment.

use serde_json::{Map, Value, json};

use super::segments::Segments;
use crate::model::WHOLE;
use crate::model::{
    Assignment, Experiment, Flag, Holdout, Namespace, PagePattern, Prerequisite, Rule, RuleExperiment, Schedule,
    Sticky, Variant,
};

/// The beginning of a namespace's seed.
pub(super) const NAMESPACE: &str = "namespace:";
/// The beginning of a holdout's seed.
pub(super) const HOLDOUT: &str = "holdout:";

pub(super) fn feature(f: &Flag, segments: &Segments) -> Value {
    if !f.enabled {
        return json!({"defaultValue": null});
    }
    let mut rules = Vec::with_capacity(f.rules.len() + 1);
    if !f.prerequisites.is_empty() {
        let mut gate = Map::from_iter([("parentConditions".to_owned(), parents(&f.prerequisites, true, segments))]);
        schedule(&mut gate, &[f.schedule]);
        rules.push(Value::Object(gate));
    }
    rules.extend(f.rules.iter().map(|r| rule(f, r, segments)));
    json!({"defaultValue": f.default_value, "rules": rules})
}

fn rule(f: &Flag, r: &Rule, segments: &Segments) -> Value {
    let mut out = Map::new();
    let mut set = |name: &str, value: Value| drop(out.insert(name.to_owned(), value));
    set("id", json!(r.id));
    if !r.condition.is_empty() {
        set("condition", segments.expand(&r.condition));
    }
    if !r.prerequisites.is_empty() {
        set("parentConditions", parents(&r.prerequisites, false, segments));
    }
    if let Some(namespace) = &r.namespace {
        set("filters", json!([in_namespace(namespace, &r.hash_attribute)]));
    }
    // A visitor without a value to hash gets a rule for all, but not one that names a seed.
    let is_rollout = r.coverage < WHOLE || (!r.seed.is_empty() && r.experiment.is_none());
    if is_rollout {
        set("coverage", json!(part(r.coverage)));
    }
    if is_rollout || r.experiment.is_some() {
        set("hashAttribute", json!(r.hash_attribute));
        set("hashVersion", json!(r.hash_version));
        // The rule's id is part of the seed, so that two partial rollouts do not pick the same visitors.
        let seed = if r.seed.is_empty() { format!("{}:{}", f.key, r.id) } else { r.seed.clone() };
        set("seed", json!(seed));
    }
    match &r.experiment {
        Some(experiment) => split(&mut out, experiment),
        None => set("force", r.value.clone()),
    }
    schedule(&mut out, &[f.schedule, r.schedule]);
    Value::Object(out)
}

fn split(out: &mut Map<String, Value>, experiment: &RuleExperiment) {
    let arms = &experiment.arms;
    let meta =
        |id: &str, name: &str| if name.is_empty() { json!({"key": id}) } else { json!({"key": id, "name": name}) };
    out.extend([
        ("key".to_owned(), json!(experiment.key)),
        ("variations".to_owned(), arms.iter().map(|arm| arm.value.clone()).collect()),
        ("weights".to_owned(), arms.iter().map(|arm| part(arm.weight)).collect()),
        ("meta".to_owned(), arms.iter().map(|arm| meta(&arm.id, &arm.name)).collect()),
    ]);
    if let Some(sticky) = &experiment.sticky {
        keep(out, (sticky.version, sticky.min_version), Some(sticky));
    }
}

/// Writes which assignments are kept: their version, and the oldest one that keeps nobody out.
fn keep(out: &mut Map<String, Value>, (version, least): (u32, u32), sticky: Option<&Sticky>) {
    let mut set = |name: &str, value: Value| drop(out.insert(name.to_owned(), value));
    set("bucketVersion", json!(version));
    if least > 0 || sticky.is_some() {
        set("minBucketVersion", json!(least));
    }
    if let Some(sticky) = sticky.filter(|sticky| !sticky.fallback_attribute.is_empty()) {
        set("fallbackAttribute", json!(sticky.fallback_attribute));
    }
}

pub(super) fn experiment(e: &Experiment, segments: &Segments) -> Value {
    // A phase owns its assignment; a draft that never started shows what its first phase would have.
    let (phase, assignment) = match e.phase() {
        Some(phase) => (phase.id.as_str(), e.assignment(phase)),
        None => ("0", e.next_assignment()),
    };
    let mut out = json!({
        "key": e.key,
        "name": e.name,
        "status": "running",
        "variations": e.variants.iter().map(variation).collect::<Vec<_>>(),
        "meta": e.variants.iter().map(|v| json!({"key": v.id, "name": v.name})).collect::<Vec<_>>(),
        "weights": e.variants.iter().map(|v| part(assignment.weight(&v.id))).collect::<Vec<_>>(),
        "coverage": part(assignment.audience.coverage),
        "hashAttribute": assignment.audience.hash_attribute,
        "hashVersion": assignment.audience.hash_version,
        "seed": assignment.seed,
        "phase": phase,
        "autoActivate": e.auto_activate,
    });
    if let Some(members) = out.as_object_mut() {
        targeting(members, &assignment, segments);
        keep(members, e.bucket_versions(), assignment.audience.sticky.as_ref());
        if e.keep_query {
            members.insert("persistQueryString".to_owned(), json!(true));
        }
        schedule(members, &[e.schedule]);
    }
    out
}

/// Writes who takes part, and on which pages.
fn targeting(out: &mut Map<String, Value>, e: &Assignment, segments: &Segments) {
    let mut set = |name: &str, value: Value| drop(out.insert(name.to_owned(), value));
    if !e.condition.is_empty() {
        set("condition", segments.expand(&e.condition));
    }
    if !e.audience.prerequisites.is_empty() {
        set("parentConditions", parents(&e.audience.prerequisites, false, segments));
    }
    let namespace = e.audience.namespace.iter().map(|n| in_namespace(n, &e.audience.hash_attribute));
    let filters: Vec<Value> =
        e.audience.holdout.iter().map(|h| outside(h, &e.audience.hash_attribute)).chain(namespace).collect();
    if !filters.is_empty() {
        set("filters", json!(filters));
    }
    if !e.audience.pages.is_empty() {
        set("urlPatterns", e.audience.pages.iter().map(PagePattern::as_growthbook).collect());
    }
}

fn variation(v: &Variant) -> Value {
    let Some(redirect) = &v.redirect else { return v.config.clone() };
    let mut config = v.config.as_object().cloned().unwrap_or_default();
    config.insert("urlRedirect".to_owned(), json!(redirect));
    Value::Object(config)
}

fn parents(prerequisites: &[Prerequisite], gate: bool, segments: &Segments) -> Value {
    let parent = |p: &Prerequisite| {
        let condition = segments.expand(&p.condition);
        if gate {
            json!({"id": p.flag, "condition": condition, "gate": true})
        } else {
            json!({"id": p.flag, "condition": condition})
        }
    };
    prerequisites.iter().map(parent).collect()
}

fn in_namespace(namespace: &Namespace, attribute: &str) -> Value {
    let seed = Some(namespace.seed.clone()).filter(|seed| !seed.is_empty());
    let seed = seed.unwrap_or_else(|| format!("{NAMESPACE}{}", namespace.key));
    let attribute = if namespace.attribute.is_empty() { attribute } else { &namespace.attribute };
    filter(&seed, attribute, namespace.hash_version, namespace.from, namespace.until)
}

/// Returns the filter that leaves the holdout's visitors out.
fn outside(holdout: &Holdout, attribute: &str) -> Value {
    filter(&format!("{HOLDOUT}{}", holdout.key), attribute, 2, holdout.share, WHOLE)
}

fn filter(seed: &str, attribute: &str, version: u32, from: u32, until: u32) -> Value {
    json!({"seed": seed, "attribute": attribute, "hashVersion": version, "ranges": [[part(from), part(until)]]})
}

/// Writes the time in which all schedules hold.
fn schedule(out: &mut Map<String, Value>, all: &[Schedule]) {
    let from = all.iter().filter_map(|s| s.from).max();
    let until = all.iter().filter_map(|s| s.until).min();
    let both = Schedule { from, until };
    if !both.is_always() {
        out.insert("schedule".to_owned(), json!(both));
    }
}

pub(super) fn part(parts: u32) -> f64 {
    f64::from(parts) / f64::from(WHOLE)
}
