//! The parts that all routes share.

mod auth;
mod cors;
mod etag;
mod extract;
mod problem;

use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use beacon_shared::error::{Code, Error};

use crate::deps::Deps;

pub use auth::{authorize, caller};
pub use cors::layer as cors;
pub use etag::respond;
pub use extract::{Parameters, address, answer, body, json, parameters, query, text};
pub use problem::{Answer, Failure, RETRY_AFTER};

/// The longest address, in bytes.
pub const MAX_URL: usize = 8 * 1024;

impl<S: Send + Sync> FromRequestParts<S> for Deps {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let missing = || Error::new(Code::Internal, "The request came without its bindings.");
        parts.extensions.get().cloned().ok_or_else(|| missing().into())
    }
}

/// Refuses what is too long, and keeps browsers from guessing content types.
pub async fn guard(request: Request, next: Next) -> Response {
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

/// Answers an address that no route has.
pub async fn not_found() -> Failure {
    Error::new(Code::NotFound, "There is nothing at this address.").into()
}

/// Answers a method that a route does not take.
pub async fn not_allowed() -> Failure {
    let message = "This address does not take this method.";
    Failure::with_status(StatusCode::METHOD_NOT_ALLOWED, Code::Invalid, message)
}
