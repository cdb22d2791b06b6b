//! The page while the core brings old data up to date.

use yew::prelude::*;

use crate::state::use_live;

/// Says that the drafts are being opened. A start that takes no time does not show it.
#[component]
pub fn PreparingData() -> Html {
    let percent = use_live().preparing.and_then(|(_, percent)| percent);
    let so_far = percent.map(|percent| format!("{percent}% done"));
    let value = percent.map(|percent| percent.to_string());
    html! {
        <section class="card narrow preparing" role="status" data-testid="preparing">
            <h2>{ "Preparing your data" }</h2>
            <p>{ "Your drafts open in a moment." }</p>
            <progress aria-label="Preparing your data" max="100" {value}></progress>
            if let Some(so_far) = so_far { <p data-testid="preparing-percent">{ so_far }</p> }
        </section>
    }
}
