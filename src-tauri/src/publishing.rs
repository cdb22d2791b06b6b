//! Commands to publish on their way. Each is on disk before it leaves and until the edge's final answer: the edge may have
//! released documents and then failed to make them live, and only the same command brings that to its end.

use beacon_shared::api::{Publication, PublishRequest, Release, Transition};
use beacon_shared::error::{Code, Error, Result};
use beacon_shared::ipc::DocumentRef;
use beacon_shared::model::Revision;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::app::App;
use crate::edge::Target;
use crate::store::{Setting, Store};

/// A command without a final answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// The command.
    #[serde(flatten)]
    pub command: PublishRequest,
    /// The live part that the person saw who gave a command on it. While that is live, the command holds, whatever
    /// became of the draft.
    #[serde(default)]
    pub seen: Option<Value>,
}

/// Returns the commands that wait for a final answer, the oldest first.
pub async fn waiting(app: &App) -> Result<Vec<Waiting>> {
    app.store(|s| read(s)).await
}

fn read(store: &Store) -> Result<Vec<Waiting>> {
    let text = store.setting(Setting::Publishing)?.unwrap_or_default();
    // Earlier versions kept one command, without a list.
    let one = |text: &str| serde_json::from_str(text).map(|one| vec![one]);
    Ok(serde_json::from_str(&text).or_else(|_| one(&text)).unwrap_or_default())
}

async fn change(app: &App, change: impl FnOnce(&mut Vec<Waiting>) + Send + 'static) -> Result<()> {
    let write = move |store: &mut Store| {
        let mut waiting = read(store)?;
        change(&mut waiting);
        let text = (!waiting.is_empty()).then(|| json!(waiting).to_string());
        store.set(Setting::Publishing, text.as_deref())
    };
    app.store(write).await
}

/// A new command from this device.
pub fn command(app: &App, release: Vec<Release>, transitions: Vec<Transition>) -> PublishRequest {
    let (command_id, device) = (app.ids().next(), app.session().device().to_owned());
    PublishRequest { command_id, device, release, transitions, at: app.now() }
}

/// Sends a command. It waits on disk until this returns a publication or a final error.
pub async fn send(app: &App, target: &Target, waiting: &Waiting) -> Result<Publication> {
    let entry = waiting.clone();
    change(app, move |all| {
        if !all.contains(&entry) {
            all.push(entry);
        }
    })
    .await?;
    let answer = app.edge().publish(target, &waiting.command).await;
    if answer.as_ref().map_or_else(is_final, |_| true) {
        settled(app, &waiting.command.command_id).await?;
    }
    let publication = answer?;
    tracing::info!(hash = %publication.hash, seq = publication.seq, "Published.");
    // A newer publication may have won meanwhile; then that one is live.
    if publication.live {
        remember_live(app, Some(&publication)).await?;
    }
    Ok(publication)
}

/// Forgets a command that has its answer.
pub async fn settled(app: &App, command_id: &str) -> Result<()> {
    let id = command_id.to_owned();
    change(app, move |all| all.retain(|waiting| waiting.command.command_id != id)).await
}

/// Sends the commands again that wait for an answer. Returns whether one has got it. Fails with the edge's refusal of one.
pub async fn resend(app: &App, target: &Target) -> Result<bool> {
    let mut any = false;
    for waiting in waiting(app).await? {
        match send(app, target, &waiting).await {
            Err(error) if error.code == Code::Stale && waiting.seen.is_some() => {
                send_at_newest(app, target, &waiting).await?.ok_or(error)?;
            }
            answer => drop(answer?),
        }
        // The review says that a command has no answer.
        notify(app, &waiting.command).await?;
        any = true;
    }
    Ok(any)
}

async fn notify(app: &App, command: &PublishRequest) -> Result<()> {
    let released = command.release.iter().map(|release| &release.doc_id);
    let ids: Vec<String> = released.chain(command.transitions.iter().map(|t| &t.doc_id)).cloned().collect();
    for id in ids {
        if let Some(row) = app.store(move |s| s.document(&id)).await? {
            app.notify_changed([DocumentRef { id: row.replica.id, kind: row.replica.kind }]);
        }
    }
    Ok(())
}

/// Sends a command on what is live at the newest revision that is known here, as a new one. `None` if something else is
/// live than the person saw.
pub async fn send_at_newest(app: &App, target: &Target, waiting: &Waiting) -> Result<Option<Publication>> {
    let Some(transition) = waiting.command.transitions.first() else { return Ok(None) };
    let Some((revision, live)) = live_part(app, &transition.doc_id).await? else { return Ok(None) };
    if Some(&live) != waiting.seen.as_ref() {
        return Ok(None);
    }
    let transition = Transition { revision, ..transition.clone() };
    let command = command(app, Vec::new(), vec![transition]);
    send(app, target, &Waiting { command, seen: Some(live) }).await.map(Some)
}

/// Returns the newest revision at the edge that is known here, and what is live of it.
pub async fn live_part(app: &App, id: &str) -> Result<Option<(Revision, Value)>> {
    let id = id.to_owned();
    let row = app.store(move |s| s.document(&id)).await?;
    Ok(row.and_then(|row| {
        let r = row.replica;
        let theirs = r.conflict.map(|open| (open.theirs.revision(), open.theirs.body));
        let (revision, body) = theirs.or(r.base.map(|base| (base.revision(), base.content.body)))?;
        Some((revision, body.get("released").cloned().unwrap_or_default()))
    }))
}

/// Keeps what is live for times without a network.
pub async fn remember_live(app: &App, live: Option<&Publication>) -> Result<()> {
    let text = live.map(|p| json!(p).to_string());
    app.store(move |s| s.set(Setting::Live, text.as_deref())).await
}

/// Returns true if the edge refused for good. After any other error the command may have taken effect.
fn is_final(error: &Error) -> bool {
    matches!(error.code, Code::Invalid | Code::Stale | Code::Locked | Code::NotFound | Code::TooLarge)
}
