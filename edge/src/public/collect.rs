//! The collector's two addresses.

use axum::extract::{Request, State};
use beacon_shared::event::MAX_BODY_BYTES;

use super::visitor;
use crate::domain::collecting;
use crate::domain::events::Batch;
use crate::http::{Answer, answer, body};
use crate::ports::Deps;

/// Takes a batch of events.
pub async fn collect(State(deps): State<Deps>, request: Request) -> Answer {
    let (parts, given) = request.into_parts();
    let bytes = body(&parts.headers, given, MAX_BODY_BYTES).await?;
    let batch = Batch::parse(&bytes)?;
    let arrival = visitor::arrival(&deps, &parts).await?;
    answer(&collecting::collect(&deps, &batch, &arrival).await?)
}
