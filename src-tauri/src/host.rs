//! The core behind a window: it opens the data in the background, keeps it in sync, and opens another workspace when
//! the person chooses one.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use beacon_shared::error::{Code, Error, Result};
use beacon_shared::ipc::{Notice, Preparing};
use tokio::sync::watch;

use crate::app::{App, Bus};
use crate::backups;
use crate::sync;
use crate::workspaces::Workspaces;

/// The longest time that a closing window may take to save.
const FLUSH: Duration = Duration::from_millis(1_500);

/// A part of the data that takes longer than this to open is said to the window.
const NOTICEABLE: Duration = Duration::from_secs(1);

/// Opens the open workspace's data.
type Open = dyn Fn(Arc<Workspaces>, Bus) -> Result<Arc<App>> + Send + Sync;

/// The running core. It exists before its data is open, so that the window can come up first.
pub struct Host {
    open: Box<Open>,
    bus: Bus,
    state: watch::Sender<State>,
}

enum State {
    Preparing,
    Open(Arc<App>),
    Failed(Error),
}

impl Default for Host {
    fn default() -> Self {
        Self::new(App::open)
    }
}

impl Host {
    fn new(open: impl Fn(Arc<Workspaces>, Bus) -> Result<Arc<App>> + Send + Sync + 'static) -> Self {
        let state = watch::Sender::new(State::Preparing);
        Self { open: Box::new(open), bus: Bus::default(), state }
    }

    /// Returns the carrier of all notices, whichever workspace is open.
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// Returns the open app. Waits while its data is being prepared, and says so to the window.
    pub async fn app(&self) -> Result<Arc<App>> {
        if matches!(*self.state.borrow(), State::Preparing) {
            self.bus.notify(Notice::Preparing { step: Preparing::Drafts, percent: None });
        }
        let mut states = self.state.subscribe();
        let state = states.wait_for(|state| !matches!(state, State::Preparing)).await;
        match state.as_deref() {
            Ok(State::Open(app)) => Ok(Arc::clone(app)),
            Ok(State::Failed(error)) => Err(error.clone()),
            Ok(State::Preparing) | Err(_) => Err(closed()),
        }
    }

    /// Says why there is no app.
    pub fn fail(&self, error: Error) {
        tracing::error!(%error, "The core cannot open.");
        self.state.send_replace(State::Failed(error));
    }

    /// Opens the data below `root` and works until the task is aborted.
    pub async fn run(self: Arc<Self>, root: PathBuf) {
        let workspaces = match Workspaces::open(root) {
            Ok(workspaces) => Arc::new(workspaces),
            Err(error) => return self.fail(error),
        };
        let mut switches = workspaces.switches();
        let mut switched = false;
        loop {
            let app = match self.prepare(Arc::clone(&workspaces)).await {
                Ok(app) => app,
                Err(error) => return self.fail(error),
            };
            self.state.send_replace(State::Open(Arc::clone(&app)));
            if switched {
                self.bus.notify(Notice::Workspace);
            }
            // An operation is on disk before it is sent, so the loops may end anywhere.
            tokio::select! {
                () = sync::drive(Arc::clone(&app)) => {}
                () = self.prepare_events(Arc::clone(&app)) => {}
                () = backups::keep(workspaces.folder(), move || app.now()) => {}
                _ = switches.changed() => {}
            }
            switched = true;
            self.state.send_replace(State::Preparing);
        }
    }

    /// Opens the data on the blocking pool: bringing old databases up to date may take minutes.
    async fn prepare(self: &Arc<Self>, workspaces: Arc<Workspaces>) -> Result<Arc<App>> {
        let host = Arc::clone(self);
        let opening = tokio::task::spawn_blocking(move || (host.open)(workspaces, host.bus.clone()));
        opening.await.unwrap_or_else(|error| {
            tracing::error!(%error, "Opening the data did not finish.");
            Err(closed())
        })
    }

    /// Brings the events up to date behind the open window, and says so to the window if it takes long. Does not end.
    async fn prepare_events(&self, app: Arc<App>) {
        let preparing = app.events(|events| events.len("").map(drop));
        tokio::pin!(preparing);
        if tokio::time::timeout(NOTICEABLE, &mut preparing).await.is_err() {
            self.bus.notify(Notice::Preparing { step: Preparing::Events, percent: None });
            if let Err(error) = preparing.await {
                tracing::error!(%error, "The events cannot be opened.");
            }
            self.bus.notify(Notice::Events);
        }
        std::future::pending().await
    }

    /// Asks the window to save what was typed last, and waits until it has, but not for long. Returns true if it has.
    pub async fn flush(&self) -> bool {
        let app = match &*self.state.borrow() {
            State::Open(app) => Arc::clone(app),
            State::Preparing | State::Failed(_) => return true,
        };
        let mut flushed = app.flushes();
        self.bus.notify(Notice::Flush);
        tokio::time::timeout(FLUSH, flushed.changed()).await.is_ok_and(|answer| answer.is_ok())
    }
}

