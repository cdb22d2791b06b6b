use std::sync::Arc;

use beacon_shared::api::Publication;
use beacon_shared::error::Result;
use beacon_shared::ipc::{ById, DocumentView, Save, Urgent};
use beacon_shared::lifecycle::Action;
use beacon_shared::model::Flag;

use super::document::{self, Rules};
use super::publish;
use crate::app::App;

pub async fn list(app: &Arc<App>, (): ()) -> Result<Vec<DocumentView<Flag>>> {
    document::list(app).await
}

pub async fn get(app: &Arc<App>, ById { id }: ById) -> Result<DocumentView<Flag>> {
    document::get(app, id).await
}

pub async fn save(app: &Arc<App>, request: Save<Flag>) -> Result<DocumentView<Flag>> {
    document::save(app, request, Rules::FREE).await
}

/// Switches a live flag off at once, whatever its draft holds.
pub async fn kill(app: &Arc<App>, request: Urgent) -> Result<Publication> {
    publish::urgent(app, request, Action::Kill).await
}
