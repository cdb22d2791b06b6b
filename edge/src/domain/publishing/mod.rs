//! Publishing: releases what was reviewed, all of it or nothing, and freezes the released documents at one sequence
//! number into an index and a bundle for each site.

mod bundle;
mod check;
mod definitions;
mod release;
mod snapshot;

use std::collections::BTreeSet;

use beacon_shared::api::{Publication, PublishRequest};
use beacon_shared::error::{Code, Error, Problem, Result};

use crate::deps::Deps;
use crate::ports::Db;
use crate::store::publications::{self, PublicationRow};
use crate::store::{Batch, run};

pub use bundle::{Prepared, prepare};
pub use release::release;

/// The most documents in one publication. Each is in one parameter with its revision and op id, which is about 120 bytes
/// with UUIDs, and D1 takes 2,000,000.
pub const MAX_RELEASE: usize = 10_000;
/// The most commands on what is live in one publication, since each holds its document's whole body.
const MAX_TRANSITIONS: usize = 100;
const MAX_DOC_ID: usize = 64;
/// The op id of a publication's change is the command's id and the document's.
const MAX_OP_ID: usize = 160;
const MAX_LISTED: u64 = 100;

/// Carries a publish command out. Doing it twice publishes once.
pub async fn publish(deps: &Deps, actor: &str, request: &PublishRequest) -> Result<Publication> {
    check_request(request)?;
    if let Some(done) = find(deps.db.as_ref(), &request.command_id).await? {
        return Ok(done);
    }
    release(deps, actor, request).await?;
    // The bytes first and the pointer last, so that what is live can always be read.
    let prepared = prepare(deps).await?;
    finish(deps, actor, &request.command_id, &prepared).await
}

/// Makes a prepared index live, once its objects are stored.
pub async fn finish(deps: &Deps, actor: &str, command_id: &str, prepared: &Prepared) -> Result<Publication> {
    let mut batch = Batch::default();
    batch.add(publications::insert(command_id, prepared.seq, &prepared.hash, deps.clock.now(), actor));
    batch.add(publications::flip(command_id));
    batch.run(deps.db.as_ref()).await?;
    deps.live.forget();
    let found = find(deps.db.as_ref(), command_id).await?;
    found.ok_or_else(|| Error::new(Code::Storage, "The publication was not stored. Retry."))
}

/// Returns the publication of a command that has been carried out.
pub async fn find(db: &dyn Db, command_id: &str) -> Result<Option<Publication>> {
    Ok(run(db, publications::select(command_id)).await?.first::<PublicationRow>()?.map(Into::into))
}

/// Returns the newest publications, newest first.
pub async fn list(db: &dyn Db) -> Result<Vec<Publication>> {
    let rows = run(db, publications::select_newest(MAX_LISTED)).await?;
    Ok(rows.all::<PublicationRow>()?.into_iter().map(Into::into).collect())
}

fn check_request(request: &PublishRequest) -> Result<()> {
    if request.release.len() + request.transitions.len() > MAX_RELEASE {
        return Err(Error::new(Code::TooLarge, format!("Publish at most {MAX_RELEASE} documents at a time.")));
    }
    if request.transitions.len() > MAX_TRANSITIONS {
        let message = format!("Stop or kill at most {MAX_TRANSITIONS} documents at a time.");
        return Err(Error::new(Code::TooLarge, message));
    }
    let mut problems = Vec::new();
    // A colon separates the command from the document in the ids of its changes.
    if !(1..=64).contains(&request.command_id.len()) || request.command_id.contains([':', ';']) {
        problems.push(Problem::new("/command_id", "Use a UUIDv7 as the command id."));
    }
    if !(1..=64).contains(&request.device.len()) {
        problems.push(Problem::new("/device", "Name the device in at most 64 characters."));
    }
    let ids = request.release.iter().map(|r| &r.doc_id).chain(request.transitions.iter().map(|t| &t.doc_id));
    let distinct: BTreeSet<&String> = ids.collect();
    if distinct.len() < request.release.len() + request.transitions.len() {
        problems.push(Problem::new("/release", "Name each document once."));
    }
    let releases = request.release.iter().map(|r| ("release", &r.doc_id, &r.revision.op_id)).enumerate();
    let transitions = request.transitions.iter().map(|t| ("transitions", &t.doc_id, &t.revision.op_id)).enumerate();
    if let Some((i, (list, doc_id, _))) =
        releases.chain(transitions).find(|(_, (_, doc_id, op_id))| doc_id.len() > MAX_DOC_ID || op_id.len() > MAX_OP_ID)
    {
        let field = if doc_id.len() > MAX_DOC_ID { "doc_id" } else { "revision/op_id" };
        problems.push(Problem::new(
            format!("/{list}/{i}/{field}"),
            "This id is too long to be a document's or a change's.",
        ));
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::invalid(problems)) }
}

fn stale() -> Error {
    Error::new(Code::Stale, "A document changed after the review. Look at the review again, then publish.")
}
