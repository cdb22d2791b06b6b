//! From what came back to a value, or to an error that a person can act on.

use beacon_shared::api::ProblemDetails;
use beacon_shared::error::{Code, Error, Result};
use reqwest::{Response, StatusCode, header};
use serde::de::DeserializeOwned;
use url::Url;

/// The most bytes of one answer, after decompression.
pub(super) const MAX_BYTES: usize = 32 * 1024 * 1024;

/// The body when the answer is a success.
pub(super) async fn read(url: &Url, mut response: Response) -> Result<Vec<u8>> {
    let status = response.status();
    let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let is_problem = content_type.starts_with("application/problem+json");
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| unreachable(url))? {
        if body.len() + chunk.len() > MAX_BYTES {
            return Err(Error::new(Code::TooLarge, format!("{} sent more than Beacon accepts at once.", name(url))));
        }
        body.extend_from_slice(&chunk);
    }
    if status.is_success() {
        return Ok(body);
    }
    let problem = is_problem.then(|| serde_json::from_slice::<ProblemDetails>(&body).ok()).flatten();
    Err(problem.map_or_else(|| by_status(url, status), error))
}

/// A value out of a successful answer.
pub(super) fn json<T: DeserializeOwned>(url: &Url, body: &[u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|_| not_an_edge(url))
}

fn error(problem: ProblemDetails) -> Error {
    Error { code: problem.code, message: problem.detail, problems: problem.errors }
}

/// Returns the error of a request that concerns no single site: without its storage the edge is out of reach.
pub(super) fn of_the_whole_edge(error: Error) -> Error {
    let code = if error.code == Code::Storage { Code::Unreachable } else { error.code };
    Error { code, ..error }
}

fn by_status(url: &Url, status: StatusCode) -> Error {
    match status {
        // The edge itself refuses a key with a problem document. This is a login page or a firewall on the way, which may
        // be gone in a minute: it must not pause sync until somebody looks at the key.
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Error::new(
            Code::NotAnEdge,
            format!("Something on the way to {} refused the request, such as a login page or a firewall.", host(url)),
        ),
        StatusCode::TOO_MANY_REQUESTS => Error::new(
            Code::RateLimited,
            format!("{} gets too many requests at the moment. Beacon tries again later.", name(url)),
        ),
        status if status.is_server_error() => Error::new(
            Code::Storage,
            format!("The edge's host answered with an error ({}). Try again in a few minutes.", status.as_u16()),
        ),
        _ => not_an_edge(url),
    }
}

/// Nothing came back, or not all of it. The transport's own words are left out: they name what the person cannot see.
pub(super) fn unreachable(url: &Url) -> Error {
    let message = format!(
        "{} did not answer. Check the address and your network; your work is saved here and will sync later.",
        name(url)
    );
    Error::new(Code::Unreachable, message)
}

/// Something else lives there.
pub(super) fn not_an_edge(url: &Url) -> Error {
    let message = format!(
        "{} did not answer like a Beacon edge of this version. Check the address, and that the edge is up to date.",
        name(url)
    );
    Error::new(Code::NotAnEdge, message)
}

fn name(url: &Url) -> String {
    format!("The edge at {}", host(url))
}

fn host(url: &Url) -> String {
    url.origin().ascii_serialization()
}
