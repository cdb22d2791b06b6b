//! Functions of SQL that counting needs.

use beacon_shared::eval::condition::{Condition, Groups};
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::{Connection, Error, Result};
use serde_json::{Map, Value};

use crate::results::Zone;

/// `event_satisfies(filter, body)`: whether the properties of the event with this body satisfy the filter, a condition
/// as JSON.
pub(super) const SATISFIES: &str = "event_satisfies";
/// `local_day(time)`: the day of a time in Unix milliseconds, since 1970-01-01 in the site's time zone.
pub(super) const LOCAL_DAY: &str = "local_day";

/// Makes the functions known to the connection.
pub(super) fn define(connection: &Connection, zone: Zone) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function(SATISFIES, 2, flags, satisfies)?;
    connection.create_scalar_function(LOCAL_DAY, 1, flags, move |context| Ok(zone.day(context.get(0)?)))
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
