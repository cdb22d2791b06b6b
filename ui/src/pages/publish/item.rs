//! One document in the review: its tick and what differs.

use beacon_shared::ipc::{FieldChange, ReviewItem};
use beacon_shared::model::Revision;
use beacon_shared::validate::UNFINISHED;
use beacon_shared::wording::{capitalised, title};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::field_names::{Names, field, metric_value, value};
use crate::widgets::Badge;

/// Returns true if nothing keeps the document from being published.
pub fn is_ready(item: &ReviewItem) -> bool {
    item.problems.is_empty() && !item.syncing
}

#[derive(Properties, PartialEq)]
pub struct ItemProps {
    pub item: ReviewItem,
    /// The names of metrics, by document id.
    pub metrics: Names,
    /// The revision at which it was ticked.
    pub tick: Option<Revision>,
    /// Hears the document and the revision that was ticked, or that the tick is gone.
    pub on_tick: Callback<(String, Option<Revision>)>,
}

#[component]
pub fn Item(props: &ItemProps) -> Html {
    let item = &props.item;
    let blocked = !is_ready(item);
    let changed = props.tick.as_ref().is_some_and(|seen| *seen != item.revision);
    let onchange = {
        let (on_tick, id, shown) = (props.on_tick.clone(), item.doc_id.clone(), item.revision.clone());
        move |e: Event| {
            let on = e.target_unchecked_into::<HtmlInputElement>().checked();
            on_tick.emit((id.clone(), on.then(|| shown.clone())));
        }
    };
    html! {
        <div class="review-item" data-testid="publish-row" data-id={item.doc_id.clone()}>
            <div class="review-head">
                <label>
                    <input type="checkbox" data-testid={format!("publish-tick-{}", item.doc_id)}
                        checked={props.tick.as_ref() == Some(&item.revision) && !blocked}
                        disabled={blocked} {onchange} />
                    <span>{ title(item.kind, &item.name) }</span>
                </label>
                if item.removed { <Badge text="Will be deleted" tone="bad" /> }
                if item.syncing {
                    <Badge text="Syncing" tone="busy" />
                } else if blocked {
                    <Badge text="Not ready" tone="warn" />
                }
                <Badge text={capitalised(item.kind.as_str())} />
            </div>
            if changed {
                <p class="note problem" data-testid="publish-changed">
                    { "This changed after you ticked it, so it isn't ticked any more. Look at it again." }
                </p>
            }
            { for item.problems.iter().map(|p| html! { <p class="note problem">{ p.detail.clone() }</p> }) }
            <table class="diff">
                <thead><tr>
                    <th>{ "Field" }</th><th>{ "Live now" }</th><th>{ "After publishing" }</th>
                </tr></thead>
                <tbody>{ for item.changes.iter().filter(|c| is_definition(c)).map(|c| change(c, &props.metrics)) }</tbody>
            </table>
            if item.more > 0 { <p class="note">{ format!("… and {} more fields.", item.more) }</p> }
        </div>
    }
}

/// Returns false for a text that is kept beside a field until it is valid: its problem says what it is.
fn is_definition(change: &FieldChange) -> bool {
    !change.pointer.ends_with(UNFINISHED)
}

fn change(change: &FieldChange, metrics: &Names) -> Html {
    let before = (!change.before.is_empty()).then_some("before");
    let value =
        |json: &str| metric_value(&change.pointer, json, metrics).unwrap_or_else(|| value(&change.pointer, json));
    html! {
        <tr>
            <td>{ field(&change.pointer, metrics) }</td>
            <td><span class={classes!(before)}>{ value(&change.before) }</span></td>
            <td class="after">{ value(&change.after) }</td>
        </tr>
    }
}
