//! The page while the core brings old data up to date.

use beacon_shared::ipc::Preparing;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct PreparingProps {
    pub step: Option<Preparing>,
}

/// Says what is brought up to date. A start that takes no time does not show it.
#[component]
pub fn PreparingData(props: &PreparingProps) -> Html {
    let part = match props.step {
        Some(Preparing::Events) => "Updating the events on this computer. This can take a few minutes.",
        Some(Preparing::Drafts) | None => "Opening your drafts.",
    };
    html! {
        <section class="card narrow preparing" role="status" data-testid="preparing">
            <h2>{ "Preparing your data" }</h2>
            <p>{ part }</p>
            <progress aria-label="Preparing your data"></progress>
        </section>
    }
}
