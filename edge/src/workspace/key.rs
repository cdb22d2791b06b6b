//! API keys: the first admin key is a secret of the worker, the others are digests in the database.

use beacon_shared::api::Scope;
use beacon_shared::error::Result;
use serde::Deserialize;

use crate::database::{Database, Statement, run};
use crate::{digest, sql};

/// Whoever holds a key.
#[derive(Clone, Debug, PartialEq)]
pub struct Caller {
    /// The key's name; never the key.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
}

impl Caller {
    /// Whether the key has `scope`; `admin` implies all.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.iter().any(|s| *s == scope || *s == Scope::Admin)
    }
}

#[derive(Deserialize)]
struct KeyRow {
    name: String,
    scopes: String,
}

/// Who holds `key`, if anybody does.
pub async fn find(db: &impl Database, admin_key: Option<&str>, key: &str, now: i64) -> Result<Option<Caller>> {
    if admin_key.is_some_and(|admin| !admin.is_empty() && digest::same_secret(admin, key)) {
        return Ok(Some(Caller { name: "admin".into(), scopes: vec![Scope::Admin] }));
    }
    let hash = digest::sha256(key.as_bytes());
    let select = Statement::new(sql::SELECT_KEY, [hash.clone().into()]);
    let touch = Statement::new(sql::TOUCH_KEY, [hash.into(), now.into()]);
    let row: Option<KeyRow> = run(db, vec![select, touch]).await?.next_rows().first()?;
    Ok(row.map(|row| Caller { name: row.name, scopes: serde_json::from_str(&row.scopes).unwrap_or_default() }))
}
