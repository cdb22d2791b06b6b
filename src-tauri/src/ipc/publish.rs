use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use beacon_shared::api::{Publication, Release, Transition};
use beacon_shared::error::{Code, Error, Problem, Result};
use beacon_shared::ipc::{PublishTicks, ReviewItem, ReviewView, Urgent};
use beacon_shared::lifecycle::{self, Action};
use beacon_shared::model::{Experiment, ExperimentMetric, Kind, Status};
use beacon_shared::sync::{Base, Replica};
use beacon_shared::validate::{self, MAX_BODY};
use beacon_shared::wording::title;
use serde::Deserialize;
use serde_json::{Value, json};

use super::diff::{Diff, diff};
use super::document;
use crate::app::App;
use crate::publishing::{self, Waiting};
use crate::store::{Row, Setting};
use crate::sync;

/// Every draft that differs from what is released, and what stands in the way.
pub async fn review(app: &Arc<App>, (): ()) -> Result<ReviewView> {
    let connected = app.session().target().await;
    let live = live(app).await?;
    let blocked = match &connected {
        Ok(Some(_)) => None,
        Ok(None) => Some("Connect to an edge first: enter its address and an API key in the settings.".to_owned()),
        Err(error) => Some(error.message.clone()),
    };
    let unconfirmed = !publishing::waiting(app).await?.is_empty();
    Ok(ReviewView { items: changes(app).await?, live, blocked, unconfirmed })
}

/// Counts the documents that the review lists.
pub async fn count(app: &Arc<App>, (): ()) -> Result<usize> {
    app.store(|s| s.count_changes()).await
}

/// Returns the documents whose draft differs from what is released, by kind.
async fn changes(app: &App) -> Result<Vec<ReviewItem>> {
    let metrics: Vec<Row> = app.store(|s| s.documents(Kind::Metric)).await?;
    let metrics = metrics.into_iter().map(|row| (row.replica.id.clone(), row.replica)).collect();
    let sites: Vec<Row> = app.store(|s| s.documents(Kind::Site)).await?;
    let new_sites: BTreeSet<String> = sites.into_iter().filter(is_new).map(|row| row.replica.id).collect();
    let (mut items, mut used) = (Vec::new(), BTreeSet::new());
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Metric) {
        for row in app.store(move |s| s.documents(kind)).await? {
            let live = comparable(&row.replica, &metrics);
            if differs(&row.replica, live.as_ref()) {
                let mut needs = unpublished_metrics(&row.replica, &metrics);
                used.extend(needs.iter().cloned());
                needs.extend(sites_of(&row.replica).filter(|id| new_sites.contains(id)));
                items.push(ReviewItem { needs, ..item(&row.replica, live.as_ref()) });
            }
        }
    }
    // Without an experiment that goes live, nobody would notice a metric that is not live.
    let is_noticed = |replica: &&Replica| parts(replica).1.is_some() || used.contains(&replica.id);
    for replica in metrics.values().filter(is_noticed) {
        let live = comparable(replica, &metrics);
        if differs(replica, live.as_ref()) {
            items.push(item(replica, live.as_ref()));
        }
    }
    Ok(items)
}

/// Returns what is released as the draft is to be compared with it; see [`lifecycle::comparable`].
fn comparable(replica: &Replica, metrics: &BTreeMap<String, Replica>) -> Option<Value> {
    let draft_of = |id: &str| Some(&metrics.get(id)?.local.body["draft"]);
    parts(replica).1.map(|released| lifecycle::comparable(replica.kind, &replica.id, released, draft_of))
}

/// Returns true for a document that nothing is live of.
fn is_new(row: &Row) -> bool {
    !row.replica.local.deleted && parts(&row.replica).1.is_none()
}

/// Returns the document ids of the sites that a draft is on.
fn sites_of(replica: &Replica) -> impl Iterator<Item = String> {
    let draft = parts(replica).0;
    let all = draft["site_ids"].as_array().into_iter().flatten().chain(draft.get("site_id"));
    all.filter_map(|id| id.as_str().map(str::to_owned)).collect::<Vec<_>>().into_iter()
}

/// Returns the metrics that an experiment uses and that are not live yet.
fn unpublished_metrics(replica: &Replica, metrics: &BTreeMap<String, Replica>) -> Vec<String> {
    let Ok(draft) = Experiment::deserialize(parts(replica).0) else { return Vec::new() };
    let is_live = |id: &str| metrics.get(id).is_some_and(|metric| parts(metric).1.is_some());
    let used = draft.metrics.iter().filter_map(ExperimentMetric::document);
    used.filter(|id| replica.kind == Kind::Experiment && !is_live(id)).map(str::to_owned).collect()
}

/// Returns what is live: as the edge says, or as it said last.
async fn live(app: &App) -> Result<Option<Publication>> {
    let asked = match app.session().target().await {
        Ok(Some(target)) if app.sync().view().online => app.edge().publications(&target).await.ok(),
        _ => None,
    };
    let Some(publications) = asked else {
        let stored = app.store(|s| s.setting(Setting::Live)).await?;
        return Ok(stored.and_then(|text| serde_json::from_str(&text).ok()));
    };
    for waiting in publishing::waiting(app).await? {
        if publications.iter().any(|p| p.id == waiting.command.command_id) {
            publishing::settled(app, &waiting.command.command_id).await?;
        }
    }
    let live = publications.into_iter().find(|p| p.live);
    publishing::remember_live(app, live.as_ref()).await?;
    Ok(live)
}

