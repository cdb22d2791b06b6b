use serde_json::Value;

use super::mutant::{Mutant, is_active};
use super::resolution::{self, Open, Take};
use super::{Base, Conflict, Content, merge, place};
use crate::api::{Op, OpOutcome};
use crate::error::Problem;
use crate::lifecycle;
use crate::model::{Document, Experiment, Kind};
use crate::validate;

/// The outcome of a pulled row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pulled {
    /// It is in.
    Applied,
    /// It was known already.
    Known,
    /// It waits for the answer to the op in flight: the cursor must not pass it.
    Held,
}

/// One document on one device. Its methods are the events; the caller stores the replica after each of them,
/// in one transaction with whatever the event brought.
#[derive(Clone, Debug, PartialEq)]
pub struct Replica {
    /// Document id.
    pub id: String,
    /// Kind of its definition.
    pub kind: Kind,
    /// Content that the edge was last known to have; `None` while it has nothing, or nothing that fits together.
    pub base: Option<Base>,
    /// Content as it is edited here.
    pub local: Content,
    /// The one op whose answer is not known. Its bytes never change.
    pub in_flight: Option<Op>,
    /// Conflict that a person has to decide before anything is pushed.
    pub conflict: Option<Open>,
    /// Places that the person wrote while an op was in flight, without having seen what the edge had there, with what
    /// the person started from. They become a conflict when the op is answered.
    pub contested: Vec<(String, Value)>,
    /// The body that somebody else's newest revision brought: what of it is still here, a window may not have seen.
    pub pulled: Option<Value>,
    /// Reason why the edge refused the last op; parks the document until it changes.
    pub rejected: Vec<Problem>,
}

impl Replica {
    /// A document that was made here.
    pub fn new(id: impl Into<String>, kind: Kind, body: Value) -> Self {
        Self {
            id: id.into(),
            kind,
            base: None,
            local: Content { deleted: false, body },
            in_flight: None,
            conflict: None,
            contested: Vec::new(),
            pulled: None,
            rejected: Vec::new(),
        }
    }

    /// A document that was made elsewhere.
    pub fn remote(document: &Document) -> Self {
        let new = Self::new(&document.id, document.kind, Value::Null);
        Self { base: Some(document.into()), local: document.into(), ..new }
    }

    /// Returns true if the edge has something else than what is here.
    pub fn dirty(&self) -> bool {
        self.base.as_ref().map_or(!self.local.deleted, |b| b.content != self.local)
    }

    /// Returns true if the edge does not have it as it is here.
    pub fn pending(&self) -> bool {
        self.in_flight.is_some() || self.conflict.is_some() || self.dirty()
    }

    /// Replaces the content by one that was made from what is here now. An open conflict is looked at again: the edit
    /// may have settled it.
    pub fn edit(&mut self, local: Content) {
        self.local = local;
        self.rejected.clear();
        if let Some(open) = self.conflict.take() {
            self.merge_remote(open.theirs);
        }
    }

    /// Saves a draft that a person edited from `base`, which may be older than what is here now.
    ///
    /// Changes made here meanwhile stay. If one is in the same place, what was typed is kept, and it is a conflict
    /// if the other change was pulled: the person has not seen it. Windows of one machine do not conflict.
    pub fn save(&mut self, base: &Value, draft: Value) {
        if is_active(Mutant::SaveIgnoresBase) {
            return self.edit(self.local.with_draft(draft));
        }
        let (before, sent) = (self.local.with_draft(base.clone()), self.local.with_draft(draft));
        let merged = merge(Some(&before), &sent, &self.local);
        let is_pulled = |c: &Conflict| {
            let stored = (!c.theirs.is_null()).then_some(&c.theirs);
            self.pulled
                .as_ref()
                .is_some_and(|body| place::is_from(Some(&c.base), stored, place::get(body, &c.pointer).as_deref()))
        };
        let unseen = merged.conflicts.iter().filter(|c| is_pulled(c)).map(|c| (c.pointer.clone(), c.base.clone()));
        self.contested.extend(unseen.collect::<Vec<_>>());
        if is_active(Mutant::SaveAsksNothing) {
            self.contested.clear();
        }
        self.edit(merged.content);
        self.open_contested();
    }

    /// Opens a conflict about the fields of `problems`, which the edit that was just saved may not change any more.
    /// Returns false, and asks nothing, if the edge has no other revision to choose.
    pub fn ask_about(&mut self, problems: &[Problem]) -> bool {
        if self.conflict.is_some() {
            return true;
        }
        let Some(theirs) = self.base_document() else { return false };
        let value = |body: &Value, pointer: &str| body.pointer(pointer).cloned().unwrap_or_default();
        let fields = problems.iter().map(|problem| {
            let pointer = format!("/draft{}", problem.pointer);
            let (mine, theirs) = (value(&self.local.body, &pointer), value(&theirs.body, &pointer));
            Conflict { base: Value::Null, mine, theirs, pointer }
        });
        self.conflict = Some(Open { fields: fields.collect(), theirs });
        true
    }

