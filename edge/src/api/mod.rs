//! Endpoints for holders of a key, one file for each noun.

pub mod publications;
pub mod segments;
pub mod sync;
