//! Sites, experiments, flags, segments and metrics: plain data. What may be in them is in [`crate::validate`].

mod body;
mod experiment;
mod flag;
mod metric;
mod segment;
mod site;
mod targeting;

pub use body::{Body, Definition, Document, Kind, SCHEMA};
pub use experiment::{Experiment, Metric, MetricKind, Phase, Role, Status, Variant};
pub use flag::{Arm, Flag, Rule, RuleExperiment};
pub use metric::{Direction, MetricDefinition};
pub use segment::{Members, Segment};
pub use site::Site;
pub use targeting::{Holdout, Namespace, PagePattern, PatternKind, Prerequisite, Schedule, Sticky};
