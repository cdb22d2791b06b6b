//! SQLite's failures, as sentences that say what to do.

use beacon_shared::error::{Code, Error};
use rusqlite::ErrorCode;

/// Returns a failure of the database as an error that says what a person can do.
pub fn storage(error: rusqlite::Error) -> Error {
    let message = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "The disk is full, so the change was not saved. Free some space and try again.",
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            "Beacon may not write to its data folder, so the change was not saved. Allow writing and try again."
        }
        Some(ErrorCode::CannotOpen) => "Beacon's database cannot be opened. Check that the data folder can be written.",
        Some(ErrorCode::SystemIoFailure) => {
            "The disk did not take the change: it is full or failing. Free some space, check the disk and try again."
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "Another program is using Beacon's database. Close it and try again."
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            "Beacon's database is damaged. Restart Beacon to see which backup to put in its place."
        }
        _ => return Error::new(Code::Internal, format!("The database did not understand Beacon: {error}.")),
    };
    Error::new(Code::Storage, message)
}

/// A row that does not say what this version writes.
pub fn unreadable(error: impl std::fmt::Display) -> Error {
    Error::new(Code::Internal, format!("A row of the database cannot be read: {error}."))
}
