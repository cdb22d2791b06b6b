//! Sites, experiments, flags, segments and metrics: plain data. The validator says what may be in them.

mod assignment;
mod attributes;
mod audience;
mod body;
mod experiment;
mod flag;
mod measure;
mod metric;
mod phase;
mod segment;
mod site;
mod targeting;
mod units;
mod unknown;

pub use assignment::{Reason, Source, StickyAssignment, StickyDocument, StickyDocuments, sticky_key};
pub use attributes::{PAGE_ATTRIBUTES, is_page_attribute, page_name};
pub use audience::Audience;
pub use body::{Body, Definition, Document, Kind, Revision, SCHEMA};
pub use experiment::{Experiment, Status, Variant};
pub use flag::{Arm, Flag, Rule, RuleExperiment};
pub use measure::{ADJUST_DAYS, Aggregate, Aggregation, Cap, Counting, MetricKind};
pub use metric::{Direction, ExperimentMetric, Metric, MetricDefinition, MetricUse, Role};
pub use phase::{Assignment, Cause, Phase, PhasePlan, Weight};
pub use segment::{Members, Segment};
pub use site::Site;
pub use targeting::{Holdout, Namespace, PagePattern, PatternKind, Prerequisite, Schedule, Sticky};
pub use units::{Share, WHOLE};
pub use unknown::keep_unknown;
