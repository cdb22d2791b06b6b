//! The workspace's documents: push and pull.

pub mod pull;
pub mod push;
