use std::sync::{Mutex, MutexGuard, PoisonError};

use beacon_shared::api::WhoAmI;
use beacon_shared::error::{Code, Error, Result};
use url::Url;

use crate::edge::Target;
use crate::vault::{Keys, Secret};

/// The connection of this run: which edge, with which key, and who the edge says we are.
pub struct Session {
    device: String,
    keys: Keys,
    connection: Mutex<Connection>,
}

#[derive(Default)]
struct Connection {
    /// Grows with every [`Session::connect`], so that a key that was read for an earlier connection is not used.
    generation: u64,
    url: Option<String>,
    /// The key, once read: asking the keychain for every call may ask the person for every call.
    target: Option<Target>,
    identity: Option<WhoAmI>,
}

impl Session {
    /// A session with the edge at `url`, if there is one.
    pub fn new(device: String, url: Option<String>, keys: Keys) -> Self {
        Self { device, keys, connection: Mutex::new(Connection { url, ..Connection::default() }) }
    }

    /// Returns this device's name towards the edge.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// Returns the API keys in the keychain.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Returns the address of the connected edge.
    pub fn url(&self) -> Option<String> {
        self.connection().url.clone()
    }

    /// Returns the edge and the key; `None` when no edge is connected, or there is no key for it.
    pub async fn target(&self) -> Result<Option<Target>> {
        loop {
            let (generation, url) = {
                let connection = self.connection();
                if let Some(target) = &connection.target {
                    return Ok(Some(target.clone()));
                }
                let Some(url) = connection.url.clone() else { return Ok(None) };
                (connection.generation, url)
            };
            let key = self.keys.get(&url).await;
            let mut connection = self.connection();
            if connection.generation != generation {
                // Another connection was made while the keychain was asked: this key is not for it.
                continue;
            }
            let Some(key) = key? else { return Ok(None) };
            let target = target(&url, key)?;
            connection.target = Some(target.clone());
            return Ok(Some(target));
        }
    }

    /// Returns the edge and the key, or the error that says how to get there.
    pub async fn connected(&self) -> Result<Target> {
        let missing = "Connect to an edge first: enter its address and an API key in the settings.";
        self.target().await?.ok_or_else(|| Error::new(Code::NotConnected, missing))
    }

    /// Replaces the connection: another edge, another key, or none.
    pub fn connect(&self, to: Option<(String, Target)>, identity: Option<WhoAmI>) {
        let (url, target) = to.unzip();
        let mut connection = self.connection();
        let generation = connection.generation + 1;
        *connection = Connection { generation, url, target, identity };
    }

    /// Returns what the edge said about this key and itself.
    pub fn identity(&self) -> Option<WhoAmI> {
        self.connection().identity.clone()
    }

    /// Keeps what the edge said, unless `target` is not the connection any more.
    pub fn set_identity(&self, target: &Target, identity: WhoAmI) {
        let mut connection = self.connection();
        if connection.target.as_ref() == Some(target) {
            connection.identity = Some(identity);
        }
    }

    /// Forgets what the edge said: it is asked again before the next sync.
    pub fn forget_identity(&self) {
        self.connection().identity = None;
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Joins an edge's stored address and its key.
pub fn target(url: &str, key: Secret) -> Result<Target> {
    let message = "The stored address of the edge is damaged: enter it again in the settings.";
    let url = Url::parse(url).map_err(|_| Error::new(Code::NotConnected, message))?;
    Ok(Target { url, key })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::fixtures::SlowVault;

    const URL: &str = "https://edge.example";

    #[tokio::test]
    async fn a_key_read_before_a_reconnect_is_not_written_back() {
        let (vault, answers) = SlowVault::new();
        let keys = Keys::new(vault.clone(), || {});
        let session = Arc::new(Session::new("dev".into(), Some(URL.into()), keys));
        let asking = {
            let session = Arc::clone(&session);
            tokio::spawn(async move { session.target().await })
        };
        while vault.asked() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let new = target(URL, Secret::new("bcn_new")).unwrap();
        session.connect(Some((URL.into(), new.clone())), None);
        answers.send(Ok(Some(Secret::new("bcn_old")))).unwrap();
        assert_eq!(asking.await.unwrap().unwrap(), Some(new.clone()), "who asked gets today's key");
        assert_eq!(session.target().await.unwrap(), Some(new));
        session.connect(None, None);
        assert_eq!(session.target().await.unwrap(), None);
    }
}
