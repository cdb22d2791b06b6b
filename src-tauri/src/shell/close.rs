//! Closing: the window first saves what was typed last.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use beacon_desktop::host::Host;
use tauri::{AppHandle, Manager, RunEvent, Runtime, Window, WindowEvent};

/// Set once the last keystrokes are saved, so that the next attempt to close succeeds.
static SAVED: AtomicBool = AtomicBool::new(false);

/// Holds a closing window back until it has saved, which [`Host::flush`] bounds.
pub fn on_window_event<R: Runtime>(window: &Window<R>, event: &WindowEvent) {
    if let WindowEvent::CloseRequested { api, .. } = event
        && !SAVED.load(Ordering::SeqCst)
    {
        api.prevent_close();
        let window = window.clone();
        save_then(window.app_handle().clone(), move || {
            if let Err(error) = window.destroy() {
                tracing::error!(%error, "The window does not close.");
                window.app_handle().exit(1);
            }
        });
    }
}

/// Holds the app's end back in the same way: a menu or a shortcut may end the app without closing the window.
pub fn on_run_event<R: Runtime>(app: &AppHandle<R>, event: RunEvent) {
    if let RunEvent::ExitRequested { api, code: None, .. } = event
        && !SAVED.load(Ordering::SeqCst)
    {
        api.prevent_exit();
        let handle = app.clone();
        save_then(app.clone(), move || handle.exit(0));
    }
}

fn save_then<R: Runtime>(app: AppHandle<R>, then: impl FnOnce() + Send + 'static) {
    let host = Arc::clone(app.state::<Arc<Host>>().inner());
    tauri::async_runtime::spawn(async move {
        if !host.flush().await {
            tracing::warn!("The window closes without having said that everything is saved.");
        }
        SAVED.store(true, Ordering::SeqCst);
        then();
    });
}
