//! Devices, one server that orders changes, and a network that loses, repeats and delays: after it heals, all
//! agree, nothing was applied twice, and every value that somebody typed went somewhere.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::draft;
use crate::api::{Op, OpOutcome};
use crate::model::{Document, Kind};
use crate::sync::{Content, Pulled, Replica, Take};

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

#[derive(Default)]
struct Server {
    seq: u64,
    docs: BTreeMap<String, Document>,
    changes: BTreeMap<String, (u64, u64)>,
    history: Vec<(String, Content)>,
}

impl Server {
    fn push(&mut self, op: &Op) -> OpOutcome {
        let op_id = op.op_id.clone();
        if let Some((rev, seq)) = self.changes.get(&op_id) {
            return OpOutcome::Ok { op_id, rev: *rev, seq: *seq };
        }
        let rev = self.docs.get(&op.doc_id).map_or(0, |d| d.rev);
        if rev != op.base_rev {
            return OpOutcome::Stale { op_id, current: self.docs.get(&op.doc_id).cloned(), base_known: true };
        }
        self.seq += 1;
        let (id, key, body) = (op.doc_id.clone(), op.key.clone(), op.body.clone());
        let doc = Document {
            id,
            kind: op.kind,
            key,
            rev: rev + 1,
            seq: self.seq,
            op_id: op_id.clone(),
            deleted: op.deleted,
            body,
        };
        self.history.push((op.doc_id.clone(), op.into()));
        self.changes.insert(op_id.clone(), (doc.rev, doc.seq));
        self.docs.insert(doc.id.clone(), doc);
        OpOutcome::Ok { op_id, rev: rev + 1, seq: self.seq }
    }
}

#[derive(Default)]
struct Device {
    replicas: BTreeMap<String, Replica>,
    cursor: u64,
    /// Answers that the network has not delivered yet, or delivers again.
    late: Vec<(String, OpOutcome)>,
    typed: BTreeMap<(String, usize), String>,
}

struct World {
    random: Random,
    server: Server,
    devices: Vec<Device>,
    serial: u64,
    /// Values that a person saw in a conflict and gave up.
    given_up: BTreeSet<String>,
}

const FIELDS: [&str; 3] = ["a", "b", "c"];

impl World {
    fn new(seed: u64) -> Self {
        let random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let devices = (0..3).map(|_| Device::default()).collect();
        Self { random, server: Server::default(), devices, serial: 0, given_up: BTreeSet::new() }
    }

    fn next(&mut self) -> String {
        self.serial += 1;
        format!("v{}", self.serial)
    }

    fn edit(&mut self, d: usize) {
        let (id, value) = (format!("doc{}", self.random.below(3)), self.next());
        let field = self.random.below(3) as usize;
        let device = &mut self.devices[d];
        let new = || Replica::new(&id, Kind::Flag, draft(json!({"a": "", "b": "", "c": ""})).body);
        let replica = device.replicas.entry(id.clone()).or_insert_with(new);
        let mut local = replica.local.clone();
        local.body["draft"][FIELDS[field]] = json!(value);
        replica.edit(local);
        device.typed.insert((id, field), value);
    }

    /// Pushes what there is; `faults` may lose the request, lose the answer, or deliver it later.
    fn push(&mut self, d: usize, faults: bool) {
        let ids: Vec<String> = self.devices[d].replicas.keys().cloned().collect();
        for id in ids {
            let op_id = self.next();
            let Some(replica) = self.devices[d].replicas.get_mut(&id) else { continue };
            let before = replica.in_flight.clone();
            let Some(op) = replica.freeze(|| op_id, 0).cloned() else { continue };
            assert!(before.is_none() || before.as_ref() == Some(&op), "a frozen op changed");
            let fate = if faults { self.random.below(4) } else { 3 };
            if fate == 0 {
                continue;
            }
            let outcome = self.server.push(&op);
            match fate {
                1 => {}
                2 => self.devices[d].late.push((id, outcome)),
                _ => replica.apply_outcome(outcome),
            }
        }
    }

    fn deliver(&mut self, d: usize) {
        let device = &mut self.devices[d];
        for (id, outcome) in device.late.clone() {
            if let Some(replica) = device.replicas.get_mut(&id) {
                replica.apply_outcome(outcome);
            }
        }
    }

    fn pull(&mut self, d: usize) {
        let device = &mut self.devices[d];
        let mut rows: Vec<&Document> = self.server.docs.values().filter(|x| x.seq > device.cursor).collect();
        rows.sort_by_key(|x| x.seq);
        for row in rows {
            let known = device.replicas.entry(row.id.clone()).or_insert_with(|| Replica::remote(row));
            if known.pull(row, false) == Pulled::Held {
                return;
            }
            device.cursor = row.seq;
        }
    }

    fn resolve(&mut self, d: usize) {
        let take = if self.random.below(2) == 0 { Take::Mine } else { Take::Theirs };
        for replica in self.devices[d].replicas.values_mut() {
            for field in replica.conflict.iter().flat_map(|c| &c.fields) {
                let lost = if take == Take::Mine { &field.theirs } else { &field.mine };
                self.given_up.insert(lost.as_str().unwrap_or_default().to_owned());
            }
            replica.resolve(take, || "p9".into());
        }
    }

    fn heal(&mut self) {
        for _ in 0..40 {
            for d in 0..self.devices.len() {
                self.resolve(d);
                self.push(d, false);
                self.pull(d);
            }
        }
    }

    fn check(&self, seed: u64) {
        for (d, device) in self.devices.iter().enumerate() {
            for (id, replica) in &device.replicas {
                assert!(!replica.pending(), "seed {seed}: device {d} still has {id} pending");
                assert_eq!(Some(&replica.local.body), self.server.docs.get(id).map(|x| &x.body), "seed {seed}");
            }
            for ((id, field), value) in &device.typed {
                let pushed =
                    |(doc, c): &(String, Content)| doc == id && c.body["draft"][FIELDS[*field]] == value.as_str();
                let kept = self.server.history.iter().any(pushed) || self.given_up.contains(value);
                assert!(kept, "seed {seed}: {value}, typed on device {d}, is lost");
            }
        }
        let mut revisions = BTreeMap::new();
        for (rev, seq) in self.server.changes.values() {
            assert!(revisions.insert(*seq, *rev).is_none(), "seed {seed}: two changes at {seq}");
        }
    }
}

#[test]
fn all_devices_agree_after_any_history() {
    // `cargo xtask test --full` asks for thousands.
    let seeds = std::env::var("BEACON_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(300);
    for seed in 1..=seeds {
        let mut world = World::new(seed);
        for _ in 0..120 {
            let d = world.random.below(3) as usize;
            match world.random.below(8) {
                0..=2 => world.edit(d),
                3 | 4 => world.push(d, true),
                5 => world.deliver(d),
                6 => world.pull(d),
                _ if world.random.below(3) == 0 => world.resolve(d),
                _ => {}
            }
        }
        world.heal();
        world.check(seed);
    }
}
