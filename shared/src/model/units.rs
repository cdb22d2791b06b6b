//! The units in which the model counts.

/// A part of everything, such as a weight or a coverage, in parts of [`WHOLE`].
pub type Share = u32;

/// One, in the parts in which weights and coverage are written.
pub const WHOLE: Share = 10_000;
