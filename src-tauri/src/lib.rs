//! Beacon's application core: everything the app does, without Tauri and without a window.
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod app;
pub mod backups;
pub mod charts;
pub mod edge;
#[cfg(test)]
mod fixtures;
pub mod host;
pub mod ids;
pub mod ipc;
pub mod publishing;
pub mod results;
pub mod store;
pub mod sync;
pub mod vault;
pub mod workspaces;
