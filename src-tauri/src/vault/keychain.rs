//! [`Vault`] in the keychain of the operating system.

use beacon_shared::error::{Code, Error, Result};
use keyring::Entry;

use super::{Secret, Vault};

const SERVICE: &str = "beacon";

/// macOS Keychain, Windows Credential Manager, or the Secret Service on Linux.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keychain;

impl Vault for Keychain {
    fn get(&self, url: &str) -> Result<Option<Secret>> {
        match entry(url)?.get_password() {
            Ok(key) => Ok(Some(Secret::new(key))),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(sentence(&error)),
        }
    }

    fn set(&self, url: &str, key: &Secret) -> Result<()> {
        entry(url)?.set_password(key.expose()).map_err(|e| sentence(&e))
    }

    fn forget(&self, url: &str) -> Result<()> {
        match entry(url)?.delete_credential() {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(error) => Err(sentence(&error)),
        }
    }
}

fn entry(url: &str) -> Result<Entry> {
    Entry::new(SERVICE, url).map_err(|e| sentence(&e))
}

/// Returns a sentence that says what to do. The error's own text is left out, because some print what is stored.
fn sentence(error: &keyring::Error) -> Error {
    let message = match error {
        keyring::Error::NoStorageAccess(_) => {
            "The keychain is locked or refuses access. Unlock it and allow Beacon to use it, then try again."
        }
        keyring::Error::PlatformFailure(_) if cfg!(target_os = "linux") => {
            "No keychain answers. Install and start GNOME Keyring or KWallet and unlock it, then try again."
        }
        keyring::Error::PlatformFailure(_) => {
            "The keychain does not answer. Unlock it or sign in to your computer again, then try again."
        }
        keyring::Error::TooLong(..) | keyring::Error::Invalid(..) => {
            "The keychain cannot store this address or key. Check that both are copied completely and nothing else."
        }
        _ => {
            "The keychain's entry for this edge cannot be used. Remove the entry named beacon there and connect again."
        }
    };
    Error::new(Code::Keychain, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_says_what_to_do_and_prints_no_secret() {
        let troubles = [
            keyring::Error::NoStorageAccess("bcn_1".into()),
            keyring::Error::PlatformFailure("bcn_1".into()),
            keyring::Error::BadEncoding(b"bcn_1".to_vec()),
            keyring::Error::TooLong("bcn_1".into(), 5),
            keyring::Error::Invalid("bcn_1".into(), "bcn_1".into()),
            keyring::Error::Ambiguous(Vec::new()),
        ];
        for trouble in troubles {
            let error = sentence(&trouble);
            assert_eq!(error.code, Code::Keychain);
            assert!(error.message.ends_with('.') && !error.message.contains("bcn_1"), "{error}");
        }
    }

    #[test]
    #[ignore = "needs an unlocked keychain"]
    fn a_key_is_stored_found_and_forgotten() {
        let url = "https://keychain-test.example/";
        Keychain.set(url, &Secret::new("bcn_1")).unwrap();
        assert_eq!(Keychain.get(url).unwrap(), Some(Secret::new("bcn_1")));
        Keychain.forget(url).unwrap();
        Keychain.forget(url).unwrap();
        assert_eq!(Keychain.get(url).unwrap(), None);
    }
}
