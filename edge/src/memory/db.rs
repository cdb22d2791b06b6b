//! SQLite in memory in place of D1 and of a Durable Object's storage: the same migrations, the same statements.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use beacon_shared::error::{Code, Error, Result};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, params_from_iter};
use serde_json::{Map, Value, json};

use crate::log::Sql;
use crate::ports::Db;
use crate::sql::{Argument, MAX_TEXT, Rows, Statement};

/// The migrations, in order.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_workspace.sql"),
    include_str!("../../migrations/0002_op_id.sql"),
    include_str!("../../migrations/0003_publishing.sql"),
    include_str!("../../migrations/0004_stamp.sql"),
    include_str!("../../migrations/0005_stored_at.sql"),
];

/// A database in memory.
pub struct MemoryDb(Mutex<Connection>);

/// A copy of a database at one moment.
pub struct Copy(Connection);

impl MemoryDb {
    /// Opens an empty database.
    pub fn empty() -> Result<Self> {
        Connection::open_in_memory().map(|connection| Self(Mutex::new(connection))).map_err(failed)
    }

    /// Opens an empty workspace.
    pub fn workspace() -> Result<Self> {
        let db = Self::empty()?;
        for migration in MIGRATIONS {
            db.connection().execute_batch(migration).map_err(failed)?;
        }
        Ok(db)
    }

    /// Returns the connection, for tests that look inside.
    pub fn connection(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Copies the database.
    pub fn copy(&self) -> Result<Copy> {
        let mut copy = Connection::open_in_memory().map_err(failed)?;
        transfer(&self.connection(), &mut copy)?;
        Ok(Copy(copy))
    }

    /// Takes the database back to an earlier copy.
    pub fn restore(&self, earlier: &Copy) -> Result<()> {
        transfer(&earlier.0, &mut self.connection())
    }
}

fn transfer(from: &Connection, to: &mut Connection) -> Result<()> {
    let backup = rusqlite::backup::Backup::new(from, to).map_err(failed)?;
    backup.step(-1).map(drop).map_err(failed)
}

fn failed(error: rusqlite::Error) -> Error {
    Error::new(Code::Storage, error.to_string())
}

#[async_trait]
impl Db for MemoryDb {
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Rows>> {
        let too_long = |argument: &Argument| matches!(argument, Argument::Text(text) if text.len() > MAX_TEXT);
        if statements.iter().flat_map(|statement| &statement.arguments).any(too_long) {
            return Err(Error::new(Code::Storage, "A parameter is longer than D1 takes."));
        }
        let mut connection = self.connection();
        let transaction = connection.transaction().map_err(failed)?;
        let run = |statement: Statement| rows(&transaction, statement.sql, &statement.arguments).map(Rows);
        let results = statements.into_iter().map(run).collect::<rusqlite::Result<Vec<_>>>().map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(results)
    }
}

impl Sql for MemoryDb {
    fn run(&self, sql: &str, arguments: Vec<Argument>) -> Result<Vec<Value>> {
        rows(&self.connection(), sql, &arguments).map_err(failed)
    }
}

fn rows(connection: &Connection, sql: &str, arguments: &[Argument]) -> rusqlite::Result<Vec<Value>> {
    let mut prepared = connection.prepare_cached(sql)?;
    let names: Vec<String> = prepared.column_names().map(str::to_owned).collect();
    let arguments = arguments.iter().map(|argument| match argument {
        Argument::Text(text) => rusqlite::types::Value::Text(text.clone()),
        Argument::Integer(integer) => rusqlite::types::Value::Integer(*integer),
    });
    let mut found = prepared.query(params_from_iter(arguments))?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let mut object = Map::new();
        for (index, name) in names.iter().enumerate() {
            object.insert(name.clone(), value(row.get_ref(index)?));
        }
        rows.push(Value::Object(object));
    }
    Ok(rows)
}

fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => json!(integer),
        ValueRef::Real(real) => json!(real),
        ValueRef::Text(text) => json!(String::from_utf8_lossy(text)),
        ValueRef::Blob(blob) => json!(blob),
    }
}
