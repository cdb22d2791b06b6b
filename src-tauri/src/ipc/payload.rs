//! GrowthBook payloads, in and out. An import makes drafts: nothing goes live before it is reviewed and published.

use std::sync::Arc;

use beacon_shared::bundle::import::{Existing, import as read};
use beacon_shared::bundle::{at, draft};
use beacon_shared::error::{Code, Error, Problem, Result};
use beacon_shared::ipc::{ById, DocumentRef, ImportView, PayloadInput};
use beacon_shared::model::{Definition, Experiment, Flag, Segment, Site, Status};
use beacon_shared::number::{changed_number, put_in_quotes};
use beacon_shared::sync::Replica;
use serde_json::Value;

use super::document;
use crate::app::App;
use crate::ids::Ids;

/// The largest payload that is read, in bytes.
const MAX_PAYLOAD: usize = 8 * 1024 * 1024;

/// Makes drafts of the payload; what has the key of something that is there is left out.
pub async fn import(app: &Arc<App>, PayloadInput { site_id, payload }: PayloadInput) -> Result<ImportView> {
    document::get::<Site>(app, site_id.clone()).await?;
    let made = read(&parse(&payload)?, &site_id, &existing(app).await?);
    let mut view = ImportView { flags: 0, experiments: 0, segments: 0, report: made.report };
    let mut replicas = Vec::new();
    view.segments = add(&app.ids(), made.segments, &mut view.report, &mut replicas);
    view.flags = add(&app.ids(), made.flags, &mut view.report, &mut replicas);
    view.experiments = add(&app.ids(), made.experiments, &mut view.report, &mut replicas);
    if replicas.is_empty() && view.report.is_empty() {
        let detail = "This has no features and no experiments. Paste what GrowthBook's /api/features/… answers.";
        return Err(Error::invalid(vec![Problem::new("/payload", detail)]));
    }
    let now = app.now();
    let made: Vec<DocumentRef> = replicas.iter().map(document::reference).collect();
    app.store(move |s| s.create_all(replicas, now)).await?;
    app.after_local_change().await?;
    app.notify_changed(made);
    Ok(view)
}

async fn existing(app: &App) -> Result<Existing> {
    Ok(Existing {
        flags: drafts::<Flag>(app).await?.into_iter().map(|flag| flag.key).collect(),
        experiments: drafts::<Experiment>(app).await?.into_iter().map(|experiment| experiment.key).collect(),
        segments: drafts::<Segment>(app).await?.into_iter().map(|segment| (segment.key, segment.members)).collect(),
    })
}

fn parse(payload: &str) -> Result<Value> {
    if payload.len() > MAX_PAYLOAD {
        let message = format!("The payload is larger than {} MiB: import a part of it.", MAX_PAYLOAD / 1024 / 1024);
        return Err(Error::new(Code::TooLarge, message));
    }
    let refused = |detail: String| Error::invalid(vec![Problem::new("/payload", detail)]);
    let parsed = serde_json::from_str(payload).map_err(|e| {
        refused(format!("This is not JSON from line {}, column {} on: paste all of it.", e.line(), e.column()))
    })?;
    match changed_number(payload) {
        Some(number) => Err(refused(put_in_quotes(number))),
        None => Ok(parsed),
    }
}

/// Adds documents for the definitions; says which are too large. Answers how many it added.
fn add<T: Definition>(ids: &Ids, drafts: Vec<T>, report: &mut Vec<Problem>, replicas: &mut Vec<Replica>) -> usize {
    let before = replicas.len();
    for draft in drafts {
        let name = format!("{} {}", T::KIND.as_str(), draft.key());
        match document::new(ids, draft) {
            Ok(replica) => replicas.push(replica),
            Err(error) => report.push(Problem::new("", format!("{name}: {}", error.message))),
        }
    }
    replicas.len() - before
}

/// Returns the payload of a site's drafts, as of now.
pub async fn export(app: &Arc<App>, ById { id }: ById) -> Result<Value> {
    document::get::<Site>(app, id.clone()).await?;
    let mut flags: Vec<Flag> = drafts(app).await?;
    flags.retain(|flag| flag.site_ids.contains(&id));
    let mut experiments: Vec<Experiment> = drafts(app).await?;
    experiments.retain(|e| e.site_id == id && matches!(e.status, Status::Draft | Status::Running));
    let segments: Vec<Segment> = drafts(app).await?;
    let payload = draft(flags.iter(), experiments.iter(), segments.into_iter());
    Ok(at(&payload, app.now()).into_owned())
}

async fn drafts<T: Definition>(app: &App) -> Result<Vec<T>> {
    Ok(document::list::<T>(app).await?.into_iter().map(|view| view.draft).collect())
}
