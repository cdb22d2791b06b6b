//! OpenFeature's remote evaluation protocol: the bodies and statuses of its OpenAPI document, version 0.2.

use beacon_shared::eval::{Context, FeatureResult, Source};
use serde_json::{Map, Value, json};

use super::Published;

/// A status and a body.
#[derive(Debug, PartialEq)]
pub struct Evaluated {
    /// 200, 400, 404 or 500.
    pub status: u16,
    /// JSON.
    pub body: Value,
}

/// A failure, as the protocol names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The body is not JSON.
    Parse,
    /// Nobody is named.
    TargetingKeyMissing,
    /// The context is not one.
    InvalidContext,
    /// There is no such flag, or no such site.
    FlagNotFound,
    /// The flag cannot be evaluated.
    General,
}

impl Fault {
    fn code(self) -> &'static str {
        match self {
            Self::Parse => "PARSE_ERROR",
            Self::TargetingKeyMissing => "TARGETING_KEY_MISSING",
            Self::InvalidContext => "INVALID_CONTEXT",
            Self::FlagNotFound => "FLAG_NOT_FOUND",
            Self::General => "GENERAL",
        }
    }

    fn status(self) -> u16 {
        match self {
            Self::Parse | Self::TargetingKeyMissing | Self::InvalidContext => 400,
            Self::FlagNotFound => 404,
            Self::General => 500,
        }
    }

    fn details(self) -> &'static str {
        match self {
            Self::Parse => "The body is not JSON: send {\"context\": {\"targetingKey\": \"…\"}}.",
            Self::TargetingKeyMissing => "Say who asks: the context's targetingKey is missing.",
            Self::InvalidContext => "The context is an object, and its targetingKey a text.",
            Self::FlagNotFound => "No published flag of this site has this key: check it, or publish it.",
            Self::General => "The flag depends on itself: break the circle and publish again.",
        }
    }

    /// The answer that says so; `key` for a single flag.
    pub fn answer(self, key: Option<&str>) -> Evaluated {
        let mut body = json!({"errorCode": self.code(), "errorDetails": self.details()});
        if let (Some(key), Some(members)) = (key, body.as_object_mut()) {
            members.insert("key".to_owned(), key.into());
        }
        Evaluated { status: self.status(), body }
    }
}

/// Evaluates one flag.
pub fn single(site: &Published, key: &str, body: &[u8], known: &Map<String, Value>) -> Evaluated {
    let attributes = match attributes(body, known) {
        Ok(attributes) => attributes,
        Err(fault) => return fault.answer(Some(key)),
    };
    if !site.definitions.features.contains_key(key) {
        return Fault::FlagNotFound.answer(Some(key));
    }
    let context = context(&attributes);
    match success(site, key, &site.definitions.feature(key, &context)) {
        Ok(body) => Evaluated { status: 200, body },
        Err(fault) => fault.answer(Some(key)),
    }
}

/// Evaluates all flags. One that cannot be evaluated says so in its place.
pub fn bulk(site: &Published, body: &[u8], known: &Map<String, Value>) -> Evaluated {
    let attributes = match attributes(body, known) {
        Ok(attributes) => attributes,
        Err(fault) => return fault.answer(None),
    };
    let context = context(&attributes);
    let flag = |key: &String| {
        let result = success(site, key, &site.definitions.feature(key, &context));
        result.unwrap_or_else(|fault| fault.answer(Some(key)).body)
    };
    let flags: Vec<Value> = site.definitions.features.keys().map(flag).collect();
    Evaluated { status: 200, body: json!({"flags": flags}) }
}

/// Returns the visitor's attributes: the context, over what the edge knows by itself.
fn attributes(body: &[u8], known: &Map<String, Value>) -> Result<Value, Fault> {
    let body: Value = serde_json::from_slice(body).map_err(|_| Fault::Parse)?;
    let given = body.as_object().ok_or(Fault::InvalidContext)?;
    let mut out = known.clone();
    match given.get("context") {
        None | Some(Value::Null) => return Err(Fault::TargetingKeyMissing),
        Some(Value::Object(context)) => out.extend(context.clone()),
        Some(_) => return Err(Fault::InvalidContext),
    }
    match out.get("targetingKey").or_else(|| out.get("id")).cloned() {
        Some(Value::String(key)) if !key.is_empty() => drop(out.insert("id".to_owned(), key.into())),
        None | Some(Value::Null | Value::String(_)) => return Err(Fault::TargetingKeyMissing),
        Some(_) => return Err(Fault::InvalidContext),
    }
    Ok(Value::Object(out))
}

fn context(attributes: &Value) -> Context<'_> {
    let mut context = Context::new(attributes);
    context.url = attributes.get("url").and_then(Value::as_str).unwrap_or_default();
    context
}

/// A flag's value. A null has none: the protocol's client then uses the value that its caller gave.
fn success(site: &Published, key: &str, result: &FeatureResult<'_>) -> Result<Value, Fault> {
    if result.source == Source::CyclicPrerequisite {
        return Err(Fault::General);
    }
    let experiment = result.experiment.as_ref();
    let variant = match (experiment, result.rule_id) {
        (Some(experiment), _) => experiment.key(),
        (None, "") => result.source.as_str().to_owned(),
        (None, rule) => rule.to_owned(),
    };
    let mut metadata = Map::from_iter([("source".to_owned(), json!(result.source))]);
    metadata.extend(experiment.map(|e| ("experiment".to_owned(), json!(e.experiment.key))));
    let mut out = json!({"key": key, "reason": reason(site, key, result), "variant": variant, "metadata": metadata});
    if let (Some(members), false) = (out.as_object_mut(), result.value.is_null()) {
        members.insert("value".to_owned(), result.value.clone());
    }
    Ok(out)
}

fn reason(site: &Published, key: &str, result: &FeatureResult<'_>) -> &'static str {
    let has_rules = site.definitions.features.get(key).is_some_and(|feature| !feature.rules.is_empty());
    match result.source {
        _ if result.value.is_null() => "DISABLED",
        Source::Experiment => "SPLIT",
        Source::Force => "TARGETING_MATCH",
        _ if has_rules => "DEFAULT",
        _ => "STATIC",
    }
}
