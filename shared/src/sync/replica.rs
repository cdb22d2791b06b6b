use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Base, Conflict, Content, merge};
use crate::api::{Op, OpOutcome};
use crate::error::Problem;
use crate::model::{Document, Experiment, Kind};
use crate::validate;

/// A conflict that waits for a person: the newest revision at the edge, and the places to decide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Open {
    /// The newest revision at the edge.
    pub theirs: Document,
    /// What to decide.
    pub fields: Vec<Conflict>,
}

/// Whose value to take where a conflict is open. Everything else stays merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Take {
    /// What is here.
    Mine,
    /// What is at the edge.
    Theirs,
}

/// What became of a row that was pulled.
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
    /// Which definition it holds.
    pub kind: Kind,
    /// What the edge was last known to have; `None` while it has nothing, or nothing that fits together.
    pub base: Option<Base>,
    /// What is edited here.
    pub local: Content,
    /// The one op whose answer is not known. Its bytes never change.
    pub in_flight: Option<Op>,
    /// What a person has to decide before anything is pushed.
    pub conflict: Option<Open>,
    /// Why the edge refused the last op; parks the document until it changes.
    pub rejected: Vec<Problem>,
}

impl Replica {
    /// A document that was made here.
    pub fn new(id: impl Into<String>, kind: Kind, body: Value) -> Self {
        let local = Content { deleted: false, body };
        Self { id: id.into(), kind, base: None, local, in_flight: None, conflict: None, rejected: Vec::new() }
    }

    /// A document that was made elsewhere.
    pub fn remote(document: &Document) -> Self {
        let new = Self::new(&document.id, document.kind, Value::Null);
        Self { base: Some(document.into()), local: document.into(), ..new }
    }

    /// Whether the edge has something else than what is here.
    pub fn dirty(&self) -> bool {
        self.base.as_ref().map_or(!self.local.deleted, |b| b.content != self.local)
    }

    /// Whether the edge does not have it as it is here.
    pub fn pending(&self) -> bool {
        self.in_flight.is_some() || self.conflict.is_some() || self.dirty()
    }

    /// The person changed it. An open conflict is looked at again: the edit may have settled it.
    pub fn edit(&mut self, local: Content) {
        self.local = local;
        self.rejected.clear();
        if let Some(open) = self.conflict.take() {
            self.meet(open.theirs);
        }
    }

    /// The op to send: the one in flight, or a new one when there is something to push and nothing in the way.
    pub fn freeze(&mut self, op_id: impl FnOnce() -> String, at: i64) -> Option<&Op> {
        let free = self.in_flight.is_none() && self.conflict.is_none() && self.rejected.is_empty();
        if free && self.dirty() {
            self.in_flight = Some(Op {
                op_id: op_id(),
                doc_id: self.id.clone(),
                kind: self.kind,
                key: self.local.text("key").to_owned(),
                base_rev: self.base.as_ref().map_or(0, |b| b.rev),
                base_op: None,
                deleted: self.local.deleted,
                body: self.local.body.clone(),
                at,
            });
        }
        self.in_flight.as_ref()
    }

    /// The edge answered. An answer to another op than the one in flight is old and says nothing.
    pub fn answer(&mut self, outcome: OpOutcome) {
        let (OpOutcome::Ok { op_id, .. } | OpOutcome::Stale { op_id, .. } | OpOutcome::Rejected { op_id, .. }) =
            &outcome;
        let Some(op) = self.in_flight.take_if(|op| op.op_id == *op_id) else { return };
        match outcome {
            OpOutcome::Ok { rev, seq, .. } => self.base = Some(Base { rev, seq, content: (&op).into() }),
            OpOutcome::Rejected { problems, .. } => self.rejected = problems,
            OpOutcome::Stale { current: None, .. } => self.gone(),
            OpOutcome::Stale { current: Some(theirs), .. } => {
                if self.base.as_ref().is_some_and(|b| theirs.rev <= b.rev) {
                    // The edge went back in time: the base that it gave us is no common ground any more.
                    self.base = None;
                }
                self.meet(theirs);
            }
        }
    }

    /// A row arrived. In a `resync` the edge may have gone back, so an older revision is news, too.
    pub fn pull(&mut self, theirs: &Document, resync: bool) -> Pulled {
        if self.in_flight.is_some() {
            return Pulled::Held;
        }
        let newest = self.conflict.as_ref().map(|c| Base::from(&c.theirs)).or_else(|| self.base.clone());
        if let Some(newest) = newest {
            let same = theirs.rev == newest.rev && newest.content == theirs.into();
            if same || (theirs.rev <= newest.rev && !resync) {
                return Pulled::Known;
            }
            if theirs.rev <= newest.rev {
                self.base = None;
            }
        }
        self.meet(theirs.clone());
        Pulled::Applied
    }

    /// The edge does not know the document, although it once did. Nothing is brought back without asking.
    pub fn gone(&mut self) {
        let Some(base) = self.base.take() else { return };
        let key = base.content.text("key").to_owned();
        let mut body = base.content.body;
        unrelease(&mut body);
        self.meet(Document {
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

    /// The person decided. The rest of the document stays merged.
    pub fn resolve(&mut self, take: Take) {
        let Some(open) = self.conflict.take() else { return };
        let (base, theirs) = (self.base.as_ref().map(|b| &b.content), Content::from(&open.theirs));
        let mut content = match take {
            Take::Mine => merge(base, &self.local, &theirs).content,
            Take::Theirs => {
                let swapped = merge(base, &theirs, &self.local);
                // Without a place to choose, the sides only break a rule together: then it is one of them, whole.
                if swapped.conflicts.is_empty() { theirs.clone() } else { swapped.content }
            }
        };
        if let (Some(body), Some(released)) = (content.body.as_object_mut(), theirs.body.get("released")) {
            body.insert("released".to_owned(), released.clone());
        }
        self.local = content;
        self.rejected.clear();
        self.base = Some((&open.theirs).into());
    }

    /// Becomes a document that no edge has seen, for another workspace: nothing in it is live there.
    pub fn forget_edge(&mut self) {
        self.base = None;
        self.in_flight = None;
        self.conflict = None;
        self.rejected.clear();
        unrelease(&mut self.local.body);
    }

    fn meet(&mut self, theirs: Document) {
        let remote = Content::from(&theirs);
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
            self.base = Some((&theirs).into());
            self.conflict = None;
        } else {
            self.base = merged.base.map(|content| Base { rev: theirs.rev, seq: theirs.seq, content });
            self.conflict = Some(Open { theirs, fields: merged.conflicts });
        }
    }
}

/// Where the edge has no such document, nothing of it is live.
fn unrelease(body: &mut Value) {
    if let Some(body) = body.as_object_mut() {
        body.insert("released".to_owned(), Value::Null);
    }
}

/// What two sides, each in order, break together: a rule of the model, or a running experiment's allocation.
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
