//! API keys: the first admin key is a secret of the worker, the others are digests in the database.

use beacon_shared::api::{KEY_PREFIX, Scope};
use beacon_shared::error::{Code, Error, Result};

use crate::deps::Deps;
use crate::digest;
use crate::ports::Limit;
use crate::store::keys::{self, KeyRow};
use crate::store::{Batch, Slot};

const MAX_BYTES: usize = 256;

/// The holder of a key.
#[derive(Clone, Debug, PartialEq)]
pub struct Caller {
    /// The key's name; never the key.
    pub name: String,
    /// The scopes it has.
    pub scopes: Vec<Scope>,
}

impl Caller {
    /// Returns true if the key has `scope`; `admin` implies all.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.iter().any(|s| *s == scope || *s == Scope::Admin)
    }
}

/// Returns the holder of `key`, if anybody holds it. `address` is the caller's, whose wrong keys are counted.
pub async fn find(deps: &Deps, key: &str, address: &str) -> Result<Option<Caller>> {
    if let Some(admin) = deps.admin_key.as_deref()
        && !admin.is_empty()
        && digest::same_secret(admin, key)
    {
        return Ok(Some(Caller { name: "admin".into(), scopes: vec![Scope::Admin] }));
    }
    let now = deps.clock.now();
    let sha256 = looks_right(key).then(|| digest::sha256(key.as_bytes()));
    // Colleagues behind one address work on while one of them has a wrong key.
    let was_right = sha256.as_ref().is_some_and(|sha256| !deps.keys.touch_is_due(sha256, now));
    if !was_right && deps.keys.is_blocked(address, now) {
        return Err(too_many());
    }
    let found = match &sha256 {
        Some(sha256) => look_up(deps, sha256, now).await?,
        None => None,
    };
    if found.is_none() && !deps.limiter.allow(Limit::Refused, &format!("key:{address}")).await? {
        deps.keys.blocked.remember(address, now);
        return Err(too_many());
    }
    Ok(found)
}

fn too_many() -> Error {
    Error::new(Code::RateLimited, "Too many wrong keys from this address. Retry in a minute.")
}

/// Returns false for what cannot be a key, so that the database is not asked.
fn looks_right(key: &str) -> bool {
    key.starts_with(KEY_PREFIX) && key.len() <= MAX_BYTES && key.bytes().all(|b| b.is_ascii_graphic())
}

async fn look_up(deps: &Deps, sha256: &str, now: i64) -> Result<Option<Caller>> {
    if deps.keys.is_wrong(sha256, now) {
        return Ok(None);
    }
    let mut batch = Batch::default();
    let select: Slot = batch.add(keys::select(sha256));
    let touch = deps.keys.touch_is_due(sha256, now);
    if touch {
        batch.add(keys::touch(sha256, now));
    }
    let row: Option<KeyRow> = batch.run(deps.db.as_ref()).await?.take(select).first()?;
    match &row {
        None => deps.keys.wrong.remember(sha256, now),
        Some(_) if touch => deps.keys.touched.remember(sha256, now),
        Some(_) => {}
    }
    Ok(row.map(|row| Caller { name: row.name, scopes: serde_json::from_str(&row.scopes).unwrap_or_default() }))
}
