//! The outcome of a conflict that a person decides.

use serde::{Deserialize, Serialize};

use super::mutant::{Mutant, is_active};
use super::{Conflict, Content, merge, place};
use crate::lifecycle::{self, Command, NewPhase, Visitors};
use crate::model::{Cause, Document, Experiment, Kind, Status, keep_unknown};
use crate::validate;

/// A conflict that waits for a person: the newest revision at the edge, and the places to decide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Open {
    /// The newest revision at the edge.
    pub theirs: Document,
    /// Conflicts to decide.
    pub fields: Vec<Conflict>,
}

/// The side whose value is taken where a conflict is open. Everything else stays merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Take {
    /// The value here.
    Mine,
    /// The value at the edge.
    Theirs,
}

/// Returns what a document says once its conflict is decided. It starts from the merged document, never from one side.
///
/// `phase` makes the id of a phase that the decision begins.
pub(super) fn resolved(
    kind: Kind,
    base: Option<&Content>,
    mine: &Content,
    open: &Open,
    take: Take,
    phase: impl Fn() -> String,
) -> Content {
    let theirs = Content::from(&open.theirs);
    let mut content = match take {
        Take::Mine => merge(base, mine, &theirs).content,
        Take::Theirs => {
            let swapped = merge(base, &theirs, mine);
            if swapped.conflicts.is_empty() {
                with_theirs_at(kind, swapped.content, &theirs, &open.fields)
            } else {
                swapped.content
            }
        }
    };
    if let (Some(body), Some(released)) = (content.body.as_object_mut(), theirs.body.get("released")) {
        body.insert("released".to_owned(), released.clone());
    }
    if kind == Kind::Experiment && !is_active(Mutant::MineChangesRunningPhase) {
        content = as_new_phase(&theirs, &content, &phase).unwrap_or(content);
        content = with_open_phase(&content, &phase).unwrap_or(content);
    }
    as_removal(kind, content, &theirs)
}

/// Returns the content, with a deletion of what is live turned into a removal that publishing carries out. What runs is
/// not removed.
fn as_removal(kind: Kind, content: Content, theirs: &Content) -> Content {
    let is_live = theirs.body.get("released").is_some_and(|released| !released.is_null());
    if !content.deleted || theirs.deleted || !is_live {
        return content;
    }
    match lifecycle::remove(kind, &theirs.body) {
        Ok((body, deleted)) => Content { deleted, body },
        Err(_) => theirs.clone(),
    }
}

/// Returns the merged content with their values at the fields that the sides break together; all of theirs if that
/// still breaks a rule.
fn with_theirs_at(kind: Kind, mut merged: Content, theirs: &Content, fields: &[Conflict]) -> Content {
    for field in fields {
        place::set(&mut merged.body, &field.pointer, field.theirs.clone());
    }
    if breaks_nothing(kind, theirs, &merged) { merged } else { theirs.clone() }
}

/// Returns true if the content keeps the model's rules, where theirs does, and the phase that runs there.
fn breaks_nothing(kind: Kind, theirs: &Content, content: &Content) -> bool {
    let problems = |c: &Content| validate::document(kind, &c.body["draft"]);
    let parse = |c: &Content| serde_json::from_value::<Experiment>(c.body["draft"].clone()).ok();
    let locked = match (kind, parse(theirs), parse(content)) {
        (Kind::Experiment, Some(theirs), Some(content)) => validate::locked_changes(&theirs, &content),
        _ => Vec::new(),
    };
    locked.is_empty() && (problems(content).is_empty() || !problems(theirs).is_empty())
}

/// Returns `mine` with its assignment as a new phase of `theirs`, if it would change the phase that runs there.
fn as_new_phase(theirs: &Content, mine: &Content, phase: impl Fn() -> String) -> Option<Content> {
    let parse = |c: &Content| serde_json::from_value::<Experiment>(c.body["draft"].clone()).ok();
    let live = theirs.body.get("released").and_then(|r| serde_json::from_value::<Experiment>(r.clone()).ok());
    let (theirs, wanted) = (parse(theirs)?, parse(mine)?);
    let running = live.filter(|live| live.status == Status::Running).unwrap_or(theirs);
    if running.status != Status::Running || wanted.status == Status::Stopped {
        return None;
    }
    let draft = lifecycle::continued(&running, &wanted);
    if validate::locked_changes(&running, &draft).is_empty() {
        return None;
    }
    let draft = lifecycle::named_as(&running, draft);
    let weights = draft.next_assignment().weights;
    let next = NewPhase { id: phase(), cause: Cause::Person, visitors: Visitors::Reassign, plan: None };
    // An assignment that cannot start waits nowhere: the running one stays, and everything else is mine.
    let unchanged = || with_assignment_of(draft.clone(), &running);
    let changed = lifecycle::change_experiment(&draft, Command::Reweigh(next, weights)).unwrap_or_else(|_| unchanged());
    with_edited(mine, &wanted, &changed)
}

/// Returns the content with a new phase, if it is to run although its last phase has ended elsewhere.
fn with_open_phase(content: &Content, phase: impl Fn() -> String) -> Option<Content> {
    let before = serde_json::from_value::<Experiment>(content.body["draft"].clone()).ok()?;
    if before.status != Status::Running || before.phase().is_none_or(|last| last.ended.is_none()) {
        return None;
    }
    let next = NewPhase { id: phase(), cause: Cause::Person, visitors: Visitors::Reassign, plan: None };
    with_edited(content, &before, &lifecycle::restarted(&before, next))
}

fn with_assignment_of(mut draft: Experiment, running: &Experiment) -> Experiment {
    let weights = running.next_assignment();
    for variant in &mut draft.variants {
        variant.weight = weights.weight(&variant.id);
    }
    if draft.variants.iter().map(|v| &v.id).ne(running.variants.iter().map(|v| &v.id)) {
        draft.variants.clone_from(&running.variants);
    }
    Experiment { audience: running.audience.clone(), condition: running.condition.clone(), ..draft }
}

/// Returns the content with an edited draft; what this version does not know of the draft stays.
fn with_edited(content: &Content, before: &Experiment, after: &Experiment) -> Option<Content> {
    let json = |experiment: &Experiment| serde_json::to_value(experiment).ok();
    let draft = keep_unknown(content.body.get("draft")?, &json(before)?, json(after)?);
    Some(content.with_draft(draft))
}
