//! The driver: carries what the planner decides to the edge and back, and fetches new events.

mod documents;
mod events;
mod wait;

use std::sync::Arc;
use std::time::Duration;

use beacon_shared::error::{Code, Error, Result};
use beacon_shared::ipc::SyncView;

use crate::app::App;
pub(crate) use documents::workspace_of;
use events::Fetch;
use wait::Wait;

/// The time between two document syncs while nobody works.
const DOCUMENTS_IDLE: Duration = Duration::from_secs(30);
/// The time between two document syncs while somebody works, here or elsewhere.
const DOCUMENTS_ACTIVE: Duration = Duration::from_secs(5);
/// The time between two fetches of events.
const EVENTS: Duration = Duration::from_secs(60);

/// Syncs until the task is aborted. Documents and events are two loops: trouble with one does not slow the other.
pub async fn drive(app: Arc<App>) {
    tokio::join!(drive_documents(&app), drive_events(&app));
}

async fn drive_documents(app: &App) {
    let mut wait = Wait::new(app);
    loop {
        let done = documents::run(app).await;
        match done {
            Ok(changed) => {
                wait.after_success(changed, given_period().unwrap_or(DOCUMENTS_IDLE), DOCUMENTS_ACTIVE).await
            }
            Err(error) => {
                tracing::warn!(code = ?error.code, %error, "Documents did not sync.");
                wait.after_failure(&error).await;
            }
        }
    }
}

async fn drive_events(app: &App) {
    let mut wait = Wait::new(app).ignoring_edits();
    loop {
        match fetch_events(app).await {
            Ok(()) => {
                let period = given_period().unwrap_or(EVENTS);
                wait.after_success(false, period, period).await;
            }
            Err(error) => {
                tracing::warn!(code = ?error.code, %error, "Events did not arrive.");
                wait.after_failure(&error).await;
            }
        }
    }
}

/// Syncs documents and events now, because the person asked, even when the background sync waits for the person.
pub async fn sync_now(app: &Arc<App>) -> Result<SyncView> {
    app.session().keys().ask_again();
    app.session().connected().await?;
    let before = app.sync().view();
    documents::run(app).await?;
    fetch_events(app).await?;
    if before.problem.is_some() || before.events_problem.is_some() {
        // The background sync waited for the same trouble to end.
        app.sync().wake();
    }
    Ok(app.sync().view())
}

/// Syncs documents now, without fetching events.
pub(crate) async fn documents_now(app: &App) -> Result<()> {
    app.session().connected().await?;
    documents::run(app).await.map(drop)
}

/// Fetches what is new in the sites' logs. Without a connection there is nothing to do. A site's own trouble is shown,
/// and does not slow the loop down for the others.
async fn fetch_events(app: &App) -> Result<()> {
    let _only_one = app.sync().exclusive_events().await;
    let fetched = match app.session().target().await {
        Ok(Some(target)) => match documents::check_workspace(app, &target).await {
            Ok(()) => events::fetch(app, &target).await,
            Err(error) => Err(error),
        },
        Ok(None) => Ok(Fetch::default()),
        Err(error) => Err(error),
    };
    let problem = match &fetched {
        Ok(fetch) => fetch.problem().map(str::to_owned),
        Err(error) => Some(error.message.clone()),
    };
    if let Ok(fetch) = &fetched {
        let news: Vec<&str> = fetch.sites.iter().filter(|site| site.news).map(|site| site.site.as_str()).collect();
        tracing::debug!(?news, asked = fetch.sites.len(), "Events were fetched.");
    }
    let notes = events::site_notes(app).await;
    app.sync().update(|view| {
        view.events_problem = problem;
        if let Ok(notes) = notes {
            view.events_notes = notes;
        }
    });
    fetched?.trouble.map_or(Ok(()), Err)
}

/// The period of both loops, in whole seconds, when the environment gives one, as tests and demonstrations do.
fn given_period() -> Option<Duration> {
    let given = std::env::var("BEACON_SYNC_SECONDS").ok().and_then(|s| s.parse::<u64>().ok());
    given.filter(|s| (1..=3600).contains(s)).map(Duration::from_secs)
}

/// Returns true if the edge answered, even with a refusal.
fn reached(error: &Error) -> bool {
    !matches!(error.code, Code::Unreachable | Code::NotAnEdge | Code::Keychain | Code::NotConnected | Code::Storage)
}

#[cfg(test)]
mod tests;
