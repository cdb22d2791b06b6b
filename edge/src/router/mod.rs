//! The routes, from the declarations in [`beacon_shared::api::endpoint`].

use axum::extract::Request;
use axum::handler::Handler;
use axum::middleware;
use axum::routing::{MethodRouter, get, post};
use axum::{Extension, Router};
use beacon_shared::api::endpoint::{self, Endpoint, Method};
use beacon_shared::error::Result;
use serde::Serialize;

use crate::deps::Deps;
use crate::domain::keys::Caller;
use crate::http::{Answer, Parameters, answer, authorize, cors, guard, json, not_allowed, not_found, parameters};
use crate::{api, public};

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
        .layer(middleware::from_fn(cors))
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
            let caller = authorize(&deps, &parts.headers, E::DECLARATION.access).await?;
            let request = match E::DECLARATION.method {
                Method::Get => {
                    let path = Parameters::of(&mut parts).await?;
                    parameters(&parts, &path)?
                }
                Method::Post => json(&parts.headers, body, E::DECLARATION.limit).await?,
            };
            handler(deps, caller, request).await
        };
        self.route(E::DECLARATION.path, method::<E, _, _>(handle))
    }
}

fn method<E: Endpoint, H: Handler<T, ()>, T: 'static>(handler: H) -> MethodRouter {
    match E::DECLARATION.method {
        Method::Get => get(handler),
        Method::Post => post(handler),
    }
}

#[cfg(test)]
mod tests;
