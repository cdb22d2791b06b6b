//! The place of the API key: the OS keychain, and no other.

pub mod keychain;
mod keys;
#[cfg(test)]
pub mod memory;

use beacon_shared::error::Result;

pub use keys::Keys;

/// A string that does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(s: impl Into<String>) -> Self {
        Self(s.into())
    }

    /// The secret itself: for the request header and the keychain only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A place for one API key per edge address. Calls block: use the blocking pool.
pub trait Vault: Send + Sync {
    /// The key for this edge, if there is one.
    fn get(&self, url: &str) -> Result<Option<Secret>>;
    /// Stores the key for this edge.
    fn set(&self, url: &str, key: &Secret) -> Result<()>;
    /// Removes the key for this edge; no error when there was none.
    fn forget(&self, url: &str) -> Result<()>;
}
