//! API keys: the first admin key is a secret of the worker, the others are digests in the database.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use beacon_shared::api::{KEY_PREFIX, Scope};
use beacon_shared::error::{Code, Error, Result};

use crate::digest;
use crate::ports::{Deps, Limit};
use crate::store::keys::{self, KeyRow};
use crate::store::{Batch, Slot};

const MAX_BYTES: usize = 256;
/// Milliseconds for which an isolate remembers that a key is wrong.
const WRONG_FOR: i64 = 60_000;
/// Milliseconds until an isolate notes the use of a key again.
const TOUCH_EVERY: i64 = 60 * 60 * 1000;
/// The most keys that an isolate remembers of each kind.
const MAX_REMEMBERED: usize = 1_000;

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

/// An isolate's memory of keys, by digest and never by the key itself.
#[derive(Default)]
pub struct KeyMemory {
    wrong: Mutex<BTreeMap<String, i64>>,
    touched: Mutex<BTreeMap<String, i64>>,
    blocked: Mutex<BTreeMap<String, i64>>,
}

impl KeyMemory {
    /// Returns true if a name was remembered within the last minute.
    fn knows(map: &Mutex<BTreeMap<String, i64>>, name: &str, now: i64) -> bool {
        lock(map).get(name).is_some_and(|since| (0..WRONG_FOR).contains(&(now - since)))
    }

    fn remember(map: &Mutex<BTreeMap<String, i64>>, sha256: &str, now: i64) {
        let mut map = lock(map);
        if map.len() >= MAX_REMEMBERED {
            map.clear();
        }
        map.insert(sha256.to_owned(), now);
    }

    fn touch_is_due(&self, sha256: &str, now: i64) -> bool {
        lock(&self.touched).get(sha256).is_none_or(|at| !(0..TOUCH_EVERY).contains(&(now - at)))
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
    if KeyMemory::knows(&deps.keys.blocked, address, now) {
        return Err(too_many());
    }
    let found = if looks_right(key) { look_up(deps, key, now).await? } else { None };
    if found.is_none() && !deps.limiter.allow(Limit::Refused, &format!("key:{address}")).await? {
        KeyMemory::remember(&deps.keys.blocked, address, now);
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

async fn look_up(deps: &Deps, key: &str, now: i64) -> Result<Option<Caller>> {
    let sha256 = digest::sha256(key.as_bytes());
    if KeyMemory::knows(&deps.keys.wrong, &sha256, now) {
        return Ok(None);
    }
    let mut batch = Batch::default();
    let select: Slot = batch.add(keys::select(&sha256));
    let touch = deps.keys.touch_is_due(&sha256, now);
    if touch {
        batch.add(keys::touch(&sha256, now));
    }
    let row: Option<KeyRow> = batch.run(deps.db.as_ref()).await?.take(select).first()?;
    match &row {
        None => KeyMemory::remember(&deps.keys.wrong, &sha256, now),
        Some(_) if touch => KeyMemory::remember(&deps.keys.touched, &sha256, now),
        Some(_) => {}
    }
    Ok(row.map(|row| Caller { name: row.name, scopes: serde_json::from_str(&row.scopes).unwrap_or_default() }))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
