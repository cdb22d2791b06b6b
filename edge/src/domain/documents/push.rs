//! Push: each op is one atomic batch that takes effect at its base revision or not at all.

use std::collections::{BTreeMap, BTreeSet};

use beacon_shared::api::{MAX_OPS, Op, OpOutcome, PushRequest, PushResponse};
use beacon_shared::error::{Code, Error, Problem, Result};
use beacon_shared::model::{
    Body, Definition, Document, Experiment, Flag, Kind, MetricDefinition, SCHEMA, Segment, Site,
};
use beacon_shared::validate::{self, MAX_BODY, MAX_KEY};
use serde::Deserialize;

use crate::ports::Db;
use crate::store::changes::{self, ChangeRow, StampRow};
use crate::store::documents::{self, DocumentRow};
use crate::store::{Batch, meta};

const MAX_ID: usize = 64;

/// The sender of a push, and the edge's time.
struct Sender<'a> {
    actor: &'a str,
    device: &'a str,
    now: i64,
}

/// Applies a push for the holder of the key `actor`.
pub async fn push(db: &dyn Db, actor: &str, request: &PushRequest, now: i64) -> Result<PushResponse> {
    check_request(request)?;
    let ids: Vec<&str> = request.ops.iter().map(|op| op.doc_id.as_str()).collect();
    let mut batch = Batch::default();
    let (workspace, current) = (batch.add(meta::select()), batch.add(documents::select_these(&ids)));
    let newest = batch.add(changes::select_stamp(request.newest_seq));
    let mut answers = batch.run(db).await?;
    let newest = answers.take(newest).first::<StampRow>()?.map(|change| change.stamp);
    let restored = !request.newest_stamp.is_empty() && newest.as_deref() != Some(&request.newest_stamp);
    let workspace = meta::read(answers.take(workspace))?;
    let current = documents::documents(answers.take(current).all::<DocumentRow>()?)?;
    let current: BTreeMap<&str, &Document> = current.iter().map(|d| (d.id.as_str(), d)).collect();
    let sender = Sender { actor, device: &request.device, now };
    let mut outcomes = Vec::with_capacity(request.ops.len());
    for op in &request.ops {
        let current = current.get(op.doc_id.as_str()).copied();
        outcomes.push(apply(db, &sender, op, current, restored).await?);
    }
    let changed = outcomes.iter().any(|outcome| matches!(outcome, OpOutcome::Ok { .. }));
    let newest = newest_change(db, if changed { &ids } else { &[] }, now).await?;
    let StampRow { seq: newest_seq, stamp: newest_stamp } = newest;
    Ok(PushResponse { epoch: workspace.epoch, outcomes, restored, newest_seq, newest_stamp })
}

/// Returns the newest change, after pruning what the documents `changed` do not need any more.
async fn newest_change(db: &dyn Db, changed: &[&str], now: i64) -> Result<StampRow> {
    let mut batch = Batch::default();
    let newest = batch.add(changes::select_newest());
    if !changed.is_empty() {
        for statement in changes::prune(changed, now) {
            batch.add(statement);
        }
    }
    Ok(batch.run(db).await?.take(newest).first()?.unwrap_or_default())
}

fn check_request(request: &PushRequest) -> Result<()> {
    if request.ops.len() > MAX_OPS {
        return Err(Error::new(Code::TooLarge, format!("Push at most {MAX_OPS} ops at a time.")));
    }
    let distinct: BTreeSet<&str> = request.ops.iter().map(|op| op.doc_id.as_str()).collect();
    if distinct.len() < request.ops.len() {
        let detail = "Push one op for a document at a time, and the next when it is answered.";
        return Err(Error::invalid(vec![Problem::new("/ops", detail)]));
    }
    if request.device.is_empty() || request.device.len() > MAX_ID {
        return Err(Error::invalid(vec![Problem::new("/device", "Name the device in at most 64 characters.")]));
    }
    Ok(())
}

