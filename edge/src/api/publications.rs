//! Publishing and its history.

use beacon_shared::api::{Publication, PublishRequest};
use beacon_shared::error::Result;

use crate::deps::Deps;
use crate::domain::keys::Caller;
use crate::domain::publishing;

/// Publishes.
pub async fn publish(deps: Deps, caller: Caller, request: PublishRequest) -> Result<Publication> {
    publishing::publish(&deps, &caller.name, &request).await
}

/// Lists the newest publications.
pub async fn list(deps: Deps, _: Caller, (): ()) -> Result<Vec<Publication>> {
    publishing::list(deps.db.as_ref()).await
}
