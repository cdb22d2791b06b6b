use serde_json::Value;

use super::{
    MAX_NAME, MAX_RULES, MAX_SITES, first_duplicate, hash_version, key, name, share, targeting, text, typed_condition,
    unfinished, unfinished_number, value, weights,
};
use crate::error::Problem;
use crate::model::{Flag, Rule, RuleExperiment};
use crate::typed;

/// The problems of a flag.
pub fn flag(f: &Flag) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(key("/key", &f.key));
    problems.extend(name("/name", &f.name));
    problems.extend(text("/description", &f.description));
    problems.extend(value("/default_value", &f.default_value));
    problems.extend(unfinished("/default_value", &f.extra));
    if f.site_ids.is_empty() {
        problems.push(Problem::new("/site_ids", "Choose at least one site for this flag."));
    }
    if f.rules.len() > MAX_RULES {
        problems.push(Problem::new("/rules", format!("A flag can have up to {MAX_RULES} rules.")));
    }
    if f.site_ids.len() > MAX_SITES {
        problems.push(Problem::new("/site_ids", format!("A flag can be on up to {MAX_SITES} sites.")));
    }
    if let Some((i, _)) = first_duplicate(f.site_ids.iter().map(String::as_str)) {
        problems.push(Problem::new(format!("/site_ids/{i}"), "This site is listed twice. Remove one."));
    }
    problems.extend(targeting::prerequisites("/prerequisites", Some(&f.key), &f.prerequisites));
    problems.extend(targeting::schedule("/schedule", &f.schedule));
    for (i, rule) in f.rules.iter().enumerate() {
        problems.extend(rule_problems(&format!("/rules/{i}"), f, rule));
    }
    if let Some((i, id)) = first_duplicate(f.rules.iter().map(|r| r.id.as_str())) {
        problems.push(Problem::new(format!("/rules/{i}/id"), format!("Two rules have the id '{id}'.")));
    }
    problems
}

fn rule_problems(at: &str, flag: &Flag, rule: &Rule) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(key(&format!("{at}/id"), &rule.id));
    problems.extend(typed_condition(&format!("{at}/condition"), &rule.condition, &rule.extra));
    problems.extend(share(&format!("{at}/coverage"), rule.coverage));
    problems.extend(unfinished_number(&format!("{at}/coverage"), &rule.extra, typed::share));
    problems.extend(targeting::attribute(&format!("{at}/hash_attribute"), &rule.hash_attribute));
    problems.extend(targeting::seed(&format!("{at}/seed"), &rule.seed));
    problems.extend(hash_version(&format!("{at}/hash_version"), rule.hash_version));
    problems.extend(rule.namespace.iter().flat_map(|n| targeting::namespace(&format!("{at}/namespace"), n)));
    let prerequisites = format!("{at}/prerequisites");
    problems.extend(targeting::prerequisites(&prerequisites, Some(&flag.key), &rule.prerequisites));
    problems.extend(targeting::schedule(&format!("{at}/schedule"), &rule.schedule));
    problems.extend(text(&format!("{at}/note"), &rule.note));
    match &rule.experiment {
        Some(experiment) => problems.extend(split(&format!("{at}/experiment"), flag, rule, experiment)),
        None => problems.extend(served(&format!("{at}/value"), flag, &rule.value)),
    }
    problems.extend(unfinished(&format!("{at}/value"), &rule.extra));
    problems
}

fn split(at: &str, flag: &Flag, rule: &Rule, experiment: &RuleExperiment) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(key(&format!("{at}/key"), &experiment.key));
    let sticky = |s| targeting::sticky(&format!("{at}/sticky"), &rule.hash_attribute, s);
    problems.extend(experiment.sticky.iter().flat_map(sticky));
    problems.extend(weights(&format!("{at}/arms"), "arms", experiment.arms.iter().map(|arm| arm.weight)));
    for (i, arm) in experiment.arms.iter().enumerate() {
        problems.extend(key(&format!("{at}/arms/{i}/id"), &arm.id));
        if arm.name.chars().count() > MAX_NAME {
            let detail = format!("Shorten the name to at most {MAX_NAME} characters.");
            problems.push(Problem::new(format!("{at}/arms/{i}/name"), detail));
        }
        problems.extend(served(&format!("{at}/arms/{i}/value"), flag, &arm.value));
    }
    if let Some((i, id)) = first_duplicate(experiment.arms.iter().map(|arm| arm.id.as_str())) {
        problems.push(Problem::new(format!("{at}/arms/{i}/id"), format!("Two arms have the id '{id}'.")));
    }
    problems
}

/// Returns what is wrong with a value that the flag serves.
fn served(at: &str, flag: &Flag, served: &Value) -> Vec<Problem> {
    let mut problems: Vec<Problem> = value(at, served).into_iter().collect();
    let wanted = json_type(&flag.default_value);
    if json_type(served) != wanted {
        let detail = format!("Use a {wanted}, like the flag's default. Code that reads the flag expects one.");
        problems.push(Problem::new(at, detail));
    }
    problems
}

fn json_type(v: &Value) -> &'static str {
    match v {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "JSON object",
    }
}
