use super::metric::experiment_metric;
use super::{
    MAX_KEY, MAX_METRICS, MAX_PHASES, MAX_PLANNED_DAYS, MAX_PLANNED_LIFT, MAX_PLANNED_VISITORS, first_duplicate,
    hash_version, key, name, share, targeting, text, typed_condition, unfinished, unfinished_number, value, weights,
};
use crate::error::Problem;
use crate::model::{Experiment, ExperimentMetric, PhasePlan, Role, Status};
use crate::typed;

/// The problems of an experiment.
pub fn experiment(e: &Experiment) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(key("/key", &e.key));
    problems.extend(name("/name", &e.name));
    problems.extend(text("/hypothesis", &e.hypothesis));
    if e.site_id.is_empty() {
        problems.push(Problem::new("/site_id", "Choose the site it runs on."));
    }
    problems.extend(share("/coverage", e.audience.coverage));
    problems.extend(unfinished_number("/coverage", &e.extra, typed::share));
    problems.extend(hash_version("/hash_version", e.audience.hash_version));
    problems.extend(targeting::attribute("/hash_attribute", &e.audience.hash_attribute));
    if e.seed.is_empty() || e.seed.len() > 2 * MAX_KEY {
        let detail = format!("Enter a seed of up to {} characters, usually the key.", 2 * MAX_KEY);
        problems.push(Problem::new("/seed", detail));
    }
    variants(e, &mut problems);
    reach(e, &mut problems);
    metrics(e, &mut problems);
    phases(e, &mut problems);
    problems
}

/// Returns who is in it, where and when.
fn reach(e: &Experiment, problems: &mut Vec<Problem>) {
    problems.extend(typed_condition("/condition", &e.condition, &e.extra));
    problems.extend(e.audience.namespace.iter().flat_map(|n| targeting::namespace("/namespace", n)));
    problems.extend(e.audience.holdout.iter().flat_map(|h| targeting::holdout("/holdout", h)));
    problems.extend(e.audience.sticky.iter().flat_map(|s| targeting::sticky("/sticky", &e.audience.hash_attribute, s)));
    problems.extend(targeting::pages("/pages", &e.audience.pages));
    problems.extend(targeting::schedule("/schedule", &e.schedule));
    problems.extend(targeting::prerequisites("/prerequisites", None, &e.audience.prerequisites));
    if e.audience.pages.is_empty() && e.variants.iter().any(|v| v.redirect.is_some()) {
        problems.push(Problem::new("/pages", "Choose the pages it runs on. Without any, every page would redirect."));
    }
    for (i, variant) in e.variants.iter().enumerate() {
        if variant.redirect.as_deref().is_some_and(|to| targeting::leads_back(to, e.keep_query, &e.audience.pages)) {
            let detail = "This address is one of the experiment's own pages, so nobody would be sent there. \
                          Choose another address, or exclude it from the pages.";
            problems.push(Problem::new(format!("/variants/{i}/redirect"), detail));
        }
    }
}

fn is_possible(plan: &PhasePlan) -> bool {
    let is_lift = |lift: &f64| *lift > 0.0 && *lift <= MAX_PLANNED_LIFT;
    (1..=MAX_PLANNED_VISITORS).contains(&plan.visitors)
        && (1..=MAX_PLANNED_DAYS).contains(&plan.days)
        && plan.lifts.len() <= MAX_METRICS
        && plan.lifts.values().all(is_lift)
}

