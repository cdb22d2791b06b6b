//! One person's computer: the app's store, the windows that show its drafts, and what the person has seen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Result, bail};
use beacon_desktop::ids::{Generator, Ids};
use beacon_desktop::ipc::document::{Rules, run_command, save_draft};
use beacon_desktop::store::{Row, Sharing, Store};
use beacon_shared::api::{Op, OpOutcome, PullResponse, PushResponse};
use beacon_shared::error::Error;
use beacon_shared::lifecycle::{self, Command};
use beacon_shared::model::{Body, Definition, Experiment, Flag, Kind, MetricDefinition, Site};
use beacon_shared::sync::{Content, Replica, Take, merge};
use beacon_shared::validate;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::ledger::{Ledger, Token, tokens};

/// The most ops in one push, small so that several are needed.
const OPS: usize = 3;

/// A device.
pub struct Device {
    /// State that outlives a crash.
    pub store: Store,
    /// Makes this device's ids.
    pub ids: Ids,
    /// Counts requests and crashes: the driver waits for one answer at a time, and hears none to an earlier request.
    pub turn: u64,
    /// Documents that the edge once acknowledged to this device, and that nobody decided to bring back since.
    pub acknowledged: BTreeSet<String>,
    /// True if it runs a newer version, which knows more fields.
    pub newer: bool,
    /// The drafts that windows show, which may be older than the store's.
    pub windows: BTreeMap<String, Value>,
    seen: BTreeSet<Token>,
    clock: Arc<AtomicI64>,
}

impl Device {
    /// Starts a device without documents.
    pub fn new(seed: u64, newer: bool) -> Result<Self> {
        let clock = Arc::new(AtomicI64::new(0));
        let time = Arc::clone(&clock);
        let ids = Ids::new(Arc::new(move || time.load(Ordering::SeqCst)), Arc::new(Generator::from_seed(seed)));
        let (windows, seen) = (BTreeMap::new(), BTreeSet::new());
        Ok(Self {
            store: Store::in_memory()?,
            ids,
            turn: 0,
            acknowledged: BTreeSet::new(),
            newer,
            windows,
            seen,
            clock,
        })
    }

    /// Sets the device's clock.
    pub fn set_time(&self, now: i64) {
        self.clock.store(now, Ordering::SeqCst);
    }

    fn now(&self) -> i64 {
        self.clock.load(Ordering::SeqCst)
    }

