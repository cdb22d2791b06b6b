//! The page while the core brings old data up to date.

use yew::prelude::*;

/// Says that the drafts are being opened. A start that takes no time does not show it.
#[component]
pub fn PreparingData() -> Html {
    html! {
        <section class="card narrow preparing" role="status" data-testid="preparing">
            <h2>{ "Preparing your data" }</h2>
            <p>{ "Your drafts open in a moment." }</p>
            <progress aria-label="Preparing your data"></progress>
        </section>
    }
}
