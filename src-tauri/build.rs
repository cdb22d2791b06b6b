//! Generates the shell's permissions: the window may call the one command `ipc`, and nothing else.

fn main() {
    #[cfg(feature = "shell")]
    shell();
}

#[cfg(feature = "shell")]
fn shell() {
    let manifest = tauri_build::AppManifest::new().commands(&["ipc"]);
    if let Err(error) = tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest)) {
        println!("cargo::error=The shell's configuration cannot be built: {error:#}");
    }
}
