use super::{MAX_METRICS, MAX_VARIANTS, WHOLE, first_duplicate, key, name, share, text, value};
use crate::error::Problem;
use crate::model::{Experiment, MetricKind, Role, Status};

/// The problems of an experiment.
pub fn experiment(e: &Experiment) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(key("/key", &e.key));
    problems.extend(name("/name", &e.name));
    problems.extend(text("/hypothesis", &e.hypothesis));
    if e.site_id.is_empty() {
        problems.push(Problem::new("/site_id", "Choose the site on which it runs."));
    }
    problems.extend(share("/coverage", e.coverage));
    if !matches!(e.hash_version, 1 | 2) {
        problems.push(Problem::new("/hash_version", "Use hash version 2, or 1 for an imported experiment."));
    }
    if e.hash_attribute.is_empty() {
        problems.push(Problem::new("/hash_attribute", "Name the attribute that is hashed, usually 'id'."));
    }
    if e.seed.is_empty() {
        problems.push(Problem::new("/seed", "Give the hash a seed, usually the key."));
    }
    variants(e, &mut problems);
    metrics(e, &mut problems);
    if e.status == Status::Running && e.phases.last().is_none_or(|p| p.ended_at.is_some()) {
        problems.push(Problem::new("/phases", "A running experiment has an open phase. Start it again."));
    }
    problems
}

fn variants(e: &Experiment, problems: &mut Vec<Problem>) {
    if !(2..=MAX_VARIANTS).contains(&e.variants.len()) {
        problems.push(Problem::new("/variants", format!("Have between 2 and {MAX_VARIANTS} variants.")));
    }
    let sum: u64 = e.variants.iter().map(|v| u64::from(v.weight)).sum();
    if sum != u64::from(WHOLE) {
        let percent = sum as f64 / 100.0;
        problems.push(Problem::new("/variants", format!("Make the weights sum to 100 %; they sum to {percent} %.")));
    }
    for (i, v) in e.variants.iter().enumerate() {
        problems.extend(key(&format!("/variants/{i}/id"), &v.id));
        problems.extend(name(&format!("/variants/{i}/name"), &v.name));
        problems.extend(value(&format!("/variants/{i}/config"), &v.config));
    }
    if let Some((i, id)) = first_duplicate(e.variants.iter().map(|v| v.id.as_str())) {
        problems.push(Problem::new(format!("/variants/{i}/id"), format!("Two variants are called '{id}'.")));
    }
}

fn metrics(e: &Experiment, problems: &mut Vec<Problem>) {
    if !e.metrics.iter().any(|m| m.role == Role::Goal) {
        problems.push(Problem::new("/metrics", "Add the goal metric that decides the experiment."));
    }
    if e.metrics.len() > MAX_METRICS {
        problems.push(Problem::new("/metrics", format!("Have at most {MAX_METRICS} metrics.")));
    }
    for (i, m) in e.metrics.iter().enumerate() {
        problems.extend(key(&format!("/metrics/{i}/id"), &m.id));
        problems.extend(name(&format!("/metrics/{i}/name"), &m.name));
        let MetricKind::Conversion { event } = &m.kind;
        if event.trim().is_empty() {
            let detail = "Name the event that counts as a conversion, as the page calls it.";
            problems.push(Problem::new(format!("/metrics/{i}/event"), detail));
        }
    }
    if let Some((i, id)) = first_duplicate(e.metrics.iter().map(|m| m.id.as_str())) {
        problems.push(Problem::new(format!("/metrics/{i}/id"), format!("Two metrics are called '{id}'.")));
    }
}

/// The fields that decide who gets what, and that differ between `before` and `after` although both are running
/// in the same phase. They may not: earlier visitors would silently move between variants.
pub fn locked_changes(before: &Experiment, after: &Experiment) -> Vec<Problem> {
    let same_phase = before.phases.len() == after.phases.len();
    if before.status != Status::Running || after.status != Status::Running || !same_phase {
        return Vec::new();
    }
    let allocation = |e: &Experiment| e.variants.iter().map(|v| (v.id.clone(), v.weight)).collect::<Vec<_>>();
    let changed = [
        ("/key", before.key != after.key),
        ("/site_id", before.site_id != after.site_id),
        ("/variants", allocation(before) != allocation(after)),
        ("/coverage", before.coverage != after.coverage),
        ("/condition", before.condition != after.condition),
        ("/hash_attribute", before.hash_attribute != after.hash_attribute),
        ("/hash_version", before.hash_version != after.hash_version),
        ("/seed", before.seed != after.seed),
    ];
    let locked = |pointer: &str| {
        Problem::new(
            pointer,
            "This decides who gets what, and the experiment is running. Stop it and start a new phase.",
        )
    };
    changed.iter().filter(|(_, differs)| *differs).map(|(pointer, _)| locked(pointer)).collect()
}
