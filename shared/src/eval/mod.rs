//! The one evaluator: which visitor gets what, by the semantics of GrowthBook's SDK specification 0.8.0.
//! `edge/sdk` holds the same semantics for the page.

mod bucket;
pub mod condition;
mod context;
pub mod definitions;
mod evaluate;
mod hash;
pub mod payload;
pub mod url;

pub use bucket::{Range, bucket_ranges, choose_variation, equal_weights};
pub use context::{Context, ExperimentResult, FeatureResult, Source};
pub use evaluate::MAX_CHAIN;
pub use hash::hash;
