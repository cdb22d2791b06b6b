//! One document in the review: its tick and what differs.

use beacon_shared::ipc::{FieldChange, ReviewItem};
use beacon_shared::model::Revision;
use beacon_shared::validate::UNFINISHED;
use beacon_shared::wording::{capitalised, listed, title};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::field_names::{Names, field, metric_value, value};
use super::summary::{in_words, is_empty, is_technical};
use crate::widgets::Badge;

/// Returns true if nothing keeps the document from being published.
pub fn is_ready(item: &ReviewItem) -> bool {
    item.problems.is_empty() && !item.syncing
}

#[derive(Properties, PartialEq)]
pub struct ItemProps {
    pub item: ReviewItem,
    /// The names of sites and metrics, by document id.
    pub names: Names,
    /// The names of what is ticked with it, because it cannot go live without them.
    pub needs: Vec<String>,
    /// The revision at which it was ticked.
    pub tick: Option<Revision>,
    /// Hears the document and the revision that was ticked, or that the tick is gone.
    pub on_tick: Callback<(String, Option<Revision>)>,
}

#[component]
pub fn Item(props: &ItemProps) -> Html {
    let item = &props.item;
    let blocked = !is_ready(item);
    let is_new = !item.removed && item.changes.iter().all(|change| change.before.is_empty());
    let shown = item.changes.iter().filter(|c| is_definition(c) && !(is_new && is_empty(&c.after)));
    let (technical, mut plain): (Vec<_>, Vec<_>) = shown.partition(|change| is_technical(&change.pointer));
    plain.sort_by_key(|change| change.pointer != "/name");
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
                if is_new && !item.changes.is_empty() { <Badge text="New" tone="good" /> }
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
            if !props.needs.is_empty() {
                <p class="note">{ format!("Needs {}, so they are ticked together.", listed(&props.needs)) }</p>
            }
            { table(&plain, is_new, &props.names) }
            if !technical.is_empty() {
                <details class="more">
                    <summary>{ "Technical details" }</summary>
                    { table(&technical, is_new, &props.names) }
                </details>
            }
            if item.more > 0 { <p class="note">{ format!("… and {} more fields.", item.more) }</p> }
        </div>
    }
}

/// Returns false for a text that is kept beside a field until it is valid: its problem says what it is.
fn is_definition(change: &FieldChange) -> bool {
    !change.pointer.ends_with(UNFINISHED)
}

/// Draws changes. A new document has no column for what is live.
fn table(changes: &[&FieldChange], is_new: bool, names: &Names) -> Html {
    if changes.is_empty() {
        return Html::default();
    }
    html! {
        <table class={classes!("diff", is_new.then_some("new"))}>
            <thead><tr>
                <th>{ "Field" }</th>
                if !is_new { <th>{ "Live now" }</th> }
                <th>{ "After publishing" }</th>
            </tr></thead>
            <tbody>{ for changes.iter().map(|c| change(c, is_new, names)) }</tbody>
        </table>
    }
}

fn change(change: &FieldChange, is_new: bool, names: &Names) -> Html {
    let before = (!change.before.is_empty()).then_some("before");
    let value = |json: &str| {
        let said = in_words(&change.pointer, json, names).or_else(|| metric_value(&change.pointer, json, names));
        said.unwrap_or_else(|| value(&change.pointer, json))
    };
    let (was, is) = (value(&change.before), value(&change.after));
    let kind = |said: &str| said.starts_with(['{', '[', '"']).then_some("code");
    html! {
        <tr>
            <td>{ field(&change.pointer, names) }</td>
            if !is_new {
                <td class={kind(&was)}><span class={classes!(before)}>{ was }</span></td>
            }
            <td class={classes!("after", kind(&is))}>{ is }</td>
        </tr>
    }
}
