//! Publishing and its history.

use axum::extract::{Request, State};
use beacon_shared::api::{PublishRequest, Scope};
use worker::Env;

use super::request::{answer, authorize, json};
use crate::failure::Answer;
use crate::workspace::publish::{find, finish, list as newest, prepare};
use crate::{bundles, d1::D1};

const MAX_BYTES: usize = 64 * 1024;

#[worker::send]
pub async fn all(State(env): State<Env>, request: Request) -> Answer {
    let caller = authorize(&env, request.headers(), Scope::Publish).await?;
    let request: PublishRequest = json(request.into_body(), MAX_BYTES).await?;
    let db = D1::of(&env)?;
    if let Some(done) = find(&db, &request.command_id).await? {
        return answer(&done);
    }
    let prepared = prepare(&db, &caller.name, &request, super::now()).await?;
    // The bytes first and the pointer last, so that what is live can always be read.
    bundles::store(&env, &prepared).await?;
    let publication = finish(&db, &caller.name, &request.command_id, &prepared, super::now()).await?;
    bundles::forget_pointer();
    answer(&publication)
}

#[worker::send]
pub async fn list(State(env): State<Env>, request: Request) -> Answer {
    authorize(&env, request.headers(), Scope::Read).await?;
    answer(&newest(&D1::of(&env)?).await?)
}
