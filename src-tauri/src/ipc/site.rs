use std::sync::Arc;

use beacon_shared::error::Result;
use beacon_shared::ipc::{ById, DocumentView, Save};
use beacon_shared::model::Site;

use super::document::{self, Rules};
use crate::app::App;

pub async fn list(app: &Arc<App>, (): ()) -> Result<Vec<DocumentView<Site>>> {
    document::list(app).await
}

pub async fn get(app: &Arc<App>, ById { id }: ById) -> Result<DocumentView<Site>> {
    document::get(app, id).await
}

pub async fn save(app: &Arc<App>, request: Save<Site>) -> Result<DocumentView<Site>> {
    document::save(app, request, Rules::FREE).await
}
