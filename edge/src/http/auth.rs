//! The holder of the key that a request carries.

use axum::http::{HeaderMap, StatusCode, header};
use beacon_shared::api::KEY_HEADER;
use beacon_shared::api::endpoint::Access;
use beacon_shared::error::{Code, Error, Result};

use super::extract::{address, text};
use super::problem::Failure;
use crate::deps::Deps;
use crate::domain::keys::{self, Caller};

/// Returns the caller, if a key is given and right.
pub async fn caller(deps: &Deps, headers: &HeaderMap) -> Result<Option<Caller>> {
    let bearer = || {
        let (scheme, token) = text(headers, header::AUTHORIZATION)?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    };
    match text(headers, KEY_HEADER).or_else(bearer).filter(|key| !key.is_empty()) {
        Some(key) => keys::find(deps, key, &address(headers)).await,
        None => Ok(None),
    }
}

/// Returns the caller of an endpoint that needs a key. Fails if the key does not allow it.
pub async fn authorize(deps: &Deps, headers: &HeaderMap, access: Access) -> Result<Caller, Failure> {
    let allowed = |caller: &Caller| match access {
        Access::Key(scope) => caller.may(scope),
        Access::AnyKey => true,
        Access::Public | Access::Site => false,
    };
    match caller(deps, headers).await? {
        Some(caller) if allowed(&caller) => Ok(caller),
        Some(_) => {
            let message = "The API key does not allow this: use a key with the scope it needs.";
            Err(Failure::with_status(StatusCode::FORBIDDEN, Code::Unauthorized, message))
        }
        None => {
            let message = "The API key is missing, wrong or revoked: send a valid one as X-API-Key.";
            Err(Error::new(Code::Unauthorized, message).into())
        }
    }
}
