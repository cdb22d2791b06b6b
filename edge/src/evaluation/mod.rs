//! Evaluation for callers that do not evaluate themselves: assignment, flags, and OpenFeature's remote protocol.

pub mod ofrep;

use std::collections::BTreeMap;

use beacon_shared::api::{AssignResponse, EvaluateRequest, MAX_KEYS, ResolveAllResponse, ResolveResponse, SiteBundle};
use beacon_shared::bundle::at;
use beacon_shared::error::{Code, Error, Problem, Result};
use beacon_shared::eval::definitions::Definitions;
use beacon_shared::eval::{Context, Evaluation, FeatureResult, StickyDocuments, sticky_key};
use serde_json::{Map, Value};

/// A site's definitions at a time, ready to be evaluated many times.
pub struct Published {
    /// The payload that pages get.
    pub payload: Value,
    definitions: Definitions,
    experiments: BTreeMap<String, String>,
}

impl Published {
    /// A site's definitions as they are at `now`, in Unix milliseconds.
    pub fn new(site: &SiteBundle, now: i64) -> Self {
        let payload = at(&site.payload, now).into_owned();
        let definitions = Definitions::parse(&payload);
        Self { payload, definitions, experiments: site.experiments.clone() }
    }
}

/// Returns true if the site has this experiment, by its key or its document id.
pub fn has_experiment(site: &SiteBundle, id: &str) -> bool {
    site.experiments.iter().any(|(document, key)| document == id || key == id)
}

/// Returns the variant that the visitor gets.
pub fn assign(site: &Published, id: &str, request: &EvaluateRequest) -> Result<AssignResponse> {
    let key = site.experiments.get(id).map_or(id, String::as_str);
    let experiment = site.definitions.experiments.iter().find(|e| e.key == key).ok_or_else(|| {
        Error::new(Code::NotFound, "No running experiment of this site has this id: start and publish it.")
    })?;
    let visitor = Visitor::new(request)?;
    let context = visitor.context(&request.url);
    let Evaluation { result, assigned } = site.definitions.run_kept(experiment, &context);
    let inside = result.in_experiment;
    let name = || result.to_json().get("name").and_then(Value::as_str).map(str::to_owned);
    Ok(AssignResponse {
        experiment_id: experiment.key.clone(),
        variant_id: inside.then(|| result.key()),
        variant_name: if inside { name() } else { None },
        config: if inside { result.value().clone() } else { Value::Null },
        in_experiment: inside,
        reason: result.reason,
        bucket: result.bucket,
        assigned,
    })
}

/// A flag's value for the visitor.
pub fn resolve(site: &Published, key: &str, request: &EvaluateRequest) -> Result<ResolveResponse> {
    if !site.definitions.features.contains_key(key) {
        return Err(Error::new(
            Code::NotFound,
            "No published flag of this site has this key: check it, or publish it.",
        ));
    }
    let visitor = Visitor::new(request)?;
    let context = visitor.context(&request.url);
    Ok(resolved(key, site.definitions.feature_kept(key, &context)))
}

/// The values of the flags that the request names, or of all.
pub fn resolve_all(site: &Published, request: &EvaluateRequest) -> Result<ResolveAllResponse> {
    if request.keys.as_ref().is_some_and(|keys| keys.len() > MAX_KEYS) {
        return Err(Error::invalid(vec![Problem::new("/keys", format!("Name at most {MAX_KEYS} flags."))]));
    }
    let visitor = Visitor::new(request)?;
    let context = visitor.context(&request.url);
    let all = || site.definitions.features.keys().cloned().collect();
    let keys: Vec<String> = request.keys.clone().unwrap_or_else(all);
    let flags = keys.iter().map(|key| (key.clone(), resolved(key, site.definitions.feature_kept(key, &context))));
    Ok(ResolveAllResponse { flags: flags.collect() })
}

fn resolved(key: &str, evaluation: Evaluation<FeatureResult<'_>>) -> ResolveResponse {
    let Evaluation { result, assigned } = evaluation;
    ResolveResponse {
        key: key.to_owned(),
        value: result.value.clone(),
        on: result.on(),
        source: result.source,
        rule_id: result.rule_id.to_owned(),
        experiment_id: result.experiment.as_ref().map(|e| e.experiment.key.clone()),
        variant_id: result.experiment.as_ref().map(|e| e.key()),
        assigned,
    }
}

/// The visitor who asks.
struct Visitor {
    attributes: Value,
    sticky: Option<StickyDocuments>,
}

impl Visitor {
    fn new(request: &EvaluateRequest) -> Result<Self> {
        let mut attributes: Map<String, Value> = request.attributes.clone();
        if !request.user_id.is_empty() {
            attributes.insert("id".to_owned(), request.user_id.as_str().into());
        }
        if !attributes.contains_key("id") {
            let detail = "Say who asks: the visitor's id decides what it gets.";
            return Err(Error::invalid(vec![Problem::new("/user_id", detail)]));
        }
        let documents = |list: &Vec<_>| {
            let key = |d: &beacon_shared::eval::StickyDocument| sticky_key(&d.attribute_name, &d.attribute_value);
            list.iter().map(|d| (key(d), d.clone())).collect()
        };
        Ok(Self { attributes: Value::Object(attributes), sticky: request.sticky.as_ref().map(documents) })
    }

    fn context<'a>(&'a self, url: &'a str) -> Context<'a> {
        let mut context = Context::new(&self.attributes);
        context.url = url;
        context.sticky = self.sticky.as_ref();
        context
    }
}

#[cfg(test)]
mod tests;
