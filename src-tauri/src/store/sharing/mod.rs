//! Sharing: the metrics that experiments define themselves become documents, as ordinary drafts that wait for the edge.
//!
//! An experiment that the edge has is shared after a pull only: then it is known whether somebody shared it already.

use beacon_shared::error::Result;
use beacon_shared::ipc::DocumentRef;
use beacon_shared::lifecycle::{self, Shared};
use beacon_shared::model::{Kind, SCHEMA};
use beacon_shared::sync::Replica;
use rusqlite::Transaction;
use serde_json::{Value, json};

use super::{Origin, Row, Store, documents, reference, save};

/// The experiments whose metrics are shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// Those that the edge does not have: nobody else can have shared them.
    NotPushed,
    /// All of them.
    All,
    /// One.
    One(String),
}

impl Store {
    /// Shares experiments' own metrics. Returns the documents that changed.
    pub fn share_metrics(&mut self, which: &Sharing) -> Result<Vec<DocumentRef>> {
        self.write(|t| share_metrics(t, which))
    }
}

pub fn share_metrics(t: &Transaction<'_>, which: &Sharing) -> Result<Vec<DocumentRef>> {
    let mut changed = Vec::new();
    for id in documents::with_own_metrics(t)? {
        let Some(row) = documents::get(t, &id)?.filter(|row| is_wanted(row, which)) else { continue };
        changed.extend(share(t, row)?);
    }
    Ok(changed)
}

/// Leaves alone what is under way to the edge, what a person has to decide, and what a newer Beacon wrote.
fn is_wanted(row: &Row, which: &Sharing) -> bool {
    let replica = &row.replica;
    let is_asked = match which {
        Sharing::NotPushed => replica.base.is_none(),
        Sharing::All => true,
        Sharing::One(id) => replica.id == *id,
    };
    let is_quiet = replica.in_flight.is_none() && replica.conflict.is_none() && replica.contested.is_empty();
    is_asked && is_quiet && !replica.local.deleted && !is_newer(&replica.local.body)
}

fn is_newer(body: &Value) -> bool {
    body["schema"].as_u64().is_some_and(|schema| schema > u64::from(SCHEMA))
}

/// Shares the metrics of one experiment. A metric whose document was deleted keeps the experiment as it is.
fn share(t: &Transaction<'_>, before: Row) -> Result<Vec<DocumentRef>> {
    let mut row = before.clone();
    let body = &row.replica.local.body;
    let Some(Shared { definition, metrics }) = lifecycle::share_metrics(&row.replica.id, &body["draft"]) else {
        return Ok(Vec::new());
    };
    let mut new = Vec::new();
    for (id, metric) in metrics {
        match documents::get(t, &id)? {
            None => new.push(Row { replica: document(id, metric), updated_at: row.updated_at }),
            Some(there) if there.replica.local.deleted || there.replica.kind != Kind::Metric => return Ok(Vec::new()),
            Some(_) => {}
        }
    }
    let mut local = row.replica.local.with_draft(definition);
    local.body["schema"] = json!(SCHEMA);
    row.replica.edit(local);
    // The experiment keeps its place in the lists: nobody edited it.
    save(t, Some(&before), &row, Origin::Upgrade)?;
    for metric in &new {
        save(t, None, metric, Origin::Upgrade)?;
    }
    Ok(new.iter().chain([&row]).map(reference).collect())
}

fn document(id: String, metric: Value) -> Replica {
    Replica::new(id, Kind::Metric, json!({"schema": SCHEMA, "draft": metric, "released": null}))
}

#[cfg(test)]
mod tests;
