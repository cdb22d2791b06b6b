//! The thin shell around the core: one window, one command, one event. Everything else is the core's.

mod bridge;
mod close;
mod instance;
mod logging;
mod window;

use std::path::PathBuf;
use std::sync::Arc;

use beacon_desktop::host::Host;
use beacon_shared::error::{Code, Error, Result};
use tauri::Manager;

/// Runs until the window is closed.
pub fn run() -> tauri::Result<()> {
    tauri::Builder::default()
        // First: a second start ends here, before it could open the database.
        .plugin(instance::plugin())
        .invoke_handler(tauri::generate_handler![bridge::ipc])
        .setup(|tauri| {
            let host = Arc::new(Host::default());
            tauri.manage(Arc::clone(&host));
            bridge::forward_notices(&host, tauri.handle().clone());
            window::open(tauri)?;
            // The window comes up first: bringing old data up to date may take minutes.
            start(&host, folder(tauri));
            Ok(())
        })
        .on_window_event(close::on_window_event)
        .build(tauri::generate_context!())?
        .run(close::on_run_event);
    Ok(())
}

/// Opens the core in the background.
fn start(host: &Arc<Host>, folder: Result<PathBuf>) {
    let folder = match folder.and_then(create) {
        Ok(folder) => folder,
        Err(error) => return host.fail(error),
    };
    logging::start(&folder);
    tracing::info!(version = env!("CARGO_PKG_VERSION"), folder = %folder.display(), "Beacon starts.");
    tauri::async_runtime::spawn(Arc::clone(host).run(folder));
    let host = Arc::clone(host);
    tauri::async_runtime::spawn(async move {
        if let Ok(app) = host.app().await {
            bridge::connect_from_environment(&app).await;
        }
    });
}

fn create(folder: PathBuf) -> Result<PathBuf> {
    match std::fs::create_dir_all(&folder) {
        Ok(()) => Ok(folder),
        Err(error) => {
            let path = folder.display();
            let message = format!("The data folder {path} can't be made ({error}). Make room or allow writing.");
            Err(Error::new(Code::Storage, message))
        }
    }
}

fn folder(tauri: &tauri::App) -> Result<PathBuf> {
    if let Some(given) = std::env::var_os("BEACON_DATA_DIR") {
        return Ok(PathBuf::from(given));
    }
    tauri.path().data_dir().map(|folder| folder.join("beacon")).map_err(|error| {
        Error::new(Code::Storage, format!("There is no folder for the app's data ({error}): set BEACON_DATA_DIR."))
    })
}
