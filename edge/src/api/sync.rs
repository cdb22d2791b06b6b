//! Identity, push and pull.

use beacon_shared::api::{Cursor, PRODUCT, PullResponse, PushRequest, PushResponse, WhoAmI};
use beacon_shared::error::Result;

use crate::deps::Deps;
use crate::domain::documents;
use crate::domain::keys::Caller;
use crate::store::meta;

/// Says who the caller is, and which workspace this is.
pub async fn whoami(deps: Deps, caller: Caller, (): ()) -> Result<WhoAmI> {
    Ok(WhoAmI {
        product: PRODUCT.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        key_name: caller.name,
        scopes: caller.scopes,
        epoch: meta::get(deps.db.as_ref()).await?.epoch,
    })
}

/// Pushes operations.
pub async fn push(deps: Deps, caller: Caller, request: PushRequest) -> Result<PushResponse> {
    documents::push::push(deps.db.as_ref(), &caller.name, &request, deps.clock.now()).await
}

/// Pulls documents.
pub async fn pull(deps: Deps, _: Caller, cursor: Cursor) -> Result<PullResponse> {
    documents::pull::pull(deps.db.as_ref(), &cursor).await
}
