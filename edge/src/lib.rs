//! The edge: sync, publishing, definitions for websites, and the collector of their events.
//!
//! Everything that decides is plain Rust over [`database::Database`] and is tested natively; what talks to the
//! Workers runtime exists on wasm32 only.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)
)]

pub mod database;
pub mod digest;
pub mod evaluation;
pub mod events;
pub mod sql;
pub mod workspace;

#[cfg(target_arch = "wasm32")]
mod bundles;
#[cfg(target_arch = "wasm32")]
mod d1;
#[cfg(target_arch = "wasm32")]
mod failure;
#[cfg(target_arch = "wasm32")]
mod routes;
#[cfg(target_arch = "wasm32")]
mod site_log;
