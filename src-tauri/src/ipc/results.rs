use std::sync::Arc;

use beacon_shared::error::Result;
use beacon_shared::ipc::{ResultsRequest, ResultsView};
use beacon_shared::model::Experiment;

use super::document;
use crate::app::App;
use crate::results;

/// Counts what ran: the released definition, or the draft while nothing is released.
pub async fn get(app: &Arc<App>, ResultsRequest { id, theme }: ResultsRequest) -> Result<ResultsView> {
    let document = document::get::<Experiment>(app, id).await?;
    let experiment = document.released.unwrap_or(document.draft);
    app.events(move |events| results::view(events, &experiment, theme)).await
}
