//! OpenFeature's remote evaluation protocol.

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use beacon_shared::api::endpoint::{Endpoint as _, OfrepAll};
use beacon_shared::error::Code;
use serde_json::{Map, json};

use super::evaluate::within_limit;
use super::visitor;
use crate::deps::Deps;
use crate::digest;
use crate::domain::live;
use crate::evaluation::ofrep::{self as protocol, Evaluated, Fault};
use crate::http::{Answer, Parameters, RETRY_AFTER, address, body, respond};

/// An evaluation is the asker's own.
const CACHING: &str = "private, no-cache";

/// Evaluates one flag.
pub async fn single(deps: Deps, request: Request) -> Answer {
    evaluate(&deps, request, true).await
}

/// Evaluates all flags.
pub async fn bulk(deps: Deps, request: Request) -> Answer {
    evaluate(&deps, request, false).await
}

async fn evaluate(deps: &Deps, request: Request, single: bool) -> Answer {
    let (mut parts, given) = request.into_parts();
    let parameters = Parameters::of(&mut parts).await?;
    let (id, key) = (parameters.get("site_id"), single.then(|| parameters.get("key")));
    let site = match live::site(deps, id).await {
        Ok(site) => site,
        Err(error) if error.code == Code::NotFound => return Ok(answer(&Fault::FlagNotFound.answer(key))),
        Err(error) => return Err(error.into()),
    };
    match within_limit(deps, id, &address(&parts.headers)).await {
        Ok(()) => {}
        Err(error) if error.code == Code::RateLimited => return Ok(too_many()),
        Err(error) => return Err(error.into()),
    }
    let Ok(bytes) = body(&parts.headers, given, OfrepAll::DECLARATION.limit).await else {
        return Ok(answer(&Fault::Parse.answer(key)));
    };
    let known = if visitor::from_page(&parts.headers) { visitor::attributes(&parts) } else { Map::new() };
    let period = site.period(deps.clock.now());
    let evaluated = match key {
        Some(key) => protocol::single(&period.published, key, &bytes, &known),
        None => protocol::bulk(&period.published, &bytes, &known),
    };
    if single || evaluated.status != 200 {
        return Ok(answer(&evaluated));
    }
    let text = evaluated.body.to_string();
    Ok(respond(&parts.headers, &digest::tag(text.as_bytes()), || text.clone(), "application/json", CACHING))
}

fn answer(evaluated: &Evaluated) -> Response {
    let status = StatusCode::from_u16(evaluated.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, evaluated.body.to_string()).into_response()
}

fn too_many() -> Response {
    let body = json!({"errorCode": "GENERAL", "errorDetails": "Too many evaluations in one minute: retry later."});
    let evaluated = Evaluated { status: 429, body };
    let mut response = answer(&evaluated);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
    response
}
