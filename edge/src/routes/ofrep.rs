//! OpenFeature's remote evaluation protocol.

use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use beacon_shared::api::MAX_EVALUATE_BYTES;
use beacon_shared::error::Code;
use serde_json::{Map, Value, json};
use worker::{Cf, Env};

use super::evaluate::within_limit;
use super::page::{known, respond};
use crate::bundles;
use crate::evaluation::Published;
use crate::evaluation::ofrep::{self as protocol, Answer as Told, Fault};
use crate::failure::{Answer, Failure, RETRY_AFTER};

/// An evaluation is the asker's own.
const CACHING: &str = "private, no-cache";

#[worker::send]
pub async fn single(State(env): State<Env>, Path((site, key)): Path<(String, String)>, request: Request) -> Answer {
    let told =
        |published: &Published, body: &[u8], known: &Map<String, Value>| protocol::single(published, &key, body, known);
    Ok(open(evaluate(&env, &site, request, Some(&key), told).await))
}

#[worker::send]
pub async fn bulk(State(env): State<Env>, Path(site): Path<String>, request: Request) -> Answer {
    Ok(open(evaluate(&env, &site, request, None, protocol::bulk).await))
}

pub async fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type, if-none-match, authorization, x-api-key"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    open((StatusCode::NO_CONTENT, headers).into_response())
}

async fn evaluate(
    env: &Env,
    site: &str,
    request: Request,
    key: Option<&str>,
    told: impl Fn(&Published, &[u8], &Map<String, Value>) -> Told,
) -> Response {
    let (parts, body) = request.into_parts();
    let live = match bundles::live_with(env, site).await {
        Ok(live) => live,
        Err(error) if error.code == Code::NotFound => return answer(&Fault::FlagNotFound.answer(key)),
        Err(error) => return Failure::from(error).into_response(),
    };
    match within_limit(env, &parts.headers, site).await {
        Ok(true) => {}
        Ok(false) => return too_many(),
        Err(error) => return Failure::from(error).into_response(),
    }
    let Some(published) = live.published(site, super::now()) else {
        return answer(&Fault::FlagNotFound.answer(key));
    };
    let Ok(bytes) = to_bytes(body, MAX_EVALUATE_BYTES).await else { return answer(&Fault::Parse.answer(key)) };
    // A browser speaks for its visitor; a server's address and agent are its own.
    let from_page = parts.headers.contains_key(header::ORIGIN);
    let known = if from_page { known(&parts.headers, parts.extensions.get::<Cf>()) } else { Map::new() };
    let told = told(&published, &bytes, &known);
    match (key, told.status) {
        (None, 200) => respond(&parts.headers, told.body.to_string(), "application/json", CACHING),
        _ => answer(&told),
    }
}

fn answer(told: &Told) -> Response {
    let status = StatusCode::from_u16(told.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, told.body.to_string()).into_response()
}

fn too_many() -> Response {
    let body = json!({"errorCode": "GENERAL", "errorDetails": "Too many evaluations in one minute: retry later."});
    let told = Told { status: 429, body };
    let mut response = answer(&told);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
    response
}

/// Any page may read it: what is evaluated is public, as the payload is.
fn open(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("etag, retry-after"));
    response
}
