//! Sufficient statistics in, decisions out. Pure; no sampling; `statrs` for the distributions.

mod analyse;
mod analysis;
mod effect;
mod proportion;
mod srm;
mod student;
mod verdict;

pub use analyse::{MAX_MULTIPLE_EXPOSURES, MIN_CONVERSIONS, analyse};
pub use analysis::{Analysis, Comparison, Engine, Estimate, Health, MetricAnalysis, Plan, Reason, Srm, Verdict};
pub use effect::{Scale, effect};
pub use proportion::Proportion;
pub use srm::{SRM_ALPHA, srm};
pub use verdict::percent;

#[cfg(test)]
mod tests;
