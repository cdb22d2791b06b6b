//! The edge's database in memory, with its real migrations and its real statements.

use std::cell::RefCell;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use rusqlite::{Connection, params_from_iter, types::ValueRef};
use serde_json::{Map, json};

use super::*;

const MIGRATIONS: &[&str] =
    &[include_str!("../../migrations/0001_workspace.sql"), include_str!("../../migrations/0002_op_id.sql")];

/// The database; tests may look inside.
pub struct Memory(pub RefCell<Connection>);

impl Memory {
    /// An empty workspace.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        let connection = Connection::open_in_memory().expect("SQLite");
        for migration in MIGRATIONS {
            connection.execute_batch(migration).expect("the migration");
        }
        Self(RefCell::new(connection))
    }
}

impl Database for Memory {
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Rows>> {
        let failed = |e: rusqlite::Error| Error::new(Code::Storage, e.to_string());
        let mut connection = self.0.borrow_mut();
        let transaction = connection.transaction().map_err(failed)?;
        let mut results = Vec::new();
        for statement in statements {
            results.push(run_one(&transaction, &statement).map_err(failed)?);
        }
        transaction.commit().map_err(failed)?;
        Ok(results)
    }
}

fn run_one(connection: &Connection, statement: &Statement) -> rusqlite::Result<Rows> {
    let mut prepared = connection.prepare(statement.sql)?;
    let names: Vec<String> = prepared.column_names().map(str::to_owned).collect();
    let arguments = statement.arguments.iter().map(|a| match a {
        Argument::Text(text) => rusqlite::types::Value::Text(text.clone()),
        Argument::Integer(integer) => rusqlite::types::Value::Integer(*integer),
    });
    let mut found = prepared.query(params_from_iter(arguments))?;
    let mut rows = Rows::default();
    while let Some(row) = found.next()? {
        let mut object = Map::new();
        for (i, name) in names.iter().enumerate() {
            let value = match row.get_ref(i)? {
                ValueRef::Null => json!(null),
                ValueRef::Integer(integer) => json!(integer),
                ValueRef::Real(real) => json!(real),
                ValueRef::Text(text) => json!(String::from_utf8_lossy(text)),
                ValueRef::Blob(_) => panic!("no blobs"),
            };
            object.insert(name.clone(), value);
        }
        rows.0.push(object.into());
    }
    Ok(rows)
}

/// Runs a future that never waits.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("in memory nothing waits"),
    }
}
