//! The application: the parts it is made of, and what it knows only while it runs.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use beacon_shared::api::WhoAmI;
use beacon_shared::error::{Code, Error, Result};
use beacon_shared::ipc::{Notice, SyncView};
use beacon_shared::model::Kind;
use tokio::sync::{Notify, broadcast};
use url::Url;
use uuid::Uuid;

use crate::edge::http::HttpEdge;
use crate::edge::{Edge, Target};
use crate::results::EventStore;
use crate::results::sqlite::SqliteEvents;
use crate::store::{Setting, Store};
use crate::vault::keychain::Keychain;
use crate::vault::{Secret, Vault};

/// How many notices a slow listener may be behind.
const NOTICES: usize = 256;
/// A keychain that asks the person something answers later than this; the app does not wait for it.
const KEYCHAIN_PATIENCE: Duration = Duration::from_secs(3);

/// What an [`App`] is made of.
pub struct Parts {
    /// Drafts, and what waits for the edge.
    pub store: Store,
    /// Events and what was counted.
    pub events: Arc<dyn EventStore>,
    /// Where the API key lives.
    pub vault: Arc<dyn Vault>,
    /// How the edge is reached.
    pub edge: Arc<dyn Edge>,
    /// Unix milliseconds.
    pub clock: fn() -> i64,
}

/// The application, without a window.
pub struct App {
    store: Arc<Mutex<Store>>,
    events: Arc<dyn EventStore>,
    vault: Arc<dyn Vault>,
    edge: Arc<dyn Edge>,
    clock: fn() -> i64,
    device: String,
    notices: broadcast::Sender<Notice>,
    live: Mutex<Live>,
    /// Held while a sync runs: two at once would answer each other's ops.
    pub(crate) syncing: tokio::sync::Mutex<()>,
    /// Held while a publication runs.
    pub(crate) publishing: tokio::sync::Mutex<()>,
    /// Something here waits for the edge.
    pub(crate) changed: Notify,
    /// The connection is another one now.
    pub(crate) connected: Notify,
}

/// What is known only while the app runs.
#[derive(Default)]
struct Live {
    sync: SyncView,
    whoami: Option<WhoAmI>,
    /// The key, once read: asking the keychain for every call may ask the person for every call.
    target: Option<(String, Target)>,
}

impl App {
    /// Opens the app's data in a folder that exists.
    pub fn open(folder: impl AsRef<Path>) -> Result<Arc<Self>> {
        let folder = folder.as_ref();
        Self::with(Parts {
            store: Store::open(&folder.join("beacon.db"))?,
            events: Arc::new(SqliteEvents::open(folder.join("events.db"))?),
            vault: Arc::new(Keychain),
            edge: Arc::new(HttpEdge::new()?),
            clock: system_time,
        })
    }

    /// An app of these parts.
    pub fn with(parts: Parts) -> Result<Arc<Self>> {
        let Parts { mut store, events, vault, edge, clock } = parts;
        let device = match store.setting(Setting::Device)? {
            Some(device) => device,
            None => {
                let device = format!("dev_{}", Uuid::new_v4().simple());
                store.set(Setting::Device, Some(&device))?;
                device
            }
        };
        let tally = store.tally()?;
        let sync = SyncView { pending: tally.pending, conflicts: tally.conflicts, ..SyncView::default() };
        Ok(Arc::new(Self {
            store: Arc::new(Mutex::new(store)),
            events,
            vault,
            edge,
            clock,
            device,
            notices: broadcast::channel(NOTICES).0,
            live: Mutex::new(Live { sync, ..Live::default() }),
            syncing: tokio::sync::Mutex::default(),
            publishing: tokio::sync::Mutex::default(),
            changed: Notify::new(),
            connected: Notify::new(),
        }))
    }

