//! The definitions that are live, as far as the checks between them need them: without the values that they serve, of which
//! a large workspace has more than an isolate's memory.

use std::collections::{BTreeMap, BTreeSet};

use beacon_shared::bundle::{Segments, SiteBuilder};
use beacon_shared::error::Result;
use beacon_shared::model::{Experiment, Flag, Kind, MetricDefinition, Segment, Site, Status};
use beacon_shared::validate::Workspace;
use serde_json::Value;

use super::snapshot::{ATTEMPTS, Snapshot, keeps_changing};
use crate::ports::Db;

/// Definitions by document id.
#[derive(Clone, Default)]
pub struct Definitions {
    /// All but the sites.
    pub workspace: Workspace,
    sites: BTreeMap<String, Site>,
    names: BTreeMap<String, String>,
    /// Bytes of the values that were left out.
    left_out: BTreeMap<String, usize>,
}

/// A definition of one kind.
enum Definition {
    Experiment(Box<Experiment>),
    Flag(Flag),
    Segment(Segment),
    Site(Site),
    Metric(MetricDefinition),
}

impl Definitions {
    /// Reads what is live, and the number of the release that made it so.
    pub async fn live(db: &dyn Db) -> Result<(u64, Self)> {
        for _ in 0..ATTEMPTS {
            let mut live = Self::default();
            let snapshot = Snapshot::new(db).await?;
            let read = snapshot.read(&Kind::ALL, |row| {
                if let Some(part) = row.read() {
                    live.insert(&row.id, row.kind, &row.key, part);
                }
            });
            if read.await? {
                return Ok((snapshot.released_seq, live));
            }
        }
        Err(keeps_changing())
    }

    /// Takes in a document's released part, or the draft that will be it. What cannot be read is on no site.
    pub fn insert(&mut self, id: &str, kind: Kind, key: &str, part: Value) {
        self.remove(id);
        let name = part.get("name").and_then(Value::as_str).filter(|name| !name.is_empty()).unwrap_or(key);
        self.names.insert(id.to_owned(), format!("{} \"{name}\"", kind.as_str()));
        let Some(definition) = read(kind, part) else { return };
        let id = id.to_owned();
        match definition {
            Definition::Experiment(mut experiment) => {
                self.left_out.insert(id.clone(), strip_experiment(&mut experiment));
                self.workspace.experiments.insert(id, *experiment);
            }
            Definition::Flag(mut flag) => {
                self.left_out.insert(id.clone(), strip_flag(&mut flag));
                self.workspace.flags.insert(id, flag);
            }
            Definition::Segment(segment) => drop(self.workspace.segments.insert(id, segment)),
            Definition::Site(site) => drop(self.sites.insert(id, site)),
            Definition::Metric(metric) => drop(self.workspace.metrics.insert(id, metric)),
        }
    }

    /// Takes a document out.
    pub fn remove(&mut self, id: &str) {
        self.workspace.experiments.remove(id);
        self.workspace.flags.remove(id);
        self.workspace.segments.remove(id);
        self.workspace.metrics.remove(id);
        self.sites.remove(id);
        self.names.remove(id);
        self.left_out.remove(id);
    }

    /// Adds the definitions of another set.
    pub fn extend(&mut self, other: Self) {
        self.workspace.experiments.extend(other.workspace.experiments);
        self.workspace.flags.extend(other.workspace.flags);
        self.workspace.segments.extend(other.workspace.segments);
        self.workspace.metrics.extend(other.workspace.metrics);
        self.sites.extend(other.sites);
        self.names.extend(other.names);
        self.left_out.extend(other.left_out);
    }

    /// Returns whether a site is live.
    pub fn has_site(&self, id: &str) -> bool {
        self.sites.contains_key(id)
    }

    /// Returns a document's kind and name, as a sentence names it.
    pub fn name(&self, id: &str) -> String {
        self.names.get(id).cloned().unwrap_or_else(|| id.to_owned())
    }

    /// Returns the documents that run on the site.
    pub fn users_of_site(&self, site: &str) -> impl Iterator<Item = &String> {
        let running = move |e: &Experiment| e.site_id == site && e.status == Status::Running;
        let experiments = self.workspace.experiments.iter().filter(move |(_, e)| running(e)).map(|(id, _)| id);
        let flags = self.workspace.flags.iter();
        experiments.chain(flags.filter(move |(_, f)| f.site_ids.iter().any(|s| s == site)).map(|(id, _)| id))
    }

    /// Returns the sites among these whose definitions have more bytes than `most`.
    pub fn sites_above(&self, most: usize, sites: BTreeSet<String>) -> Vec<String> {
        let segments = Segments::new(self.workspace.segments.values().cloned());
        let size = |id: &String, site: &Site| {
            let mut builder = SiteBuilder::new(id, site.clone(), &segments);
            let mut values = 0;
            for user in self.users_of_site(id) {
                values += self.left_out.get(user).copied().unwrap_or(0);
                if let Some(flag) = self.workspace.flags.get(user) {
                    builder.add_flag(user, flag);
                } else if let Some(experiment) = self.workspace.experiments.get(user) {
                    builder.add_experiment(user, experiment);
                }
            }
            values + bytes(&builder.finish())
        };
        sites.into_iter().filter(|id| self.sites.get(id).is_some_and(|site| size(id, site) > most)).collect()
    }

    /// Returns the sites that a document is on.
    pub fn sites_of(&self, id: &str) -> Vec<String> {
        match (self.workspace.flags.get(id), self.workspace.experiments.get(id)) {
            (Some(flag), _) => flag.site_ids.clone(),
            (_, Some(experiment)) => vec![experiment.site_id.clone()],
            _ => Vec::new(),
        }
    }
}

fn read(kind: Kind, part: Value) -> Option<Definition> {
    let read = match kind {
        Kind::Experiment => serde_json::from_value(part).map(Definition::Experiment),
        Kind::Flag => serde_json::from_value(part).map(Definition::Flag),
        Kind::Segment => serde_json::from_value(part).map(Definition::Segment),
        Kind::Site => serde_json::from_value(part).map(Definition::Site),
        Kind::Metric => serde_json::from_value(part).map(Definition::Metric),
        Kind::Unknown => return None,
    };
    read.ok()
}

fn strip_experiment(experiment: &mut Experiment) -> usize {
    experiment.hypothesis.clear();
    experiment.variants.iter_mut().map(|variant| strip(&mut variant.config)).sum()
}

fn strip_flag(flag: &mut Flag) -> usize {
    flag.description.clear();
    let mut size = strip(&mut flag.default_value);
    for rule in &mut flag.rules {
        size += strip(&mut rule.value);
        for arm in rule.experiment.iter_mut().flat_map(|experiment| &mut experiment.arms) {
            size += strip(&mut arm.value);
        }
    }
    if flag.enabled { size } else { 0 }
}

fn strip(value: &mut Value) -> usize {
    let size = bytes(value);
    *value = Value::Null;
    size
}

/// Returns the length of the value's JSON, without making it.
fn bytes(value: &impl serde::Serialize) -> usize {
    struct Length(usize);
    impl std::io::Write for Length {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut length = Length(0);
    // Neither the values nor the writer can fail.
    serde_json::to_writer(&mut length, value).map_or(0, |()| length.0)
}