fn phases(e: &Experiment, problems: &mut Vec<Problem>) {
    if e.phases.len() > MAX_PHASES {
        let detail = format!("An experiment can have up to {MAX_PHASES} phases. Copy it to go on.");
        problems.push(Problem::new("/phases", detail));
    }
    for (i, pair) in e.phases.windows(2).enumerate() {
        let [before, after] = pair else { continue };
        // A phase that never went live is between no others.
        let overlaps = |started: i64| before.started.is_some() && before.ended.is_none_or(|ended| ended > started);
        if after.started.is_some_and(overlaps) {
            let detail = "A phase starts after the one before has ended.";
            problems.push(Problem::new(format!("/phases/{}/started", i + 1), detail));
        }
    }
    for (i, phase) in e.phases.iter().enumerate() {
        let (started, ended) = (phase.started, phase.ended);
        if ended.is_some() && (started.is_none() || ended < started) {
            problems.push(Problem::new(format!("/phases/{i}/ended"), "A phase ends after it has started."));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if phase.id.is_empty() || phase.id.len() > MAX_KEY || !phase.id.chars().all(plain) {
            problems.push(Problem::new(format!("/phases/{i}/id"), "A phase's id has letters, digits and '-' only."));
        }
        if phase.plan.as_ref().is_some_and(|plan| !is_possible(plan)) {
            let detail = "A phase is planned for 1 visitor to a trillion, 1 to 3,650 days, and lifts above 0%.";
            problems.push(Problem::new(format!("/phases/{i}/plan"), detail));
        }
    }
    if let Some((i, id)) = first_duplicate(e.phases.iter().map(|p| p.id.as_str())) {
        problems.push(Problem::new(format!("/phases/{i}/id"), format!("Two phases have the id '{id}'.")));
    }
    if e.status == Status::Running && e.phases.last().is_none_or(|p| p.ended.is_some()) {
        problems.push(Problem::new("/phases", "A running experiment needs an open phase. Start it again."));
    }
}

fn variants(e: &Experiment, problems: &mut Vec<Problem>) {
    problems.extend(weights("/variants", "variants", e.variants.iter().map(|v| v.weight)));
    for (i, v) in e.variants.iter().enumerate() {
        problems.extend(key(&format!("/variants/{i}/id"), &v.id));
        problems.extend(name(&format!("/variants/{i}/name"), &v.name));
        problems.extend(unfinished_number(&format!("/variants/{i}/weight"), &v.extra, typed::share));
        problems.extend(value(&format!("/variants/{i}/config"), &v.config));
        problems.extend(v.redirect.iter().filter_map(|to| targeting::redirect(&format!("/variants/{i}/redirect"), to)));
        if v.redirect.is_some() && !(v.config.is_object() || v.config.is_null()) {
            let detail = "The config of a variant that redirects is a JSON object.";
            problems.push(Problem::new(format!("/variants/{i}/config"), detail));
        }
        problems.extend(unfinished(&format!("/variants/{i}/config"), &v.extra));
    }
    if let Some((i, id)) = first_duplicate(e.variants.iter().map(|v| v.id.as_str())) {
        problems.push(Problem::new(format!("/variants/{i}/id"), format!("Two variants have the id '{id}'.")));
    }
}

fn metrics(e: &Experiment, problems: &mut Vec<Problem>) {
    if !e.metrics.iter().any(|m| m.role() == Role::Goal) {
        problems.push(Problem::new("/metrics", "Add the goal metric that decides the experiment."));
    }
    if e.metrics.len() > MAX_METRICS {
        problems.push(Problem::new("/metrics", format!("An experiment can have up to {MAX_METRICS} metrics.")));
    }
    for (i, m) in e.metrics.iter().enumerate() {
        problems.extend(experiment_metric(&format!("/metrics/{i}"), m));
    }
    if let Some((i, id)) = first_duplicate(e.metrics.iter().map(ExperimentMetric::id)) {
        problems.push(Problem::new(format!("/metrics/{i}/id"), format!("Two metrics have the id '{id}'.")));
    }
    let shared = || e.metrics.iter().enumerate().filter_map(|(i, m)| Some((i, m.document()?)));
    if let Some((i, _)) = first_duplicate(shared().map(|(_, document)| document)).and_then(|(i, _)| shared().nth(i)) {
        problems.push(Problem::new(format!("/metrics/{i}/metric"), "This metric is here twice. Remove one of them."));
    }
}

/// Returns a problem for each field that decides who gets what and that differs between `before` and `after`, although
/// both run in the same phase: earlier visitors would silently move between variants.
pub fn locked_changes(before: &Experiment, after: &Experiment) -> Vec<Problem> {
    let (Some(phase), Some(last)) = (before.phase(), after.phase()) else { return Vec::new() };
    if before.status != Status::Running || after.status != Status::Running || phase.id != last.id {
        return Vec::new();
    }
    let allocation = |e: &Experiment| e.variants.iter().map(|v| (v.id.clone(), v.weight)).collect::<Vec<_>>();
    let changed = [
        ("/key", before.key != after.key),
        ("/site_id", before.site_id != after.site_id),
        ("/variants", allocation(before) != allocation(after)),
        ("/coverage", before.audience.coverage != after.audience.coverage),
        ("/condition", before.condition != after.condition),
        ("/hash_attribute", before.audience.hash_attribute != after.audience.hash_attribute),
        ("/hash_version", before.audience.hash_version != after.audience.hash_version),
        ("/seed", before.seed != after.seed),
        ("/namespace", before.audience.namespace != after.audience.namespace),
        ("/holdout", before.audience.holdout != after.audience.holdout),
        ("/sticky", before.audience.sticky != after.audience.sticky),
        ("/pages", before.audience.pages != after.audience.pages),
        ("/prerequisites", before.audience.prerequisites != after.audience.prerequisites),
        ("/phases", before.assignment(phase) != after.assignment(last) || phase.plan != last.plan),
    ];
    let locked = |pointer: &str| {
        let detail = "This decides who gets what, and the experiment is running. Stop it and start a new phase.";
        Problem::new(pointer, detail)
    };
    changed.iter().filter(|(_, differs)| *differs).map(|(pointer, _)| locked(pointer)).collect()
}
