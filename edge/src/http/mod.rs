//! HTTP: routes from the declarations in [`beacon_shared::api::endpoint`], and what all of them share.

mod auth;
mod cors;
mod etag;
mod extract;
mod problem;

use axum::extract::{FromRequestParts, Request};
use axum::handler::Handler;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Extension, Router};
use beacon_shared::api::endpoint::{self, Endpoint, Method};
use beacon_shared::error::{Code, Error, Result};
use serde::Serialize;

use crate::domain::keys::Caller;
use crate::ports::Deps;
use crate::{api, public};

pub use auth::caller;
pub use etag::respond;
pub use extract::{Parameters, address, answer, body, json, query, text};
pub use problem::{Answer, Failure, RETRY_AFTER, json_problem};

/// The longest address, in bytes.
pub const MAX_URL: usize = 8 * 1024;

/// Returns the edge's routes over one set of ports.
pub fn router(deps: Deps) -> Router {
    routes().layer(Extension(deps))
}

/// Returns the edge's routes. Each request brings its [`Deps`] as an extension, so that an isolate makes the routes once.
pub fn routes() -> Router {
    Router::new()
        .open::<endpoint::GetHealth, _, _>(public::health)
        .keyed::<endpoint::GetWhoAmI, _, _>(api::sync::whoami)
        .keyed::<endpoint::Push, _, _>(api::sync::push)
        .keyed::<endpoint::Pull, _, _>(api::sync::pull)
        .keyed::<endpoint::Publish, _, _>(api::publications::publish)
        .keyed::<endpoint::ListPublications, _, _>(api::publications::list)
        .open::<endpoint::Collect, _, _>(public::collect::collect)
        .open::<endpoint::CollectBatch, _, _>(public::collect::collect)
        .keyed::<endpoint::ListHeads, _, _>(api::segments::heads)
        .keyed::<endpoint::ListSegments, _, _>(api::segments::list)
        .keyed_raw::<endpoint::ReadSegment, _, _>(api::segments::read)
        .open::<endpoint::Features, _, _>(public::features::features)
        .open::<endpoint::Assign, _, _>(public::evaluate::assign)
        .open::<endpoint::Resolve, _, _>(public::evaluate::resolve)
        .open::<endpoint::ResolveAll, _, _>(public::evaluate::resolve_all)
        .open::<endpoint::OfrepAll, _, _>(public::ofrep::bulk)
        .open::<endpoint::OfrepOne, _, _>(public::ofrep::single)
        .open::<endpoint::Script, _, _>(public::script::script)
        .fallback(not_found)
        .method_not_allowed_fallback(not_allowed)
        .layer(middleware::from_fn(cors::layer))
        .layer(middleware::from_fn(guard))
}

/// Adds endpoints to a router.
trait Endpoints: Sized {
    /// Adds an endpoint whose handler reads the request by itself.
    fn open<E: Endpoint, H: Handler<T, ()>, T: 'static>(self, handler: H) -> Self;

    /// Adds an endpoint for holders of a key: the scope is checked and the request is read here.
    fn keyed<E, H, F>(self, handler: H) -> Self
    where
        E: Endpoint<Request: Send, Response: Serialize>,
        H: Fn(Deps, Caller, E::Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<E::Response>> + Send;

    /// Adds an endpoint for holders of a key that makes its response by itself.
    fn keyed_raw<E, H, F>(self, handler: H) -> Self
    where
        E: Endpoint<Request: Send>,
        H: Fn(Deps, Caller, E::Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Answer> + Send;
}

impl Endpoints for Router {
    fn open<E: Endpoint, H: Handler<T, ()>, T: 'static>(self, handler: H) -> Self {
        self.route(E::DECLARATION.path, method::<E, _, _>(handler))
    }

    fn keyed<E, H, F>(self, handler: H) -> Self
    where
        E: Endpoint<Request: Send, Response: Serialize>,
        H: Fn(Deps, Caller, E::Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<E::Response>> + Send,
    {
        self.keyed_raw::<E, _, _>(move |deps, caller, request| {
            let response = handler(deps, caller, request);
            async move { answer(&response.await?) }
        })
    }

    fn keyed_raw<E, H, F>(self, handler: H) -> Self
    where
        E: Endpoint<Request: Send>,
        H: Fn(Deps, Caller, E::Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Answer> + Send,
    {
        let handle = async move |deps: Deps, request: Request| -> Answer {
            let (mut parts, body) = request.into_parts();
            let caller = auth::authorize(&deps, &parts.headers, E::DECLARATION.access).await?;
            let request = match E::DECLARATION.method {
                Method::Get => {
                    let path = Parameters::of(&mut parts).await?;
                    extract::parameters(&parts, &path)?
                }
                Method::Post => json(&parts.headers, body, E::DECLARATION.limit).await?,
            };
            handler(deps, caller, request).await
        };
        self.route(E::DECLARATION.path, method::<E, _, _>(handle))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Deps {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let missing = || Error::new(Code::Internal, "The request came without its bindings.");
        parts.extensions.get().cloned().ok_or_else(|| missing().into())
    }
}

fn method<E: Endpoint, H: Handler<T, ()>, T: 'static>(handler: H) -> MethodRouter {
    match E::DECLARATION.method {
        Method::Get => get(handler),
        Method::Post => post(handler),
    }
}

/// Refuses what is too long, and keeps browsers from guessing content types.
async fn guard(request: Request, next: Next) -> Response {
    let length = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
    let mut response = if length > MAX_URL { too_long() } else { next.run(request).await };
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Answers a request whose address is too long.
pub fn too_long() -> Response {
    let message = format!("The address is longer than {MAX_URL} bytes.");
    cors::allow_all(Failure::with_status(StatusCode::URI_TOO_LONG, Code::TooLarge, message).into_response())
}

/// Answers a request that cannot be read at all, such as one with control characters in a header.
pub fn unreadable() -> Response {
    let message = "The request's address or one of its headers isn't valid.";
    cors::allow_all(Failure::with_status(StatusCode::BAD_REQUEST, Code::Invalid, message).into_response())
}

async fn not_found() -> Failure {
    Error::new(Code::NotFound, "There is nothing at this address.").into()
}

async fn not_allowed() -> Failure {
    let message = "This address does not take this method.";
    Failure::with_status(StatusCode::METHOD_NOT_ALLOWED, Code::Invalid, message)
}

#[cfg(test)]
mod tests;
