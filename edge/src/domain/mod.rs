//! The edge's decisions: plain Rust over [`crate::ports`].

pub mod collecting;
pub mod documents;
pub mod events;
pub mod exporting;
pub mod keys;
pub mod live;
pub mod publishing;

#[cfg(test)]
mod tests;
