//! Releasing a document: the draft becomes what is released, and phases get their times.
//!
//! These work on the body's JSON, so that fields of a newer schema survive.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::removal::{is_removed, restore};
use crate::error::{Code, Error, Result};
use crate::model::{Experiment, Kind, Phase, SCHEMA, Status};

/// An urgent change of what is live, whatever the draft holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Switches a flag off.
    Kill,
    /// Stops an experiment.
    Stop,
}

/// A document after a publication.
#[derive(Clone, Debug, PartialEq)]
pub enum Released {
    /// The draft is live; this is the new body.
    Live(Value),
    /// The removal is live: the document is deleted, with this body.
    Removed(Value),
}

/// Releases a body's draft at `now`, in Unix milliseconds of the edge's clock.
pub fn release(kind: Kind, body: &Value, now: i64) -> Result<Released> {
    let mut body = body.clone();
    if is_removed(&body) {
        set(&mut body, "released", Value::Null)?;
        return Ok(Released::Removed(body));
    }
    if kind == Kind::Experiment
        && let Some(phases) = stamped_phases(&body, now)
    {
        set_in(&mut body, "draft", "phases", phases)?;
        set(&mut body, "schema", json!(SCHEMA))?;
    }
    let draft = body.get("draft").cloned().unwrap_or_default();
    set(&mut body, "released", draft)?;
    Ok(Released::Live(body))
}

/// Returns the draft's phases with the times that a publication at `now` makes true; `None` if none changes. A phase
/// starts with the publication that makes it live, and ends with the one that replaces or stops it.
pub fn stamped_phases(body: &Value, now: i64) -> Option<Value> {
    let draft = Experiment::deserialize(body.get("draft")?).ok()?;
    let released = body.get("released").and_then(|released| Experiment::deserialize(released).ok());
    let live = |id: &str| released.as_ref().and_then(|r| r.phases.iter().find(|phase| phase.id == id));
    let running = |index: usize| draft.status == Status::Running && index + 1 == draft.phases.len();
    let mut raw = body.pointer("/draft/phases")?.as_array()?.clone();
    let mut changed = false;
    for (index, (phase, raw)) in draft.phases.iter().zip(&mut raw).enumerate() {
        let (started, ended) = times(phase, live(&phase.id), running(index), now);
        if (started, ended) != (phase.started, phase.ended) {
            stamp(raw, phase, started, ended)?;
            changed = true;
        }
    }
    changed.then_some(Value::Array(raw))
}

/// Returns when a phase started and ended, once the draft is released.
fn times(phase: &Phase, live: Option<&Phase>, running: bool, now: i64) -> (Option<i64>, Option<i64>) {
    match live {
        Some(live) => (live.started.or(running.then_some(now)), live.ended.or((!running).then_some(now))),
        None if running => (Some(now), None),
        None => (phase.started, phase.ended),
    }
}

fn stamp(raw: &mut Value, phase: &Phase, started: Option<i64>, ended: Option<i64>) -> Option<()> {
    let raw = raw.as_object_mut()?;
    for name in ["started_at", "ended_at"] {
        raw.remove(name);
    }
    raw.insert("id".to_owned(), json!(phase.id));
    raw.insert("started".to_owned(), json!(started));
    raw.insert("ended".to_owned(), json!(ended));
    Some(())
}

/// Applies an urgent action at `now` to what is released, and to the draft so that the next publication keeps it. A
/// body that is in the wanted state already stays as it is.
///
/// Errors: [`Code::Locked`] when nothing is live or the kind has no such action.
pub fn transition(kind: Kind, body: &Value, action: Action, now: i64) -> Result<Value> {
    let mut body = body.clone();
    if body.get("released").is_none_or(Value::is_null) {
        return Err(Error::new(Code::Locked, "Nothing of this is live, so there is nothing to stop."));
    }
    match (kind, action) {
        (Kind::Flag, Action::Kill) => {
            set_in(&mut body, "released", "enabled", json!(false))?;
            set_in(&mut body, "draft", "enabled", json!(false))?;
        }
        (Kind::Experiment, Action::Stop) => stop(&mut body, now)?,
        _ => return Err(Error::new(Code::Locked, "Only flags can be killed, and only experiments stopped.")),
    }
    Ok(body)
}

/// Returns the body with the draft as it is released, and without a mark for removal.
///
/// Errors: [`Code::Locked`] when nothing is released.
pub fn discard(body: &Value) -> Result<Value> {
    let released = body.get("released").filter(|released| !released.is_null()).cloned();
    let Some(released) = released else {
        return Err(Error::new(Code::Locked, "Nothing of this is live, so there is nothing to go back to."));
    };
    let mut body = restore(body);
    set(&mut body, "draft", released)?;
    Ok(body)
}

fn stop(body: &mut Value, now: i64) -> Result<()> {
    let read = |part: &str| Experiment::deserialize(body.get(part).unwrap_or(&Value::Null)).map_err(unreadable);
    let released = read("released")?;
    if released.status != Status::Running {
        return Ok(());
    }
    let draft = read("draft").ok();
    let Some(phase) = released.phases.last() else { return Err(unreadable("a running experiment has no phase")) };
    // A draft that has begun another phase keeps it: that one starts when it is published.
    let draft_runs_it = draft.as_ref().is_some_and(|d| d.phases.last().is_some_and(|last| last.id == phase.id));
    set_in(body, "released", "status", json!(Status::Stopped))?;
    if draft_runs_it && draft.is_some_and(|d| d.status == Status::Running) {
        set_in(body, "draft", "status", json!(Status::Stopped))?;
    }
    for part in ["released", "draft"] {
        let phases = body.get_mut(part).and_then(|part| part.get_mut("phases")).and_then(Value::as_array_mut);
        let ended = phases.into_iter().flatten().enumerate().find(|(index, raw)| is_called(raw, *index, &phase.id));
        if let Some((_, raw)) = ended {
            stamp(raw, phase, phase.started, phase.ended.or(Some(now)));
        }
    }
    Ok(())
}

/// Returns true if the phase at `index` has the id; a phase of schema 1 is called by its index.
fn is_called(raw: &Value, index: usize, id: &str) -> bool {
    match raw.get("id").and_then(Value::as_str) {
        Some(own) => own == id,
        None => index.to_string() == id,
    }
}

fn set(body: &mut Value, field: &str, value: Value) -> Result<()> {
    let body = body.as_object_mut().ok_or_else(|| unreadable("it is not an object"))?;
    body.insert(field.to_owned(), value);
    Ok(())
}

fn set_in(body: &mut Value, part: &str, field: &str, value: Value) -> Result<()> {
    set(body.get_mut(part).ok_or_else(|| unreadable(format!("it has no {part}")))?, field, value)
}

fn unreadable(why: impl std::fmt::Display) -> Error {
    Error::new(Code::Internal, format!("This document cannot be read: {why}."))
}
