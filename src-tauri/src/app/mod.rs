//! The application: the parts it is made of, wired together, without a window.

mod bus;
mod session;
mod sync_handle;

use std::sync::{Arc, Mutex, PoisonError};

use beacon_shared::api::WhoAmI;
use beacon_shared::error::{Code, Error, Result};
use beacon_shared::ipc::{DocumentRef, Notice, Preparing, SyncView};

pub use bus::{Bus, Notices};

pub use session::{Session, target};
pub use sync_handle::{Signal, Signals, SyncHandle};

use tokio::sync::watch;

use crate::backups;
use crate::edge::http::HttpEdge;
use crate::edge::{Edge, Target};
use crate::ids::{Clock, Generator, Ids, Rng, SystemClock};
use crate::results::sqlite::SqliteEvents;
use crate::results::{Counting, EventStore};
use crate::store::{Progress, Setting, Store};
use crate::vault::keychain::Keychain;
use crate::vault::{Keys, Vault};
use crate::workspaces::Workspaces;

/// The parts of an [`App`] that a test may replace.
pub struct Parts {
    /// Drafts, and what waits for the edge.
    pub store: Store,
    /// Events and what was counted.
    pub events: Arc<dyn EventStore>,
    /// Keeps the API key.
    pub vault: Arc<dyn Vault>,
    /// The way to the edge.
    pub edge: Arc<dyn Edge>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness for ids and jitter.
    pub rng: Arc<dyn Rng>,
    /// The workspaces on this computer. The parts belong to the open one.
    pub workspaces: Arc<Workspaces>,
    /// The carrier of notices, which outlives the app when another workspace is opened.
    pub bus: Bus,
}

/// The application, without a window.
pub struct App {
    store: Arc<Mutex<Store>>,
    events: Arc<dyn EventStore>,
    edge: Arc<dyn Edge>,
    clock: Arc<dyn Clock>,
    ids: Ids,
    bus: Bus,
    session: Session,
    sync: Arc<SyncHandle>,
    workspaces: Arc<Workspaces>,
    flushes: watch::Sender<u64>,
    counting: Arc<Counting>,
}

impl App {
    /// Opens the data of the open workspace. Blocks while the drafts' database is brought up to date; the events' is
    /// when it is used first.
    pub fn open(workspaces: Arc<Workspaces>, bus: Bus) -> Result<Arc<Self>> {
        let folder = workspaces.folder();
        let database = folder.join("beacon.db");
        let drafts = progress(&bus, Preparing::Drafts);
        let store = Store::open_with(&database, &drafts).map_err(|error| backups::explain(&database, error))?;
        let events = SqliteEvents::with_progress(folder.join("events.db"), progress(&bus, Preparing::Events));
        Self::with(Parts {
            store,
            events: Arc::new(events),
            vault: Arc::new(Keychain),
            edge: Arc::new(HttpEdge::new()?),
            clock: Arc::new(SystemClock),
            rng: Arc::new(Generator::from_system()?),
            workspaces,
            bus,
        })
    }

    /// Makes an app of these parts.
    pub fn with(parts: Parts) -> Result<Arc<Self>> {
        let Parts { mut store, events, vault, edge, clock, rng, workspaces, bus } = parts;
        let ids = Ids::new(Arc::clone(&clock), rng);
        let device = match store.setting(Setting::Device)? {
            Some(device) => device,
            None => {
                let device = format!("dev_{}", ids.next());
                store.set(Setting::Device, Some(&device))?;
                device
            }
        };
        let url = store.setting(Setting::Edge)?;
        let tally = store.tally()?;
        let view = SyncView { pending: tally.pending, conflicts: tally.conflicts, ..SyncView::default() };
        let sync = Arc::new(SyncHandle::new(bus.clone(), view));
        let waiting = Arc::clone(&sync);
        let keys = Keys::new(vault, move || waiting.wake());
        let session = Session::new(device, url, keys);
        let store = Arc::new(Mutex::new(store));
        Ok(Arc::new(Self {
            store,
            events,
            edge,
            clock,
            ids,
            bus,
            session,
            sync,
            workspaces,
            flushes: watch::Sender::new(0),
            counting: Arc::default(),
        }))
    }

