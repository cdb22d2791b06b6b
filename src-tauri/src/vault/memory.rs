//! [`Vault`] for tests and demonstrations.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use beacon_shared::error::Result;

use super::{Secret, Vault};

/// Keeps keys for as long as it lives, on this process's heap. For tests and demonstrations: the app uses
/// [`super::keychain::Keychain`].
#[derive(Debug, Default)]
pub struct MemoryVault {
    keys: Mutex<HashMap<String, Secret>>,
}

impl MemoryVault {
    fn keys(&self) -> MutexGuard<'_, HashMap<String, Secret>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Vault for MemoryVault {
    fn get(&self, url: &str) -> Result<Option<Secret>> {
        Ok(self.keys().get(url).cloned())
    }

    fn set(&self, url: &str, key: &Secret) -> Result<()> {
        self.keys().insert(url.to_owned(), key.clone());
        Ok(())
    }

    fn forget(&self, url: &str) -> Result<()> {
        self.keys().remove(url);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_kept_per_address_and_never_printed() {
        let vault = MemoryVault::default();
        vault.set("https://a.example", &Secret::new("bcn_a")).unwrap();
        assert_eq!(vault.get("https://a.example").unwrap(), Some(Secret::new("bcn_a")));
        assert_eq!(vault.get("https://b.example").unwrap(), None);
        assert!(!format!("{vault:?}").contains("bcn_a"));
        vault.forget("https://a.example").unwrap();
        vault.forget("https://a.example").unwrap();
        assert_eq!(vault.get("https://a.example").unwrap(), None);
    }
}
