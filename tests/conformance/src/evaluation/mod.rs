//! The groups of `evaluation.json`, through `shared::eval`.

pub mod resolved;

use anyhow::{Context as _, Result};
use beacon_shared::eval::condition::{Condition, Group, Groups, version};
use beacon_shared::eval::definitions::Namespace;
use beacon_shared::eval::{Seed, bucket_ranges, choose_variation, decrypt, equal_weights, url};
use serde_json::{Value, json};

use crate::report::{Report, Suite};

/// The evaluators that run these.
const RUST: &str = "rust";

/// The error of rounding: places of a hash have four digits.
const ROUNDED: f64 = 1e-6;

/// Gives what came of a case's input, or `None` when the case has not the group's shape.
type Case = fn(&[Value]) -> Option<Value>;

/// A group: its name, where in a case the expected value is, and how to run one.
const GROUPS: &[(&str, usize, Case)] = &[
    ("evalCondition", 3, condition),
    ("hash", 3, hashed),
    ("getBucketRange", 2, ranges),
    ("chooseVariation", 3, variation),
    ("getEqualWeights", 1, weights),
    ("inNamespace", 3, namespace),
    ("getQueryStringOverride", 4, query),
    ("decrypt", 3, decrypted),
    ("feature", 3, resolved::feature),
    ("contextualBandit", 3, resolved::feature),
    ("run", 3, resolved::run),
    ("stickyBucket", 4, resolved::sticky),
    ("urlRedirect", 2, resolved::redirect),
];

/// Runs every group that the file has.
pub fn run(file: &Value, report: &mut Report) -> Result<()> {
    let groups = file.as_object().context("evaluation.json is not an object of groups.")?;
    for (name, _, case) in GROUPS {
        if let Some(cases) = groups.get(*name) {
            report.add(suite(name, cases, *case)?);
        }
    }
    if let Some(versions) = groups.get("versionCompare") {
        report.add(version_compare(versions)?);
    }
    let known = |name: &str| GROUPS.iter().any(|g| g.0 == name) || matches!(name, "versionCompare" | "specVersion");
    for (name, cases) in groups.iter().filter(|(name, _)| !known(name)) {
        let mut suite = Suite::new(name, RUST);
        suite.fail(
            "the whole group",
            "a group that is known",
            format!("{} cases", cases.as_array().map_or(0, Vec::len)),
        );
        report.add(suite);
    }
    Ok(())
}

fn suite(name: &str, cases: &Value, run: Case) -> Result<Suite> {
    let mut suite = Suite::new(name, RUST);
    for case in cases.as_array().with_context(|| format!("{name} is not a list of cases."))? {
        judge(&mut suite, name, case, run(case.as_array().map_or(&[][..], Vec::as_slice)));
    }
    Ok(suite)
}

/// Adds what came of one case of the group `name`; nothing came of one that has not the group's shape.
pub fn judge(suite: &mut Suite, name: &str, case: &Value, actual: Option<Value>) {
    let parts = case.as_array().map_or(&[][..], Vec::as_slice);
    let title = parts.first().map_or_else(|| "?".to_owned(), title);
    match (expected(name, parts), actual) {
        (Some(expected), Some(actual)) if same(&expected, &actual) => suite.pass(),
        (Some(expected), Some(actual)) => suite.fail(title, expected, actual),
        _ => suite.fail(title, format!("a case of {name}'s shape"), case),
    }
}

fn title(first: &Value) -> String {
    first.as_str().map_or_else(|| first.to_string(), str::to_owned)
}

/// Returns what a case expects: one value, or all from there on where a group checks several.
fn expected(name: &str, parts: &[Value]) -> Option<Value> {
    let at = GROUPS.iter().find(|group| group.0 == name).map_or(2, |group| group.1);
    match name {
        "run" | "stickyBucket" => Some(Value::Array(parts.get(at..)?.to_vec())),
        _ => parts.get(at).cloned(),
    }
}

/// Equal as JSON. Numbers may differ in what the reference's own tests round away; a place of a hash never does.
pub fn same(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::Number(a), Value::Number(b)) => {
            a == b || a.as_f64().zip(b.as_f64()).is_some_and(|(a, b)| (a - b).abs() < ROUNDED)
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => expected == actual,
    }
}

fn version_compare(cases: &Value) -> Result<Suite> {
    let mut suite = Suite::new("versionCompare", RUST);
    for (relation, cases) in cases.as_object().context("versionCompare is not an object of relations.")? {
        for case in cases.as_array().into_iter().flatten() {
            let Some([a, b, expected]) = case.as_array().map(Vec::as_slice) else {
                suite.fail(relation, "[version, version, boolean]", case);
                continue;
            };
            let order = version::compare(a, b);
            let actual = match relation.as_str() {
                "lt" => order.is_lt(),
                "gt" => order.is_gt(),
                "eq" => order.is_eq(),
                "lte" => order.is_le(),
                "gte" => order.is_ge(),
                _ => order.is_ne(),
            };
            suite.compare(format!("{a} {relation} {b}"), expected, &json!(actual));
        }
    }
    Ok(suite)
}

fn condition(case: &[Value]) -> Option<Value> {
    let (condition, attributes) = (case.get(1)?.as_object()?, case.get(2)?);
    let groups: Groups = case
        .get(4)
        .and_then(Value::as_object)
        .map(|groups| groups.iter().map(|(id, group)| (id.clone(), Group::parse(group))).collect())
        .unwrap_or_default();
    Some(json!(Condition::parse(condition).matches(attributes, &groups)))
}

fn hashed(case: &[Value]) -> Option<Value> {
    let version = u32::try_from(case.get(2)?.as_u64()?).unwrap_or(0);
    Some(json!(Seed::new(case.first()?.as_str()?).place(case.get(1)?.as_str()?, version)))
}

fn count(value: &Value) -> Option<usize> {
    usize::try_from(value.as_u64()?).ok()
}

fn ranges(case: &[Value]) -> Option<Value> {
    let input = case.get(1)?.as_array()?;
    let weights = input.get(2).and_then(Value::as_array);
    let weights: Option<Vec<f64>> = weights.map(|w| w.iter().map(|n| n.as_f64().unwrap_or(f64::NAN)).collect());
    let coverage = input.get(1).and_then(Value::as_f64).unwrap_or(1.0);
    Some(json!(bucket_ranges(count(input.first()?)?, coverage, weights.as_deref())))
}

fn variation(case: &[Value]) -> Option<Value> {
    let range = |r: &Value| Some((r.get(0)?.as_f64()?, r.get(1)?.as_f64()?));
    let ranges: Vec<(f64, f64)> = case.get(2)?.as_array()?.iter().map(range).collect::<Option<_>>()?;
    let chosen = choose_variation(case.get(1)?.as_f64()?, &ranges);
    Some(chosen.map_or(json!(-1), |index| json!(index)))
}

fn weights(case: &[Value]) -> Option<Value> {
    // A negative number of variations is none.
    let n = usize::try_from(case.first()?.as_i64()?).unwrap_or(0);
    Some(json!(equal_weights(n)))
}

fn namespace(case: &[Value]) -> Option<Value> {
    Some(json!(Namespace::parse(case.get(2)?)?.contains(case.get(1)?.as_str()?)))
}

fn query(case: &[Value]) -> Option<Value> {
    let (key, page) = (case.get(1)?.as_str()?, case.get(2)?.as_str()?);
    Some(json!(url::query_override(key, page, count(case.get(3)?)?)))
}

fn decrypted(case: &[Value]) -> Option<Value> {
    Some(json!(decrypt(case.get(1)?.as_str()?, case.get(2)?.as_str()?)))
}
