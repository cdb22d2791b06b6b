use std::sync::{Mutex, PoisonError};

use beacon_shared::ipc::{Notice, SyncView};
use tokio::sync::{MutexGuard, watch};

use super::Bus;

/// Connects the sync loops with the rest of the core: signals to them, and their state.
pub struct SyncHandle {
    bus: Bus,
    view: Mutex<SyncView>,
    edits: watch::Sender<u64>,
    wakes: watch::Sender<u64>,
    documents: tokio::sync::Mutex<()>,
    events: tokio::sync::Mutex<()>,
    publication: tokio::sync::Mutex<()>,
}

impl SyncHandle {
    /// A handle for loops that have not begun.
    pub fn new(bus: Bus, view: SyncView) -> Self {
        Self {
            bus,
            view: Mutex::new(view),
            edits: watch::Sender::new(0),
            wakes: watch::Sender::new(0),
            documents: tokio::sync::Mutex::default(),
            events: tokio::sync::Mutex::default(),
            publication: tokio::sync::Mutex::default(),
        }
    }

    /// Returns where sync stands.
    pub fn view(&self) -> SyncView {
        self.view.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the view, and sends a notice if it is another one now.
    pub fn update(&self, update: impl FnOnce(&mut SyncView)) {
        let changed = {
            let mut view = self.view.lock().unwrap_or_else(PoisonError::into_inner);
            let before = view.clone();
            update(&mut view);
            (*view != before).then(|| view.clone())
        };
        if let Some(view) = changed {
            self.bus.notify(Notice::Sync { view });
        }
    }

    /// Says that a document was edited here: a push follows when the person pauses.
    pub fn edited(&self) {
        self.edits.send_modify(|count| *count += 1);
    }

    /// Ends every wait of the loops at once, also during a back-off: the network is back, the connection is another
    /// one, or the person asked.
    pub fn wake(&self) {
        self.wakes.send_modify(|count| *count += 1);
    }

    /// The edits and the wakes from now on, for one loop.
    pub fn signals(&self) -> Signals {
        Signals { edits: self.edits.subscribe(), wakes: self.wakes.subscribe() }
    }

    /// Waits until no other document sync runs: two at once would answer each other's operations.
    pub async fn exclusive_documents(&self) -> MutexGuard<'_, ()> {
        self.documents.lock().await
    }

    /// Waits until no other fetch of events runs.
    pub async fn exclusive_events(&self) -> MutexGuard<'_, ()> {
        self.events.lock().await
    }

    /// Returns nothing while a publication runs.
    pub fn free_publication(&self) -> Option<MutexGuard<'_, ()>> {
        self.publication.try_lock().ok()
    }

    /// Waits until no other publication runs.
    pub async fn exclusive_publication(&self) -> MutexGuard<'_, ()> {
        self.publication.lock().await
    }
}

/// The signals of one sync loop. A signal between two waits ends the second one.
pub struct Signals {
    edits: watch::Receiver<u64>,
    wakes: watch::Receiver<u64>,
}

/// The reason why a sync loop should look again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// A document was edited here.
    Edit,
    /// See [`SyncHandle::wake`].
    Wake,
}

impl Signals {
    /// Waits for the next signal. Several of one kind since the last call are one.
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            biased;
            () = wait(&mut self.wakes) => Signal::Wake,
            () = wait(&mut self.edits) => Signal::Edit,
        }
    }

    /// Forgets the signals so far.
    pub fn clear(&mut self) {
        self.edits.mark_unchanged();
        self.wakes.mark_unchanged();
    }
}

async fn wait(receiver: &mut watch::Receiver<u64>) {
    if receiver.changed().await.is_err() {
        // The app is gone, and with it everything to wait for.
        std::future::pending::<()>().await;
    }
}
