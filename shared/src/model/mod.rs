//! Sites, experiments and flags: plain data. What may be in them is in [`crate::validate`].

mod body;
mod experiment;
mod flag;
mod site;

pub use body::{Body, Definition, Document, Kind, SCHEMA};
pub use experiment::{Experiment, Metric, MetricKind, Phase, Role, Status, Variant};
pub use flag::{Flag, Rule};
pub use site::Site;
