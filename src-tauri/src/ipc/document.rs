//! The calls that sites, experiments and flags have in common.

use std::sync::Arc;

use beacon_shared::error::{Code, Error, Problem, Result};
use beacon_shared::ipc::{DocumentRef, DocumentView, OfKind, Resolve, Save, Summary};
use beacon_shared::lifecycle;
use beacon_shared::model::{
    Body, Definition, Experiment, Flag, Kind, MetricDefinition, SCHEMA, Segment, Site, keep_unknown,
};
use beacon_shared::sync::{Base, Conflict, Replica};
use beacon_shared::validate::{self, MAX_BODY};
use serde_json::{Value, json};

use crate::app::App;
use crate::ids::Ids;
use crate::store::{Row, not_found, sync_state};

/// The most characters of a value in a sentence.
const MOST_SHOWN: usize = 80;

/// All living documents of a kind, the newest change first.
pub async fn list<T: Definition>(app: &App) -> Result<Vec<DocumentView<T>>> {
    let rows = app.store(|s| s.documents(T::KIND)).await?;
    Ok(rows.into_iter().filter(Row::is_here).filter_map(shown).collect())
}

/// The view, unless a newer Beacon wrote what this one cannot read: that is kept, and left alone.
fn shown<T: Definition>(row: Row) -> Option<DocumentView<T>> {
    let id = row.replica.id.clone();
    view(row).inspect_err(|error| tracing::warn!(document = %id, %error, "A document cannot be shown.")).ok()
}

/// One living document.
pub async fn get<T: Definition>(app: &App, id: String) -> Result<DocumentView<T>> {
    let row = app.store(move |s| s.document(&id)).await?;
    view(row.filter(|r| r.is_here() && r.replica.kind == T::KIND).ok_or_else(not_found)?)
}

/// The rules for edits of one kind of definition.
pub struct Rules<T> {
    /// Keeps parts from changing by an edit: `before` is what is stored, `None` for a new document.
    pub keep: fn(before: Option<&T>, edited: &mut T),
    /// Returns the problems of an edit that must not be saved.
    pub locked: fn(before: &T, after: &T) -> Vec<Problem>,
}

impl<T> Rules<T> {
    /// Rules that allow every edit.
    pub const FREE: Self = Self { keep: |_, _| {}, locked: |_, _| Vec::new() };
}

impl Rules<Experiment> {
    /// An edit starts and stops nothing, and moves no visitor of a running experiment.
    pub const EXPERIMENT: Self = Self { keep: lifecycle::keep_state, locked: validate::locked_changes };
}

/// Writes a draft, complete or not, merged with what changed here since it was opened.
pub async fn save<T: Definition + Send + 'static>(
    app: &Arc<App>,
    Save { id, base, draft }: Save<T>,
    rules: Rules<T>,
) -> Result<DocumentView<T>> {
    let now = app.now();
    let row = match id {
        Some(id) => {
            let missing = || Problem::new("/base", "Name the draft that this one was edited from.");
            let base = base.ok_or_else(|| Error::invalid(vec![missing()]))?;
            app.store(move |s| s.apply(&id, now, |replica| save_draft(replica, base, draft, &rules))).await?
        }
        None => {
            let mut draft = draft;
            (rules.keep)(None, &mut draft);
            let replica = new(&app.ids(), draft)?;
            app.store(move |s| s.create(replica, now)).await?
        }
    };
    finish(app, row).await
}

