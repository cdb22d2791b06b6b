//! The choice in a conflict.

use beacon_shared::error::Error;
use beacon_shared::ipc::{ConflictResolve, Resolve, SyncState};
use beacon_shared::model::Revision;
use beacon_shared::sync::Take;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::ipc::call;
use crate::widgets::{Banner, ErrorBanner};

#[derive(Properties, PartialEq)]
pub struct ConflictProps {
    pub id: Option<String>,
    pub sync: SyncState,
    /// The revision at the edge that the conflict is with.
    pub theirs: Option<Revision>,
}

/// Asks whose values to keep where two people changed the same field. The problems at the fields say what differs.
#[component]
pub fn Conflict(props: &ConflictProps) -> Html {
    let (error, busy) = (use_state(|| None::<Error>), use_state(|| false));
    let Some(id) = props.id.clone().filter(|_| props.sync == SyncState::Conflict) else { return Html::default() };
    let theirs = props.theirs.clone().unwrap_or_default();
    let choose = |take: Take| {
        let (id, theirs, error, busy) = (id.clone(), theirs.clone(), error.setter(), busy.setter());
        move |_: MouseEvent| {
            let (error, busy) = (error.clone(), busy.clone());
            let request = Resolve { id: id.clone(), theirs: theirs.clone(), take };
            busy.set(true);
            spawn_local(async move {
                error.set(call::<ConflictResolve>(request).await.err());
                busy.set(false);
            });
        }
    };
    html! {
        <>
            <Banner tone="warn">
                <p>
                    { "Someone else changed the same fields. They're marked below. " }
                    { "Everything else is merged." }
                </p>
                <div class="actions">
                    <button type="button" data-testid="conflict-mine" disabled={*busy}
                        onclick={choose(Take::Mine)}>{ "Keep mine" }</button>
                    <button type="button" data-testid="conflict-theirs" disabled={*busy}
                        onclick={choose(Take::Theirs)}>{ "Take theirs" }</button>
                </div>
            </Banner>
            <ErrorBanner error={(*error).clone()} />
        </>
    }
}
