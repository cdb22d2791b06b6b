//! The Beacon app: the core in a window.

// A release build on Windows would otherwise open a console beside the window.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod shell;

use std::process::ExitCode;

fn main() -> ExitCode {
    match shell::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The window could not come up, so standard error is the only place left to say it.
            eprintln!("Beacon cannot open its window: {error}. Check that a desktop session is running.");
            ExitCode::FAILURE
        }
    }
}
