//! Sufficient statistics in, decisions out. Pure: no I/O, no sampling; `statrs` for the distributions.

mod analysis;

pub use analysis::{Analysis, Comparison, Engine, Estimate, Health, MetricAnalysis, Plan, Reason, Srm, Verdict};
