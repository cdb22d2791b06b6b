//! One window per data folder.

use std::hash::{DefaultHasher, Hash, Hasher};

use tauri::Runtime;
use tauri::plugin::TauriPlugin;

use super::window;

/// Brings the first window to the front when Beacon is started again on the same data.
pub fn plugin<R: Runtime>() -> TauriPlugin<R> {
    let mut builder = tauri_plugin_single_instance::Builder::new().callback(|app, _, _| window::show(app));
    // Two windows may work on two data folders at once, as demos and tests do, so each has a name of its own.
    if let Some(folder) = std::env::var_os("BEACON_DATA_DIR") {
        let mut hash = DefaultHasher::new();
        folder.hash(&mut hash);
        builder = builder.dbus_id(format!("dev.beacon.desktop.d{:016x}", hash.finish()));
    }
    builder.build()
}
