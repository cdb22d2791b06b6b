use super::metric::own_metric;
use super::{
    MAX_KEY, MAX_METRICS, MAX_PHASES, condition, first_duplicate, hash_version, key, name, share, targeting, text,
    unfinished, value, weights,
};
use crate::error::Problem;
use crate::model::{Experiment, Role, Status};

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
    problems.extend(hash_version("/hash_version", e.hash_version));
    problems.extend(targeting::attribute("/hash_attribute", &e.hash_attribute));
    if e.seed.is_empty() || e.seed.len() > 2 * MAX_KEY {
        let detail = format!("Give the hash a seed, usually the key, of at most {} characters.", 2 * MAX_KEY);
        problems.push(Problem::new("/seed", detail));
    }
    variants(e, &mut problems);
    reach(e, &mut problems);
    metrics(e, &mut problems);
    phases(e, &mut problems);
    problems
}

/// Who is in it, where and when.
fn reach(e: &Experiment, problems: &mut Vec<Problem>) {
    problems.extend(condition("/condition", &e.condition));
    problems.extend(unfinished("/condition", &e.extra));
    problems.extend(e.namespace.iter().flat_map(|n| targeting::namespace("/namespace", n)));
    problems.extend(e.holdout.iter().flat_map(|h| targeting::holdout("/holdout", h)));
    problems.extend(e.sticky.iter().flat_map(|s| targeting::sticky("/sticky", &e.hash_attribute, s)));
    problems.extend(targeting::pages("/pages", &e.pages));
    problems.extend(targeting::schedule("/schedule", &e.schedule));
    problems.extend(targeting::prerequisites("/prerequisites", None, &e.prerequisites));
    if e.pages.is_empty() && e.variants.iter().any(|v| v.redirect.is_some()) {
        problems.push(Problem::new("/pages", "Say on which pages it runs, or it would redirect them all."));
    }
}

fn phases(e: &Experiment, problems: &mut Vec<Problem>) {
    if e.phases.len() > MAX_PHASES {
        problems.push(Problem::new("/phases", format!("Have at most {MAX_PHASES} phases: copy the experiment.")));
    }
    for (i, pair) in e.phases.windows(2).enumerate() {
        let [before, after] = pair else { continue };
        if before.ended_at.is_none_or(|ended| ended > after.started_at) {
            let detail = "A phase begins when the one before has ended.";
            problems.push(Problem::new(format!("/phases/{}/started_at", i + 1), detail));
        }
    }
    for (i, phase) in e.phases.iter().enumerate() {
        if phase.ended_at.is_some_and(|ended| ended < phase.started_at) {
            problems.push(Problem::new(format!("/phases/{i}/ended_at"), "A phase ends after its beginning."));
        }
    }
    if e.status == Status::Running && e.phases.last().is_none_or(|p| p.ended_at.is_some()) {
        problems.push(Problem::new("/phases", "A running experiment has an open phase. Start it again."));
    }
}

fn variants(e: &Experiment, problems: &mut Vec<Problem>) {
    problems.extend(weights("/variants", "variants", e.variants.iter().map(|v| v.weight)));
    for (i, v) in e.variants.iter().enumerate() {
        problems.extend(key(&format!("/variants/{i}/id"), &v.id));
        problems.extend(name(&format!("/variants/{i}/name"), &v.name));
        problems.extend(value(&format!("/variants/{i}/config"), &v.config));
        problems.extend(v.redirect.iter().filter_map(|to| targeting::redirect(&format!("/variants/{i}/redirect"), to)));
        if v.redirect.is_some() && !(v.config.is_object() || v.config.is_null()) {
            let detail = "The config of a variant that redirects is a JSON object.";
            problems.push(Problem::new(format!("/variants/{i}/config"), detail));
        }
        problems.extend(unfinished(&format!("/variants/{i}/config"), &v.extra));
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
        problems.extend(own_metric(&format!("/metrics/{i}"), m));
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
        ("/namespace", before.namespace != after.namespace),
        ("/holdout", before.holdout != after.holdout),
        ("/sticky", before.sticky != after.sticky),
        ("/pages", before.pages != after.pages),
        ("/prerequisites", before.prerequisites != after.prerequisites),
    ];
    let locked = |pointer: &str| {
        Problem::new(
            pointer,
            "This decides who gets what, and the experiment is running. Stop it and start a new phase.",
        )
    };
    changed.iter().filter(|(_, differs)| *differs).map(|(pointer, _)| locked(pointer)).collect()
}
