//! Adds a metric to an experiment: one that exists, or a new one.

use std::rc::Rc;

use beacon_shared::ipc::Summary;
use beacon_shared::model::Kind;
use beacon_shared::wording::title;
use yew::prelude::*;

use super::new_metric::NewMetric;
use crate::pages::documents::{Search, found, measures};

/// How many metrics are offered at once.
const OFFERED: usize = 8;

#[derive(Properties, PartialEq)]
pub struct PickerProps {
    /// The metrics that can be added.
    pub metrics: Vec<Rc<Summary>>,
    /// All metrics: a new one gets another key.
    pub taken: Vec<Rc<Summary>>,
    /// Hears the document id of the metric to add.
    pub on_pick: Callback<String>,
    pub on_done: Callback<()>,
    /// True if the person may close it without a choice.
    pub can_close: bool,
}

#[component]
pub fn Picker(props: &PickerProps) -> Html {
    let (wanted, is_making) = (use_state(String::new), use_state(|| false));
    let matching: Vec<_> = props.metrics.iter().filter(|row| found(row, &wanted)).collect();
    let more = matching.len().saturating_sub(OFFERED);
    let make = {
        let is_making = is_making.setter();
        move |_: MouseEvent| is_making.set(true)
    };
    if *is_making || props.metrics.is_empty() {
        let on_cancel = {
            let (is_making, on_done) = (is_making.setter(), props.on_done.clone());
            Callback::from(move |()| {
                is_making.set(false);
                on_done.emit(());
            })
        };
        return html! {
            <NewMetric name={(*wanted).clone()} taken={props.taken.clone()} on_created={props.on_pick.clone()}
                {on_cancel} can_close={props.can_close || !props.metrics.is_empty()} />
        };
    }
    html! {
        <div class="picker" data-testid="metric-picker" data-apart="">
            <div class="actions">
                <Search label="Find a metric" testid="metric-find" value={(*wanted).clone()}
                    on_input={let wanted = wanted.setter(); move |text| wanted.set(text)} />
                <button type="button" data-testid="metric-make" onclick={make}>{ "New metric" }</button>
            </div>
            <div class="list">{ for matching.iter().take(OFFERED).map(|row| offer(row, &props.on_pick)) }</div>
            if matching.is_empty() {
                <p class="note">{ format!("No metric matches “{}”. Make a new one.", *wanted) }</p>
            } else if more > 0 {
                <p class="note">{ format!("{more} more. Type a part of the name.") }</p>
            }
        </div>
    }
}

fn offer(row: &Rc<Summary>, on_pick: &Callback<String>) -> Html {
    let onclick = {
        let (on_pick, id) = (on_pick.clone(), row.id.clone());
        move |_: MouseEvent| on_pick.emit(id.clone())
    };
    html! {
        <button key={row.id.clone()} type="button" class="row" data-testid="metric-pick" data-id={row.id.clone()}
            data-key={row.key.clone()} {onclick}>
            <span class="row-main">
                <strong>{ title(Kind::Metric, &row.name) }</strong>
                <span class="note">{ measures(row) }</span>
            </span>
        </button>
    }
}
