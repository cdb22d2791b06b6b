//! Statements, their parameters and their rows.

use beacon_shared::error::{Code, Error, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The most bytes of a text: D1's limit.
pub const MAX_TEXT: usize = 2_000_000;

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
