//! The driver: carries what the planner decides to the edge and back, and fetches new events.

mod cycle;
mod events;
mod exchange;

use std::sync::Arc;
use std::time::Duration;

use beacon_shared::error::{Code, Error, Result};
use beacon_shared::ipc::SyncView;
use uuid::Uuid;

use crate::app::App;

const PERIOD: Duration = Duration::from_secs(5);
/// Waits after an edit, so that a sentence is one push and not one for each letter.
const SETTLE: Duration = Duration::from_millis(400);
const BACKOFF: Duration = Duration::from_secs(2);
const LONGEST_BACKOFF: Duration = Duration::from_secs(300);

/// Syncs for ever: in the background every `BEACON_SYNC_SECONDS` seconds, soon after an edit, and at once when
/// the connection changes.
pub async fn drive(app: Arc<App>) {
    let period = period();
    let mut failures = 0;
    loop {
        let pause = match cycle::run(&app).await {
            Ok(()) => {
                failures = 0;
                Some(period)
            }
            Err(error) => {
                tracing::warn!(code = ?error.code, %error, "A sync did not finish.");
                failures += 1;
                (error.code != Code::Unauthorized).then(|| backoff(failures, Uuid::new_v4().as_bytes()[0]))
            }
        };
        wait(&app, pause, failures == 0).await;
    }
}

/// Syncs now, even when the background sync is paused.
pub async fn sync_now(app: &Arc<App>) -> Result<SyncView> {
    app.connection().await?;
    let stood_still = app.sync_view().problem.is_some();
    cycle::run(app).await?;
    if stood_still {
        // The background sync waits, perhaps for another key: what stopped it is over.
        app.connected.notify_one();
    }
    Ok(app.sync_view())
}

/// Syncs the documents alone, without fetching events.
pub(crate) async fn documents(app: &App) -> Result<()> {
    let target = app.connection().await?;
    let _one_at_a_time = app.syncing.lock().await;
    exchange::push(app, &target).await?;
    exchange::pull(app, &target).await?;
    exchange::push(app, &target).await
}

/// Waits for the pause, an edit if those count, or another connection.
async fn wait(app: &App, pause: Option<Duration>, edits: bool) {
    let pause = async {
        match pause {
            Some(pause) => tokio::time::sleep(pause).await,
            None => std::future::pending().await,
        }
    };
    let edit = async {
        if edits {
            app.changed.notified().await;
            tokio::time::sleep(SETTLE).await;
        } else {
            std::future::pending().await
        }
    };
    tokio::select! {
        () = pause => {}
        () = edit => {}
        () = app.connected.notified() => {}
    }
}

fn period() -> Duration {
    let given = std::env::var("BEACON_SYNC_SECONDS").ok().and_then(|s| s.parse::<u64>().ok());
    given.filter(|s| (1..=3600).contains(s)).map_or(PERIOD, Duration::from_secs)
}

/// Doubles with every failure. The jitter, up to half, keeps many devices from coming back all at once.
fn backoff(failures: u32, random: u8) -> Duration {
    let full = BACKOFF.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(LONGEST_BACKOFF);
    full.mul_f64(0.5 + f64::from(random) / 510.0)
}

/// Whether the edge answered, even if with a refusal.
fn reached(error: &Error) -> bool {
    !matches!(error.code, Code::Unreachable | Code::NotAnEdge | Code::Keychain | Code::NotConnected | Code::Storage)
}

#[cfg(test)]
mod tests;