/// Saves a typed draft that was edited from `base` into a replica; what this version does not know of it stays.
///
/// Errors: [`Code::Locked`] with the fields that a running experiment keeps, [`Code::TooLarge`], and [`Code::Invalid`]
/// for a document that this version cannot read.
pub fn save_draft<T: Definition>(replica: &mut Replica, mut base: T, mut draft: T, rules: &Rules<T>) -> Result<()> {
    let before = writable::<T>(replica)?;
    (rules.keep)(Some(&before), &mut base);
    (rules.keep)(Some(&before), &mut draft);
    let (stored, known) = (replica.local.body["draft"].clone(), json!(before));
    let written = |typed: &T| keep_unknown(&stored, &known, json!(typed));
    let sent = written(&draft);
    if sent == written(&base) {
        return Ok(());
    }
    replica.save(&written(&base), sent);
    fits(&replica.local.body)?;
    set_schema(replica);
    let after = read::<T>(&replica.local.body["draft"])?;
    let mut problems = (rules.locked)(&before, &after);
    if problems.is_empty()
        && let Some(live) = released::<T>(replica)
    {
        problems = (rules.locked)(&live, &after);
    }
    if problems.is_empty() {
        return Ok(());
    }
    // A person who saw it unlocked typed in good faith: what was typed waits for a decision instead of being refused.
    if (rules.locked)(&base, &draft).is_empty() && replica.ask_about(&problems) {
        return Ok(());
    }
    let message = problems.first().map(|p| p.detail.clone()).unwrap_or_default();
    Err(Error { code: Code::Locked, message, problems })
}

/// Fails if the draft is not the one that a person saw before giving it up.
pub fn check_seen(replica: &Replica, seen: &Value) -> Result<()> {
    fn known<T: Definition>(draft: &Value) -> Option<Value> {
        T::deserialize(draft).ok().map(|typed| json!(typed))
    }
    let known = |draft: &Value| match replica.kind {
        Kind::Site => known::<Site>(draft),
        Kind::Experiment => known::<Experiment>(draft),
        Kind::Flag => known::<Flag>(draft),
        Kind::Segment => known::<Segment>(draft),
        Kind::Metric => known::<MetricDefinition>(draft),
        Kind::Unknown => None,
    };
    if known(&replica.local.body["draft"]) == known(seen) {
        return Ok(());
    }
    Err(Error::new(Code::Stale, "This changed while you looked at it. Look again, then decide."))
}

/// Makes a document that nobody has yet.
pub fn new<T: Definition>(ids: &Ids, draft: T) -> Result<Replica> {
    let body = json!(Body::draft(draft));
    fits(&body)?;
    Ok(Replica::new(new_id(ids, T::KIND), T::KIND, body))
}

/// Runs a command on a living document's draft.
pub async fn change<T: Definition + Send + 'static>(
    app: &Arc<App>,
    id: String,
    command: impl FnOnce(&T) -> Result<T> + Send + 'static,
) -> Result<DocumentView<T>> {
    let now = app.now();
    let row = app.store(move |s| s.apply(&id, now, |replica| run_command(replica, command))).await?;
    finish(app, row).await
}

/// Runs a command on a replica's draft; what this version does not know of it stays.
pub fn run_command<T: Definition>(replica: &mut Replica, command: impl FnOnce(&T) -> Result<T>) -> Result<()> {
    let before = writable::<T>(replica)?;
    let after = command(&before)?;
    if after == before {
        return Ok(());
    }
    let draft = keep_unknown(&replica.local.body["draft"], &json!(before), json!(after));
    let local = replica.local.with_draft(draft);
    fits(&local.body)?;
    replica.edit(local);
    set_schema(replica);
    Ok(())
}

async fn finish<T: Definition>(app: &Arc<App>, row: Row) -> Result<DocumentView<T>> {
    app.after_local_change().await?;
    app.notify_changed([reference(&row.replica)]);
    view(row)
}

/// Returns the draft of a document that this version may write.
fn writable<T: Definition>(replica: &Replica) -> Result<T> {
    if replica.kind != T::KIND {
        return Err(not_found());
    }
    read(&replica.local.body["draft"])
}

fn set_schema(replica: &mut Replica) {
    if let Some(body) = replica.local.body.as_object_mut() {
        body.insert("schema".to_owned(), json!(SCHEMA));
    }
}

fn released<T: Definition>(replica: &Replica) -> Option<T> {
    replica.local.body.get("released").and_then(|released| T::deserialize(released).ok())
}

/// Names a document in a notice.
pub fn reference(replica: &Replica) -> DocumentRef {
    DocumentRef { kind: replica.kind, id: replica.id.clone() }
}

