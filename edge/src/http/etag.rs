//! Conditional answers.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::extract::text;

/// Returns 304 for a client that has the text with this tag, and the text for any other. It is made only when it is
/// needed.
pub fn respond(
    request: &HeaderMap,
    tag: &str,
    body: impl FnOnce() -> String,
    content_type: &'static str,
    caching: &'static str,
) -> Response {
    let tag = format!("\"{tag}\"");
    // A proxy that compresses turns the tag into a weak one.
    let has = text(request, header::IF_NONE_MATCH)
        .is_some_and(|tags| tags.split(',').any(|t| t.trim() == "*" || t.trim().trim_start_matches("W/") == tag));
    let caching = [(header::ETAG, tag), (header::CACHE_CONTROL, caching.to_owned())];
    if has {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    (caching, [(header::CONTENT_TYPE, content_type)], body()).into_response()
}
