//! The edge: sync, publishing, definitions for websites, and the collector of their events.
//!
//! Everything between [`router::routes`] and [`ports`] is plain Rust and is tested natively. `platform` fills the ports
//! on Cloudflare's runtime and exists on wasm32 only; `memory` fills them with SQLite, for tests.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)
)]

mod api;
pub mod deps;
pub mod digest;
pub mod domain;
pub mod evaluation;
pub mod http;
pub mod isolate;
mod json;
pub mod log;
pub mod ports;
mod public;
pub mod router;
pub mod sql;
pub mod store;
mod sync;
mod time;

#[cfg(any(test, feature = "memory"))]
pub mod memory;
#[cfg(target_arch = "wasm32")]
mod platform;
