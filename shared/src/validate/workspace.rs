//! Problems that only show when all documents are seen together: references, circles, and parts that overlap.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::error::Problem;
use crate::model::{Experiment, Flag, Members, MetricDefinition, Prerequisite, Segment, Status};
use crate::pointer::child;

/// The definitions of a workspace, drafts or released, by document id.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    /// Experiments.
    pub experiments: BTreeMap<String, Experiment>,
    /// Flags.
    pub flags: BTreeMap<String, Flag>,
    /// Segments.
    pub segments: BTreeMap<String, Segment>,
    /// Metrics.
    pub metrics: BTreeMap<String, MetricDefinition>,
}

/// A problem, and the document that has it.
pub type Located = (String, Problem);

/// The problems between documents, by the id of the document in which they are to be solved.
pub fn workspace(workspace: &Workspace) -> Vec<Located> {
    let check = Check {
        flags: workspace.flags.values().map(|flag| flag.key.as_str()).collect(),
        segments: workspace.segments.values().map(|segment| segment.key.as_str()).collect(),
    };
    let mut problems = Vec::new();
    for (id, experiment) in &workspace.experiments {
        let found = check
            .condition("/condition", &experiment.condition)
            .into_iter()
            .chain(check.prerequisites("/prerequisites", &experiment.audience.prerequisites));
        problems.extend(found.map(|problem| (id.clone(), problem)));
    }
    for (id, flag) in &workspace.flags {
        problems.extend(check.flag(flag).into_iter().map(|problem| (id.clone(), problem)));
    }
    for (id, segment) in &workspace.segments {
        if let Members::Condition { condition } = &segment.members {
            problems.extend(check.condition("/condition", condition).into_iter().map(|p| (id.clone(), p)));
        }
    }
    problems.extend(flag_circles(workspace));
    problems.extend(segment_circles(workspace));
    problems.extend(overlaps(workspace));
    problems.extend(holdouts(workspace));
    problems.extend(missing_metrics(workspace));
    problems
}

struct Check<'w> {
    flags: BTreeSet<&'w str>,
    segments: BTreeSet<&'w str>,
}

impl Check<'_> {
    fn flag(&self, flag: &Flag) -> Vec<Problem> {
        let mut problems = self.prerequisites("/prerequisites", &flag.prerequisites);
        for (i, rule) in flag.rules.iter().enumerate() {
            problems.extend(self.prerequisites(&format!("/rules/{i}/prerequisites"), &rule.prerequisites));
            problems.extend(self.condition(&format!("/rules/{i}/condition"), &rule.condition));
        }
        problems
    }

    fn prerequisites(&self, pointer: &str, list: &[Prerequisite]) -> Vec<Problem> {
        let unknown = list.iter().enumerate().filter(|(_, p)| !self.flags.contains(p.flag.as_str()));
        unknown
            .map(|(i, p)| {
                let detail = format!("There's no flag '{}'. Choose one that exists.", p.flag);
                Problem::new(format!("{pointer}/{i}/flag"), detail)
            })
            .collect()
    }

    fn condition(&self, pointer: &str, condition: &Map<String, Value>) -> Vec<Problem> {
        let mut named = Vec::new();
        segments_named(pointer, &Value::Object(condition.clone()), &mut named);
        named.retain(|(_, key)| !self.segments.contains(key.as_str()));
        named
            .into_iter()
            .map(|(at, key)| Problem::new(at, format!("There's no segment '{key}'. Choose one that exists.")))
            .collect()
    }
}

/// The segments that a condition names, and where.
fn segments_named(pointer: &str, condition: &Value, named: &mut Vec<(String, String)>) {
    match condition {
        Value::Object(members) => {
            for (key, value) in members {
                let at = child(pointer, key);
                match key.as_str() {
                    "$inGroup" | "$notInGroup" => named.extend(value.as_str().map(|id| (at, id.to_owned()))),
                    "$savedGroup" => {
                        let id = value.get("id").and_then(Value::as_str);
                        named.extend(id.map(|id| (format!("{at}/id"), id.to_owned())));
                    }
                    _ => segments_named(&at, value, named),
                }
            }
        }
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                segments_named(&format!("{pointer}/{i}"), item, named);
            }
        }
        _ => {}
    }
}

