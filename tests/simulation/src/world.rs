//! Devices, an edge, and the network between them, stepped by a seed.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use beacon_edge::memory::{Copy, MemoryEdge};
use beacon_shared::api::{Cursor, PublishRequest, PushRequest, PushResponse, Release, Transition};
use beacon_shared::lifecycle::{Action, Command, NewPhase, Visitors, is_removed};
use beacon_shared::model::{Cause, Document, Kind, Status};
use beacon_shared::sync::{Base, Take};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::checks;
use crate::device::Device;
use crate::drafts;
use crate::ledger::{Ledger, tokens};

/// Rounds within which everything settles once the network is whole.
const ROUNDS: usize = 60;
/// Lines of the trace that a failure shows.
const TRACE: usize = 60;
/// Documents that are made after the beginning, at most.
const MADE_LATER: usize = 6;

/// Something on its way.
enum Message {
    /// A push to the edge.
    Push { device: usize, turn: u64, request: PushRequest },
    /// An answer to a device.
    Answer { device: usize, turn: u64, docs: Vec<String>, response: PushResponse },
}

/// Everything in one history.
pub struct World {
    /// The edge.
    pub edge: MemoryEdge,
    /// The devices.
    pub devices: Vec<Device>,
    /// Texts that people typed.
    pub ledger: Ledger,
    /// The assignment and start of each phase that went live, by document and phase.
    pub phases: BTreeMap<(String, String), Value>,
    rng: StdRng,
    now: i64,
    site: String,
    made: usize,
    messages: Vec<Message>,
    copies: Vec<Copy>,
    restores: u32,
    restored: bool,
    /// True if the devices make documents of metrics. Experiments then go live more rarely, as their metrics must first.
    shares: bool,
    /// The devices that wrote each document.
    writers: BTreeMap<String, BTreeSet<usize>>,
    trace: Vec<String>,
}

impl World {
    /// Starts a world: two to five devices, a site, two flags and two experiments.
    pub fn new(seed: u64) -> Result<Self> {
        let mut rng = StdRng::seed_from_u64(seed);
        let count: u64 = rng.random_range(2..=5);
        let devices = (0..count).map(|n| Device::new(seed * 10 + n, n == 1)).collect::<Result<Vec<_>>>()?;
        let mut world = Self {
            edge: MemoryEdge::new(),
            devices,
            ledger: Ledger::default(),
            phases: BTreeMap::new(),
            restores: u32::from(rng.random_ratio(1, 2)),
            rng,
            now: 1_700_000_000_000,
            site: String::new(),
            made: 0,
            messages: Vec::new(),
            copies: Vec::new(),
            restored: false,
            shares: seed.is_multiple_of(3),
            writers: BTreeMap::new(),
            trace: Vec::new(),
        };
        world.tick();
        world.site = world.create(0, Kind::Site)?;
        for kind in [Kind::Flag, Kind::Flag, Kind::Experiment, Kind::Experiment] {
            world.create(0, kind)?;
        }
        for _ in 0..4 {
            world.push(0)?;
            while let Some(message) = world.messages.pop() {
                world.deliver(message, false)?;
            }
        }
        Ok(world)
    }

    /// Returns the steps that led to an error: those of the document that it names, or the last ones.
    pub fn trace(&self, error: &str) -> String {
        let named = error
            .split(|c: char| !(c.is_alphanumeric() || c == '-'))
            .find(|word| word.split_once('-').is_some_and(|(kind, _)| Kind::parse(kind).is_some()));
        let lines: Vec<&str> = match named {
            Some(id) => self
                .trace
                .iter()
                .filter(|line| line.contains(id) || line.starts_with('!'))
                .map(String::as_str)
                .collect(),
            None => self.trace.iter().map(String::as_str).collect(),
        };
        lines[lines.len().saturating_sub(TRACE)..].join("\n")
    }

    fn note(&mut self, line: String) {
        self.trace.push(line);
    }

