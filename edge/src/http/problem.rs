//! Errors as `application/problem+json` (RFC 9457).

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use beacon_shared::api::ProblemDetails;
use beacon_shared::error::{Code, Error};

/// An error on its way to the caller.
#[derive(Debug)]
pub struct Failure {
    status: StatusCode,
    error: Error,
}

/// Seconds after which a limit of a minute has room again.
pub const RETRY_AFTER: u32 = 60;

/// The result of a handler.
pub type Answer = Result<Response, Failure>;

impl Failure {
    /// Returns an error whose status is not the one its code stands for.
    pub fn with_status(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        Self { status, error: Error::new(code, message) }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { status: status(error.code), error }
    }
}

fn status(code: Code) -> StatusCode {
    match code {
        Code::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::Stale | Code::Locked | Code::SealedSince => StatusCode::CONFLICT,
        Code::Gone => StatusCode::GONE,
        Code::Unauthorized => StatusCode::UNAUTHORIZED,
        Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::SiteRefused => StatusCode::FORBIDDEN,
        Code::Storage | Code::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self { status, error } = self;
        let details = ProblemDetails {
            status: status.as_u16(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            code: error.code,
            detail: error.message,
            errors: error.problems,
        };
        let body = serde_json::to_string(&details).unwrap_or_default();
        let headers = [(header::CONTENT_TYPE, "application/problem+json"), (header::CACHE_CONTROL, "no-store")];
        let mut response = (status, headers, body).into_response();
        if status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER.into());
        }
        response
    }
}
