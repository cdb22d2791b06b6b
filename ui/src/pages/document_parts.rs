//! What every editor has: the choice in a conflict, and deleting.

use beacon_shared::error::Error;
use beacon_shared::ipc::{ById, ConflictResolve, DocumentDelete, Resolve, SyncState};
use beacon_shared::model::Kind;
use beacon_shared::sync::Take;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::ipc::call;
use crate::state::Hub;
use crate::widgets::{Banner, ErrorBanner};

#[derive(Properties, PartialEq)]
pub struct ConflictProps {
    pub id: Option<String>,
    pub sync: SyncState,
    /// The revision at the edge that the conflict is with.
    pub rev: Option<u64>,
    pub kind: Kind,
}

/// Whose values hold where two people changed the same field. What differs is said at the fields.
#[component]
pub fn Conflict(props: &ConflictProps) -> Html {
    let (error, busy, hub) = (use_state(|| None::<Error>), use_state(|| false), use_context::<Hub>());
    let Some(id) = props.id.clone().filter(|_| props.sync == SyncState::Conflict) else { return Html::default() };
    let (kind, theirs_rev) = (props.kind, props.rev.unwrap_or_default());
    let take = |take: Take| {
        let (id, error, busy, hub) = (id.clone(), error.setter(), busy.setter(), hub.clone());
        move |_: MouseEvent| {
            let (request, error, busy, hub) =
                (Resolve { id: id.clone(), theirs_rev, take }, error.clone(), busy.clone(), hub.clone());
            busy.set(true);
            spawn_local(async move {
                error.set(call::<ConflictResolve>(request).await.err());
                busy.set(false);
                if let Some(hub) = hub {
                    hub.wrote.emit(kind);
                }
            });
        }
    };
    html! {
        <>
            <Banner tone="warn">
                <p>{ "Somebody changed this elsewhere, in the same place as you. The fields below say what differs; everything else is merged." }</p>
                <div class="actions">
                    <button type="button" data-testid="conflict-mine" disabled={*busy} onclick={take(Take::Mine)}>{ "Keep mine" }</button>
                    <button type="button" data-testid="conflict-theirs" disabled={*busy} onclick={take(Take::Theirs)}>{ "Take theirs" }</button>
                </div>
            </Banner>
            <ErrorBanner error={(*error).clone()} />
        </>
    }
}

#[derive(Properties, PartialEq)]
pub struct DeleteProps {
    pub id: Option<String>,
    pub kind: Kind,
    /// The editor has nothing left to show.
    pub on_deleted: Callback<()>,
}

/// Deletes after a second click. The core refuses while visitors still get it, and says what to do first.
#[component]
pub fn Delete(props: &DeleteProps) -> Html {
    let (asked, error, hub) = (use_state(|| false), use_state(|| None::<Error>), use_context::<Hub>());
    let Some(id) = props.id.clone() else { return Html::default() };
    let (name, kind) = (props.kind.as_str(), props.kind);
    let ask = |on: bool| {
        let (asked, error) = (asked.setter(), error.setter());
        move |_: MouseEvent| {
            asked.set(on);
            error.set(None);
        }
    };
    let delete = {
        let (asked, error, on_deleted) = (asked.setter(), error.setter(), props.on_deleted.clone());
        move |_: MouseEvent| {
            let (asked, error, on_deleted) = (asked.clone(), error.clone(), on_deleted.clone());
            let (request, hub) = (ById { id: id.clone() }, hub.clone());
            spawn_local(async move {
                asked.set(false);
                match call::<DocumentDelete>(request).await {
                    Ok(()) => on_deleted.emit(()),
                    Err(e) => error.set(Some(e)),
                }
                if let Some(hub) = hub {
                    hub.wrote.emit(kind);
                }
            });
        }
    };
    html! {
        <div class="delete">
            <ErrorBanner error={(*error).clone()} />
            if *asked {
                <div class="actions">
                    <span>{ format!("Delete this {name} on all computers?") }</span>
                    <button type="button" class="danger" data-testid="delete-confirm" onclick={delete}>{ "Delete" }</button>
                    <button type="button" data-testid="delete-keep" onclick={ask(false)}>{ "Keep it" }</button>
                </div>
            } else {
                <button type="button" class="quiet bad" data-testid="delete" onclick={ask(true)}>{ format!("Delete this {name}…") }</button>
            }
        </div>
    }
}