    fn wrote(&mut self, device: usize, id: &str) {
        self.writers.entry(id.to_owned()).or_default().insert(device);
    }

    fn tick(&mut self) {
        self.now += self.rng.random_range(1..30_000);
        self.edge.clock.set(self.now);
        self.devices.iter().for_each(|device| device.set_time(self.now));
    }

    fn below(&mut self, n: usize) -> usize {
        self.rng.random_range(0..n)
    }

    fn chance(&mut self, in_ten: u32) -> bool {
        self.rng.random_ratio(in_ten, 10)
    }

    fn create(&mut self, device: usize, kind: Kind) -> Result<String> {
        self.made += 1;
        // Some keys are taken already: the edge refuses those.
        let key = if self.made > 6 && self.chance(3) { "k2".to_owned() } else { format!("k{}", self.made) };
        let draft = drafts::fresh(kind, &key, &self.site, &mut self.ledger);
        let id = format!("{}-{}", kind.as_str(), self.made);
        self.devices[device].create(&id, kind, draft, &mut self.ledger)?;
        self.wrote(device, &id);
        self.note(format!("d{device} makes {id} as {key}"));
        Ok(id)
    }

    /// Takes one step.
    pub fn step(&mut self) -> Result<()> {
        self.tick();
        let device = self.below(self.devices.len());
        match self.below(20) {
            0..6 => self.edit(device),
            6..9 => self.push(device),
            9..12 => self.deliver_any(),
            12..15 => self.pull(device, true),
            15 => self.decide(device),
            16 => self.run_experiment(device),
            17 => self.publish(device),
            18 => match self.below(5) {
                0 => self.delete(device),
                1 => self.act_urgently(device),
                2 | 3 => self.make(device),
                _ => self.mend_keys(device),
            },
            _ => self.disturb(device),
        }
    }

    /// Picks a living document of a device.
    fn pick(&mut self, device: usize, wanted: impl Fn(&beacon_desktop::store::Row) -> bool) -> Result<Option<Row>> {
        let mut rows = self.devices[device].rows()?;
        rows.retain(|row| !row.replica.local.deleted && wanted(row));
        // The store lists by time; ids make the choice the same on every run.
        rows.sort_by(|a, b| a.replica.id.cmp(&b.replica.id));
        if rows.is_empty() { Ok(None) } else { Ok(Some(rows.swap_remove(self.below(rows.len())))) }
    }

    fn edit(&mut self, device: usize) -> Result<()> {
        let Some(row) = self.pick(device, |_| true)? else { return Ok(()) };
        let (id, kind) = (row.replica.id.clone(), row.replica.kind);
        let behind = self.devices[device].windows.contains_key(&id) && self.chance(6);
        if !behind {
            self.devices[device].refresh(&row)?;
        }
        let mut draft = self.devices[device].windows.get(&id).cloned().unwrap_or_default();
        let newer = self.devices[device].newer;
        drafts::edit(kind, &mut draft, newer, &mut self.ledger, &mut self.rng);
        let before = self.devices[device].windows.get(&id).map(tokens).unwrap_or_default();
        let after = tokens(&draft);
        let saved = self.devices[device].save(&id, kind, draft, &mut self.ledger)?;
        self.wrote(device, &id);
        let typed: Vec<_> = after.difference(&before).cloned().collect();
        let gone: Vec<_> = before.difference(&after).cloned().collect();
        self.note(format!(
            "d{device} edits {id} {gone:?} -> {typed:?}{}{}",
            if behind { " in an old window" } else { "" },
            if saved { "" } else { ": refused" }
        ));
        Ok(())
    }

    fn make(&mut self, device: usize) -> Result<()> {
        if self.made >= 5 + MADE_LATER {
            return Ok(());
        }
        let kind = if self.chance(5) { Kind::Flag } else { Kind::Experiment };
        self.create(device, kind).map(drop)
    }