/// The dependencies between documents.
type Graph<'w> = BTreeMap<&'w str, BTreeSet<String>>;

/// Returns true if the way from `from` leads back to it.
fn is_in_circle(graph: &Graph<'_>, from: &str) -> bool {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(here) = next.pop() {
        for to in graph.get(here).into_iter().flatten() {
            if to == from {
                return true;
            }
            if seen.insert(to.as_str()) {
                next.push(to);
            }
        }
    }
    false
}

fn flag_circles(workspace: &Workspace) -> Vec<Located> {
    let needs = |flag: &Flag| {
        let rules = flag.rules.iter().flat_map(|rule| &rule.prerequisites);
        flag.prerequisites.iter().chain(rules).map(|p| p.flag.clone()).collect()
    };
    let graph: Graph<'_> = workspace.flags.values().map(|flag| (flag.key.as_str(), needs(flag))).collect();
    let circle = |(id, flag): (&String, &Flag)| {
        let detail = format!("'{}' depends on itself through other flags. Remove one of the prerequisites.", flag.key);
        is_in_circle(&graph, &flag.key).then(|| (id.clone(), Problem::new("/prerequisites", detail)))
    };
    workspace.flags.iter().filter_map(circle).collect()
}

fn segment_circles(workspace: &Workspace) -> Vec<Located> {
    let names = |segment: &Segment| {
        let mut named = Vec::new();
        if let Members::Condition { condition } = &segment.members {
            segments_named("", &Value::Object(condition.clone()), &mut named);
        }
        named.into_iter().map(|(_, key)| key).collect()
    };
    let graph: Graph<'_> = workspace.segments.values().map(|s| (s.key.as_str(), names(s))).collect();
    let circle = |(id, segment): (&String, &Segment)| {
        let detail =
            format!("'{}' depends on itself through other segments. Remove one of the references.", segment.key);
        is_in_circle(&graph, &segment.key).then(|| (id.clone(), Problem::new("/condition", detail)))
    };
    workspace.segments.iter().filter_map(circle).collect()
}

/// Running experiments of one site in the same part of a namespace: their visitors would not be apart.
fn overlaps(workspace: &Workspace) -> Vec<Located> {
    let running = workspace.experiments.iter().filter(|(_, e)| e.status == Status::Running);
    let parts: Vec<_> = running.filter_map(|(id, e)| Some((id, e, e.audience.namespace.as_ref()?))).collect();
    let mut problems = Vec::new();
    for (i, (id, experiment, mine)) in parts.iter().enumerate() {
        let other = parts.iter().enumerate().find(|(j, (_, other, theirs))| {
            *j != i
                && other.site_id == experiment.site_id
                && theirs.key == mine.key
                && theirs.from < mine.until
                && mine.from < theirs.until
        });
        problems.extend(other.map(|(_, (_, other, _))| {
            let detail = format!("'{}' runs in an overlapping part of this namespace. Move one of them.", other.key);
            ((*id).clone(), Problem::new("/namespace", detail))
        }));
    }
    problems
}

/// Experiments that name one holdout with different shares: it would not keep the same visitors out.
fn holdouts(workspace: &Workspace) -> Vec<Located> {
    let mut shares: BTreeMap<&str, u32> = BTreeMap::new();
    let mut problems = Vec::new();
    for (id, experiment) in &workspace.experiments {
        let Some(holdout) = &experiment.audience.holdout else { continue };
        let share = *shares.entry(&holdout.key).or_insert(holdout.share);
        if share != holdout.share {
            let percent = f64::from(share) / 100.0;
            let detail =
                format!("'{}' keeps {percent}% out in another experiment. Use the same share in both.", holdout.key);
            problems.push((id.clone(), Problem::new("/holdout/share", detail)));
        }
    }
    problems
}

/// Experiments that are judged by a metric that is not there.
fn missing_metrics(workspace: &Workspace) -> Vec<Located> {
    let mut problems = Vec::new();
    for (id, experiment) in &workspace.experiments {
        for (i, metric) in experiment.metrics.iter().enumerate() {
            if metric.document().is_some_and(|document| !workspace.metrics.contains_key(document)) {
                let detail = "One of its metrics isn't published. Tick the metric too.";
                problems.push((id.clone(), Problem::new(format!("/metrics/{i}/metric"), detail)));
            }
        }
    }
    problems
}
