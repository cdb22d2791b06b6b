use std::collections::BTreeSet;

use beacon_shared::api::{Cursor, MAX_OPS, OpOutcome, PullResponse, PushRequest, WhoAmI};
use beacon_shared::error::{Code, Error, Result};
use beacon_shared::model::Document;

use super::reached;
use crate::app::App;
use crate::edge::Target;
use crate::publishing;
use crate::store::{Sharing, other_workspace};

/// The most pushes in one sync: a colleague who edits without pause must not keep it from its end.
const ROUNDS: usize = 1_000;
/// The most documents that are read again when the edge starts over.
const MAX_RESYNC: usize = 100_000;

/// Syncs the documents once: out, in, and out again. Returns true if anything moved. Without a connection there is
/// nothing to do.
pub async fn run(app: &App) -> Result<bool> {
    let _only_one = app.sync().exclusive_documents().await;
    let done = attempt(app).await;
    app.recount().await?;
    let now = app.now();
    app.sync().update(|view| {
        view.busy = false;
        view.online = match &done {
            Ok(moved) => moved.is_some(),
            Err(error) => reached(error),
        };
        view.problem = done.as_ref().err().map(|error| error.message.clone());
        if let Ok(Some(_)) = &done {
            view.last_at = Some(now);
        }
    });
    done.map(Option::unwrap_or_default)
}

/// Returns whether anything moved; `None` without a connection.
async fn attempt(app: &App) -> Result<Option<bool>> {
    let Some(target) = app.session().target().await? else { return Ok(None) };
    app.sync().update(|view| view.busy = true);
    check_workspace(app, &target).await?;
    // The pull comes first: it says whether this still is the workspace that the drafts are for.
    let (pulled, held) = pull(app, &target).await?;
    if !held {
        share_metrics(app).await?;
    }
    let pushed = push(app, &target).await?;
    if pushed || held {
        // Rows that were held back waited for these answers, and a merge may have left something to push.
        let (_, held) = pull(app, &target).await?;
        if !held {
            share_metrics(app).await?;
        }
        push(app, &target).await?;
    }
    let resent = match app.sync().free_publication() {
        Some(_one_at_a_time) => publishing::resend(app, &target).await?,
        None => false,
    };
    Ok(Some(pulled || pushed || resent))
}

/// Asks an edge that was not asked yet who it is. Refuses one that holds another workspace.
pub async fn check_workspace(app: &App, target: &Target) -> Result<()> {
    if app.session().identity().is_some() {
        return Ok(());
    }
    let who = app.edge().whoami(target).await?;
    let workspace = workspace_of(app, target, &who).await?;
    let url = app.session().url().unwrap_or_default();
    app.store(move |s| s.connect(&url, &workspace)).await?;
    app.session().set_identity(target, who);
    Ok(())
}

/// Returns the id of the edge's workspace. An edge of version 0.1 says it with the first page of documents only.
pub async fn workspace_of(app: &App, target: &Target, who: &WhoAmI) -> Result<String> {
    if who.epoch.is_empty() {
        return Ok(app.edge().pull(target, &Cursor::default()).await?.cursor.epoch);
    }
    Ok(who.epoch.clone())
}

/// Pushes until nothing is left that can be. Operations are on disk before they leave. Returns true if any left.
async fn push(app: &App, target: &Target) -> Result<bool> {
    for round in 0..ROUNDS {
        let (now, ids) = (app.now(), app.ids());
        let ops = app.store(move |s| s.freeze(&ids, now, MAX_OPS)).await?;
        if ops.is_empty() {
            return Ok(round > 0);
        }
        let Cursor { newest_seq, newest_stamp, .. } = app.store(|s| s.cursor()).await?;
        let request = PushRequest { device: app.session().device().to_owned(), ops, newest_seq, newest_stamp };
        let response = app.edge().push(target, &request).await?;
        if response.outcomes.len() != request.ops.len() {
            let message = "The edge left changes unanswered; they are sent again. If it stays, update the edge.";
            return Err(Error::new(Code::NotAnEdge, message));
        }
        if !response.restored {
            let (seq, stamp) = (response.newest_seq, response.newest_stamp);
            app.store(move |s| s.note_newest(seq, &stamp)).await?;
        }
        let mut changed = BTreeSet::new();
        for (op, outcome) in request.ops.into_iter().zip(response.outcomes) {
            if let OpOutcome::Rejected { problems, .. } = &outcome {
                tracing::warn!(document = %op.doc_id, ?problems, "The edge refused a change.");
            }
            changed.extend(app.store(move |s| s.apply_outcome(&op.doc_id, now, |r| r.apply_outcome(outcome))).await?);
        }
        app.notify_changed(changed);
        app.recount().await?;
        if response.restored {
            // The edge is read again before anything is built on it.
            return Ok(true);
        }
    }
    Ok(true)
}

/// Pulls until there is no more. When the edge starts over, everything is read before anything is merged, so that a
/// crash between two pages leaves no half of it. Returns whether a document changed, and whether a row had to wait for
/// an operation in flight.
async fn pull(app: &App, target: &Target) -> Result<(bool, bool)> {
    let mut changed = false;
    loop {
        let cursor = app.store(|s| s.cursor()).await?;
        let mut page = app.edge().pull(target, &cursor).await?;
        refuse_other_workspace(app, &page.cursor).await?;
        let resync = page.resync;
        if resync {
            page = with_remaining_pages(app, target, page).await?;
        }
        let (more, now) = (page.more, app.now());
        if more && (page.cursor.seq, &page.cursor.stamp) == (cursor.seq, &cursor.stamp) {
            let message = "The edge repeats itself instead of going on. If it stays, update the edge.";
            return Err(Error::new(Code::NotAnEdge, message));
        }
        let (documents, moved) = app.store(move |s| s.pull(&page.documents, resync, &page.cursor, now)).await?;
        changed |= !documents.is_empty();
        app.notify_changed(documents);
        if !more || !moved {
            return Ok((changed, !moved));
        }
    }
}

/// Makes documents of the metrics that experiments define themselves, once everything is here that others did.
async fn share_metrics(app: &App) -> Result<()> {
    let changed = app.store(|s| s.share_metrics(&Sharing::All)).await?;
    app.notify_changed(changed);
    Ok(())
}

/// An edge that was made again behind the same address has other documents: they are not merged with these.
async fn refuse_other_workspace(app: &App, cursor: &Cursor) -> Result<()> {
    let workspace = app.store(|s| s.workspace()).await?;
    if workspace.is_none_or(|known| known == cursor.epoch) {
        return Ok(());
    }
    app.session().forget_identity();
    Err(other_workspace())
}

/// Joins the first page and all pages behind it.
async fn with_remaining_pages(app: &App, target: &Target, first: PullResponse) -> Result<PullResponse> {
    let mut all: Vec<Document> = first.documents;
    let (mut cursor, mut more): (Cursor, bool) = (first.cursor, first.more);
    while more {
        let page = app.edge().pull(target, &cursor).await?;
        if page.resync || page.cursor == cursor || all.len() > MAX_RESYNC {
            let message = "The edge changed while Beacon read it again. Beacon starts over shortly.";
            return Err(Error::new(Code::NotAnEdge, message));
        }
        all.extend(page.documents);
        (cursor, more) = (page.cursor, page.more);
    }
    // A document that changed in between is there twice: the later revision is the one that counts.
    all.reverse();
    let mut seen = BTreeSet::new();
    all.retain(|d| seen.insert(d.id.clone()));
    all.reverse();
    Ok(PullResponse { cursor, resync: true, more: false, documents: all })
}
