use std::collections::BTreeSet;

use beacon_shared::api::{Cursor, MAX_OPS, OpOutcome, PullResponse, PushRequest};
use beacon_shared::error::{Code, Error, Result};
use beacon_shared::model::Document;

use crate::app::App;
use crate::edge::Target;

/// The most pushes in one sync: a colleague who edits without pause must not keep it from its end.
const ROUNDS: usize = 1_000;
/// The most documents that are read again when the edge starts over.
const MAX_RESYNC: usize = 100_000;

/// Pushes until nothing is left that can be. Ops are on disk before they leave.
pub async fn push(app: &App, target: &Target) -> Result<()> {
    for _ in 0..ROUNDS {
        let now = app.now();
        let ops = app.store(move |s| s.freeze(now, MAX_OPS)).await?;
        if ops.is_empty() {
            return Ok(());
        }
        let request = PushRequest { device: app.device().to_owned(), ops };
        let response = app.edge().push(target, &request).await?;
        if response.outcomes.len() != request.ops.len() {
            let message = "The edge left changes unanswered; they are sent again. If it stays, update the edge.";
            return Err(Error::new(Code::NotAnEdge, message));
        }
        let mut kinds = BTreeSet::new();
        for (op, outcome) in request.ops.into_iter().zip(response.outcomes) {
            if let OpOutcome::Rejected { problems, .. } = &outcome {
                tracing::warn!(document = %op.doc_id, ?problems, "The edge refused a change.");
            }
            kinds.extend(app.store(move |s| s.hear(&op.doc_id, now, |r| r.answer(outcome))).await?);
        }
        app.tell_changed(kinds);
        app.recount().await?;
        let cursor = app.store(|s| s.cursor()).await?;
        if !cursor.epoch.is_empty() && cursor.epoch != response.epoch {
            // Another history: read it before anything is built on it.
            return Ok(());
        }
    }
    Ok(())
}

/// Pulls until there is no more. When the edge starts over, everything is read before anything is taken in, so
/// that a crash between two pages leaves no half of it.
pub async fn pull(app: &App, target: &Target) -> Result<()> {
    loop {
        let cursor = app.store(|s| s.cursor()).await?;
        let mut page = app.edge().pull(target, &cursor).await?;
        let resync = page.resync && !cursor.epoch.is_empty();
        if resync {
            page = rest(app, target, page).await?;
        }
        let (more, now) = (page.more, app.now());
        if more && page.cursor == cursor {
            let message = "The edge repeats itself instead of going on. If it stays, update the edge.";
            return Err(Error::new(Code::NotAnEdge, message));
        }
        let (kinds, moved) = app.store(move |s| s.pull(&page.documents, resync, &page.cursor, now)).await?;
        app.tell_changed(kinds);
        if !more || !moved {
            return Ok(());
        }
    }
}

/// All pages behind the first as one.
async fn rest(app: &App, target: &Target, first: PullResponse) -> Result<PullResponse> {
    let mut all: Vec<Document> = first.documents;
    let (mut cursor, mut more): (Cursor, bool) = (first.cursor, first.more);
    while more {
        let page = app.edge().pull(target, &cursor).await?;
        if page.resync || page.cursor == cursor || all.len() > MAX_RESYNC {
            let message = "The edge changed while it was read anew; Beacon starts again shortly.";
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
