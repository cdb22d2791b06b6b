//! The invariants of every history.

use std::collections::BTreeMap;

use anyhow::{Result, bail, ensure};
use beacon_edge::memory::MemoryEdge;
use beacon_shared::api::{Cursor, PublishRequest};
use beacon_shared::lifecycle::is_removed;
use beacon_shared::model::{Document, Revision};
use beacon_shared::sync::Content;
use serde_json::Value;

use crate::device::Device;
use crate::ledger::Ledger;

/// Checks the end of a history, when the network has healed.
pub fn all(edge: &MemoryEdge, devices: &[Device], ledger: &Ledger) -> Result<()> {
    let documents = edge.pull(&Cursor::default())?.documents;
    converged(devices, &documents)?;
    nothing_lost(ledger, &documents)?;
    histories(edge)
}

/// All replicas are what the edge has.
fn converged(devices: &[Device], documents: &[Document]) -> Result<()> {
    for (n, device) in devices.iter().enumerate() {
        for document in documents {
            let row = device.store.document(&document.id)?;
            let Some(row) = row else { bail!("d{n} does not have {}", document.id) };
            let local = &row.replica.local;
            let base = row.replica.base.as_ref().map(|base| (base.rev, &base.op_id));
            ensure!(
                *local == document.into(),
                "d{n} has another {} than the edge, from {base:?}: {} instead of {} ({} {})",
                document.id,
                local.body,
                document.body,
                document.rev,
                document.op_id
            );
            ensure!(row.replica.in_flight.is_none(), "d{n} still waits for an answer about {}", document.id);
        }
    }
    Ok(())
}

/// Nothing that somebody typed is gone unless somebody who saw it let it go.
fn nothing_lost(ledger: &Ledger, documents: &[Document]) -> Result<()> {
    for document in documents {
        let last = if document.deleted { Value::Null } else { document.body["draft"].clone() };
        let lost = ledger.lost(&document.id, &last);
        ensure!(lost.is_empty(), "{} lost {lost:?}, which nobody had seen and let go", document.id);
    }
    Ok(())
}

/// Each document's history is linear, and the document is its newest change.
fn histories(edge: &MemoryEdge) -> Result<()> {
    let connection = edge.db.connection();
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let gaps = "SELECT COUNT(*) FROM changes AS c WHERE c.rev <> c.base_rev + 1 OR (c.base_rev > 0 AND NOT EXISTS (
        SELECT 1 FROM changes AS b WHERE b.doc_id = c.doc_id AND b.rev = c.base_rev AND b.seq < c.seq))";
    ensure!(count(gaps)? == 0, "a history has a gap or a branch");
    let torn = "SELECT COUNT(*) FROM docs AS d WHERE NOT EXISTS (SELECT 1 FROM changes AS c
        WHERE c.op_id = d.op_id AND c.rev = d.rev AND c.seq = d.seq AND (c.body = d.body OR c.body = ''))
        OR d.rev <> (SELECT MAX(rev) FROM changes WHERE doc_id = d.id)";
    ensure!(count(torn)? == 0, "a document is not its newest change");
    Ok(())
}

/// A publication released what was reviewed, all of it or nothing.
pub fn publication(
    edge: &MemoryEdge,
    request: &PublishRequest,
    reviewed: &[(String, Revision, Content)],
    done: bool,
) -> Result<()> {
    let documents = edge.pull(&Cursor::default())?.documents;
    for (id, Revision { rev, .. }, seen) in reviewed {
        let Some(document) = documents.iter().find(|document| document.id == *id) else { continue };
        let op_id = format!("{}:{id}", request.command_id);
        if !done {
            ensure!(document.op_id != op_id, "{id} was released by a publication that failed");
            continue;
        }
        ensure!(document.op_id == op_id && document.rev == rev + 1, "{id} was not released");
        if is_removed(&seen.body) {
            ensure!(document.deleted && document.body["released"].is_null(), "{id} was not removed");
            continue;
        }
        let (mut live, mut expected) = (document.body["released"].clone(), seen.body["draft"].clone());
        // The edge stamps the times of phases; everything else is what the person saw.
        for part in [&mut live, &mut expected] {
            for phase in part["phases"].as_array_mut().into_iter().flatten() {
                for time in ["started", "ended"] {
                    phase[time] = Value::Null;
                }
            }
        }
        ensure!(live == expected, "what was released of {id} is not what was reviewed: {live} instead of {expected}");
    }
    Ok(())
}

/// A phase that is live never changes its assignment or its start.
pub fn phases(edge: &MemoryEdge, live: &mut BTreeMap<(String, String), Value>) -> Result<()> {
    for document in edge.pull(&Cursor::default())?.documents {
        for phase in document.body["released"]["phases"].as_array().into_iter().flatten() {
            let id = (document.id.clone(), phase["id"].as_str().unwrap_or_default().to_owned());
            let now = serde_json::json!([phase["assignment"], phase["started"]]);
            let before = live.entry(id).or_insert_with(|| now.clone());
            ensure!(*before == now, "a phase of {} that is live changed from {before} to {now}", document.id);
        }
    }
    Ok(())
}
