//! From released documents to what websites get: a GrowthBook payload for each site.
//!
//! A rule or an experiment with a schedule carries it as `schedule: {from, until}`. That member is Beacon's own:
//! [`at`] resolves it for a given time before anybody else sees the payload.

mod build;
pub mod import;
#[cfg(test)]
mod properties;
mod schedule;
mod segments;
pub mod simulate;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::api::SiteBundle;
use crate::domain;
use crate::model::{Experiment, Flag, Segment, Site, Status};

pub use schedule::{Timeline, at};
pub use segments::Segments;

/// A site's bundle in the making. What is live is added definition by definition, in any order, so that nobody holds a
/// workspace in memory; what does not belong on the site is passed over. The same definitions give the same bytes.
pub struct SiteBuilder<'s> {
    id: String,
    site: Site,
    segments: &'s Segments,
    /// Features with their keys, by document id.
    features: BTreeMap<String, (String, Value)>,
    /// Running experiments with their keys, by document id.
    experiments: BTreeMap<String, (String, Value)>,
}

impl<'s> SiteBuilder<'s> {
    /// Begins the bundle of a released site. Conditions may name the released `segments`.
    pub fn new(id: &str, site: Site, segments: &'s Segments) -> Self {
        Self { id: id.to_owned(), site, segments, features: BTreeMap::new(), experiments: BTreeMap::new() }
    }

    /// Adds a released flag, if it is on this site and the site is enabled.
    pub fn add_flag(&mut self, id: &str, flag: &Flag) {
        if self.site.enabled && flag.site_ids.contains(&self.id) {
            self.features.insert(id.to_owned(), (flag.key.clone(), build::feature(flag, self.segments)));
        }
    }

    /// Adds a released experiment, if it runs on this site and the site is enabled.
    pub fn add_experiment(&mut self, id: &str, experiment: &Experiment) {
        if self.site.enabled && experiment.site_id == self.id && experiment.status == Status::Running {
            let built = build::experiment(experiment, self.segments);
            self.experiments.insert(id.to_owned(), (experiment.key.clone(), built));
        }
    }

    /// Returns the bundle.
    pub fn finish(self) -> SiteBundle {
        let keys = self.experiments.iter().map(|(id, (key, _))| (id.clone(), key.clone())).collect();
        let experiments = self.experiments.into_values().map(|(_, experiment)| experiment);
        SiteBundle {
            payload: payload(self.features.into_values().collect(), experiments.collect(), self.segments),
            experiments: keys,
            // In one spelling, so that the edge compares texts.
            domains: self.site.domains.into_iter().map(|d| domain::normalised(&d).unwrap_or(d)).collect(),
            allow_localhost: self.site.allow_localhost,
            enabled: self.site.enabled,
        }
    }
}

/// The payload of these flags and experiments, whatever site and state they are in: what a simulation evaluates.
pub fn draft<'a>(
    flags: impl Iterator<Item = &'a Flag>,
    experiments: impl Iterator<Item = &'a Experiment>,
    segments: impl Iterator<Item = Segment>,
) -> Value {
    let segments = Segments::new(segments);
    let features = flags.map(|flag| (flag.key.clone(), build::feature(flag, &segments))).collect();
    payload(features, experiments.map(|e| build::experiment(e, &segments)).collect(), &segments)
}

fn payload(features: Map<String, Value>, experiments: Vec<Value>, segments: &Segments) -> Value {
    // Moved, where `json!` would copy a site's whole definitions.
    let members = [("features", Value::Object(features)), ("experiments", Value::Array(experiments))];
    let mut out = Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
    let groups = segments.lists_in(&out);
    if !groups.is_empty() {
        out["savedGroups"] = Value::Object(groups);
    }
    out
}

#[cfg(test)]
mod tests;