    /// Takes a conflict that was opened while an op was in flight to the revision that the op has become. What the edge
    /// has now as it is here is no question any more.
    fn ask_again(&mut self) {
        let (Some(open), Some(theirs)) = (self.conflict.take(), self.base_document()) else { return };
        let value = |body: &Value, pointer: &str| body.pointer(pointer).cloned().unwrap_or_default();
        let asked = open.fields.into_iter().map(|field| Conflict {
            mine: value(&self.local.body, &field.pointer),
            theirs: value(&theirs.body, &field.pointer),
            ..field
        });
        let fields: Vec<Conflict> = asked.filter(|field| field.mine != field.theirs).collect();
        self.conflict = (!fields.is_empty()).then_some(Open { fields, theirs });
    }

    /// Returns the base as the row that the edge has.
    fn base_document(&self) -> Option<Document> {
        let base = self.base.as_ref()?;
        Some(Document {
            id: self.id.clone(),
            kind: self.kind,
            key: base.content.text("key").to_owned(),
            rev: base.rev,
            seq: base.seq,
            op_id: base.op_id.clone(),
            deleted: base.content.deleted,
            body: base.content.body.clone(),
        })
    }

    /// Turns contested places into a conflict, once the base may move.
    fn open_contested(&mut self) {
        if self.contested.is_empty() || self.in_flight.is_some() {
            return;
        }
        let theirs = self.conflict.take().map(|open| open.theirs).or_else(|| self.base_document());
        let (Some(base), Some(theirs)) = (&mut self.base, theirs) else { return };
        for (pointer, value) in std::mem::take(&mut self.contested) {
            place::set(&mut base.content.body, &pointer, value);
        }
        self.merge_remote(theirs);
    }

    /// Returns the op to send: the one in flight, or a new one when there is something to push and nothing in the way.
    pub fn freeze(&mut self, op_id: impl FnOnce() -> String, at: i64) -> Option<&Op> {
        let free = self.in_flight.is_none() && self.conflict.is_none() && self.rejected.is_empty();
        if free && self.dirty() {
            let base = self.base.as_ref();
            self.in_flight = Some(Op {
                op_id: op_id(),
                doc_id: self.id.clone(),
                kind: self.kind,
                key: self.local.text("key").to_owned(),
                base_rev: base.map_or(0, |b| b.rev),
                base_op: base.map(|b| b.op_id.clone()).filter(|op_id| !op_id.is_empty()),
                deleted: self.local.deleted,
                body: self.local.body.clone(),
                at,
            });
        }
        self.in_flight.as_ref()
    }

    /// Takes in what became of an op. An answer to another op than the one in flight is old and says nothing.
    pub fn apply_outcome(&mut self, outcome: OpOutcome) {
        let (OpOutcome::Ok { op_id, .. } | OpOutcome::Stale { op_id, .. } | OpOutcome::Rejected { op_id, .. }) =
            &outcome;
        let Some(op) = self.in_flight.take_if(|op| op.op_id == *op_id) else { return };
        match outcome {
            OpOutcome::Ok { op_id, rev, seq } => {
                self.base = Some(Base { rev, seq, op_id, content: (&op).into() });
                self.ask_again();
            }
            OpOutcome::Rejected { .. } if op.deleted && self.local.deleted => {
                // Somebody published it meanwhile: its removal has to be published, too.
                self.local = Content { deleted: false, body: lifecycle::mark_removed(&self.local.body) };
            }
            // What was edited since is another op, and may be accepted.
            OpOutcome::Rejected { problems, .. } if self.local == Content::from(&op) => self.rejected = problems,
            OpOutcome::Rejected { .. } => {}
            OpOutcome::Stale { current: None, .. } => self.mark_missing(),
            OpOutcome::Stale { current: Some(theirs), .. } if is_active(Mutant::StaleIsForced) => {
                self.base = Some((&theirs).into());
            }
            // A server that was restored takes nothing before it is read again, not even on the right base.
            OpOutcome::Stale { current: Some(theirs), .. }
                if self.base.as_ref().is_some_and(|base| is_same_revision(base, &theirs)) => {}
            OpOutcome::Stale { current: Some(theirs), base_known, .. } => {
                let is_older = self.base.as_ref().is_some_and(|b| theirs.rev <= b.rev);
                if (is_older || !base_known) && !is_active(Mutant::ResyncKeepsBase) {
                    // The edge was restored: the base that it gave is no common ground any more.
                    self.base = None;
                }
                self.merge_remote(theirs);
            }
        }
        self.open_contested();
    }

    /// Takes in a row that was pulled. In a `resync` the edge may have gone back, so an older revision is news, too,
    /// and a base that the row does not confirm is no common ground.
    pub fn pull(&mut self, theirs: &Document, resync: bool) -> Pulled {
        if self.in_flight.is_some() && !is_active(Mutant::PullMovesBaseInFlight) {
            return Pulled::Held;
        }
        if is_active(Mutant::PullEndsConflict) && self.conflict.take().is_some() {
            self.local = theirs.into();
            self.base = Some(theirs.into());
            return Pulled::Applied;
        }
        let newest = self.conflict.as_ref().map(|c| Base::from(&c.theirs)).or_else(|| self.base.clone());
        if let Some(newest) = newest {
            if is_same_revision(&newest, theirs) {
                return Pulled::Known;
            }
            if theirs.rev <= newest.rev && !resync {
                return Pulled::Known;
            }
            if (theirs.rev <= newest.rev || resync) && !is_active(Mutant::ResyncKeepsBase) {
                self.base = None;
            }
        }
        self.merge_remote(theirs.clone());
        Pulled::Applied
    }

