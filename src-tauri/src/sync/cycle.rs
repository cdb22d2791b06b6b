use beacon_shared::error::Result;

use super::{events, exchange, reached};
use crate::app::App;

/// One whole sync: documents out, documents in, events in. Without a connection there is nothing to do.
pub async fn run(app: &App) -> Result<()> {
    let _one_at_a_time = app.syncing.lock().await;
    let done = attempt(app).await;
    app.recount().await?;
    let now = app.now();
    app.update_sync(|view| {
        view.busy = false;
        match &done {
            Ok(true) => {
                view.online = true;
                view.last_at = Some(now);
                view.problem = None;
            }
            Ok(false) => {
                view.online = false;
                view.problem = None;
            }
            Err(error) => {
                view.online = reached(error);
                view.problem = Some(error.message.clone());
            }
        }
    });
    done.map(drop)
}

async fn attempt(app: &App) -> Result<bool> {
    let Some(target) = app.target().await? else { return Ok(false) };
    app.update_sync(|view| view.busy = true);
    if app.whoami().is_none() {
        app.met(app.edge().whoami(&target).await?);
    }
    exchange::push(app, &target).await?;
    exchange::pull(app, &target).await?;
    // What was pulled may have settled into something to push.
    exchange::push(app, &target).await?;
    events::fetch(app, &target).await?;
    Ok(true)
}
