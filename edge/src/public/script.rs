//! beacon.js.

use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use beacon_shared::error::Code;
use serde_json::{Value, json};

use super::visitor;
use crate::deps::Deps;
use crate::digest;
use crate::domain::live;
use crate::http::{Answer, query, respond};
use crate::isolate::live::{Period, inline};

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
/// Composed for one visitor, and asked for again by the next page.
const OWN: &str = "private, max-age=0, must-revalidate";

/// Returns the script, with a site's definitions in it when one is named.
pub async fn script(deps: Deps, request: Request) -> Answer {
    let (parts, _) = request.into_parts();
    let mut response = match query(&parts, "site") {
        None => plain(&deps, &parts, "public, max-age=60"),
        Some(id) => match live::site(&deps, &id).await {
            Ok(site) => with_definitions(&deps, &parts, &id, &site.period(deps.clock.now())),
            // A page must not break because its site is not published: the script then works without definitions.
            Err(error) if error.code == Code::NotFound => plain(&deps, &parts, OWN),
            Err(error) => return Err(error.into()),
        },
    };
    let policy = HeaderName::from_static("cross-origin-resource-policy");
    response.headers_mut().insert(policy, HeaderValue::from_static("cross-origin"));
    Ok(response)
}

fn plain(deps: &Deps, parts: &Parts, caching: &'static str) -> Response {
    respond(&parts.headers, &deps.script.tag, || deps.script.text.clone(), JAVASCRIPT, caching)
}

/// The tag is made of the tags of the parts, so that a page which has the text gets its answer without it.
fn with_definitions(deps: &Deps, parts: &Parts, id: &str, period: &Period) -> Response {
    let attributes = Value::Object(visitor::attributes(parts));
    let version = format!("{}\n{id}\n{attributes}\n{}", period.payload.tag, deps.script.tag);
    let body = || {
        let (id, attributes) = (inline(&json!(id).to_string()), inline(&attributes.to_string()));
        let (payload, script) = (&period.inlined, &deps.script.text);
        format!("window.__beacon={{\"site\":{id},\"payload\":{payload},\"attributes\":{attributes}}};\n{script}")
    };
    respond(&parts.headers, &digest::tag(version.as_bytes()), body, JAVASCRIPT, OWN)
}