    fn push(&mut self, device: usize) -> Result<()> {
        let ops = self.devices[device].ops()?;
        if ops.is_empty() {
            return Ok(());
        }
        self.note(format!("d{device} pushes {:?}", ops.iter().map(|op| (&op.doc_id, op.base_rev)).collect::<Vec<_>>()));
        let Cursor { newest_seq, newest_stamp, .. } = self.devices[device].store.cursor()?;
        let request = PushRequest { device: format!("d{device}"), ops, newest_seq, newest_stamp };
        self.devices[device].turn += 1;
        let turn = self.devices[device].turn;
        self.messages.push(Message::Push { device, turn, request });
        Ok(())
    }

    fn deliver_any(&mut self) -> Result<()> {
        if self.messages.is_empty() {
            return Ok(());
        }
        let index = self.below(self.messages.len());
        let message = self.messages.swap_remove(index);
        self.deliver(message, true)
    }

    /// Delivers a message. A faulty network loses some and repeats others.
    fn deliver(&mut self, message: Message, faulty: bool) -> Result<()> {
        match message {
            Message::Push { device, turn, request } => {
                if faulty && self.chance(2) {
                    return Ok(());
                }
                let response = self.edge.push(&request)?;
                let docs = request.ops.iter().map(|op| op.doc_id.clone()).collect();
                if faulty && self.chance(1) {
                    self.messages.push(Message::Push { device, turn, request });
                }
                if !(faulty && self.chance(2)) {
                    self.messages.push(Message::Answer { device, turn, docs, response });
                }
            }
            Message::Answer { device, turn, docs, response } => {
                if turn == self.devices[device].turn {
                    self.devices[device].hear(&docs, &response)?;
                }
            }
        }
        Ok(())
    }

    fn pull(&mut self, device: usize, faulty: bool) -> Result<()> {
        if faulty && self.chance(2) {
            return Ok(());
        }
        self.devices[device].turn += 1;
        let page = self.edge.pull(&self.devices[device].store.cursor()?)?;
        let pulled: Vec<_> = page.documents.iter().map(|d| (d.id.clone(), d.rev)).collect();
        let moved = self.devices[device].pull(&page)?;
        self.note(format!("d{device} pulls {pulled:?}{}", if moved { "" } else { ", and one waits" }));
        // Devices upgrade one after the other; in the end all have.
        if moved && self.shares && (!faulty || self.chance(3)) {
            let shared = self.devices[device].share_metrics(&mut self.ledger)?;
            shared.iter().for_each(|id| self.wrote(device, id));
            self.note(format!("d{device} shares {shared:?}"));
        }
        Ok(())
    }

    /// The person decides one open conflict.
    fn decide(&mut self, device: usize) -> Result<()> {
        let Some(row) = self.conflict(device)? else { return Ok(()) };
        let id = row.replica.id.clone();
        let is_alone = self.writers.get(&id).is_none_or(|writers| writers.iter().all(|writer| *writer == device));
        // Publishing writes the times of an experiment's phases, so there it is a second writer.
        // Deleting what one has published, before the publication came back, asks: it would take it off the sites.
        let live = row.replica.conflict.as_ref().is_some_and(|open| open.theirs.body["released"].is_object());
        let deletes_live = row.replica.local.deleted && live;
        if is_alone && !self.restored && !deletes_live && row.replica.kind != Kind::Experiment {
            bail!("d{device} is in conflict with itself about {id}");
        }
        self.wrote(device, &id);
        let take = if self.chance(5) { Take::Mine } else { Take::Theirs };
        let fields = row.replica.conflict.iter().flat_map(|open| &open.fields);
        let fields: Vec<_> = fields.map(|f| format!("{} {} | {} | {}", f.pointer, f.base, f.mine, f.theirs)).collect();
        self.note(format!("d{device} takes {take:?} of {}: {fields:?}", row.replica.id));
        self.devices[device].resolve(&row, take, &mut self.ledger)
    }

