//! Exporting logs.

use axum::http::header;
use axum::response::IntoResponse;
use beacon_shared::api::{Heads, SegmentId, SegmentList, SegmentsQuery};
use beacon_shared::error::Result;

use crate::deps::Deps;
use crate::domain::exporting;
use crate::domain::keys::Caller;
use crate::http::Answer;

/// Returns where every log ends.
pub async fn heads(deps: Deps, _: Caller, (): ()) -> Result<Heads> {
    exporting::heads(&deps).await
}

/// Lists a log's segments.
pub async fn list(deps: Deps, _: Caller, query: SegmentsQuery) -> Result<SegmentList> {
    exporting::list(&deps, &query.site, query.after).await
}

/// Reads a segment.
pub async fn read(deps: Deps, _: Caller, query: SegmentId) -> Answer {
    let segment = exporting::read(&deps, &query.id).await?;
    let caching = if segment.sealed { "private, max-age=31536000, immutable" } else { "no-store" };
    let headers = [(header::CONTENT_TYPE, "application/x-ndjson"), (header::CACHE_CONTROL, caching)];
    Ok((headers, segment.bytes).into_response())
}
