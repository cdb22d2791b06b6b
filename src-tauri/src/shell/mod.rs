//! The thin shell around the core: one window, one command, one event. Everything else is the core's.

mod bridge;
mod instance;
mod logging;
mod window;

use std::path::PathBuf;
use std::sync::Arc;

use beacon_desktop::app::{App, Bus};
use beacon_desktop::sync;
use beacon_desktop::workspaces::Workspaces;
use beacon_shared::error::{Code, Error, Result};
use tauri::Manager;

/// The core, or why it could not be opened. The window comes up in both cases, so that the person can read it.
pub type Core = Result<Arc<App>>;

/// Runs until the window is closed.
pub fn run() -> tauri::Result<()> {
    tauri::Builder::default()
        // First: a second start ends here, before it could open the database.
        .plugin(instance::plugin())
        .invoke_handler(tauri::generate_handler![bridge::ipc])
        .setup(|tauri| {
            let core = open(tauri);
            if let Ok(app) = &core {
                bridge::forward_notices(app, tauri.handle().clone());
                tauri::async_runtime::spawn(start(Arc::clone(app)));
            }
            tauri.manage(core);
            window::open(tauri)?;
            Ok(())
        })
        .run(tauri::generate_context!())
}

fn open(tauri: &tauri::App) -> Core {
    let folder = folder(tauri)?;
    std::fs::create_dir_all(&folder).map_err(|error| {
        let at = folder.display();
        Error::new(Code::Storage, format!("The data folder {at} cannot be made ({error}): make room or allow writing."))
    })?;
    logging::start(&folder);
    tracing::info!(version = env!("CARGO_PKG_VERSION"), folder = %folder.display(), "Beacon starts.");
    Workspaces::open(&folder)
        .and_then(|workspaces| App::open(Arc::new(workspaces), Bus::default()))
        .inspect_err(|error| tracing::error!(%error, "The core cannot open."))
}

fn folder(tauri: &tauri::App) -> Result<PathBuf> {
    if let Some(given) = std::env::var_os("BEACON_DATA_DIR") {
        return Ok(PathBuf::from(given));
    }
    tauri.path().data_dir().map(|folder| folder.join("beacon")).map_err(|error| {
        Error::new(Code::Storage, format!("There is no folder for the app's data ({error}): set BEACON_DATA_DIR."))
    })
}

async fn start(app: Arc<App>) {
    bridge::connect_from_environment(&app).await;
    sync::drive(app).await;
}
