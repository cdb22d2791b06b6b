//! The statements that the edge runs on its database, with the types of their rows, one file for each table.
//!
//! Compare-and-swap lives in the statements, so tests on SQLite run the texts that D1 runs.

pub mod changes;
pub mod documents;
pub mod keys;
pub mod meta;
pub mod publications;

use beacon_shared::error::{Code, Error, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::ports::Db;

/// A parameter of a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// Text.
    Text(String),
    /// An integer that JavaScript can hold.
    Integer(i64),
}

impl From<&str> for Argument {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Argument {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Argument {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

impl From<u64> for Argument {
    fn from(integer: u64) -> Self {
        // A number beyond the range matches nothing, which is right for a revision or a cursor that cannot exist.
        Self::Integer(i64::try_from(integer).unwrap_or(i64::MAX))
    }
}

/// A statement with its parameters.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The text.
    pub sql: &'static str,
    /// `?1`, `?2`, …
    pub arguments: Vec<Argument>,
}

impl Statement {
    /// Returns a statement with its parameters.
    pub fn new<const N: usize>(sql: &'static str, arguments: [Argument; N]) -> Self {
        Self { sql, arguments: arguments.into() }
    }
}

/// The rows of one statement, as JSON objects.
#[derive(Clone, Debug, Default)]
pub struct Rows(pub Vec<Value>);

impl Rows {
    /// Returns all rows.
    pub fn all<T: DeserializeOwned>(self) -> Result<Vec<T>> {
        self.0.into_iter().map(row).collect()
    }

    /// Returns the first row, if there is one.
    pub fn first<T: DeserializeOwned>(self) -> Result<Option<T>> {
        self.0.into_iter().next().map(row).transpose()
    }
}

fn row<T: DeserializeOwned>(value: Value) -> Result<T> {
    serde_json::from_value(value).map_err(|e| Error::new(Code::Internal, format!("A stored row cannot be read: {e}.")))
}

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
