//! The interface: Yew components in the webview. It holds no data of its own; everything it shows comes from
//! the core through [`ipc`], and everything typed goes back the same way within a quarter of a second.
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod app;
mod commands;
mod flush;
mod focus;
mod format;
mod ipc;
mod pages;
mod preferences;
mod router;
mod state;
mod toast;
mod undo;
mod widgets;

use wasm_bindgen::prelude::wasm_bindgen;

/// Puts the app into the page; `boot.js` calls it by initialising the module.
#[wasm_bindgen(start)]
pub fn start() {
    yew::Renderer::<app::App>::new().render();
}