    /// Returns all documents, deleted ones included.
    pub fn rows(&self) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        for kind in [Kind::Site, Kind::Experiment, Kind::Flag, Kind::Metric] {
            rows.extend(self.store.documents(kind)?);
        }
        Ok(rows)
    }

    /// Makes a document.
    pub fn create(&mut self, id: &str, kind: Kind, draft: Value, ledger: &mut Ledger) -> Result<()> {
        self.seen.extend(tokens(&draft));
        ledger.saved(id, &Value::Null, &draft);
        self.store.create(Replica::new(id, kind, json!(Body::draft(draft))), self.now())?;
        Ok(())
    }

    /// Shows the stored draft in the document's window, as this version reads it.
    pub fn refresh(&mut self, row: &Row) -> Result<()> {
        let draft = &row.replica.local.body["draft"];
        let shown = match row.replica.kind {
            _ if self.newer => draft.clone(),
            Kind::Site => typed::<Site>(draft)?,
            Kind::Experiment => typed::<Experiment>(draft)?,
            Kind::Metric => typed::<MetricDefinition>(draft)?,
            _ => typed::<Flag>(draft)?,
        };
        self.windows.insert(row.replica.id.clone(), shown);
        Ok(())
    }

    /// Saves what a person made of the draft that a window shows. Returns false if the core refused it.
    pub fn save(&mut self, id: &str, kind: Kind, draft: Value, ledger: &mut Ledger) -> Result<bool> {
        let base = self.windows.get(id).cloned().unwrap_or_default();
        self.seen.extend(tokens(&draft));
        let (sent, newer, now) = (draft.clone(), self.newer, self.now());
        let saved = self.store.apply(id, now, |replica| match kind {
            // The newer version's own typed draft knows all fields.
            Kind::Experiment if !newer => save_typed::<Experiment>(replica, &base, &sent, &Rules::EXPERIMENT),
            Kind::Flag if !newer => save_typed::<Flag>(replica, &base, &sent, &Rules::FREE),
            Kind::Site => save_typed::<Site>(replica, &base, &sent, &Rules::FREE),
            Kind::Metric if !newer => save_typed::<MetricDefinition>(replica, &base, &sent, &Rules::FREE),
            _ => save_newer(replica, &base, &sent),
        });
        let Ok(row) = saved else {
            self.windows.remove(id);
            return Ok(false);
        };
        ledger.saved(id, &base, &draft);
        self.refresh(&row)?;
        Ok(true)
    }

    /// Runs a command of an experiment's life.
    pub fn command(&mut self, id: &str, command: Command) -> bool {
        let run = |e: &Experiment| lifecycle::change_experiment(e, command);
        let now = self.now();
        self.store.apply(id, now, |replica| run_command(replica, run)).is_ok()
    }

    /// Marks a document for removal, or deletes it; the person sees the draft that goes. Returns true if it is deleted.
    pub fn delete(&mut self, id: &str, ledger: &mut Ledger) -> bool {
        let now = self.now();
        let mut shown = Value::Null;
        let deleted = self.store.apply(id, now, |replica| {
            shown = replica.local.body.clone();
            let (body, deleted) = lifecycle::remove(replica.kind, &replica.local.body)?;
            replica.edit(Content { deleted, body });
            Ok(())
        });
        if let Ok(row) = deleted
            && row.replica.local.deleted
        {
            ledger.given_up(&shown, &Value::Null);
            self.windows.remove(id);
            return true;
        }
        false
    }

    /// Gives a document that the edge refuses another key.
    pub fn rename(&mut self, id: &str, key: &str) -> Result<()> {
        let now = self.now();
        self.store.apply(id, now, |replica| {
            let mut draft = replica.local.body["draft"].clone();
            draft["key"] = json!(key);
            replica.edit(replica.local.with_draft(draft));
            Ok(())
        })?;
        Ok(())
    }

    /// Decides an open conflict, having looked at what both sides say.
    pub fn resolve(&mut self, row: &Row, take: Take, ledger: &mut Ledger) -> Result<()> {
        let Some(open) = row.replica.conflict.clone() else { return Ok(()) };
        let (mine, theirs) = (row.replica.local.clone(), Content::from(&open.theirs));
        let (now, ids) = (self.now(), self.ids.clone());
        let phase = || format!("p{}", &ids.next()[21..]);
        let after = self.store.apply(&row.replica.id, now, |replica| {
            replica.resolve(take, phase);
            Ok(())
        })?;
        let after = after.replica.local;
        let kept = if after.deleted { Value::Null } else { after.body["draft"].clone() };
        for field in &open.fields {
            ledger.given_up(if take == Take::Mine { &field.theirs } else { &field.mine }, &kept);
        }
        let base = row.replica.base.as_ref().map(|b| &b.content);
        let is_whole = take == Take::Theirs && merge(base, &theirs, &mine).conflicts.is_empty() && after == theirs;
        if after.deleted || is_whole {
            // The person chose one side as a whole, and saw the other.
            ledger.given_up(&mine.body, &kept);
        }
        if after.deleted {
            ledger.given_up(&theirs.body, &kept);
        }
        self.windows.remove(&row.replica.id);
        self.acknowledged.remove(&row.replica.id);
        Ok(())
    }

    /// Returns the ops to push. Each is valid, and says only what was typed or seen here.
    pub fn ops(&mut self) -> Result<Vec<Op>> {
        let ops = self.store.freeze(&self.ids, self.now(), OPS)?;
        for op in &ops {
            if op.base_rev == 0 && self.acknowledged.contains(&op.doc_id) {
                bail!("{} is brought back, although the edge had it and nobody decided that", op.doc_id);
            }
            let unseen: Vec<Token> = tokens(&op.body).difference(&self.seen).cloned().collect();
            if !unseen.is_empty() {
                bail!("{} is pushed with {unseen:?}, which nobody here typed or saw", op.doc_id);
            }
            let problems = validate::document(op.kind, &op.body["draft"]);
            if !op.deleted && !problems.is_empty() {
                bail!("{} is pushed although it breaks a rule: {problems:?}", op.doc_id);
            }
        }
        Ok(ops)
    }

    /// Takes in the answer to a push.
    pub fn hear(&mut self, docs: &[String], response: &PushResponse) -> Result<()> {
        if !response.restored {
            self.store.note_newest(response.newest_seq, &response.newest_stamp)?;
        }
        for (id, outcome) in docs.iter().zip(&response.outcomes) {
            if let OpOutcome::Stale { current: Some(document), .. } = outcome {
                self.seen.extend(tokens(&document.body));
            }
            if let OpOutcome::Ok { op_id, rev, .. } = outcome {
                self.acknowledged.insert(id.clone());
                let replica = self.store.document(id)?.map(|row| row.replica);
                let waits = replica.as_ref().is_some_and(|r| r.in_flight.as_ref().is_some_and(|op| op.op_id == *op_id));
                let base = replica.and_then(|r| r.base).map_or(0, |base| base.rev);
                if waits && *rev <= base {
                    bail!("{id} goes back from revision {base} to {rev}");
                }
            }
            self.store.apply_outcome(id, self.now(), |replica| replica.apply_outcome(outcome.clone()))?;
        }
        Ok(())
    }

    /// Takes in a page. Returns true if the cursor moved.
    pub fn pull(&mut self, page: &PullResponse) -> Result<bool> {
        let before = self.store.cursor()?;
        let resync = page.resync;
        page.documents.iter().for_each(|document| self.seen.extend(tokens(&document.body)));
        let (_, moved) = self.store.pull(&page.documents, resync, &page.cursor, self.now())?;
        if moved && before.epoch == page.cursor.epoch && page.cursor.seq < before.seq && !resync {
            bail!("the cursor went back from {} to {}", before.seq, page.cursor.seq);
        }
        Ok(moved)
    }

    /// Makes documents of the metrics that experiments define themselves, as a sync does after a pull. Returns the
    /// documents that changed.
    pub fn share_metrics(&mut self, ledger: &mut Ledger) -> Result<Vec<String>> {
        let changed = self.store.share_metrics(&Sharing::All)?;
        for document in changed.iter().filter(|document| document.kind == Kind::Metric) {
            if let Some(row) = self.store.document(&document.id)? {
                ledger.moved(&row.replica.local.body, &document.id);
            }
        }
        Ok(changed.into_iter().map(|document| document.id).collect())
    }

    /// Loses everything that is not on disk.
    pub fn crash(&mut self) {
        self.windows.clear();
        self.turn += 1;
    }
}

