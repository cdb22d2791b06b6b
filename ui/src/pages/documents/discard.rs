//! Going back to what is live.

use beacon_shared::error::Error;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::state::{Editable, Editor};
use crate::toast;
use crate::widgets::ErrorBanner;

/// Draws the way back to what is live, where the draft says something else.
pub fn discard<T: Editable>(editor: &Editor<T>) -> Html {
    let draft = editor.draft();
    let is_changed = |released: &T| *released != draft;
    let view = editor.view().filter(|view| !view.removed && view.released.as_ref().is_some_and(is_changed));
    if view.is_none() {
        return Html::default();
    }
    let editor = editor.clone();
    let run = Callback::from(move |done: Callback<Result<(), Error>>| {
        let editor = editor.clone();
        spawn_local(async move {
            let outcome = editor.discard().await;
            if outcome.is_ok() {
                toast::edited("Changes discarded");
            }
            done.emit(outcome);
        });
    });
    html! { <Discard {run} /> }
}

#[derive(Properties, PartialEq)]
struct DiscardProps {
    /// Discards, and says how that ended.
    run: Callback<Callback<Result<(), Error>>>,
}

#[component]
fn Discard(props: &DiscardProps) -> Html {
    let (busy, error) = (use_state(|| false), use_state(|| None::<Error>));
    let onclick = {
        let (run, busy, error) = (props.run.clone(), busy.setter(), error.setter());
        move |_: MouseEvent| {
            busy.set(true);
            let (busy, error) = (busy.clone(), error.clone());
            run.emit(Callback::from(move |outcome: Result<(), Error>| {
                busy.set(false);
                error.set(outcome.err());
            }));
        }
    };
    html! {
        <>
            <button type="button" class="quiet" data-testid="discard" disabled={*busy} {onclick}
                title="Go back to what is live. Ctrl+Z brings your changes back.">{ "Discard changes" }</button>
            <ErrorBanner error={(*error).clone()} />
        </>
    }
}
