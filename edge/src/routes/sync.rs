//! Who am I, push and pull.

use axum::extract::{Request, State};
use beacon_shared::api::{Cursor, MAX_OPS, PRODUCT, PushRequest, Scope, WhoAmI};
use beacon_shared::error::{Error, Problem};
use beacon_shared::validate::MAX_BODY;
use worker::Env;

use super::request::{answer, authorize, json, query};
use crate::d1::D1;
use crate::failure::Answer;
use crate::workspace::{pull as read, push as write};

const MAX_PUSH_BYTES: usize = MAX_OPS * (MAX_BODY + 4 * 1024);

#[worker::send]
pub async fn whoami(State(env): State<Env>, request: Request) -> Answer {
    // Any key may ask who it is.
    let caller = match super::request::caller(&env, request.headers()).await? {
        Some(caller) => caller,
        None => authorize(&env, request.headers(), Scope::Admin).await?,
    };
    let epoch = pull_epoch(&env).await?;
    answer(&WhoAmI {
        product: PRODUCT.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        key_name: caller.name,
        scopes: caller.scopes,
        epoch,
    })
}

async fn pull_epoch(env: &Env) -> Result<String, crate::failure::Failure> {
    Ok(read::pull(&D1::of(env)?, &Cursor::default()).await?.cursor.epoch)
}

#[worker::send]
pub async fn push(State(env): State<Env>, request: Request) -> Answer {
    let caller = authorize(&env, request.headers(), Scope::Write).await?;
    let request: PushRequest = json(request.into_body(), MAX_PUSH_BYTES).await?;
    answer(&write::push(&D1::of(&env)?, &caller.name, &request).await?)
}

#[worker::send]
pub async fn pull(State(env): State<Env>, request: Request) -> Answer {
    authorize(&env, request.headers(), Scope::Read).await?;
    let seq = query(&request, "seq").unwrap_or_default();
    let seq = if seq.is_empty() { Ok(0) } else { seq.parse() };
    let seq = seq.map_err(|_| Error::invalid(vec![Problem::new("/seq", "Send the cursor's number.")]))?;
    let cursor = Cursor {
        epoch: query(&request, "epoch").unwrap_or_default(),
        seq,
        op_id: query(&request, "op_id").unwrap_or_default(),
    };
    answer(&read::pull(&D1::of(&env)?, &cursor).await?)
}
