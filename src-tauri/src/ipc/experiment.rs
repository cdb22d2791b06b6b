use std::sync::Arc;

use beacon_shared::error::{Code, Error, Problem, Result};
use beacon_shared::ipc::{ById, DocumentView, Save, Start};
use beacon_shared::lifecycle::{self, Command, NewPhase};
use beacon_shared::model::{Body, Cause, Experiment, Kind};
use beacon_shared::validate;
use uuid::Uuid;

use super::document;
use crate::app::App;

pub async fn list(app: &Arc<App>, (): ()) -> Result<Vec<DocumentView<Experiment>>> {
    document::list(app).await
}

pub async fn get(app: &Arc<App>, ById { id }: ById) -> Result<DocumentView<Experiment>> {
    document::get(app, id).await
}

pub async fn save(app: &Arc<App>, request: Save<Experiment>) -> Result<DocumentView<Experiment>> {
    document::save(app, request, guard).await
}

/// An edit starts and stops nothing, and moves no visitor of a running experiment.
fn guard(before: Option<&Body<Experiment>>, draft: &mut Experiment) -> Result<()> {
    lifecycle::keep_state(before.map(|before| &before.draft), draft);
    let Some(before) = before else { return Ok(()) };
    let mut problems = validate::locked_changes(&before.draft, draft);
    if problems.is_empty() {
        problems = before.released.iter().flat_map(|live| validate::locked_changes(live, draft)).collect();
    }
    match problems.first().map(|p| p.detail.clone()) {
        Some(message) => Err(Error { code: Code::Locked, message, problems }),
        None => Ok(()),
    }
}

/// Starting what runs already changes nothing.
pub async fn start(app: &Arc<App>, Start { id, visitors }: Start) -> Result<DocumentView<Experiment>> {
    let site_id = document::get::<Experiment>(app, id.clone()).await?.draft.site_id;
    let site = app.store(move |s| s.document(&site_id)).await?;
    let has_site = site.is_some_and(|row| row.replica.kind == Kind::Site && !row.replica.local.deleted);
    let command = Command::Start(NewPhase { id: phase_id(), cause: Cause::Person, visitors });
    let begin = move |body: &mut Body<Experiment>| {
        body.draft = lifecycle::change_experiment(&body.draft, command)?;
        let missing = || Problem::new("/site_id", "Its site was deleted. Choose another one, then start again.");
        if has_site { Ok(()) } else { Err(Error::invalid(vec![missing()])) }
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

async fn change(app: &Arc<App>, id: String, command: Command) -> Result<DocumentView<Experiment>> {
    let change = move |body: &mut Body<Experiment>| {
        body.draft = lifecycle::change_experiment(&body.draft, command)?;
        Ok(())
    };
    document::change(app, id, change).await
}

/// A phase's id: short, since every exposure carries it.
fn phase_id() -> String {
    let id = Uuid::new_v4().simple().to_string();
    format!("p{}", &id[..11])
}
