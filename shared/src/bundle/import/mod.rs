//! Other people's payloads: from GrowthBook's features and experiments to Beacon's drafts. [`super::draft`] is the way
//! back.
//!
//! Parts that cannot be carried over exactly are left out and reported, never guessed: a rule that is left out hands
//! its visitors to the next one, and an experiment that is left out does not run.

mod attributes;
mod experiment;
mod flag;
mod shares;
mod targeting;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::Problem;
use crate::eval::condition::Group;
use crate::model::{Experiment, Flag, Members, Segment};
use crate::{pointer, validate};

/// The most documents that one import makes.
pub const MAX_IMPORTED: usize = 5_000;

/// The outcome of an import.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Import {
    /// One for each feature.
    pub flags: Vec<Flag>,
    /// One for each experiment that runs on pages by itself, as a draft: an import starts nothing.
    pub experiments: Vec<Experiment>,
    /// One for each saved group.
    pub segments: Vec<Segment>,
    /// Parts that could not be carried over, addressed in the payload.
    pub report: Vec<Problem>,
}

/// The documents that a workspace has already. They stay as they are, and what would refer to them by mistake is left
/// out.
#[derive(Clone, Debug, Default)]
pub struct Existing {
    /// Keys of flags.
    pub flags: BTreeSet<String>,
    /// Keys of experiments.
    pub experiments: BTreeSet<String>,
    /// Segments by key.
    pub segments: BTreeMap<String, Members>,
}

/// Makes drafts of a payload, for the site with this document id.
pub fn import(payload: &Value, site_id: &str, existing: &Existing) -> Import {
    let opaque = existing.segments.keys().cloned().collect();
    let mut made = Importer { site_id, existing, import: Import::default(), opaque };
    made.groups(payload);
    made.features(payload);
    made.experiments(payload);
    for (name, what) in [("encryptedFeatures", "features"), ("encryptedExperiments", "experiments")] {
        if payload.get(name).is_some() {
            made.note(format!("/{name}"), format!("The {what} are encrypted: decrypt the payload first."));
        }
    }
    if payload.get("contextualBandits").is_some() {
        made.note("/contextualBandits", "Beacon has no contextual bandits: what refers to them is left out.");
    }
    made.import
}

struct Importer<'a> {
    site_id: &'a str,
    existing: &'a Existing,
    import: Import,
    /// Groups that are named by conditions, and that no segment stands for, or one with other members.
    opaque: BTreeSet<String>,
}

impl Importer<'_> {
    fn note(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.import.report.push(Problem::new(pointer, detail));
    }

    fn is_full(&mut self, pointer: &str) -> bool {
        let made = self.import.flags.len() + self.import.experiments.len() + self.import.segments.len();
        if made >= MAX_IMPORTED {
            self.note(pointer, format!("One import makes at most {MAX_IMPORTED} documents: this is left out."));
        }
        made >= MAX_IMPORTED
    }

    fn groups(&mut self, payload: &Value) {
        for (key, source) in members(payload, "savedGroups") {
            let at = pointer::child("/savedGroups", key);
            let values = match Group::parse(source) {
                Group::List(values) if validate::is_key(key) => values,
                parsed => {
                    let detail = match parsed {
                        Group::Opaque => "This is no list of values: what asks for it is left out.".to_owned(),
                        Group::List(_) => bad_key(key),
                    };
                    self.note(at, detail);
                    self.opaque.insert(key.clone());
                    continue;
                }
            };
            match self.existing.segments.get(key) {
                Some(Members::List { values: known, .. }) if *known == values => {
                    self.opaque.remove(key);
                    continue;
                }
                Some(_) => {
                    let detail = "There is a segment with this key and other members: what asks for it is left out.";
                    self.note(at, detail);
                    continue;
                }
                None if self.is_full(&at) => {
                    self.opaque.insert(key.clone());
                    continue;
                }
                None => {}
            }
            self.import.segments.push(Segment {
                key: key.clone(),
                name: key.clone(),
                description: String::new(),
                members: Members::List { attribute: "id".to_owned(), values },
                extra: Map::new(),
            });
        }
    }

    fn features(&mut self, payload: &Value) {
        for (key, source) in members(payload, "features") {
            let at = pointer::child("/features", key);
            if !validate::is_key(key) {
                self.note(at, bad_key(key));
            } else if self.existing.flags.contains(key) {
                self.note(at, "There is a flag with this key already. It stays as it is, and this one is left out.");
            } else if !self.is_full(&at) {
                let flag = self.flag(&at, key, source);
                self.import.flags.push(flag);
            }
        }
    }

    fn experiments(&mut self, payload: &Value) {
        let sources = payload.get("experiments").and_then(Value::as_array).into_iter().flatten();
        for (i, source) in sources.enumerate() {
            let at = format!("/experiments/{i}");
            if self.is_full(&at) {
                return;
            }
            match self.experiment(&at, source) {
                Ok(experiment) if self.existing.experiments.contains(&experiment.key) => {
                    let detail =
                        "There is an experiment with this key already. It stays as it is: this one is left out.";
                    self.note(at, detail);
                }
                Ok(experiment) => self.import.experiments.push(experiment),
                Err(why) => self.note(at, format!("{why} The experiment is left out.")),
            }
        }
    }
}

fn bad_key(key: &str) -> String {
    format!("'{key}' cannot be a key in Beacon (letters, digits, '_', '-' and '.'): rename it, then import again.")
}

fn members<'a>(source: &'a Value, name: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    source.get(name).and_then(Value::as_object).into_iter().flatten()
}
