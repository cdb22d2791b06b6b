//! A count under way, with its way out.

use beacon_shared::error::{Code, Error};
use beacon_shared::ipc::{ById, ResultsCancel};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::ipc::call;
use crate::widgets::{Banner, ErrorBanner};

#[derive(Properties, PartialEq)]
pub struct CountStateProps {
    /// Document id of the experiment.
    pub id: String,
    /// True if a count is under way.
    pub busy: bool,
    /// Reason why the last count has no numbers.
    pub error: Option<Error>,
    /// Counts again.
    pub on_retry: Callback<()>,
}

/// Says that a count is under way, once it takes a moment, and why the last one has no numbers.
#[component]
pub fn CountState(props: &CountStateProps) -> Html {
    if props.busy {
        return html! { <Counting id={props.id.clone()} /> };
    }
    match &props.error {
        Some(error) if error.code == Code::Cancelled => {
            let on_retry = props.on_retry.reform(|_: MouseEvent| ());
            html! {
                <Banner>
                    <p data-testid="results-cancelled">{ error.message.clone() }</p>
                    <button type="button" data-testid="results-count" onclick={on_retry}>
                        { "Count again" }
                    </button>
                </Banner>
            }
        }
        error => html! { <ErrorBanner error={error.clone()} on_retry={props.on_retry.clone()} /> },
    }
}

#[derive(Properties, PartialEq)]
struct CountingProps {
    id: String,
}

#[component]
fn Counting(props: &CountingProps) -> Html {
    let cancelling = use_state(|| false);
    let onclick = {
        let (id, cancelling) = (props.id.clone(), cancelling.setter());
        move |_: MouseEvent| {
            cancelling.set(true);
            let (request, cancelling) = (ById { id: id.clone() }, cancelling.clone());
            // The count's own call says how it ended. If the core was not reached, the person can try again.
            spawn_local(async move { cancelling.set(call::<ResultsCancel>(request).await.is_ok()) });
        }
    };
    html! {
        <div class="banner info late" role="status" data-testid="results-counting">
            <p>{ "Counting the events on this computer…" }</p>
            <button type="button" data-testid="results-cancel" disabled={*cancelling} {onclick}>
                { "Cancel" }
            </button>
        </div>
    }
}
