//! The statements that the edge runs on its database, with the types of their rows, one file for each table.
//!
//! Compare-and-swap lives in the statements, so tests on SQLite run the texts that D1 runs.

pub mod changes;
pub mod documents;
pub mod keys;
pub mod meta;
pub mod publications;

use beacon_shared::error::Result;

use crate::ports::Db;
use crate::sql::{Rows, Statement};

/// Statements that run in one transaction. Each gives a [`Slot`], by which its rows are read.
#[derive(Default)]
pub struct Batch(Vec<Statement>);

/// The place of a statement's rows in the answer to its batch.
#[derive(Clone, Copy)]
pub struct Slot(usize);

impl Batch {
    /// Adds a statement.
    pub fn add(&mut self, statement: Statement) -> Slot {
        self.0.push(statement);
        Slot(self.0.len() - 1)
    }

    /// Runs all statements, or none.
    pub async fn run(self, db: &dyn Db) -> Result<Answers> {
        Ok(Answers(db.batch(self.0).await?))
    }
}

/// The rows of each statement of a batch.
pub struct Answers(Vec<Rows>);

impl Answers {
    /// Takes the rows of a statement.
    pub fn take(&mut self, slot: Slot) -> Rows {
        self.0.get_mut(slot.0).map(std::mem::take).unwrap_or_default()
    }
}

/// Runs one statement.
pub async fn run(db: &dyn Db, statement: Statement) -> Result<Rows> {
    let mut batch = Batch::default();
    let slot = batch.add(statement);
    Ok(batch.run(db).await?.take(slot))
}
