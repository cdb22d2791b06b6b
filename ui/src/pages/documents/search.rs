//! A field that narrows a list down, and what it looks at.

use beacon_shared::ipc::Summary;
use beacon_shared::wording::capitalised;
use web_sys::HtmlInputElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct SearchProps {
    /// Label of the field, such as `Find a metric`.
    pub label: AttrValue,
    pub testid: AttrValue,
    pub value: AttrValue,
    /// Hears every keystroke.
    pub on_input: Callback<String>,
}

#[component]
pub fn Search(props: &SearchProps) -> Html {
    let oninput = props.on_input.reform(|event: InputEvent| event.target_unchecked_into::<HtmlInputElement>().value());
    html! {
        <input type="search" class="search" data-testid={props.testid.clone()}
            aria-label={props.label.clone()}
            placeholder={props.label.clone()} value={props.value.clone()} {oninput} autocomplete="off" />
    }
}

/// Returns what a metric measures, as a list shows it.
pub fn measures(row: &Summary) -> String {
    if row.measure.is_empty() { "No event yet".to_owned() } else { capitalised(&row.measure) }
}

/// Returns true if the row has every word that is searched for in its name, its key or what it measures.
pub fn found(row: &Summary, wanted: &str) -> bool {
    let text = format!("{} {} {}", row.name, row.key, row.measure).to_lowercase();
    wanted.to_lowercase().split_whitespace().all(|word| text.contains(word))
}
