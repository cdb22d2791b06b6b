//! Publishing: release what was reviewed, all or nothing, and freeze the released documents at one sequence number.

use std::collections::BTreeSet;

use beacon_shared::api::{Bundle, Publication, PublishRequest};
use beacon_shared::bundle;
use beacon_shared::error::{Code, Error, Problem, Result};
use beacon_shared::model::{Body, Document, Experiment, Flag, Kind, Segment};
use beacon_shared::validate::{self, Workspace};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{DocumentRow, Meta};
use crate::database::{Database, Statement, run};
use crate::{digest, sql};

/// The most documents in one release.
pub const MAX_RELEASE: usize = 200;
const MAX_LISTED: u64 = 100;

#[derive(Deserialize)]
struct Count {
    count: usize,
}

#[derive(Deserialize)]
struct PublicationRow {
    id: String,
    seq: u64,
    hash: String,
    at: i64,
    actor: String,
    live: u8,
}

impl From<PublicationRow> for Publication {
    fn from(row: PublicationRow) -> Self {
        let PublicationRow { id, seq, hash, at, actor, live } = row;
        Self { id, seq, hash, at, actor, live: live != 0 }
    }
}

/// A bundle that is not live yet.
pub struct Prepared {
    /// The sequence number.
    pub seq: u64,
    /// SHA-256 of `bytes`.
    pub hash: String,
    /// The [`Bundle`] as JSON.
    pub bytes: String,
}

/// The publication of a command that has been carried out before.
pub async fn find(db: &impl Database, command_id: &str) -> Result<Option<Publication>> {
    let select = Statement::new(sql::SELECT_PUBLICATION, [command_id.into()]);
    Ok(run(db, vec![select]).await?.next_rows().first::<PublicationRow>()?.map(Into::into))
}

/// The newest publications, newest first.
pub async fn list(db: &impl Database) -> Result<Vec<Publication>> {
    let select = Statement::new(sql::SELECT_PUBLICATIONS, [MAX_LISTED.into()]);
    Ok(run(db, vec![select]).await?.next_rows().all::<PublicationRow>()?.into_iter().map(Into::into).collect())
}

/// Releases what the request names and builds the bundle. Doing it twice releases once.
pub async fn prepare(db: &impl Database, actor: &str, request: &PublishRequest, now: i64) -> Result<Prepared> {
    check_request(request)?;
    let op_ids: Vec<String> = request.release.iter().map(|r| op_id(request, &r.doc_id)).collect();
    let count = Statement::new(sql::COUNT_CHANGES, [json!(op_ids).to_string().into()]);
    let mut results = run(db, vec![count.clone(), Statement::new(sql::SELECT_LIVING, [])]).await?;
    let done = results.next_rows().first::<Count>()?.map_or(0, |c| c.count);
    let mut statements = Vec::new();
    // An earlier try may have released and then lost its way before the publication.
    if done < op_ids.len() {
        let releases = releases(request, &documents(results.next_rows().all()?)?)?.to_string();
        let change = [releases.clone().into(), request.device.as_str().into(), actor.into(), now.into()];
        statements.push(Statement::new(sql::RELEASE_CHANGES, change));
        statements.push(Statement::new(sql::RELEASE_DOCUMENTS, [releases.into()]));
    }
    let skipped = statements.len();
    statements.extend([count, Statement::new(sql::SELECT_META, []), Statement::new(sql::SELECT_LIVING, [])]);
    let mut results = run(db, statements).await?;
    (0..skipped).for_each(|_| drop(results.next_rows()));
    if results.next_rows().first::<Count>()?.map_or(0, |c| c.count) < op_ids.len() {
        return Err(stale());
    }
    let seq = results.next_rows().first::<Meta>()?.map_or(0, |meta| meta.seq);
    freeze(&bundle::bundle(seq, &documents(results.next_rows().all()?)?))
}

/// Makes a prepared bundle live, once its bytes are stored.
pub async fn finish(
    db: &impl Database,
    actor: &str,
    command_id: &str,
    prepared: &Prepared,
    now: i64,
) -> Result<Publication> {
    let insert = Statement::new(
        sql::INSERT_PUBLICATION,
        [command_id.into(), prepared.seq.into(), prepared.hash.as_str().into(), now.into(), actor.into()],
    );
    let flip = Statement::new(sql::FLIP_POINTER, [command_id.into()]);
    run(db, vec![insert, flip]).await?;
    find(db, command_id).await?.ok_or_else(|| Error::new(Code::Internal, "The publication was not stored: retry."))
}

fn freeze(bundle: &Bundle) -> Result<Prepared> {
    let bytes = serde_json::to_string(bundle)
        .map_err(|e| Error::new(Code::Internal, format!("The bundle cannot be written: {e}.")))?;
    Ok(Prepared { seq: bundle.seq, hash: digest::sha256(bytes.as_bytes()), bytes })
}

