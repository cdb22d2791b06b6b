use std::path::{Path, PathBuf};

use beacon_shared::error::{Code, Error, Result};
use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::{Batch, Connection, Transaction, TransactionBehavior};

use super::failure::storage;
use super::progress::{Meter, Progress, heavy_statements};

/// The steps from an empty file to today's tables. Append only: a step that was shipped never changes.
pub const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_documents.sql"),
    include_str!("migrations/0002_summaries.sql"),
    include_str!("migrations/0003_stamp.sql"),
    include_str!("migrations/0004_metrics.sql"),
    include_str!("migrations/0005_live_state.sql"),
];

/// Brings the file up to date, after a backup if there is anything to lose. Says how much is done when there is.
pub fn migrate(connection: &mut Connection, path: &Path, migrations: &[&str], progress: &Progress) -> Result<()> {
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
    if version == 0 {
        return run(connection, migrations, version, None);
    }
    let meter = Meter::start(connection, migrations.iter().skip(version), progress).map_err(storage)?;
    back_up(connection, &backup_path(path, version))?;
    meter.next();
    let migrated = run(connection, migrations, version, Some(&meter));
    meter.stop(connection).map_err(storage)?;
    migrated
}

/// Takes the steps that the file does not have yet.
fn run(connection: &mut Connection, migrations: &[&str], version: usize, meter: Option<&Meter>) -> Result<()> {
    for (step, sql) in migrations.iter().enumerate().skip(version) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(storage)?;
        execute(&transaction, sql, meter).map_err(storage)?;
        transaction.pragma_update(None, "user_version", step + 1).map_err(storage)?;
        transaction.commit().map_err(storage)?;
    }
    Ok(())
}

/// Runs the statements of a step, one by one.
fn execute(transaction: &Transaction<'_>, sql: &str, meter: Option<&Meter>) -> rusqlite::Result<()> {
    let mut statements = Batch::new(transaction, sql);
    while let Some(mut statement) = statements.next()? {
        let is_heavy = statement.expanded_sql().is_some_and(|sql| heavy_statements(&sql) > 0);
        statement.raw_execute()?;
        meter.filter(|_| is_heavy).into_iter().for_each(Meter::next);
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
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Brings a database up to date that nobody looks at.
    fn migrate(connection: &mut Connection, path: &Path, migrations: &[&str]) -> Result<()> {
        super::migrate(connection, path, migrations, &Progress::unseen())
    }

    #[test]
    fn progress_is_said_in_percent_while_rows_are_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("beacon.db");
        let mut connection = Connection::open(&path).unwrap();
        let first = "CREATE TABLE t (a, b);
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
            INSERT INTO t SELECT i, 'row ' || i FROM n;";
        let said = Arc::new(Mutex::new(Vec::new()));
        let to = Arc::clone(&said);
        let progress = Progress::new(move |percent| to.lock().unwrap().push(percent));
        super::migrate(&mut connection, &path, &[first], &progress).unwrap();
        assert_eq!(*said.lock().unwrap(), [0; 0], "a new database has nothing to bring up to date");
        let second = "-- Two statements that write rows, and one that does not.
            CREATE TABLE u (a, b);
            INSERT INTO u SELECT a, upper(b) FROM t ORDER BY b;
            DROP TABLE t;
            CREATE INDEX by_b ON u (b);";
        super::migrate(&mut connection, &path, &[first, second], &progress).unwrap();
        let said = said.lock().unwrap().clone();
        assert!(said.is_sorted() && said.len() > 10 && said.last() == Some(&100), "{said:?}");
        assert!(said.iter().any(|percent| (40..60).contains(percent)), "{said:?}");
        let rows: i64 = connection.query_row("SELECT count(*) FROM u WHERE b > 'ROW'", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 200_000);
    }

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
