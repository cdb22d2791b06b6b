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

use serde_json::{Map, Value, json};

use crate::api::{Bundle, SiteBundle};
use crate::domain;
use crate::model::{Body, Document, Experiment, Flag, Kind, Segment, Site, Status};

pub use schedule::{Timeline, at};
use segments::Segments;

/// The bundle of the released parts of `documents`, which are the workspace at sequence number `seq`.
///
/// Deterministic: the same documents give the same bytes, in whatever order they come. Deleted documents and those
/// that were never released are left out; a document that is not of its kind's shape counts as never released.
pub fn bundle(seq: u64, documents: &[Document]) -> Bundle {
    let experiments: Vec<(&str, Experiment)> = released(documents, Kind::Experiment);
    let flags: Vec<(&str, Flag)> = released(documents, Kind::Flag);
    let segments = Segments::new(released::<Segment>(documents, Kind::Segment).into_iter().map(|(_, s)| s));
    let sites = released::<Site>(documents, Kind::Site).into_iter().map(|(id, site)| {
        let running: Vec<_> = experiments
            .iter()
            .filter(|(_, e)| site.enabled && e.site_id == id && e.status == Status::Running)
            .map(|(id, e)| (*id, e))
            .collect();
        let flags = flags.iter().map(|(_, f)| f).filter(|f| site.enabled && f.site_ids.iter().any(|s| s == id));
        let site = SiteBundle {
            payload: payload(flags, running.iter().map(|(_, e)| *e), &segments),
            experiments: running.iter().map(|(id, e)| ((*id).to_owned(), e.key.clone())).collect(),
            // In one spelling, so that the edge compares texts.
            domains: site.domains.into_iter().map(|d| domain::normalised(&d).unwrap_or(d)).collect(),
            allow_localhost: site.allow_localhost,
            enabled: site.enabled,
        };
        (id.to_owned(), site)
    });
    Bundle { seq, sites: sites.collect() }
}

fn released<T: serde::de::DeserializeOwned>(documents: &[Document], kind: Kind) -> Vec<(&str, T)> {
    let mut found: Vec<(&str, T)> = documents
        .iter()
        .filter(|d| d.kind == kind && !d.deleted)
        .filter_map(|d| {
            let body: Body<Value> = serde_json::from_value(d.body.clone()).ok()?;
            Some((d.id.as_str(), serde_json::from_value(body.released?).ok()?))
        })
        .collect();
    found.sort_by_key(|(id, _)| *id);
    found
}

/// The payload of these flags and experiments, whatever site and state they are in: what a simulation evaluates.
pub fn draft<'a>(
    flags: impl Iterator<Item = &'a Flag>,
    experiments: impl Iterator<Item = &'a Experiment>,
    segments: impl Iterator<Item = Segment>,
) -> Value {
    payload(flags, experiments, &Segments::new(segments))
}

fn payload<'a>(
    flags: impl Iterator<Item = &'a Flag>,
    experiments: impl Iterator<Item = &'a Experiment>,
    segments: &Segments,
) -> Value {
    let features: Map<String, Value> = flags.map(|f| (f.key.clone(), build::feature(f, segments))).collect();
    let experiments: Vec<Value> = experiments.map(|e| build::experiment(e, segments)).collect();
    let mut out = json!({"features": features, "experiments": experiments});
    let groups = segments.lists_in(&out);
    if !groups.is_empty() {
        out["savedGroups"] = Value::Object(groups);
    }
    out
}

#[cfg(test)]
mod tests;