fn op_id(request: &PublishRequest, doc_id: &str) -> String {
    format!("{}:{doc_id}", request.command_id)
}

fn stale() -> Error {
    Error::new(Code::Stale, "A document changed after the review: look at the review again and publish then.")
}

fn documents(rows: Vec<DocumentRow>) -> Result<Vec<Document>> {
    rows.into_iter().map(DocumentRow::document).collect()
}

fn check_request(request: &PublishRequest) -> Result<()> {
    if request.release.len() > MAX_RELEASE {
        return Err(Error::new(Code::TooLarge, format!("Release at most {MAX_RELEASE} documents at a time.")));
    }
    let mut problems = Vec::new();
    if !(1..=64).contains(&request.command_id.len()) {
        problems.push(Problem::new("/command_id", "Use a UUIDv7 as the command id."));
    }
    if !(1..=64).contains(&request.device.len()) {
        problems.push(Problem::new("/device", "Name the device in at most 64 characters."));
    }
    if !request.transitions.is_empty() {
        problems.push(Problem::new("/transitions", "This edge does not take commands yet."));
    }
    let distinct: BTreeSet<&str> = request.release.iter().map(|r| r.doc_id.as_str()).collect();
    if distinct.len() < request.release.len() {
        problems.push(Problem::new("/release", "Name each document once."));
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::invalid(problems)) }
}

/// The releases as [`sql::RELEASE_CHANGES`] takes them.
fn releases(request: &PublishRequest, living: &[Document]) -> Result<Value> {
    let mut out = Vec::with_capacity(request.release.len());
    let mut problems = Vec::new();
    for release in &request.release {
        let document = living.iter().find(|d| d.id == release.doc_id && d.rev == release.rev).ok_or_else(stale)?;
        let mut body: Body<Value> = serde_json::from_value(document.body.clone())
            .map_err(|e| Error::new(Code::Internal, format!("Document {} cannot be read: {e}.", document.id)))?;
        problems.extend(release_problems(request, living, document, &body)?);
        body.released = Some(body.draft.clone());
        let body = json!(body).to_string();
        out.push(json!({"id": document.id, "rev": document.rev, "op_id": op_id(request, &document.id), "body": body}));
    }
    problems.extend(problems_between(request, living));
    if problems.is_empty() { Ok(Value::Array(out)) } else { Err(Error::invalid(problems)) }
}

/// What is wrong between documents once these are released, as far as one of these can mend it.
fn problems_between(request: &PublishRequest, living: &[Document]) -> Vec<Problem> {
    let mut workspace = Workspace::default();
    for document in living {
        let ticked = request.release.iter().any(|r| r.doc_id == document.id);
        let Some(part) = document.body.get(if ticked { "draft" } else { "released" }) else { continue };
        let id = || document.id.clone();
        match document.kind {
            Kind::Experiment => workspace.experiments.extend(Experiment::deserialize(part).ok().map(|e| (id(), e))),
            Kind::Flag => workspace.flags.extend(Flag::deserialize(part).ok().map(|f| (id(), f))),
            Kind::Segment => workspace.segments.extend(Segment::deserialize(part).ok().map(|s| (id(), s))),
            Kind::Site | Kind::Metric => {}
        }
    }
    let mut found = validate::workspace(&workspace);
    found.retain(|(id, _)| request.release.iter().any(|r| r.doc_id == *id));
    let key = |id: &str| living.iter().find(|d| d.id == id).map_or("", |d| d.key.as_str());
    let named =
        |(id, p): (String, Problem)| Problem::new(format!("/{id}{}", p.pointer), format!("{}: {}", key(&id), p.detail));
    found.into_iter().map(named).collect()
}

fn release_problems(
    request: &PublishRequest,
    living: &[Document],
    document: &Document,
    body: &Body<Value>,
) -> Result<Vec<Problem>> {
    let mut problems = validate::document(document.kind, &body.draft);
    if let (Kind::Experiment, Ok(draft)) = (document.kind, Experiment::deserialize(&body.draft)) {
        let released = body.released.as_ref().and_then(|r| Experiment::deserialize(r).ok());
        let locked = released.map_or_else(Vec::new, |released| validate::locked_changes(&released, &draft));
        if let Some(first) = locked.first() {
            return Err(Error { code: Code::Locked, message: first.detail.clone(), problems: locked });
        }
        let released_site = living.iter().any(|d| {
            let ticked = request.release.iter().any(|r| r.doc_id == d.id);
            d.id == draft.site_id
                && d.kind == Kind::Site
                && (ticked || d.body.get("released").is_some_and(|r| !r.is_null()))
        });
        if !released_site {
            problems.push(Problem::new("/site_id", "Its site is not published: tick the site too."));
        }
    }
    // The pointer begins with the document, because a release has many.
    let named =
        |p: Problem| Problem::new(format!("/{}{}", document.id, p.pointer), format!("{}: {}", document.key, p.detail));
    Ok(problems.into_iter().map(named).collect())
}
