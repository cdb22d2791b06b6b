//! What handlers ask of a request: its key, its body, its headers.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use beacon_shared::api::{KEY_HEADER, Scope};
use beacon_shared::error::{Code, Error, Problem, Result};
use serde::{Serialize, de::DeserializeOwned};
use worker::Env;

use crate::d1::D1;
use crate::failure::Failure;
use crate::workspace::key::{self, Caller};

const MAX_KEY_BYTES: usize = 256;

/// A header as text.
pub fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Who calls, if a key is given and right.
pub async fn caller(env: &Env, headers: &HeaderMap) -> Result<Option<Caller>> {
    let bearer = || {
        let (scheme, token) = header(headers, header::AUTHORIZATION.as_str())?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    };
    let Some(given) = header(headers, KEY_HEADER).or_else(bearer) else { return Ok(None) };
    if given.is_empty() || given.len() > MAX_KEY_BYTES {
        return Ok(None);
    }
    let admin = env.secret("ADMIN_KEY").ok().map(|secret| secret.to_string());
    key::find(&D1::of(env)?, admin.as_deref(), given, super::now()).await
}

/// Who calls; the key must have `scope`.
pub async fn authorize(env: &Env, headers: &HeaderMap, scope: Scope) -> Result<Caller, Failure> {
    match caller(env, headers).await? {
        Some(caller) if caller.may(scope) => Ok(caller),
        Some(_) => {
            let message = "The API key does not allow this: use a key with the scope it needs.";
            Err(Failure::with_status(StatusCode::FORBIDDEN, Code::Unauthorized, message))
        }
        None => {
            let message = "The API key is missing, wrong or revoked: send a valid one as X-API-Key.";
            Err(Error::new(Code::Unauthorized, message).into())
        }
    }
}

/// The body as JSON, whatever its content type says.
pub async fn json<T: DeserializeOwned>(body: Body, limit: usize) -> Result<T> {
    let bytes = to_bytes(body, limit)
        .await
        .map_err(|_| Error::new(Code::TooLarge, format!("Send at most {} KiB in one request.", limit / 1024)))?;
    serde_json::from_slice(&bytes)
        .map_err(|e| Error::invalid(vec![Problem::new("", format!("The body is not what this address takes: {e}."))]))
}

/// A JSON answer that nobody caches.
pub fn answer(value: &impl Serialize) -> Result<Response, Failure> {
    let body = serde_json::to_string(value)
        .map_err(|e| Error::new(Code::Internal, format!("The answer cannot be written: {e}.")))?;
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, body).into_response())
}

/// A query parameter.
pub fn query(request: &Request, name: &str) -> Option<String> {
    let query = request.uri().query()?;
    url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
