use std::path::{Path, PathBuf};

use beacon_shared::error::{Code, Error, Result};
use rusqlite::{Connection, TransactionBehavior};

use super::failure::storage;

/// The steps from an empty file to today's tables. Append only: a step that was shipped never changes.
pub const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_documents.sql"),
    include_str!("migrations/0002_summaries.sql"),
    include_str!("migrations/0003_stamp.sql"),
    include_str!("migrations/0004_metrics.sql"),
];

/// Brings the file up to date, after a backup if there is anything to lose.
pub fn migrate(connection: &mut Connection, path: &Path, migrations: &[&str]) -> Result<()> {
    let version: usize = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(storage)?;
    if version > migrations.len() {
        let message = format!(
            "A newer Beacon wrote this database ({}). Update Beacon, or go back to a backup beside it, whose name ends \
             in .backup.",
            path.display()
        );
        return Err(Error::new(Code::NewerDatabase, message));
    }
    if version == migrations.len() {
        return Ok(());
    }
    if version > 0 {
        back_up(connection, &backup_path(path, version))?;
    }
    for (step, sql) in migrations.iter().enumerate().skip(version) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(storage)?;
        transaction.execute_batch(sql).map_err(storage)?;
        transaction.pragma_update(None, "user_version", step + 1).map_err(storage)?;
        transaction.commit().map_err(storage)?;
    }
    Ok(())
}

/// `beacon.db` of version 3 goes to `beacon.v3.backup`.
fn backup_path(path: &Path, version: usize) -> PathBuf {
    path.with_extension(format!("v{version}.backup"))
}

fn back_up(connection: &Connection, to: &Path) -> Result<()> {
    // One from an attempt that failed half-way: the file still is of that version, so today's copy is the better one.
    if to.exists() {
        std::fs::remove_file(to).map_err(|e| {
            Error::new(Code::Storage, format!("The old backup {} cannot be replaced ({e}): remove it.", to.display()))
        })?;
    }
    connection.execute("VACUUM INTO ?1", [to.to_string_lossy()]).map_err(storage)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_is_made_before_anything_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("beacon.db");
        let mut connection = Connection::open(&path).unwrap();
        let first = "CREATE TABLE t (a); INSERT INTO t VALUES (1);";
        migrate(&mut connection, &path, &[first]).unwrap();
        assert!(!backup_path(&path, 0).exists(), "nothing to lose");
        migrate(&mut connection, &path, &[first, "DELETE FROM t;"]).unwrap();
        let backup = Connection::open(folder.path().join("beacon.v1.backup")).unwrap();
        assert_eq!(backup.query_row("SELECT a FROM t", [], |r| r.get::<_, i64>(0)).unwrap(), 1);
        assert_eq!(backup.pragma_query_value(None, "user_version", |r| r.get::<_, i64>(0)).unwrap(), 1);
    }

    #[test]
    fn a_step_that_fails_leaves_the_version_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("beacon.db");
        let mut connection = Connection::open(&path).unwrap();
        assert!(migrate(&mut connection, &path, &["CREATE TABLE t (a)", "CREATE TABLE u (a); nonsense"]).is_err());
        assert_eq!(connection.pragma_query_value(None, "user_version", |r| r.get::<_, i64>(0)).unwrap(), 1);
        assert!(connection.prepare("SELECT * FROM u").is_err());
    }

    #[test]
    fn a_newer_database_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("beacon.db");
        let mut connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        assert_eq!(migrate(&mut connection, &path, MIGRATIONS).unwrap_err().code, Code::NewerDatabase);
    }
}