fn closed() -> Error {
    Error::new(Code::Storage, "Beacon couldn't open its data. Restart Beacon.")
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::fixtures::{FakeEdge, Keychain, open_folder};
    use crate::ipc::dispatch;
    use serde_json::json;

    /// A host whose first open waits until the test lets it.
    fn host() -> (Arc<Host>, std::sync::mpsc::Sender<()>) {
        let (go, wait) = std::sync::mpsc::channel();
        let wait = Mutex::new(Some(wait));
        let (keychain, edge) = (Arc::new(Keychain::default()), Arc::new(FakeEdge::default()));
        let clock = Arc::new(std::sync::atomic::AtomicI64::new(crate::fixtures::NOW));
        let host = Host::new(move |workspaces, bus| {
            if let Some(wait) = wait.lock().unwrap().take() {
                wait.recv().unwrap();
            }
            Ok(open_folder(workspaces, bus, &keychain, &edge, &clock))
        });
        (Arc::new(host), go)
    }

    #[tokio::test]
    async fn calls_wait_while_the_data_is_prepared_and_the_window_hears_it() {
        let root = tempfile::tempdir().unwrap();
        let (host, go) = host();
        let running = tokio::spawn(Arc::clone(&host).run(root.path().to_owned()));
        let mut notices = host.bus().subscribe();
        let waiting = {
            let host = Arc::clone(&host);
            tokio::spawn(async move { dispatch(&host.app().await?, "overview", json!(null)).await })
        };
        assert_eq!(notices.next().await, Some(Notice::Preparing { step: Preparing::Drafts, percent: None }));
        assert!(!waiting.is_finished());
        go.send(()).unwrap();
        assert_eq!(waiting.await.unwrap().unwrap()["sites"], json!(0));
        running.abort();
    }

    /// D29: millions of events take minutes; drafts do not wait for them.
    #[tokio::test]
    async fn events_are_brought_up_to_date_behind_the_open_window() {
        let root = tempfile::tempdir().unwrap();
        let (host, go) = host();
        go.send(()).unwrap();
        // Another program holds the events' database, as a long migration does.
        let busy = rusqlite::Connection::open(root.path().join("events.db")).unwrap();
        busy.execute_batch("CREATE TABLE t (a); BEGIN EXCLUSIVE").unwrap();
        let running = tokio::spawn(Arc::clone(&host).run(root.path().to_owned()));
        let mut notices = host.bus().subscribe();
        let app = host.app().await.unwrap();
        let site = json!({"id": null, "base": null, "draft": crate::fixtures::site("shop")});
        dispatch(&app, "site.save", site).await.unwrap();
        while notices.next().await != Some(Notice::Preparing { step: Preparing::Events, percent: None }) {}
        busy.execute_batch("ROLLBACK").unwrap();
        while notices.next().await != Some(Notice::Events) {}
        running.abort();
    }

    #[tokio::test]
    async fn another_workspace_opens_while_the_window_stays() {
        let root = tempfile::tempdir().unwrap();
        let (host, go) = host();
        go.send(()).unwrap();
        let running = tokio::spawn(Arc::clone(&host).run(root.path().to_owned()));
        let first = host.app().await.unwrap();
        first.workspaces().prepare(("a", ""), ("b", "https://b.example"), "b").unwrap();
        let mut notices = host.bus().subscribe();
        dispatch(&first, "workspace.open", json!({"id": "b"})).await.unwrap();
        while notices.next().await != Some(Notice::Workspace) {}
        let second = host.app().await.unwrap();
        assert_ne!(first.session().device(), second.session().device(), "another database");
        assert!(root.path().join("workspaces/b/beacon.db").exists());
        running.abort();
    }

    #[tokio::test]
    async fn data_that_cannot_be_opened_is_said_to_every_call() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("workspaces.json"), "{").unwrap();
        let (host, _go) = host();
        Arc::clone(&host).run(root.path().to_owned()).await;
        assert_eq!(host.app().await.err().map(|e| e.code), Some(Code::Storage));
        assert!(host.flush().await, "there is nothing to save");
    }

    #[tokio::test]
    async fn closing_waits_for_what_was_typed_last_but_not_for_ever() {
        let root = tempfile::tempdir().unwrap();
        let (host, go) = host();
        go.send(()).unwrap();
        let running = tokio::spawn(Arc::clone(&host).run(root.path().to_owned()));
        let app = host.app().await.unwrap();
        assert!(!host.flush().await, "a window that does not answer");
        let mut notices = host.bus().subscribe();
        let window = tokio::spawn(async move {
            while notices.next().await != Some(Notice::Flush) {}
            let site = json!({"id": null, "base": null, "draft": crate::fixtures::site("shop")});
            dispatch(&app, "site.save", site).await.unwrap();
            dispatch(&app, "window.flushed", json!(null)).await.unwrap();
            app
        });
        assert!(host.flush().await);
        let app = window.await.unwrap();
        let count = app.store(|s| s.count(beacon_shared::model::Kind::Site)).await.unwrap();
        assert_eq!(count, 1, "saved before the window closes");
        running.abort();
    }
}
