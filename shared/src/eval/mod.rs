//! The one evaluator: which visitor gets what, by the semantics of GrowthBook's SDK specification 0.8.0.
//! `edge/sdk` holds the same semantics for the page.

mod bucket;
pub mod condition;
mod context;
mod decrypt;
pub mod definitions;
mod evaluate;
mod hash;
#[cfg(test)]
pub(crate) mod random;
mod redirect;
mod result;
mod sticky;
pub mod trace;
pub mod url;

pub use bucket::{Range, bucket_ranges, choose_variation, equal_weights};
pub use context::Context;
pub use decrypt::decrypt;
pub use evaluate::{Evaluation, MAX_CHAIN, MAX_RESOLUTIONS};
pub use hash::Seed;
pub use redirect::Redirect;
pub use result::{ExperimentResult, FeatureResult, Leaf};

pub use crate::model::{Reason, Source, StickyAssignment, StickyDocument, StickyDocuments, sticky_key};
