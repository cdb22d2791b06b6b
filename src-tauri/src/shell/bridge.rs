//! The messages between the window and the core.

use std::sync::Arc;

use beacon_desktop::app::App;
use beacon_desktop::host::Host;
use beacon_desktop::ipc::{dispatch, dispatch_text};
use beacon_shared::error::Error;
use beacon_shared::ipc::{Call, ConnectionInput, ConnectionSave, NOTICE};
use serde_json::Value;
use tauri::{AppHandle, Emitter, Runtime, State};

/// The only command of the window: `shared::ipc` declares the calls that go through it. The window sends a request as
/// JSON text and gets text, which keeps every number as it is; an object, from a console, is answered with one.
#[tauri::command]
pub async fn ipc(host: State<'_, Arc<Host>>, name: String, request: Value) -> Result<Value, Error> {
    let app = host.app().await?;
    match request {
        Value::String(text) => dispatch_text(&app, &name, &text).await.map(Value::String),
        request => dispatch(&app, &name, request).await,
    }
}

/// Passes the core's notices to the window.
pub fn forward_notices<R: Runtime>(host: &Host, window: AppHandle<R>) {
    let mut notices = host.bus().subscribe();
    tauri::async_runtime::spawn(async move {
        while let Some(notice) = notices.next().await {
            if let Err(error) = window.emit(NOTICE, notice) {
                tracing::warn!(%error, "A notice did not reach the window.");
            }
        }
    });
}

/// Connects to the edge that the environment names, as the developer's `run` task does.
pub async fn connect_from_environment(app: &Arc<App>) {
    let Ok(url) = std::env::var("BEACON_CONNECT_URL") else { return };
    let key = std::env::var("BEACON_CONNECT_KEY").ok();
    let input = serde_json::json!(ConnectionInput { url, key, choice: None });
    match dispatch(app, ConnectionSave::NAME, input).await {
        Ok(answer) if answer["outcome"] == "connected" => {
            tracing::info!("Connected to the edge that BEACON_CONNECT_URL names.")
        }
        Ok(_) => {
            tracing::warn!("The edge that BEACON_CONNECT_URL names holds another workspace. Connect in the settings.")
        }
        Err(error) => tracing::error!(%error, "The edge that BEACON_CONNECT_URL names cannot be used."),
    }
}
