//! The one window.

use tauri::webview::{NewWindowResponse, WebviewWindowBuilder};
use tauri::{AppHandle, Manager, Runtime, Url};

/// Its label, which the capability names.
pub const MAIN: &str = "main";

/// Opens the window. It is made here and not by the configuration, so that the core is there before its first call.
pub fn open<R: Runtime>(app: &tauri::App<R>) -> tauri::Result<()> {
    let Some(config) = app.config().app.windows.iter().find(|window| window.label == MAIN) else {
        return Err(tauri::Error::WindowNotFound);
    };
    WebviewWindowBuilder::from_config(app, config)?
        .on_navigation(is_ours)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .build()?;
    Ok(())
}

/// Brings the window to the front.
pub fn show<R: Runtime>(app: &AppHandle<R>) {
    let Some(window) = app.get_webview_window(MAIN) else { return };
    // A window that cannot come to the front is no reason to fail; the person finds it in the task bar.
    let shown = window.unminimize().and_then(|()| window.show()).and_then(|()| window.set_focus());
    if let Err(error) = shown {
        tracing::warn!(%error, "The window does not come to the front.");
    }
}

/// Only the interface itself is ever loaded: a page from elsewhere would inherit the bridge's window.
fn is_ours(url: &Url) -> bool {
    url.scheme() == "tauri" || url.host_str() == Some("tauri.localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_interface_is_loaded() {
        let ours = |url: &str| is_ours(&url.parse().unwrap());
        assert!(ours("tauri://localhost/index.html"));
        assert!(ours("http://tauri.localhost/"));
        assert!(!ours("https://example.com/"));
        assert!(!ours("https://tauri.localhost.example.com/"));
        assert!(!ours("file:///etc/passwd"));
    }
}
