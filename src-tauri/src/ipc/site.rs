use std::sync::Arc;

use beacon_shared::error::Result;
use beacon_shared::ipc::{DocumentView, Save};
use beacon_shared::model::Site;

use super::document;
use crate::app::App;

pub async fn list(app: &Arc<App>, (): ()) -> Result<Vec<DocumentView<Site>>> {
    document::list(app).await
}

pub async fn save(app: &Arc<App>, request: Save<Site>) -> Result<DocumentView<Site>> {
    document::save(app, request, |_, _| Ok(())).await
}