/// Drafts of experiments that never ran stay out: pages would not notice them.
fn differs(replica: &Replica, released: Option<&Value>) -> bool {
    let (draft, _) = parts(replica);
    let never_started =
        replica.kind == Kind::Experiment && released.is_none() && draft["status"] == json!(Status::Draft);
    let removed = lifecycle::is_removed(&replica.local.body);
    !replica.local.deleted && !never_started && (removed || released != Some(draft))
}

fn parts(replica: &Replica) -> (&Value, Option<&Value>) {
    let body = &replica.local.body;
    (&body["draft"], body.get("released").filter(|r| !r.is_null()))
}

fn item(replica: &Replica, released: Option<&Value>) -> ReviewItem {
    let (draft, _) = parts(replica);
    let removed = lifecycle::is_removed(&replica.local.body);
    let mut problems = if removed { Vec::new() } else { document::problems(replica) };
    let Diff { changes, more } = diff(released, Some(draft).filter(|_| !removed));
    if removed {
        // What only the draft says does not matter any more; what two people said does.
        problems.extend(document::open_conflict(replica));
    } else if replica.kind == Kind::Experiment
        && let Some(live) = released
        && let (Ok(live), Ok(draft)) = (Experiment::deserialize(live), Experiment::deserialize(draft))
    {
        problems.extend(validate::locked_changes(&live, &draft));
    }
    if draft.to_string().len() * 2 > MAX_BODY {
        // Released, the definition is in the document twice.
        let detail = format!("Shorten this to at most {} KiB, so that it can be published.", MAX_BODY / 2048);
        problems.push(Problem::new("", detail));
    }
    ReviewItem {
        doc_id: replica.id.clone(),
        kind: replica.kind,
        name: title(replica.kind, &name(draft)),
        revision: replica.base.as_ref().map(Base::revision).unwrap_or_default(),
        removed,
        // A problem comes first: there is nothing to wait for.
        syncing: replica.pending() && replica.conflict.is_none() && replica.rejected.is_empty(),
        changes,
        more,
        needs: Vec::new(),
        problems,
    }
}

fn name(draft: &Value) -> String {
    let field = |field: &str| draft[field].as_str().filter(|s| !s.trim().is_empty());
    field("name").or_else(|| field("key")).unwrap_or_default().to_owned()
}

/// Releases what was ticked and publishes. Without ticks it makes what is released live again. Earlier commands without an
/// answer come first; the same ticks are the same command.
pub async fn run(app: &Arc<App>, PublishTicks { release }: PublishTicks) -> Result<Publication> {
    let _one_at_a_time = app.sync().exclusive_publication().await;
    let target = app.session().connected().await?;
    let ticked: BTreeSet<&Release> = release.iter().collect();
    for waiting in publishing::waiting(app).await? {
        let is_same = waiting.command.release.iter().collect::<BTreeSet<_>>() == ticked;
        let answer = publishing::send(app, &target, &waiting).await;
        if is_same && waiting.seen.is_none() {
            return finish(app, answer?).await;
        }
        if let Err(error) = answer {
            tracing::warn!(%error, "An earlier publication has no answer, or was refused.");
        }
    }
    sync::documents_now(app).await?;
    check(app, &release).await?;
    let command = publishing::command(app, release, Vec::new());
    let publication = publishing::send(app, &target, &Waiting { command, seen: None }).await?;
    finish(app, publication).await
}

async fn finish(app: &App, publication: Publication) -> Result<Publication> {
    // It is live, whatever becomes of this; the next sync brings it too.
    if let Err(error) = sync::documents_now(app).await {
        tracing::warn!(%error, "What was released is not here yet.");
    }
    app.after_local_change().await?;
    Ok(publication)
}

/// Carries out a command on what is live, whatever else is pending, in conflict or half typed.
///
/// If somebody changed the draft meanwhile, it goes out all the same; if what is live has changed, the person looks
/// again. Without an answer it is sent again with every sync.
pub async fn urgent(app: &Arc<App>, Urgent { id, revision }: Urgent, action: Action) -> Result<Publication> {
    let target = app.session().connected().await?;
    let seen = publishing::live_part(app, &id).await?.map(|(_, live)| live);
    let transition = Transition { doc_id: id.clone(), revision, action };
    let given = |waiting: &Waiting| {
        let same = |t: &Transition| t.doc_id == transition.doc_id && t.action == transition.action;
        waiting.command.transitions.iter().any(same)
    };
    let waiting = match publishing::waiting(app).await?.into_iter().find(given) {
        Some(waiting) => waiting,
        None => Waiting { command: publishing::command(app, Vec::new(), vec![transition.clone()]), seen },
    };
    let publication = match publishing::send(app, &target, &waiting).await {
        Err(error) if error.code == Code::Stale => {
            sync::documents_now(app).await?;
            publishing::send_at_newest(app, &target, &waiting).await?.ok_or(error)?
        }
        // An earlier command was done long ago, and somebody may have made the same live again since.
        Ok(publication) if !publication.live => {
            sync::documents_now(app).await?;
            publishing::send_at_newest(app, &target, &waiting).await?.unwrap_or(publication)
        }
        answer => answer?,
    };
    finish(app, publication).await
}

/// The review shows exactly what goes live.
async fn check(app: &App, release: &[Release]) -> Result<()> {
    for Release { doc_id, revision } in release {
        let id = doc_id.clone();
        let row = app.store(move |s| s.document(&id)).await?;
        let as_shown = row.is_some_and(|row| {
            let r = row.replica;
            !r.local.deleted && !r.pending() && r.base.is_some_and(|base| base.revision().is(revision))
        });
        if !as_shown {
            let message = "A document changed after the review: look at the review again and publish then.";
            return Err(Error::new(Code::Stale, message));
        }
    }
    Ok(())
}
