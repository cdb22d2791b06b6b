use std::sync::Arc;

use beacon_shared::api::Publication;
use beacon_shared::error::{Error, Problem, Result};
use beacon_shared::ipc::{ById, DocumentView, Save, Start, Urgent};
use beacon_shared::lifecycle::{self, Action, Command, NewPhase};
use beacon_shared::model::{Cause, Experiment, Kind};

use super::document::{self, Rules};
use super::{publish, results};
use crate::app::App;

pub async fn list(app: &Arc<App>, (): ()) -> Result<Vec<DocumentView<Experiment>>> {
    document::list(app).await
}

pub async fn get(app: &Arc<App>, ById { id }: ById) -> Result<DocumentView<Experiment>> {
    document::get(app, id).await
}

pub async fn save(app: &Arc<App>, request: Save<Experiment>) -> Result<DocumentView<Experiment>> {
    document::save(app, request, Rules::EXPERIMENT).await
}

/// Starting what runs already changes nothing.
pub async fn start(app: &Arc<App>, Start { id, visitors }: Start) -> Result<DocumentView<Experiment>> {
    let site_id = document::get::<Experiment>(app, id.clone()).await?.draft.site_id;
    let site = app.store(move |s| s.document(&site_id)).await?;
    let has_site = site.is_some_and(|row| row.replica.kind == Kind::Site && !row.replica.local.deleted);
    let plan = results::phase_plan(app, &id).await;
    let phase = NewPhase { id: document::phase_id(&app.ids()), cause: Cause::Person, visitors, plan };
    let begin = move |draft: &Experiment| {
        let started = lifecycle::change_experiment(draft, Command::Start(phase))?;
        let missing = || Problem::new("/site_id", "Its site was deleted. Choose another one, then start again.");
        if has_site { Ok(started) } else { Err(Error::invalid(vec![missing()])) }
    };
    document::change(app, id, begin).await
}

/// Stopping what does not run changes nothing.
pub async fn stop(app: &Arc<App>, ById { id }: ById) -> Result<DocumentView<Experiment>> {
    change(app, id, Command::Stop).await
}

/// Hides an experiment from the lists.
pub async fn archive(app: &Arc<App>, ById { id }: ById) -> Result<DocumentView<Experiment>> {
    change(app, id, Command::Archive).await
}

/// Brings an archived experiment back.
pub async fn unarchive(app: &Arc<App>, ById { id }: ById) -> Result<DocumentView<Experiment>> {
    change(app, id, Command::Unarchive).await
}

/// Stops a live experiment at once, whatever its draft holds.
pub async fn halt(app: &Arc<App>, request: Urgent) -> Result<Publication> {
    publish::urgent(app, request, Action::Stop).await
}

async fn change(app: &Arc<App>, id: String, command: Command) -> Result<DocumentView<Experiment>> {
    document::change(app, id, |draft| lifecycle::change_experiment(draft, command)).await
}
