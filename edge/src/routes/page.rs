//! What websites load: the script and their definitions.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use beacon_shared::error::Code;
use serde_json::{Map, Value, json};
use worker::{Cf, Env};

use super::request::{header as text, query};
use crate::bundles::{self, Live};
use crate::failure::{Answer, Failure};
use crate::{digest, events::agent};

const SCRIPT: &str = include_str!("../../sdk/dist/beacon.js");
/// Nothing on the way may keep it: a kill switch must reach the next page.
const REVALIDATE: &str = "public, max-age=0, must-revalidate";

#[worker::send]
pub async fn features(State(env): State<Env>, Path(site_id): Path<String>, request: Request) -> Answer {
    let mut response = match bundles::live_with(&env, &site_id).await {
        Ok(live) => {
            let body = payload(&live, &site_id).to_string();
            respond(request.headers(), body, "application/json", REVALIDATE)
        }
        Err(error) => Failure::from(error).into_response(),
    };
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    Ok(response)
}

pub async fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "if-none-match, cache-control"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

#[worker::send]
pub async fn script(State(env): State<Env>, request: Request) -> Answer {
    let (body, caching) = match query(&request, "site") {
        None => (SCRIPT.to_owned(), "public, max-age=60"),
        Some(site) => {
            // A page must not break because its site is not published: the script then works without definitions.
            let body = match bundles::live_with(&env, &site).await {
                Ok(live) => inline(&live, &site, request.headers(), request.extensions().get::<Cf>()),
                Err(error) if error.code == Code::NotFound => SCRIPT.to_owned(),
                Err(error) => return Err(error.into()),
            };
            (body, "private, max-age=0, must-revalidate")
        }
    };
    let mut response = respond(request.headers(), body, "text/javascript; charset=utf-8", caching);
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let policy = HeaderName::from_static("cross-origin-resource-policy");
    headers.insert(policy, HeaderValue::from_static("cross-origin"));
    Ok(response)
}

fn payload(live: &Live, site_id: &str) -> Value {
    let published = live.published(site_id, super::now());
    let mut payload = published.map(|site| site.payload.clone()).unwrap_or_default();
    if let Some(fields) = payload.as_object_mut() {
        fields.insert("dateUpdated".into(), iso(live.at).into());
    }
    payload
}

// Times are far below 2^53.
#[allow(clippy::cast_precision_loss)]
fn iso(at: i64) -> String {
    worker::js_sys::Date::new(&(at as f64).into()).to_iso_string().into()
}

/// What the edge knows of a visitor by itself.
pub fn known(headers: &HeaderMap, cf: Option<&Cf>) -> Map<String, Value> {
    let agent = agent::read(text(headers, "user-agent").unwrap_or_default());
    let known = [
        ("country", json!(cf.and_then(Cf::country))),
        ("region", json!(cf.and_then(Cf::region))),
        ("device", json!(agent.device)),
        ("browser", json!(agent.browser)),
        ("os", json!(agent.os)),
    ];
    known.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn inline(live: &Live, site_id: &str, headers: &HeaderMap, cf: Option<&Cf>) -> String {
    let data = json!({"site": site_id, "payload": payload(live, site_id), "attributes": known(headers, cf)});
    format!("window.__beacon={};\n{SCRIPT}", escape(&data.to_string()))
}

/// JSON that is also safe as JavaScript inside a page: these characters occur in strings only.
fn escape(json: &str) -> String {
    json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// The body with its tag, or 304 for whoever has it.
pub fn respond(request: &HeaderMap, body: String, content_type: &'static str, caching: &'static str) -> Response {
    let tag = format!("\"{}\"", digest::sha256(body.as_bytes()).chars().take(32).collect::<String>());
    // A proxy that compresses turns the tag into a weak one.
    let has = text(request, "if-none-match")
        .is_some_and(|tags| tags.split(',').any(|t| t.trim() == "*" || t.trim().trim_start_matches("W/") == tag));
    let caching = [(header::ETAG, tag), (header::CACHE_CONTROL, caching.to_owned())];
    if has {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    (caching, [(header::CONTENT_TYPE, content_type)], body).into_response()
}
