//! The collector's two addresses.

use axum::extract::Request;
use beacon_shared::api::endpoint::{Collect, Endpoint as _};

use super::visitor;
use crate::deps::Deps;
use crate::domain::collecting;
use crate::domain::events::Batch;
use crate::http::{Answer, answer, body};

/// Takes a batch of events.
pub async fn collect(deps: Deps, request: Request) -> Answer {
    let (parts, given) = request.into_parts();
    let bytes = body(&parts.headers, given, Collect::DECLARATION.limit).await?;
    let batch = Batch::parse(&bytes)?;
    let arrival = visitor::arrival(&deps, &parts).await?;
    answer(&collecting::collect(&deps, &batch, &arrival).await?)
}