/// Applies an op. Where the server was `restored`, it only says what became of it.
async fn apply(db: &dyn Db, by: &Sender<'_>, op: &Op, current: Option<&Document>, restored: bool) -> Result<OpOutcome> {
    let op_id = op.op_id.clone();
    if current.map_or(0, |d| d.rev) < op.base_rev {
        // From a future that a restore has undone, so no such change can be here either.
        return Ok(OpOutcome::Stale { op_id, current: current.cloned(), base_known: false });
    }
    let problems = problems(op, current);
    if !problems.is_empty() {
        return Ok(OpOutcome::Rejected { op_id, problems });
    }
    let mut batch = Batch::default();
    if !restored {
        batch.add(changes::insert(op, by.device, by.actor, by.now));
        batch.add(documents::upsert(&op_id));
    }
    let base_op = op.base_op.as_deref().unwrap_or_default();
    let (found, document) = (batch.add(changes::select(&op_id, base_op)), batch.add(documents::select(&op.doc_id)));
    let mut answers = batch.run(db).await?;
    let mut found: Vec<ChangeRow> = answers.take(found).all()?;
    let document = answers.take(document).first::<DocumentRow>()?.map(DocumentRow::document).transpose()?;
    // An older client names no op: for it, a revision that is not in the future counts as known.
    let base_known = op.base_op.is_none() || found.iter().any(|change| change.op_id == base_op);
    found.retain(|change| change.op_id == op_id);
    let change = found.pop();
    Ok(match change {
        Some(change) if change.doc_id == op.doc_id => OpOutcome::Ok { op_id, rev: change.rev, seq: change.seq },
        Some(_) => {
            let problem = Problem::new("/op_id", "This op id belongs to another document: make a new one.");
            OpOutcome::Rejected { op_id, problems: vec![problem] }
        }
        // Nothing but a taken key keeps an op out at its own base revision.
        None if !restored && is_base(op, document.as_ref()) => {
            let detail = format!("Another {} has the key '{}': choose another key.", op.kind.as_str(), op.key);
            OpOutcome::Rejected { op_id, problems: vec![Problem::new("/key", detail)] }
        }
        None => OpOutcome::Stale { op_id, current: document, base_known },
    })
}

/// Returns true if the op was made from the document as it stands.
fn is_base(op: &Op, current: Option<&Document>) -> bool {
    let same_op = |base: &String| base.is_empty() || current.is_some_and(|d| d.op_id == *base);
    current.map_or(0, |d| d.rev) == op.base_rev && op.base_op.as_ref().is_none_or(same_op)
}

/// Returns what is wrong with the op itself. A draft may break the model's rules, but not these.
fn problems(op: &Op, current: Option<&Document>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let id = |s: &str| {
        (1..=MAX_ID).contains(&s.len())
            && s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':'))
    };
    if !id(&op.op_id) {
        problems.push(Problem::new("/op_id", "Use a UUIDv7 as the op id."));
    }
    if !id(&op.doc_id) {
        problems.push(Problem::new("/doc_id", "Use 1 to 64 letters, digits, '_', '-' and '.' in a document id."));
    }
    if op.key.len() > MAX_KEY {
        problems.push(Problem::new("/key", format!("Shorten the key to at most {MAX_KEY} characters.")));
    }
    if op.body.to_string().len() > MAX_BODY {
        problems.push(Problem::new("", format!("Shorten the document to at most {} KiB.", MAX_BODY / 1024)));
    }
    if current.is_some_and(|d| d.kind != op.kind) {
        problems.push(Problem::new("/kind", "The kind of a document cannot change: make a new document."));
    }
    if !problems.is_empty() {
        return problems;
    }
    let base = current.filter(|d| is_base(op, Some(d)));
    match op.kind {
        Kind::Site => body_problems::<Site>(op, base, |_, _| Vec::new()),
        Kind::Experiment => body_problems::<Experiment>(op, base, validate::locked_changes),
        Kind::Flag => body_problems::<Flag>(op, base, |_, _| Vec::new()),
        Kind::Segment => body_problems::<Segment>(op, base, |_, _| Vec::new()),
        Kind::Metric => body_problems::<MetricDefinition>(op, base, |_, _| Vec::new()),
        Kind::Unknown => vec![Problem::new("/kind", "Only a newer edge knows this kind of document. Update the edge.")],
    }
}

fn body_problems<T: Definition>(
    op: &Op,
    base: Option<&Document>,
    locked: impl Fn(&T, &T) -> Vec<Problem>,
) -> Vec<Problem> {
    let body = match Body::<T>::deserialize(&op.body) {
        Ok(body) => body,
        Err(_) => {
            return vec![Problem::new("/body", format!("This isn't a {} as this edge knows it.", op.kind.as_str()))];
        }
    };
    if body.schema > SCHEMA {
        return vec![Problem::new("/schema", "This edge is older than the document: deploy a newer edge.")];
    }
    if body.draft.key() != op.key {
        return vec![Problem::new("/key", "The op's key must be the draft's.")];
    }
    // A retry, late or not, is answered from its change: what it was checked against then has moved on.
    if base.is_none() && op.base_rev > 0 {
        return Vec::new();
    }
    let released = base.and_then(|d| Body::<T>::deserialize(&d.body).ok()).and_then(|b| b.released);
    // Only publishing releases, or an edit could go live by accident.
    if body.released != released {
        return vec![Problem::new("/released", "What is released changes by publishing only: push the draft.")];
    }
    match (&released, op.deleted) {
        (Some(_), true) => {
            let detail = "This is live. Publish its removal; that deletes it.";
            vec![Problem::new("/deleted", detail)]
        }
        (Some(released), false) => locked(released, &body.draft),
        (None, _) => Vec::new(),
    }
}