    /// Handles a document that the edge has lost: opens a keep-or-delete conflict instead of re-creating it.
    pub fn mark_missing(&mut self) {
        let Some(base) = self.base.take() else { return };
        if is_active(Mutant::MissingIsPushedAgain) {
            return unrelease(&mut self.local.body);
        }
        // With an open conflict the base lacks what is contested, so it is no whole document.
        let whole = self.conflict.as_ref().map_or(base.content, |open| Content::from(&open.theirs));
        let (key, mut body) = (whole.text("key").to_owned(), whole.body);
        unrelease(&mut body);
        self.merge_remote(Document {
            id: self.id.clone(),
            kind: self.kind,
            key,
            rev: 0,
            seq: 0,
            op_id: String::new(),
            deleted: true,
            body,
        });
    }

    /// Decides the open conflict. The rest of the document stays merged.
    ///
    /// Mine, on an experiment that started meanwhile, cannot change the running phase: it becomes a new phase, called
    /// `phase`, that starts when it is published.
    pub fn resolve(&mut self, take: Take, phase: impl Fn() -> String) {
        let Some(open) = self.conflict.take() else { return };
        let base = self.base.as_ref().map(|b| &b.content);
        self.local = resolution::resolved(self.kind, base, &self.local, &open, take, phase);
        self.rejected.clear();
        self.contested.clear();
        self.base = base_of(&open.theirs);
    }

    /// Becomes a document that no edge has seen, for another workspace: nothing in it is live there.
    pub fn detach(&mut self) {
        self.base = None;
        self.in_flight = None;
        self.conflict = None;
        self.contested.clear();
        self.pulled = None;
        self.rejected.clear();
        unrelease(&mut self.local.body);
    }

    fn merge_remote(&mut self, theirs: Document) {
        let remote = Content::from(&theirs);
        self.pulled = Some(remote.body.clone());
        let merged = merge(self.base.as_ref().map(|b| &b.content), &self.local, &remote);
        if merged.conflicts.is_empty() {
            let fields = broken(self.kind, &self.local, &remote, &merged.content);
            if !fields.is_empty() {
                self.conflict = Some(Open { theirs, fields });
                return;
            }
        }
        if self.local != merged.content {
            self.rejected.clear();
            self.local = merged.content;
        }
        if merged.conflicts.is_empty() {
            self.base = base_of(&theirs);
            self.conflict = None;
        } else {
            let at_theirs = |content| base_of(&theirs).map(|base| Base { content, ..base });
            self.base = merged.base.and_then(at_theirs);
            self.conflict = Some(Open { theirs, fields: merged.conflicts });
        }
    }
}

/// Returns the row as the ground of the next merge. A document that the edge has lost is none: its body is only what
/// this device last knew, and another device may bring it back from an older one.
fn base_of(theirs: &Document) -> Option<Base> {
    (theirs.rev > 0).then(|| theirs.into())
}

/// Returns true if the row is the revision that the base is. The op id decides where both have one.
fn is_same_revision(base: &Base, row: &Document) -> bool {
    if base.op_id.is_empty() || row.op_id.is_empty() {
        return base.rev == row.rev && base.content == row.into();
    }
    base.op_id == row.op_id && base.content == row.into()
}

/// If the edge has no such document, nothing of it is live.
fn unrelease(body: &mut Value) {
    if let Some(body) = body.as_object_mut() {
        body.insert("released".to_owned(), Value::Null);
    }
}

/// Returns what two sides, each in order, break together: a rule of the model, or a running experiment's allocation.
fn broken(kind: Kind, mine: &Content, theirs: &Content, merged: &Content) -> Vec<Conflict> {
    if merged == mine || merged == theirs || merged.deleted {
        return Vec::new();
    }
    let problems = |c: &Content| validate::document(kind, &c.body["draft"]);
    let mut found = Vec::new();
    if problems(mine).is_empty() && problems(theirs).is_empty() {
        found = problems(merged);
    }
    if kind == Kind::Experiment && found.is_empty() {
        let parse = |c: &Content| serde_json::from_value::<Experiment>(c.body["draft"].clone()).ok();
        if let (Some(mine), Some(theirs), Some(merged)) = (parse(mine), parse(theirs), parse(merged)) {
            found = validate::locked_changes(&theirs, &merged);
            found.extend(validate::locked_changes(&mine, &merged));
        }
    }
    let at = |c: &Content, pointer: &str| c.body.pointer(pointer).cloned().unwrap_or_default();
    let conflict = |problem: Problem| {
        let pointer = format!("/draft{}", problem.pointer);
        Conflict { base: Value::Null, mine: at(mine, &pointer), theirs: at(theirs, &pointer), pointer }
    };
    found.into_iter().map(conflict).collect()
}
