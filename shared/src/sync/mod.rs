//! Three-way merge and the sans-IO planner: what a device does with its edits and with what the edge says.

mod content;
mod merge;
pub mod mutant;
pub mod place;
mod replica;
mod resolution;

pub use content::{Base, Content};
pub use merge::{Conflict, Merged, merge};
pub use replica::{Pulled, Replica};
pub use resolution::{Open, Take};

#[cfg(test)]
mod tests;
