//! The collector: who may send, what an event must look like, and what the edge adds to it.

pub mod agent;
pub mod origin;
pub mod segment;
pub mod validate;
