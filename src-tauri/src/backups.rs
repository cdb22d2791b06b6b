//! Daily backups of the drafts, beside the database in the folder `backups`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use beacon_shared::error::{Code, Error, Result};
use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};

/// Backups that are kept.
const KEPT: usize = 7;
/// The time between two looks whether a new day has begun.
const LOOK: Duration = Duration::from_secs(60 * 60);
const FOLDER: &str = "backups";

/// Makes a backup of the folder's drafts every day, until the task is aborted. `now` is the clock, in Unix milliseconds.
pub async fn keep(folder: PathBuf, now: impl Fn() -> i64) {
    loop {
        let (database, now) = (folder.join("beacon.db"), now());
        match tokio::task::spawn_blocking(move || daily(&database, now)).await {
            Ok(Ok(Some(made))) => tracing::info!(backup = %made.display(), "A backup was made."),
            Ok(Ok(None)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "No backup was made."),
            Err(error) => tracing::error!(%error, "The backup did not finish."),
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Makes today's backup unless it is there, and removes all but the newest. Returns the new file.
pub fn daily(database: &Path, now: i64) -> Result<Option<PathBuf>> {
    let folder = folder(database);
    let day = Timestamp::from_millisecond(now).map(|at| at.strftime("%Y-%m-%d").to_string());
    let day =
        day.map_err(|_| Error::new(Code::Storage, "The computer's clock is wrong. Set it, then restart Beacon."))?;
    let file = folder.join(format!("beacon-{day}.db"));
    if file.exists() {
        return Ok(None);
    }
    std::fs::create_dir_all(&folder).map_err(|error| unwritten(&file, &error))?;
    let unfinished = folder.join("unfinished");
    if unfinished.exists() {
        std::fs::remove_file(&unfinished).map_err(|error| unwritten(&unfinished, &error))?;
    }
    // A connection of its own: the app goes on while SQLite copies.
    let source = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE);
    source
        .and_then(|source| source.execute("VACUUM INTO ?1", [unfinished.to_string_lossy()]).map(drop))
        .map_err(|error| unwritten(&file, &error))?;
    std::fs::rename(&unfinished, &file).map_err(|error| unwritten(&file, &error))?;
    for old in files(&folder).iter().rev().skip(KEPT) {
        std::fs::remove_file(old).map_err(|error| unwritten(old, &error))?;
    }
    Ok(Some(file))
}

/// Returns the newest backup of a database.
pub fn newest(database: &Path) -> Option<PathBuf> {
    files(&folder(database)).pop()
}

/// Replaces the error of a database that is damaged by one that names the backup to put in its place.
pub fn explain(database: &Path, error: Error) -> Error {
    if error.code != Code::Storage || !is_damaged(database) {
        return error;
    }
    let (path, name) = (database.display(), "beacon.db");
    let message = match newest(database) {
        Some(backup) => format!(
            "Beacon's database is damaged. Close Beacon, delete {path}, {path}-wal and {path}-shm, and copy {} to {name}.",
            backup.display()
        ),
        None => format!(
            "Beacon's database {path} is damaged, and there is no backup yet. Move it away to begin with what the edge has."
        ),
    };
    Error::new(Code::Storage, message)
}

fn is_damaged(database: &Path) -> bool {
    let check = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .and_then(|connection| connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0)));
    match check {
        Ok(answer) => answer != "ok",
        Err(error) => matches!(
            error.sqlite_error_code(),
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase)
        ),
    }
}

fn folder(database: &Path) -> PathBuf {
    database.with_file_name(FOLDER)
}

/// The backups, oldest first: their names sort by day.
fn files(folder: &Path) -> Vec<PathBuf> {
    let is_backup = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with("beacon-") && name.ends_with(".db")
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries.filter(is_backup).collect();
    files.sort();
    files
}

fn unwritten(file: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::new(Code::Storage, format!("The backup {} wasn't made ({error}). Free some space.", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    const DAY: i64 = 24 * 60 * 60 * 1000;

    #[test]
    fn a_backup_a_day_is_made_and_seven_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("beacon.db");
        let open = Connection::open(&database).unwrap();
        open.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1);").unwrap();
        assert_eq!(newest(&database), None);
        let first = daily(&database, DAY).unwrap().unwrap();
        assert!(first.ends_with("backups/beacon-1970-01-02.db"), "{}", first.display());
        open.execute_batch("INSERT INTO t VALUES (2)").unwrap();
        assert_eq!(daily(&database, DAY + 1).unwrap(), None, "one a day");
        for day in 2..=10 {
            daily(&database, day * DAY).unwrap().unwrap();
        }
        assert_eq!(files(&self::folder(&database)).len(), KEPT);
        let newest = newest(&database).unwrap();
        assert!(newest.ends_with("beacon-1970-01-11.db"), "{}", newest.display());
        let restored = Connection::open(newest).unwrap();
        assert_eq!(restored.query_row("SELECT COUNT(*) FROM t", [], |r| r.get::<_, i64>(0)).unwrap(), 2);
    }

    #[test]
    fn a_damaged_database_leaves_the_backups_alone() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("beacon.db");
        Connection::open(&database).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
        let good = daily(&database, DAY).unwrap().unwrap();
        std::fs::write(&database, vec![7; 8192]).unwrap();
        assert_eq!(daily(&database, 2 * DAY).unwrap_err().code, Code::Storage);
        assert_eq!(newest(&database), Some(good.clone()));

        let error = explain(&database, Store::open(&database).err().unwrap());
        assert!(error.message.contains(good.to_str().unwrap()), "{}", error.message);
        std::fs::copy(&good, &database).unwrap();
        assert!(Store::open(&database).is_ok(), "the advice works");
        let full = Error::new(Code::Storage, "The disk is full.");
        assert_eq!(explain(&database, full.clone()), full, "nothing is damaged");
    }
}
