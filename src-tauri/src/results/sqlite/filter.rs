//! A metric's filter as a function of SQL.

use beacon_shared::eval::condition::{Condition, Groups};
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::{Connection, Error, Result};
use serde_json::{Map, Value};

/// `event_satisfies(filter, body)`: whether the properties of the event with this body satisfy the filter, a condition
/// as JSON.
pub(super) const SATISFIES: &str = "event_satisfies";

/// Makes the function known to the connection.
pub(super) fn define(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function(SATISFIES, 2, flags, satisfies)
}

fn satisfies(context: &mut Context<'_>) -> Result<bool> {
    // Parsed once for a statement, since the filter is one of its parameters.
    let condition = context.get_or_create_aux(0, |filter| -> Result<Condition> {
        let source: Map<String, Value> = serde_json::from_str(filter.as_str()?).map_err(failed)?;
        Ok(Condition::parse(&source))
    })?;
    let body: Value = serde_json::from_str(context.get_raw(1).as_str()?).map_err(failed)?;
    Ok(condition.matches(body.get("props").unwrap_or(&Value::Null), &Groups::new()))
}

fn failed(error: serde_json::Error) -> Error {
    Error::UserFunctionError(Box::new(error))
}
