//! Changing the open workspace. The one before stays on this computer as it is.

use std::sync::Arc;

use beacon_shared::error::Result;
use beacon_shared::ipc::{ById, WorkspaceAction};

use crate::app::App;
use crate::store::{Setting, Store};

/// Opens a workspace that this computer has.
pub async fn open(app: &Arc<App>, ById { id }: ById) -> Result<()> {
    app.workspaces().switch(&id)
}

/// Gives the edge's workspace a folder of its own, with copies of the drafts if the person wants that, and opens it.
pub async fn open_other(app: &App, url: &str, workspace: &str, action: WorkspaceAction) -> Result<()> {
    let (workspaces, name, now) = (Arc::clone(app.workspaces()), app.ids().next(), app.now());
    let (url, other) = (url.to_owned(), workspace.to_owned());
    app.store(move |current| {
        let (id, from) = (current.workspace()?.unwrap_or_default(), current.setting(Setting::LastEdge)?);
        let from = from.unwrap_or_default();
        let folder = workspaces.prepare((&id, &from), (&other, &url), &name)?;
        let mut store = Store::open(&folder.join("beacon.db"))?;
        store.connect(&url, &other)?;
        if action == WorkspaceAction::CopyDrafts {
            let added = store.add_copies(current.detached_copies()?, now)?;
            tracing::info!(added, "Drafts were copied to another workspace.");
        }
        Ok(())
    })
    .await?;
    app.workspaces().switch(workspace)
}
