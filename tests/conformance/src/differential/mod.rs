//! The two evaluators against each other: random definitions and visitors, Rust's answer against that of the script
//! that pages load. On a difference, the case is made as small as it goes while they still differ.

mod conditions;
mod definitions;
mod random;
mod shrink;

use anyhow::{Context as _, Result, ensure};
use beacon_shared::eval::condition::Condition;
use beacon_shared::eval::definitions::{Definitions, Experiment};
use beacon_shared::eval::{ExperimentResult, StickyAssignment, StickyDocument, StickyDocuments, sticky_key};
use serde_json::{Map, Value, json};

use crate::beacon_js;
use crate::evaluation::resolved::visitor;
use crate::evaluation::same;
use random::Random;

/// Cases of one run of Node.
const BATCH: u64 = 5_000;

/// Runs `cases` random cases from `seed` on.
///
/// # Errors
/// The smallest case on which the evaluators differ, or that Node cannot be run.
pub fn run(seed: u64, cases: u64) -> Result<()> {
    let mut tally = Map::new();
    for first in (0..cases).step_by(usize::try_from(BATCH)?) {
        let numbers = first..cases.min(first + BATCH);
        let batch: Vec<Value> = numbers.map(|n| definitions::case(&mut Random::new(seed, n))).collect();
        if let Some((case, rust, script)) = first_difference(&batch, &mut tally)? {
            println!("The evaluators differ (seed {seed}); this case differs too, and is smaller:");
            let (case, rust, script) = shrink::smallest(case, rust, script)?;
            println!("{}\n  rust      {rust}\n  beacon.js {script}", serde_json::to_string_pretty(&case)?);
            anyhow::bail!("Rust and beacon.js differ.");
        }
    }
    ensure!(cases > 0, "No case ran.");
    println!("differential: {cases} cases from seed {seed}, no difference");
    println!("  {}", Value::Object(tally));
    Ok(())
}

type Difference = (Value, Value, Value);

/// The first case whose answers differ, with both answers.
fn first_difference(batch: &[Value], tally: &mut Map<String, Value>) -> Result<Option<Difference>> {
    let mut input = String::new();
    for case in batch {
        input.push_str(&case.to_string());
        input.push('\n');
    }
    let output = beacon_js::node("differential.mjs", &[], input.as_bytes())?;
    let mut answers = std::str::from_utf8(&output)?.lines();
    for case in batch {
        let script: Value = serde_json::from_str(answers.next().context("Node left a case unanswered.")?)?;
        let rust = answer(case);
        count(&rust, tally);
        if !same(&rust, &script) {
            return Ok(Some((case.clone(), rust, script)));
        }
    }
    Ok(None)
}

/// Counts kinds of answers, so that a person sees that the cases reach everything.
fn count(answer: &Value, tally: &mut Map<String, Value>) {
    let kind = match (answer.get("source"), answer.get("variant"), answer.get("holds")) {
        (Some(source), ..) => source.as_str().unwrap_or_default().to_owned(),
        (_, Some(variant), _) => format!("run {}", if variant.is_null() { "out" } else { "in" }),
        (.., Some(holds)) => format!("condition {holds}"),
        _ => format!("redirect {}", if answer["redirect"].is_null() { "none" } else { "found" }),
    };
    let sticky = if answer["stuck"] == json!(true) { "stuck" } else { "" };
    for kind in [kind.as_str(), sticky].into_iter().filter(|kind| !kind.is_empty()) {
        let seen = tally.get(kind).and_then(Value::as_u64).unwrap_or(0);
        tally.insert(kind.to_owned(), json!(seen + 1));
    }
}

/// Returns what Rust answers to a case.
fn answer(case: &Value) -> Value {
    let nothing = json!({});
    let source = case.get("context").unwrap_or(&nothing);
    let definitions = Definitions::parse(source);
    let mut documents = sticky_documents(source);
    let before = documents.clone();
    let context = visitor(source, before.as_ref());
    let ask = case.get("ask").unwrap_or(&nothing);
    if let Some(condition) = ask.get("condition") {
        let holds = condition.as_object().is_some_and(|c| {
            Condition::parse(c).matches(source.get("attributes").unwrap_or(&Value::Null), &definitions.groups)
        });
        return json!({"holds": holds});
    }
    if let Some(key) = ask.get("feature").and_then(Value::as_str) {
        let evaluation = definitions.feature_kept(key, &context);
        let result = evaluation.result;
        let mut out = json!({"value": result.value, "source": result.source.as_str(), "rule": result.rule_id});
        extend(&mut out, result.experiment.as_ref());
        return with_sticky(out, evaluation.assigned, &mut documents);
    }
    if let Some(source) = ask.get("run") {
        let experiment = Experiment::parse(source, None).filter(|e| !e.key.is_empty());
        let Some(experiment) = experiment else { return json!({"malformed": true}) };
        let evaluation = definitions.run_kept(&experiment, &context);
        let mut out = json!({"value": evaluation.result.value()});
        extend(&mut out, Some(&evaluation.result));
        return with_sticky(out, evaluation.assigned, &mut documents);
    }
    let redirect = definitions.redirect(&context);
    json!({"redirect": redirect.map(|r| json!([r.result.experiment.key, r.target, r.url]))})
}

fn extend(out: &mut Value, result: Option<&ExperimentResult<'_>>) {
    let Some(result) = result else { return };
    out["variant"] = if result.in_experiment { json!(result.key()) } else { Value::Null };
    out["bucket"] = json!(result.bucket);
    out["attribute"] = json!(result.hash_attribute);
    out["stuck"] = json!(result.sticky_used);
}

fn with_sticky(mut out: Value, assigned: Vec<StickyAssignment>, documents: &mut Option<StickyDocuments>) -> Value {
    if let Some(documents) = documents {
        assigned.into_iter().for_each(|a| a.store(documents));
        let flat = documents.iter().flat_map(|(key, document)| {
            document.assignments.iter().map(move |(id, variation)| (format!("{key}||{id}"), json!(variation)))
        });
        out["sticky"] = Value::Object(flat.collect());
    }
    out
}

fn sticky_documents(source: &Value) -> Option<StickyDocuments> {
    let documents = source.get("sticky")?.as_array()?;
    let document = |d: &Value| serde_json::from_value::<StickyDocument>(d.clone()).ok();
    let keyed = |d: StickyDocument| (sticky_key(&d.attribute_name, &d.attribute_value), d);
    Some(documents.iter().filter_map(document).map(keyed).collect())
}