/// Returns what lists show of the documents of a kind, or of some of them.
pub async fn summaries(app: &Arc<App>, OfKind { kind, ids, first }: OfKind) -> Result<Vec<Summary>> {
    app.store(move |s| if ids.is_empty() { s.summaries(kind, first) } else { s.summaries_of(kind, &ids) }).await
}

/// Decides an open conflict, if it still is the one that the person saw.
pub async fn resolve(app: &Arc<App>, Resolve { id, theirs, take }: Resolve) -> Result<()> {
    let (now, ids) = (app.now(), app.ids());
    let decide = move |replica: &mut Replica| {
        if replica.conflict.as_ref().is_none_or(|open| !open.theirs.revision().is(&theirs)) {
            let message = "This changed again while you looked at it. Look at it once more, then choose.";
            return Err(Error::new(Code::Stale, message));
        }
        replica.resolve(take, || phase_id(&ids));
        Ok(())
    };
    let row = app.store(move |s| s.apply(&id, now, decide)).await?;
    app.after_local_change().await?;
    app.notify_changed([reference(&row.replica)]);
    Ok(())
}

/// Makes a phase's id: short, since every exposure carries it.
pub fn phase_id(ids: &Ids) -> String {
    let id = ids.next();
    // The end of a UUIDv7 is random; its beginning is the time.
    format!("p{}", &id[id.len() - 11..])
}

/// Returns a document as the interface shows it.
pub fn view<T: Definition>(row: Row) -> Result<DocumentView<T>> {
    let replica = &row.replica;
    let theirs = replica.conflict.as_ref().map(|open| open.theirs.revision());
    let newest = theirs.clone().or(replica.base.as_ref().map(Base::revision));
    Ok(DocumentView {
        draft: read(&replica.local.body["draft"])?,
        released: released(replica),
        removed: lifecycle::is_removed(&replica.local.body),
        revision: newest.unwrap_or_default(),
        theirs,
        sync: sync_state(replica),
        problems: problems(replica),
        updated_at: row.updated_at,
        id: row.replica.id,
    })
}

/// Returns the problems that keep a document from going live: the model's, the edge's, and a conflict's.
pub fn problems(replica: &Replica) -> Vec<Problem> {
    let mut problems = validate::document(replica.kind, &replica.local.body["draft"]);
    problems.extend(replica.rejected.iter().cloned());
    problems.extend(open_conflict(replica));
    problems
}

/// Returns what two people said differently.
pub fn open_conflict(replica: &Replica) -> Vec<Problem> {
    let fields = replica.conflict.iter().flat_map(|c| &c.fields);
    let problem = |field: &Conflict| {
        let pointer = field.pointer.strip_prefix("/draft").unwrap_or(&field.pointer);
        let (mine, theirs) = (short(&field.mine), short(&field.theirs));
        Problem::new(
            pointer,
            format!("Changed here and elsewhere: here it is {mine}, there {theirs}. Decide which to keep."),
        )
    };
    fields.map(problem).collect()
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    let mut shown: String = text.chars().take(MOST_SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

fn read<T: Definition>(draft: &Value) -> Result<T> {
    T::deserialize(draft).map_err(|e| {
        Error::new(Code::Invalid, format!("This version of Beacon cannot read this ({e}). Update Beacon to open it."))
    })
}

fn fits(body: &Value) -> Result<()> {
    if body.to_string().len() > MAX_BODY {
        let message = format!("This is too large to save. Shorten it to at most {} KiB.", MAX_BODY / 1024);
        return Err(Error::new(Code::TooLarge, message));
    }
    Ok(())
}

fn new_id(ids: &Ids, kind: Kind) -> String {
    let prefix = match kind {
        Kind::Site => "sit",
        Kind::Experiment => "exp",
        Kind::Flag => "flg",
        Kind::Segment => "seg",
        Kind::Metric => "met",
        Kind::Unknown => "doc",
    };
    format!("{prefix}_{}", ids.next())
}
