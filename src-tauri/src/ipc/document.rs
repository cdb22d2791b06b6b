//! What sites, experiments and flags have in common.

use std::sync::Arc;

use beacon_shared::error::{Code, Error, Problem, Result};
use beacon_shared::ipc::{DocumentView, Resolve, Save, SyncState};
use beacon_shared::model::{Body, Definition, Kind, SCHEMA};
use beacon_shared::sync::{Content, Replica};
use beacon_shared::validate::{self, MAX_BODY};
use serde_json::{Value, json};

use crate::app::App;
use crate::ids::Ids;
use crate::store::Row;

/// The most characters of a value in a sentence.
const MOST_SHOWN: usize = 80;

/// All living documents of a kind, the newest change first.
pub async fn list<T: Definition>(app: &App) -> Result<Vec<DocumentView<T>>> {
    let rows = app.store(|s| s.documents(T::KIND)).await?;
    Ok(rows.into_iter().filter(|row| !row.replica.local.deleted).filter_map(shown).collect())
}

/// The view, unless a newer Beacon wrote what this one cannot read: that is kept, and left alone.
fn shown<T: Definition>(row: Row) -> Option<DocumentView<T>> {
    let id = row.replica.id.clone();
    view(row).inspect_err(|error| tracing::warn!(document = %id, %error, "A document cannot be shown.")).ok()
}

/// One living document.
pub async fn get<T: Definition>(app: &App, id: String) -> Result<DocumentView<T>> {
    let row = app.store(move |s| s.document(&id)).await?;
    view(row.filter(|r| !r.replica.local.deleted && r.replica.kind == T::KIND).ok_or_else(not_found)?)
}

/// Writes a draft, complete or not. `guard` sees what was there and may adjust or refuse what comes.
pub async fn save<T: Definition + Send + 'static>(
    app: &Arc<App>,
    Save { id, draft }: Save<T>,
    guard: fn(before: Option<&Body<T>>, draft: &mut T) -> Result<()>,
) -> Result<DocumentView<T>> {
    let now = app.now();
    let row = match id {
        Some(id) => {
            app.store(move |s| {
                s.change(&id, now, |replica| {
                    edit(replica, move |body| {
                        let before = std::mem::replace(&mut body.draft, draft);
                        let before = Body { draft: before, released: body.released.clone(), ..Body::clone(body) };
                        guard(Some(&before), &mut body.draft)
                    })
                })
            })
            .await?
        }
        None => {
            let mut draft = draft;
            guard(None, &mut draft)?;
            let replica = new(&app.ids(), draft)?;
            app.store(move |s| s.create(replica, now)).await?
        }
    };
    app.after_local_change().await?;
    view(row)
}

/// A document that nobody has yet.
pub fn new<T: Definition>(ids: &Ids, draft: T) -> Result<Replica> {
    Ok(Replica::new(new_id(ids, T::KIND), T::KIND, fits(json!(Body::draft(draft)))?))
}

/// Changes a living document's body.
pub async fn change<T: Definition + Send + 'static>(
    app: &Arc<App>,
    id: String,
    change: impl FnOnce(&mut Body<T>) -> Result<()> + Send + 'static,
) -> Result<DocumentView<T>> {
    let now = app.now();
    let row = app.store(move |s| s.change(&id, now, |replica| edit(replica, change))).await?;
    app.after_local_change().await?;
    app.notify_changed([T::KIND]);
    view(row)
}

fn edit<T: Definition>(replica: &mut Replica, change: impl FnOnce(&mut Body<T>) -> Result<()>) -> Result<()> {
    if replica.kind != T::KIND {
        return Err(not_found());
    }
    let mut body: Body<T> = body(replica)?;
    if body.schema > SCHEMA {
        let message = "A newer Beacon wrote this, so it can only be read here. Update Beacon to change it.";
        return Err(Error::new(Code::Invalid, message));
    }
    change(&mut body)?;
    let local = Content { deleted: replica.local.deleted, body: fits(json!(body))? };
    if local != replica.local {
        replica.edit(local);
    }
    Ok(())
}

/// Decides an open conflict.
pub async fn resolve(app: &Arc<App>, Resolve { id, take }: Resolve) -> Result<()> {
    let now = app.now();
    let decide = move |replica: &mut Replica| {
        replica.resolve(take);
        Ok(())
    };
    let row = app.store(move |s| s.change(&id, now, decide)).await?;
    app.after_local_change().await?;
    app.notify_changed([row.replica.kind]);
    Ok(())
}

/// What the interface shows of a document.
pub fn view<T: Definition>(row: Row) -> Result<DocumentView<T>> {
    let Body { draft, released, .. } = body::<T>(&row.replica)?;
    let problems = problems(&row.replica);
    Ok(DocumentView {
        sync: state(&row.replica),
        id: row.replica.id,
        draft,
        released,
        updated_at: row.updated_at,
        problems,
    })
}

/// Why a document cannot go live: what the model says, what the edge said, and what two people said.
pub fn problems(replica: &Replica) -> Vec<Problem> {
    let mut problems = validate::document(replica.kind, &replica.local.body["draft"]);
    problems.extend(replica.rejected.iter().cloned());
    for field in replica.conflict.iter().flat_map(|c| &c.fields) {
        let pointer = field.pointer.strip_prefix("/draft").unwrap_or(&field.pointer);
        let (mine, theirs) = (short(&field.mine), short(&field.theirs));
        let detail = format!("Changed here and elsewhere: here it is {mine}, there {theirs}. Decide which to keep.");
        problems.push(Problem::new(pointer, detail));
    }
    problems
}

fn state(replica: &Replica) -> SyncState {
    if replica.conflict.is_some() {
        SyncState::Conflict
    } else if !replica.rejected.is_empty() {
        SyncState::Rejected
    } else if replica.pending() {
        SyncState::Pending
    } else {
        SyncState::Synced
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    let mut shown: String = text.chars().take(MOST_SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

fn body<T: Definition>(replica: &Replica) -> Result<Body<T>> {
    serde_json::from_value(replica.local.body.clone()).map_err(|e| {
        let id = &replica.id;
        Error::new(Code::Internal, format!("Document {id} cannot be read by this Beacon ({e}). Update Beacon."))
    })
}

fn fits(body: Value) -> Result<Value> {
    if body.to_string().len() > MAX_BODY {
        let message = format!("This is too large to save. Shorten it to at most {} KiB.", MAX_BODY / 1024);
        return Err(Error::new(Code::TooLarge, message));
    }
    Ok(body)
}

fn new_id(ids: &Ids, kind: Kind) -> String {
    let prefix = match kind {
        Kind::Site => "sit",
        Kind::Experiment => "exp",
        Kind::Flag => "flg",
        Kind::Segment => "seg",
        Kind::Metric => "met",
    };
    format!("{prefix}_{}", ids.next())
}

fn not_found() -> Error {
    Error::new(Code::NotFound, "This does not exist any more: it was deleted. Go back to the list.")
}
