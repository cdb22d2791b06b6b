use std::sync::Arc;

use beacon_shared::error::Result;
use beacon_shared::ipc::{ById, DocumentView, Save};
use beacon_shared::model::{Experiment, MetricDefinition};

use super::document::{self, Rules};
use crate::app::App;
use crate::store::Sharing;

pub async fn get(app: &Arc<App>, ById { id }: ById) -> Result<DocumentView<MetricDefinition>> {
    document::get(app, id).await
}

pub async fn save(app: &Arc<App>, request: Save<MetricDefinition>) -> Result<DocumentView<MetricDefinition>> {
    document::save(app, request, Rules::FREE).await
}

/// Makes documents of the metrics that an experiment defines itself, without waiting for a sync.
pub async fn share(app: &Arc<App>, ById { id }: ById) -> Result<DocumentView<Experiment>> {
    let one = Sharing::One(id.clone());
    let changed = app.store(move |s| s.share_metrics(&one)).await?;
    app.after_local_change().await?;
    app.notify_changed(changed);
    document::get(app, id).await
}