fn typed<T: Definition>(draft: &Value) -> Result<Value> {
    Ok(json!(T::deserialize(draft)?))
}

fn save_typed<T: Definition>(
    replica: &mut Replica,
    base: &Value,
    draft: &Value,
    rules: &Rules<T>,
) -> Result<(), Error> {
    let read = |value: &Value| T::deserialize(value).map_err(|e| Error::invalid(vec![problem(&e)]));
    save_draft(replica, read(base)?, read(draft)?, rules)
}

/// Saves as a version does that knows every field.
fn save_newer(replica: &mut Replica, base: &Value, draft: &Value) -> Result<(), Error> {
    let live = |value: &Value| Experiment::deserialize(value).ok();
    let before = live(&replica.local.body["draft"]);
    replica.save(base, draft.clone());
    let after = live(&replica.local.body["draft"]);
    let released = replica.local.body.get("released").and_then(live);
    for locked in [before, released].into_iter().flatten() {
        if let Some(after) = &after
            && let Some(problem) = validate::locked_changes(&locked, after).first()
        {
            return Err(Error::invalid(vec![problem.clone()]));
        }
    }
    Ok(())
}

fn problem(error: &impl std::fmt::Display) -> beacon_shared::error::Problem {
    beacon_shared::error::Problem::new("", error.to_string())
}
