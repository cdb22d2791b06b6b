//! The progress of a migration.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use rusqlite::{Connection, Result};

/// Steps of the database between two looks.
const STEPS: i32 = 10_000;
/// Steps of the database for one row of the largest table, in a statement that reads and writes all of them: an
/// estimate, so that the percentage moves within a statement, too.
const STEPS_PER_ROW: u64 = 60;
/// The beginnings of statements whose work grows with the rows.
const HEAVY: [&str; 5] = ["INSERT ", "UPDATE ", "DELETE ", "CREATE INDEX ", "CREATE UNIQUE INDEX "];

/// Receives how much is done, in percent: rising numbers, at the end 100.
#[derive(Clone)]
pub struct Progress(Arc<dyn Fn(u8) + Send + Sync>);

impl Progress {
    /// Makes a receiver.
    pub fn new(receive: impl Fn(u8) + Send + Sync + 'static) -> Self {
        Self(Arc::new(receive))
    }

    /// Makes a receiver for work that nobody waits for.
    pub fn unseen() -> Self {
        Self::new(|_| ())
    }
}

/// Returns how many of the statements in this SQL grow with the rows.
pub fn heavy_statements(sql: &str) -> u64 {
    let is_heavy = |line: &&str| HEAVY.iter().any(|begin| line.trim_start().starts_with(begin));
    sql.lines().filter(is_heavy).count() as u64
}

/// Measures a migration: a backup, then statements, which all count the same.
pub struct Meter(Arc<State>);

struct State {
    progress: Progress,
    /// The backup, and the statements that grow with the rows.
    parts: u64,
    parts_done: AtomicU64,
    /// Estimated steps of a part.
    steps: u64,
    /// Steps of the part at work.
    steps_done: AtomicU64,
    said: AtomicU8,
}

impl Meter {
    /// Begins with the backup.
    pub fn start<'m>(
        connection: &mut Connection,
        migrations: impl Iterator<Item = &'m &'m str>,
        progress: &Progress,
    ) -> Result<Self> {
        let state = Arc::new(State {
            progress: progress.clone(),
            parts: 1 + migrations.map(|sql| heavy_statements(sql)).sum::<u64>(),
            parts_done: AtomicU64::new(0),
            steps: (rows(connection)? * STEPS_PER_ROW).max(1),
            steps_done: AtomicU64::new(0),
            said: AtomicU8::new(0),
        });
        let watch = Arc::clone(&state);
        let look = move || {
            watch.steps_done.fetch_add(STEPS.unsigned_abs().into(), Ordering::Relaxed);
            watch.say();
            false
        };
        connection.progress_handler(STEPS, Some(look))?;
        Ok(Self(state))
    }

    /// Goes on to the next part.
    pub fn next(&self) {
        self.0.parts_done.fetch_add(1, Ordering::Relaxed);
        self.0.steps_done.store(0, Ordering::Relaxed);
        self.0.say();
    }

    /// Ends the measuring.
    pub fn stop(self, connection: &mut Connection) -> Result<()> {
        self.0.parts_done.store(self.0.parts, Ordering::Relaxed);
        self.0.steps_done.store(0, Ordering::Relaxed);
        self.0.say();
        connection.progress_handler(0, None::<fn() -> bool>)
    }
}

impl State {
    /// Says the percentage if it has grown.
    fn say(&self) {
        let within = self.steps_done.load(Ordering::Relaxed).min(self.steps) * 100 / self.steps;
        let percent = (self.parts_done.load(Ordering::Relaxed) * 100 + within) / self.parts;
        let percent = u8::try_from(percent.min(100)).unwrap_or(100);
        if self.said.fetch_max(percent, Ordering::Relaxed) < percent {
            (self.progress.0)(percent);
        }
    }
}

/// Returns the rows of the largest table.
fn rows(connection: &Connection) -> Result<u64> {
    let mut tables = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    let names = tables.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>>>()?;
    let count = |name: &String| {
        let sql = format!("SELECT count(*) FROM \"{}\"", name.replace('"', "\"\""));
        connection.query_row(&sql, [], |row| row.get(0))
    };
    Ok(names.iter().map(count).collect::<Result<Vec<u64>>>()?.into_iter().max().unwrap_or(0))
}
