//! Cloudflare: the only code that exists on wasm32 alone. It fills the ports from the worker's bindings.

mod bindings;
mod d1;
mod logs;
mod site_log;

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::Body;
use axum::http::Response;
use tower_service::Service as _;
use worker::{Context, Env, HttpRequest, Request, event};

use crate::deps::Deps;
use crate::digest::Text;
use crate::http::{MAX_URL, too_long, unreadable};
use crate::isolate::keys::KeyMemory;
use crate::isolate::live::LiveMemory;
use crate::ports::Place;
use crate::router::routes;

/// The isolate's memory, which outlives a request.
static LIVE: LazyLock<Arc<LiveMemory>> = LazyLock::new(Arc::default);
static KEYS: LazyLock<Arc<KeyMemory>> = LazyLock::new(Arc::default);
static ROUTES: LazyLock<Router> = LazyLock::new(routes);
static SCRIPT: LazyLock<Arc<Text>> =
    LazyLock::new(|| Arc::new(Text::new(include_str!("../../sdk/dist/beacon.js").to_owned())));

#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> worker::Result<Response<Body>> {
    if request.inner().url().len() > MAX_URL + 1024 {
        return Ok(too_long());
    }
    // HTTP allows more than the type of requests does, such as control characters in headers.
    let Ok(mut request) = HttpRequest::try_from(request) else { return Ok(unreadable()) };
    if let Some(cf) = request.extensions().get::<worker::Cf>() {
        let place = Place { country: cf.country(), region: cf.region() };
        request.extensions_mut().insert(place);
    }
    request.extensions_mut().insert(deps(env, context));
    Ok(ROUTES.clone().call(request).await?)
}

fn deps(env: Env, context: Context) -> Deps {
    let bindings = Arc::new(bindings::Bindings::new(env.clone(), context));
    Deps {
        db: Arc::new(d1::D1::new(env.clone())),
        objects: bindings.clone(),
        cache: bindings.clone(),
        logs: Arc::new(logs::ObjectLogs::new(env.clone())),
        limiter: bindings.clone(),
        clock: bindings.clone(),
        background: bindings,
        live: Arc::clone(&LIVE),
        keys: Arc::clone(&KEYS),
        admin_key: env.secret("ADMIN_KEY").ok().map(|secret| secret.to_string().into()),
        script: Arc::clone(&SCRIPT),
    }
}

/// Unix milliseconds.
fn now() -> i64 {
    i64::try_from(worker::Date::now().as_millis()).unwrap_or(i64::MAX)
}

/// Turns a failed binding into an error. What exactly failed is for the operator's log, not for the caller.
fn storage(error: impl std::fmt::Display) -> beacon_shared::error::Error {
    worker::console_error!("storage: {}", error.to_string());
    let message = "The edge's storage did not answer. Retry in a moment.";
    beacon_shared::error::Error::new(beacon_shared::error::Code::Storage, message)
}
