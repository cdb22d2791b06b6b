//! An isolate's memory: it outlives a request and may be lost at any time.

pub mod keys;
pub mod live;
