//! The groups whose cases have a context: features, experiments, sticky assignments, redirects.

use std::collections::BTreeMap;

use beacon_shared::eval::definitions::{Definitions, Experiment};
use beacon_shared::eval::{Context, StickyDocument, StickyDocuments, sticky_key};
use serde_json::{Value, json};

/// A visitor as the case's context describes one.
pub fn visitor<'a>(source: &'a Value, sticky: Option<&'a StickyDocuments>) -> Context<'a> {
    let mut context = Context::new(source.get("attributes").unwrap_or(&Value::Null));
    context.url = source.get("url").and_then(Value::as_str).unwrap_or_default();
    context.enabled = source.get("enabled") != Some(&json!(false));
    context.qa_mode = source.get("qaMode") == Some(&json!(true));
    context.sticky = sticky;
    let forced = source.get("forcedVariations").and_then(Value::as_object);
    let forced = forced.into_iter().flatten().map(|(key, v)| (key.clone(), v.as_i64().unwrap_or(-1)));
    context.forced_variations = forced.collect();
    context
}

pub fn feature(case: &[Value]) -> Option<Value> {
    let (source, key) = (case.get(1)?, case.get(2)?.as_str()?);
    let definitions = Definitions::parse(source);
    let context = visitor(source, None);
    Some(definitions.feature(key, &context).to_json())
}

pub fn run(case: &[Value]) -> Option<Value> {
    let source = case.get(1)?;
    let (definitions, experiment) = (Definitions::parse(source), Experiment::parse(case.get(2)?, None)?);
    let context = visitor(source, None);
    let result = definitions.run(&experiment, &context);
    Some(json!([result.value(), result.in_experiment, result.hash_used]))
}

/// The result, and the documents afterwards: those that were there for this visitor, with what is new.
pub fn sticky(case: &[Value]) -> Option<Value> {
    let (source, key) = (case.get(1)?, case.get(3)?.as_str()?);
    let definitions = Definitions::parse(source);
    let stored = case.get(2)?.as_array()?.iter().filter_map(document);
    let given = source.get("stickyBucketAssignmentDocs").and_then(Value::as_object);
    let given = given.into_iter().flatten().filter_map(|(_, value)| document(value));
    let all: BTreeMap<String, StickyDocument> = stored.chain(given).collect();
    let mine = definitions.sticky_keys(&visitor(source, None));
    let mut documents: StickyDocuments = all.into_iter().filter(|(key, _)| mine.contains(key)).collect();
    let before = documents.clone();
    let context = visitor(source, Some(&before));
    let evaluation = definitions.feature_kept(key, &context);
    let result = evaluation.result.experiment.as_ref().map(|result| result.to_json());
    evaluation.assigned.into_iter().for_each(|assignment| assignment.store(&mut documents));
    Some(json!([result, documents]))
}

fn document(source: &Value) -> Option<(String, StickyDocument)> {
    let document: StickyDocument = serde_json::from_value(source.clone()).ok()?;
    Some((sticky_key(&document.attribute_name, &document.attribute_value), document))
}

pub fn redirect(case: &[Value]) -> Option<Value> {
    let source = case.get(1)?;
    let definitions = Definitions::parse(source);
    let context = visitor(source, None);
    let result = definitions.redirect(&context).map(|redirect| {
        let mut result = json!({"inExperiment": redirect.result.in_experiment});
        let members = [("urlRedirect", redirect.target), ("urlWithParams", redirect.url.as_deref())];
        for (name, value) in members {
            if let Some(value) = value {
                result[name] = json!(value);
            }
        }
        result
    });
    Some(Value::Array(result.into_iter().collect()))
}
