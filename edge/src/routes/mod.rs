//! The HTTP surface.

mod collect;
mod evaluate;
mod ofrep;
mod page;
mod publish;
mod request;
mod segments;
mod sync;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, body::Body};
use beacon_shared::api::route;
use beacon_shared::error::{Code, Error};
use tower_service::Service as _;
use worker::{Context, Env, HttpRequest, event};

use crate::failure::Failure;

/// Unix milliseconds.
pub fn now() -> i64 {
    i64::try_from(worker::Date::now().as_millis()).unwrap_or(i64::MAX)
}

#[event(fetch)]
async fn fetch(request: HttpRequest, env: Env, _context: Context) -> worker::Result<axum::http::Response<Body>> {
    let mut response = router(env).call(request).await?;
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}

fn router(env: Env) -> Router {
    Router::new()
        .route(route::HEALTH, get(health))
        .route(route::WHOAMI, get(sync::whoami))
        .route(route::PUSH, post(sync::push))
        .route(route::PULL, get(sync::pull))
        .route(route::PUBLISH, post(publish::all))
        .route(route::PUBLICATIONS, get(publish::list))
        .route(route::COLLECT, post(collect::collect).options(collect::preflight))
        .route(route::BATCH, post(collect::collect).options(collect::preflight))
        .route(route::SEGMENTS, get(segments::list))
        .route(route::SEGMENT, get(segments::read))
        .route(route::FEATURES, get(page::features).options(page::preflight))
        .route(route::ASSIGN, post(evaluate::assign).options(collect::preflight))
        .route(route::RESOLVE, post(evaluate::resolve).options(collect::preflight))
        .route(route::RESOLVE_ALL, post(evaluate::resolve_all).options(collect::preflight))
        .route(route::OFREP_ALL, post(ofrep::bulk).options(ofrep::preflight))
        .route(route::OFREP_ONE, post(ofrep::single).options(ofrep::preflight))
        .route(route::SCRIPT, get(page::script))
        .fallback(not_found)
        .method_not_allowed_fallback(not_allowed)
        .with_state(env)
}

async fn health() -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], r#"{"status":"ok"}"#)
        .into_response()
}

async fn not_found() -> Failure {
    Error::new(Code::NotFound, "There is nothing at this address: see the edge's routes.").into()
}

async fn not_allowed() -> Failure {
    let message = "This address does not take this method: see the edge's routes.";
    Failure::with_status(StatusCode::METHOD_NOT_ALLOWED, Code::Invalid, message)
}