    /// What the app tells without being asked, from now on.
    pub fn notices(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    /// How this device calls itself to the edge.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// Unix milliseconds.
    pub fn now(&self) -> i64 {
        (self.clock)()
    }

    /// Where sync stands.
    pub fn sync_view(&self) -> SyncView {
        self.live().sync.clone()
    }

    pub(crate) fn edge(&self) -> &dyn Edge {
        &*self.edge
    }

    pub(crate) fn tell(&self, notice: Notice) {
        // Without a listener there is nobody to tell.
        let _ = self.notices.send(notice);
    }

    pub(crate) fn tell_changed(&self, kinds: impl IntoIterator<Item = Kind>) {
        kinds.into_iter().for_each(|kind| self.tell(Notice::Changed { kind }));
    }

    pub(crate) fn update_sync(&self, update: impl FnOnce(&mut SyncView)) {
        let (before, after) = {
            let mut live = self.live();
            let before = live.sync.clone();
            update(&mut live.sync);
            (before, live.sync.clone())
        };
        if after != before {
            self.tell(Notice::Sync { view: after });
        }
    }

    /// Counts again what waits, and wakes the sync.
    pub(crate) async fn touched(&self) -> Result<()> {
        self.recount().await?;
        self.changed.notify_one();
        Ok(())
    }

    pub(crate) async fn recount(&self) -> Result<()> {
        let tally = self.store(|s| s.tally()).await?;
        self.update_sync(|view| {
            view.pending = tally.pending;
            view.conflicts = tally.conflicts;
        });
        Ok(())
    }

    /// Runs something on the database, on the blocking pool.
    pub(crate) async fn store<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Store) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let store = Arc::clone(&self.store);
        // A panic inside a transaction rolled it back, so the connection is good.
        blocking(move || f(&mut store.lock().unwrap_or_else(PoisonError::into_inner))).await
    }

    /// Runs something on the events, on the blocking pool.
    pub(crate) async fn events<T: Send + 'static>(
        &self,
        f: impl FnOnce(&dyn EventStore) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let events = Arc::clone(&self.events);
        blocking(move || f(&*events)).await
    }

    /// Asks the keychain, on the blocking pool, and waits for as long as the person may need to unlock it.
    pub(crate) async fn vault<T: Send + 'static>(
        &self,
        f: impl FnOnce(&dyn Vault) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let vault = Arc::clone(&self.vault);
        blocking(move || f(&*vault)).await
    }

    /// The edge and the key; `None` when no edge is connected, or there is no key for it.
    pub(crate) async fn target(&self) -> Result<Option<Target>> {
        let Some(url) = self.store(|s| s.setting(Setting::Edge)).await? else { return Ok(None) };
        if let Some((cached, target)) = &self.live().target
            && *cached == url
        {
            return Ok(Some(target.clone()));
        }
        let address = url.clone();
        let asked = self.vault(move |v| v.get(&address));
        let key = tokio::time::timeout(KEYCHAIN_PATIENCE, asked)
            .await
            .map_err(|_| Error::new(Code::Keychain, "The keychain does not answer. Unlock it, then try again."))??;
        let Some(key) = key else { return Ok(None) };
        let target = Target { url: parse(&url)?, key };
        self.live().target = Some((url, target.clone()));
        Ok(Some(target))
    }

    /// The edge and the key, or the error that says how to get there.
    pub(crate) async fn connection(&self) -> Result<Target> {
        let missing = "Connect to an edge first: enter its address and an API key in the settings.";
        self.target().await?.ok_or_else(|| Error::new(Code::NotConnected, missing))
    }

    /// Another edge, another key, or none.
    pub(crate) fn reconnect(&self, to: Option<(String, Target)>, whoami: Option<WhoAmI>) {
        {
            let mut live = self.live();
            live.target = to;
            live.whoami = whoami;
        }
        self.update_sync(|view| {
            view.online = false;
            view.problem = None;
            view.last_at = None;
        });
        self.connected.notify_one();
    }

    pub(crate) fn whoami(&self) -> Option<WhoAmI> {
        self.live().whoami.clone()
    }

    /// The edge said who we are to it.
    pub(crate) fn met(&self, who: WhoAmI) {
        self.live().whoami = Some(who);
    }

    fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a key would be used.
pub(crate) fn at(url: &str, key: Secret) -> Result<Target> {
    Ok(Target { url: parse(url)?, key })
}

fn parse(url: &str) -> Result<Url> {
    let message = "The stored address of the edge is damaged: enter it again in the settings.";
    Url::parse(url).map_err(|_| Error::new(Code::NotConnected, message))
}

async fn blocking<T: Send + 'static>(f: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let broken = "Beacon failed inside, and nothing was changed. Try again; if it stays, restart Beacon.";
    tokio::task::spawn_blocking(f).await.unwrap_or_else(|error| {
        tracing::error!(%error, "A blocking call did not finish.");
        Err(Error::new(Code::Internal, broken))
    })
}

fn system_time() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
