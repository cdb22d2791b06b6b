//! Beacon's pure core. No I/O, no clock, no randomness, no threads: time and identifiers come in as
//! parameters, so the same code runs in the desktop, in its interface (wasm) and at the edge (wasm).
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod api;
pub mod bundle;
pub mod domain;
pub mod error;
pub mod eval;
pub mod event;
pub mod ipc;
pub mod lifecycle;
pub mod model;
pub mod number;
pub mod pointer;
pub mod results;
pub mod stats;
pub mod sync;
pub mod theme;
pub mod typed;
pub mod validate;
pub mod wording;
