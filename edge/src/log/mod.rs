//! A site's log: numbered by a single writer, sealed into immutable segments.

pub mod core;
mod segment;

pub use core::{Appended, Entry, Full, Head, Log, Reading, Sql};
pub use segment::SegmentName;
pub(crate) use segment::line;

#[cfg(test)]
mod tests;
