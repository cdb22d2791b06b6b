//! Releasing: what a publication does to the documents, in one transaction.

use std::collections::BTreeMap;

use beacon_shared::api::PublishRequest;
use beacon_shared::error::{Code, Error, Result};
use beacon_shared::lifecycle;
use beacon_shared::model::{Document, Revision, SCHEMA};
use serde_json::{Value, json};

use super::check::Review;
use super::snapshot::{ATTEMPTS, PAGE, keeps_changing};
use super::stale;
use crate::deps::Deps;
use crate::ports::Db;
use crate::sql::MAX_TEXT;
use crate::store::changes::{self, Count, Entry, Terms};
use crate::store::documents::{self, CountedRow};
use crate::store::{Batch, meta, run};

/// The most ids in one query.
const READ: usize = 2_000;
/// The most bytes of entries in one parameter: D1 takes 2,000,000.
const MAX_PARAMETER: usize = 1_000_000;

/// Releases what the request names. An earlier try may have done so already.
pub async fn release(deps: &Deps, actor: &str, request: &PublishRequest) -> Result<()> {
    let db = deps.db.as_ref();
    let wanted = request.release.len() + request.transitions.len();
    if wanted == 0 || published(db, &request.command_id).await? == wanted {
        return Ok(());
    }
    let now = deps.clock.now();
    for _ in 0..ATTEMPTS {
        let (entries, checked) = reviewed(db, request, now).await?;
        write(db, request, &entries, &Terms { all: "", checked, device: &request.device, actor, now }).await?;
        if published(db, &request.command_id).await? == wanted {
            return Ok(());
        }
        // If nobody released anything meanwhile, a document has moved on.
        let newest = meta::get(db).await?.released_seq;
        if checked.is_none_or(|checked| checked == newest) {
            return Err(stale());
        }
    }
    Err(keeps_changing())
}

/// Checks the publication against what is live. Returns what to write, and the number of the release that it was checked
/// against.
async fn reviewed(db: &dyn Db, request: &PublishRequest, now: i64) -> Result<(Vec<Entry>, Option<u64>)> {
    let mut review = Review::new(db).await?;
    let revisions = revisions(request);
    let ids: Vec<&str> = revisions.keys().copied().collect();
    let mut found = BTreeMap::new();
    for ids in ids.chunks(READ) {
        let (mut after, mut more) = (String::new(), true);
        while more {
            let rows: Vec<CountedRow> = run(db, documents::select_next_of(ids, &after, PAGE)).await?.all()?;
            more = rows.first().is_some_and(|first| first.remaining > rows.len());
            after = rows.last().map(|row| row.document.id.clone()).unwrap_or_default();
            // One body at a time: parsed, it takes many times its bytes.
            for row in rows {
                let (place, entry) = entry(request, &revisions, &row.document.document()?, now, &mut review)?;
                found.insert(place, entry);
            }
        }
    }
    if found.len() < revisions.len() {
        return Err(stale());
    }
    Ok((found.into_values().collect(), review.finish()?))
}

async fn published(db: &dyn Db, command_id: &str) -> Result<usize> {
    Ok(run(db, changes::count_published(command_id)).await?.first::<Count>()?.map_or(0, |c| c.count))
}

/// Each document's place in the request, and the revision that the person saw.
fn revisions(request: &PublishRequest) -> BTreeMap<&str, (usize, &Revision)> {
    let releases = request.release.iter().map(|r| (r.doc_id.as_str(), &r.revision));
    let transitions = request.transitions.iter().map(|t| (t.doc_id.as_str(), &t.revision));
    releases.chain(transitions).enumerate().map(|(place, (id, seen))| (id, (place, seen))).collect()
}

fn entry(
    request: &PublishRequest,
    revisions: &BTreeMap<&str, (usize, &Revision)>,
    document: &Document,
    now: i64,
    review: &mut Review,
) -> Result<(usize, Entry)> {
    let (place, seen) = *revisions.get(document.id.as_str()).ok_or_else(stale)?;
    if !document.revision().is(seen) || document.deleted {
        return Err(stale());
    }
    let mut entry = Entry {
        id: document.id.clone(),
        revision: document.revision(),
        op_id: format!("{}:{}", request.command_id, document.id),
        deleted: None,
        schema: None,
        phases: None,
        body: None,
    };
    if let Some(transition) = request.transitions.iter().find(|t| t.doc_id == document.id) {
        let body = lifecycle::transition(document.kind, &document.body, transition.action, now)?;
        review.changed(document, &body);
        entry.body = Some(body);
    } else if document.body.get("removed") == Some(&Value::Bool(true)) {
        review.removed(document);
        entry.deleted = Some(1);
    } else {
        review.released(document)?;
        entry.phases = lifecycle::stamped_phases(&document.body, now);
        entry.schema = entry.phases.as_ref().map(|_| SCHEMA);
    }
    Ok((place, entry))
}

/// Writes all changes and documents in one transaction, in parts that the database takes.
async fn write(db: &dyn Db, request: &PublishRequest, entries: &[Entry], terms: &Terms<'_>) -> Result<()> {
    let all = revisions_parameter(entries)?;
    let mut batch = Batch::default();
    for part in parts(entries)? {
        batch.add(changes::publish(part, &Terms { all: &all, ..*terms }));
    }
    batch.add(documents::publish(&request.command_id));
    batch.add(meta::published(&request.command_id));
    batch.run(db).await.map(drop)
}

/// Returns `[[id, rev, op_id], …]` of all entries, which must fit into one parameter.
fn revisions_parameter(entries: &[Entry]) -> Result<String> {
    let all: Value = entries.iter().map(|e| json!([e.id, e.revision.rev, e.revision.op_id])).collect();
    let all = all.to_string();
    if all.len() > MAX_TEXT {
        return Err(Error::new(
            Code::TooLarge,
            "The ids of these documents are too long together. Publish fewer at a time.",
        ));
    }
    Ok(all)
}

fn parts(entries: &[Entry]) -> Result<Vec<&[Entry]>> {
    let (mut parts, mut rest, mut end, mut bytes) = (Vec::new(), entries, 0, 0);
    for entry in entries {
        let size = serde_json::to_string(entry).map_err(|e| defect(&e))?.len() + 1;
        if bytes + size > MAX_PARAMETER && end > 0 {
            let (part, after) = rest.split_at(end);
            parts.push(part);
            (rest, end, bytes) = (after, 0, 0);
        }
        (end, bytes) = (end + 1, bytes + size);
    }
    if !rest.is_empty() {
        parts.push(rest);
    }
    Ok(parts)
}

fn defect(why: &impl std::fmt::Display) -> Error {
    Error::new(Code::Internal, format!("The publication cannot be written: {why}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::publishing::MAX_RELEASE;

    fn entries(id: usize, op_id: usize) -> Vec<Entry> {
        let entry = |_| Entry {
            id: "d".repeat(id),
            revision: Revision { rev: 1_000, op_id: "o".repeat(op_id) },
            op_id: String::new(),
            deleted: None,
            schema: None,
            phases: None,
            body: None,
        };
        (0..MAX_RELEASE).map(entry).collect()
    }

    /// A publication's op id is the command's id, a colon and the document's.
    #[test]
    fn the_most_documents_with_usual_ids_fit_into_one_parameter_and_longer_ones_are_refused() {
        assert!(revisions_parameter(&entries(40, 36 + 1 + 40)).is_ok());
        assert_eq!(revisions_parameter(&entries(64, 160)).map_err(|e| e.code), Err(Code::TooLarge));
    }
}