    fn conflict(&mut self, device: usize) -> Result<Option<Row>> {
        Ok(self.devices[device].rows()?.into_iter().find(|row| row.replica.conflict.is_some()))
    }

    fn run_experiment(&mut self, device: usize) -> Result<()> {
        let Some(row) = self.pick(device, |row| row.replica.kind == Kind::Experiment)? else { return Ok(()) };
        let running = row.replica.local.body["draft"]["status"] == json!(Status::Running);
        let phase = format!("p{}", self.rng.random_range(0..u64::MAX));
        let visitors = if self.chance(7) { Visitors::Reassign } else { Visitors::Keep };
        let phase = NewPhase { id: phase, cause: Cause::Person, visitors, plan: None };
        let command = if running { Command::Stop } else { Command::Start(phase) };
        let done = self.devices[device].command(&row.replica.id, command);
        self.note(format!("d{device} {} {}: {done}", if running { "stops" } else { "starts" }, row.replica.id));
        Ok(())
    }

    fn delete(&mut self, device: usize) -> Result<()> {
        let Some(row) = self.pick(device, |row| row.replica.kind != Kind::Site)? else { return Ok(()) };
        let done = self.devices[device].delete(&row.replica.id, &mut self.ledger);
        self.wrote(device, &row.replica.id);
        self.note(format!("d{device} deletes {}: {done:?}", row.replica.id));
        Ok(())
    }

    /// Gives refused documents another key.
    fn mend_keys(&mut self, device: usize) -> Result<()> {
        for row in self.devices[device].rows()? {
            if !row.replica.rejected.is_empty() {
                self.made += 1;
                let key = format!("free{}", self.made);
                self.note(format!("d{device} renames {} to {key}: {:?}", row.replica.id, row.replica.rejected));
                self.devices[device].rename(&row.replica.id, &key)?;
            }
        }
        Ok(())
    }

    /// Publishes what a person ticks in the review of a device.
    fn publish(&mut self, device: usize) -> Result<()> {
        let mut reviewed = Vec::new();
        for row in self.devices[device].rows()? {
            let r = &row.replica;
            let (body, base) = (&r.local.body, r.base.as_ref().map(Base::revision));
            let differs = is_removed(body) || body["released"] != body["draft"];
            if let Some(revision) = base.filter(|_| differs && !r.local.deleted && !r.pending()) {
                let needed = matches!(r.kind, Kind::Site | Kind::Metric) && body["released"].is_null();
                if needed || self.chance(6) {
                    reviewed.push((r.id.clone(), revision, r.local.clone()));
                }
            }
        }
        let release =
            reviewed.iter().map(|(doc_id, revision, _)| Release { doc_id: doc_id.clone(), revision: revision.clone() });
        let release = release.collect();
        let request = PublishRequest {
            command_id: self.devices[device].ids.next(),
            device: format!("d{device}"),
            release,
            transitions: Vec::new(),
            at: self.now,
        };
        let published = self.edge.publish(&request);
        let again = self.chance(3).then(|| self.edge.publish(&request));
        self.note(format!("d{device} publishes {:?}: {published:?}", request.release));
        let done = published.is_ok() || again.is_some_and(|again| again.is_ok());
        checks::publication(&self.edge, &request, &reviewed, done)?;
        if done {
            // Somebody who deletes what a colleague has published meanwhile is asked, and should be.
            reviewed.iter().for_each(|(id, ..)| self.wrote(device, id));
            for (_, _, content) in reviewed.iter().filter(|(_, _, content)| is_removed(&content.body)) {
                self.ledger.given_up(&content.body, &Value::Null);
            }
        }
        checks::phases(&self.edge, &mut self.phases)
    }

