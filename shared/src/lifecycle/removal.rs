//! Deleting a document: at once while nothing of it is live, else by the next publication.

use serde_json::Value;

use crate::error::{Code, Error, Result};
use crate::model::{Kind, Status};

/// Returns true if the draft asks for the document's removal.
pub fn is_removed(body: &Value) -> bool {
    body.get("removed") == Some(&Value::Bool(true))
}

/// Marks a body for removal. Returns the body, and whether the document is deleted already because nothing is live.
///
/// Errors: [`Code::Locked`] while an experiment is running.
pub fn remove(kind: Kind, body: &Value) -> Result<(Value, bool)> {
    let status = |part: &str| body.get(part).and_then(|p| p.get("status")).and_then(Value::as_str);
    let running = serde_json::to_value(Status::Running).ok();
    let running = running.as_ref().and_then(Value::as_str);
    if kind == Kind::Experiment && (status("draft") == running || status("released") == running) {
        return Err(Error::new(Code::Locked, "This experiment is running. Stop it, publish that, then delete it."));
    }
    let is_live = body.get("released").is_some_and(|released| !released.is_null());
    Ok((if is_live { mark_removed(body) } else { body.clone() }, !is_live))
}

/// Returns the body with the mark that asks for the document's removal.
pub fn mark_removed(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(fields) = body.as_object_mut() {
        fields.insert("removed".to_owned(), Value::Bool(true));
    }
    body
}

/// Takes a removal back that is not published yet.
pub fn restore(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("removed");
    }
    body
}