    /// Returns the time in Unix milliseconds.
    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Returns the clock.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// Returns the source of new ids.
    pub fn ids(&self) -> Ids {
        self.ids.clone()
    }

    /// Returns the edge's client.
    pub fn edge(&self) -> &dyn Edge {
        &*self.edge
    }

    /// Returns the notices' carrier.
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// Returns the connection of this run.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Returns the handle of the sync loops.
    pub fn sync(&self) -> &SyncHandle {
        &self.sync
    }

    /// Returns the workspaces on this computer.
    pub fn workspaces(&self) -> &Arc<Workspaces> {
        &self.workspaces
    }

    /// Returns the counts under way.
    pub fn counting(&self) -> &Arc<Counting> {
        &self.counting
    }

    /// Counts how often the window said that everything typed is saved.
    pub fn flushes(&self) -> watch::Receiver<u64> {
        self.flushes.subscribe()
    }

    /// Says that everything typed in the window is saved.
    pub fn window_flushed(&self) {
        self.flushes.send_modify(|count| *count += 1);
    }

    /// Sends a notice to the window.
    pub fn notify(&self, notice: Notice) {
        self.bus.notify(notice);
    }

    /// Says that these documents changed.
    pub fn notify_changed(&self, documents: impl IntoIterator<Item = DocumentRef>) {
        let documents: Vec<DocumentRef> = documents.into_iter().collect();
        if !documents.is_empty() {
            self.notify(Notice::Changed { documents });
        }
    }

    /// Counts what waits for the edge, and lets a push follow.
    pub async fn after_local_change(&self) -> Result<()> {
        self.recount().await?;
        self.sync.edited();
        Ok(())
    }

    /// Counts what waits for the edge or for a person.
    pub async fn recount(&self) -> Result<()> {
        let tally = self.store(|s| s.tally()).await?;
        self.sync.update(|view| {
            view.pending = tally.pending;
            view.conflicts = tally.conflicts;
        });
        Ok(())
    }

    /// Replaces the connection: another edge, another key, or none. The sync loops begin again with it.
    pub fn reconnect(&self, to: Option<(String, Target)>, identity: Option<WhoAmI>) {
        self.session.connect(to, identity);
        self.sync.update(|view| {
            *view = SyncView { pending: view.pending, conflicts: view.conflicts, ..SyncView::default() };
        });
        self.sync.wake();
    }

    /// Runs something on the database, on the blocking pool.
    pub async fn store<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Store) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let store = Arc::clone(&self.store);
        // A panic inside a transaction rolled it back, so the connection is good.
        blocking(move || f(&mut store.lock().unwrap_or_else(PoisonError::into_inner))).await
    }

    /// Runs something on the events, on the blocking pool.
    pub async fn events<T: Send + 'static>(
        &self,
        f: impl FnOnce(&dyn EventStore) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let events = Arc::clone(&self.events);
        blocking(move || f(&*events)).await
    }
}

/// Returns a receiver that passes on to the window how much of a part of the data is up to date.
pub fn progress(bus: &Bus, step: Preparing) -> Progress {
    let bus = bus.clone();
    Progress::new(move |percent| bus.notify(Notice::Preparing { step, percent: Some(percent) }))
}

async fn blocking<T: Send + 'static>(f: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let broken = "Beacon hit a defect, and nothing was changed. Try again. If it happens again, restart Beacon.";
    tokio::task::spawn_blocking(f).await.unwrap_or_else(|error| {
        tracing::error!(%error, "A blocking call did not finish.");
        Err(Error::new(Code::Internal, broken))
    })
}