    /// Kills a live flag or stops a live experiment, as the device last saw it.
    fn act_urgently(&mut self, device: usize) -> Result<()> {
        let live = |row: &Row| row.replica.base.as_ref().is_some_and(|b| b.content.body["released"].is_object());
        let Some(row) = self.pick(device, |row| row.replica.kind != Kind::Site && live(row))? else { return Ok(()) };
        let r = &row.replica;
        let theirs = r.conflict.as_ref().map(|open| open.theirs.revision());
        let revision = theirs.or(r.base.as_ref().map(Base::revision)).unwrap_or_default();
        let action = if r.kind == Kind::Flag { Action::Kill } else { Action::Stop };
        let request = PublishRequest {
            command_id: self.devices[device].ids.next(),
            device: format!("d{device}"),
            release: Vec::new(),
            transitions: vec![Transition { doc_id: r.id.clone(), revision, action }],
            at: self.now,
        };
        let done = self.edge.publish(&request);
        self.note(format!("d{device} {action:?} {}: {}", r.id, done.is_ok()));
        checks::phases(&self.edge, &mut self.phases)
    }

    /// Crashes a device, keeps a copy of the edge, or takes the edge back to one.
    fn disturb(&mut self, device: usize) -> Result<()> {
        match self.below(4) {
            0 | 1 => {
                self.note(format!("d{device} crashes"));
                self.devices[device].crash();
            }
            2 => self.copies.push(self.edge.copy()?),
            _ if self.restores > 0 && !self.copies.is_empty() => {
                self.restores -= 1;
                let index = self.below(self.copies.len());
                self.note("! the edge is restored to an earlier copy".to_owned());
                self.edge.restore(&self.copies[index])?;
                self.restored = true;
                self.phases.clear();
            }
            _ => {}
        }
        Ok(())
    }

    /// Lets the network be whole and people decide, until nothing waits anywhere.
    pub fn heal(&mut self) -> Result<()> {
        self.note("! the network is whole".to_owned());
        for _ in 0..ROUNDS {
            for device in 0..self.devices.len() {
                self.tick();
                self.push(device)?;
                while let Some(message) = self.messages.pop() {
                    self.deliver(message, false)?;
                }
                self.pull(device, false)?;
                while self.conflict(device)?.is_some() {
                    self.decide(device)?;
                }
                self.mend_keys(device)?;
            }
            if self.is_settled()? {
                return Ok(());
            }
        }
        bail!("after {ROUNDS} rounds on a whole network, something still waits: {}", self.waiting()?)
    }

    fn is_settled(&self) -> Result<bool> {
        let newest: BTreeMap<String, u64> = self.documents()?.into_iter().map(|d| (d.id, d.rev)).collect();
        for device in &self.devices {
            for id in newest.keys() {
                if device.store.document(id)?.is_none() {
                    return Ok(false);
                }
            }
            for row in device.rows()? {
                let rev = row.replica.base.as_ref().map(|base| base.rev);
                let newest = newest.get(&row.replica.id).copied();
                // A deleted document that the edge never had, or has lost, concerns nobody else.
                let is_gone = newest.is_none() && row.replica.local.deleted;
                if row.replica.pending() || (rev != newest && !is_gone) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn waiting(&self) -> Result<String> {
        let edge: BTreeMap<String, u64> = self.documents()?.into_iter().map(|d| (d.id, d.rev)).collect();
        let mut waiting = vec![format!("the edge has {edge:?}")];
        for (n, device) in self.devices.iter().enumerate() {
            for row in &device.rows()? {
                let r = &row.replica;
                waiting.push(format!(
                    "d{n} {} rev {:?} deleted {} pending {} in flight {:?} conflict {} rejected {:?}",
                    r.id,
                    r.base.as_ref().map(|b| b.rev),
                    r.local.deleted,
                    r.pending(),
                    r.in_flight.as_ref().map(|op| &op.op_id),
                    r.conflict.is_some(),
                    r.rejected
                ));
            }
        }
        Ok(waiting.join("; "))
    }

    /// Returns every document as the edge has it.
    pub fn documents(&self) -> Result<Vec<Document>> {
        Ok(self.edge.pull(&Cursor::default())?.documents)
    }
}

type Row = beacon_desktop::store::Row;
