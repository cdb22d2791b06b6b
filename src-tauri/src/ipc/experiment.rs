use std::sync::Arc;

use beacon_shared::error::{Code, Error, Problem, Result};
use beacon_shared::ipc::{ById, DocumentView, Save};
use beacon_shared::model::{Body, Experiment, Kind, Phase, Status};
use beacon_shared::validate;

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
    let Some(before) = before else {
        draft.status = Status::Draft;
        draft.phases.clear();
        return Ok(());
    };
    let archives = draft.status == Status::Archived && before.draft.status != Status::Running;
    if !archives {
        draft.status = before.draft.status;
    }
    draft.phases.clone_from(&before.draft.phases);
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
pub async fn start(app: &Arc<App>, ById { id }: ById) -> Result<DocumentView<Experiment>> {
    let site_id = document::get::<Experiment>(app, id.clone()).await?.draft.site_id;
    let site = app.store(move |s| s.document(&site_id)).await?;
    let has_site = site.is_some_and(|row| row.replica.kind == Kind::Site && !row.replica.local.deleted);
    let now = app.now();
    let begin = move |body: &mut Body<Experiment>| {
        let draft = &mut body.draft;
        if draft.status == Status::Running {
            return Ok(());
        }
        if draft.seed.is_empty() {
            draft.seed.clone_from(&draft.key);
        }
        draft.status = Status::Running;
        draft.phases.push(Phase { started_at: now, ended_at: None });
        let mut problems = validate::experiment(draft);
        if !has_site && !problems.iter().any(|p| p.pointer == "/site_id") {
            problems.push(Problem::new("/site_id", "The site was deleted: choose another one."));
        }
        if problems.is_empty() { Ok(()) } else { Err(Error::invalid(problems)) }
    };
    document::change(app, id, begin).await
}

/// Stopping what does not run changes nothing.
pub async fn stop(app: &Arc<App>, ById { id }: ById) -> Result<DocumentView<Experiment>> {
    let now = app.now();
    let end = move |body: &mut Body<Experiment>| {
        let draft = &mut body.draft;
        if draft.status == Status::Running {
            draft.status = Status::Stopped;
            draft.phases.iter_mut().filter(|p| p.ended_at.is_none()).for_each(|p| p.ended_at = Some(now));
        }
        Ok(())
    };
    document::change(app, id, end).await
}
