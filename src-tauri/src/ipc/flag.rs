use std::sync::Arc;

use beacon_shared::error::Result;
use beacon_shared::ipc::{DocumentView, Save};
use beacon_shared::model::Flag;

use super::document;
use crate::app::App;

pub async fn list(app: &Arc<App>, (): ()) -> Result<Vec<DocumentView<Flag>>> {
    document::list(app).await
}

pub async fn save(app: &Arc<App>, request: Save<Flag>) -> Result<DocumentView<Flag>> {
    document::save(app, request, |_, _| Ok(())).await
}
