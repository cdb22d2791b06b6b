//! The list of metrics.

use std::collections::BTreeMap;
use std::rc::Rc;

use beacon_shared::ipc::Summary;
use beacon_shared::model::Kind;
use beacon_shared::wording::title;
use yew::prelude::*;

use crate::commands::CommandButton;
use crate::pages::documents::{Rows, Search, found};
use crate::router::{Page, Route, use_router};
use crate::state::use_rows;
use crate::widgets::{Badge, Empty, ErrorBanner, Note, SyncBadge};

#[component]
pub fn List() -> Html {
    let (list, experiments, router) = (use_rows(Kind::Metric), use_rows(Kind::Experiment), use_router());
    let wanted = use_state(String::new);
    let uses = uses(experiments.value.as_deref().unwrap_or_default());
    let draw = {
        let go = router.go;
        Callback::from(move |row: Rc<Summary>| {
            let uses = uses.get(&row.id).copied().unwrap_or_default();
            html! { <Row key={row.id.clone()} row={row.clone()} {uses} go={go.clone()} /> }
        })
    };
    let rows = list.value.clone().unwrap_or_default();
    let matching: Vec<_> = rows.iter().filter(|row| found(row, &wanted)).cloned().collect();
    html! {
        <>
            <header class="page-head">
                <div><h1>{ "Metrics" }</h1><Note text="What experiments are judged by, defined once." /></div>
                <div class="actions">
                    if !rows.is_empty() {
                        <Search label="Find a metric" testid="metric-search" value={(*wanted).clone()}
                            on_input={let wanted = wanted.setter(); move |text| wanted.set(text)} />
                    }
                    <CommandButton command="metric.new" testid="metric-new" class="primary" />
                </div>
            </header>
            <ErrorBanner error={list.error.clone()} on_retry={list.reload.clone()} />
            if list.value.as_ref().is_some_and(Vec::is_empty) {
                <Empty title="Define what success is, once">
                    <p>
                        { "A metric turns the events of your pages into a number for each visitor: who ordered, how " }
                        { "often, for how much. Every experiment can use it as its goal or as a guardrail." }
                    </p>
                    <p>{ "Begin with the one event that matters most, such as an order or a sign-up." }</p>
                    <CommandButton command="metric.new" testid="metric-first" class="primary" />
                </Empty>
            } else if list.value.is_some() && matching.is_empty() {
                <p class="note" data-testid="metric-none">{ format!("No metric matches “{}”.", *wanted) }</p>
            } else {
                <Rows rows={matching} {draw} class="card flush" />
            }
        </>
    }
}

/// Counts the experiments that use each metric, by the metric's document id.
fn uses(experiments: &[Rc<Summary>]) -> BTreeMap<String, usize> {
    let mut uses = BTreeMap::new();
    for id in experiments.iter().flat_map(|row| &row.metrics) {
        *uses.entry(id.clone()).or_default() += 1;
    }
    uses
}

#[derive(Properties, PartialEq)]
struct RowProps {
    row: Rc<Summary>,
    /// How many experiments use it.
    uses: usize,
    go: Callback<Route>,
}

#[component]
fn Row(props: &RowProps) -> Html {
    let row = &props.row;
    let onclick = {
        let (go, id) = (props.go.clone(), row.id.clone());
        move |_: MouseEvent| go.emit(Route::document(Page::Metrics, &id))
    };
    html! {
        <button type="button" class="row" data-testid="metric-row" data-key={row.key.clone()}
            data-id={row.id.clone()} {onclick}>
            <span class="row-main">
                <strong>{ title(Kind::Metric, &row.name) }</strong>
                <span class="note">{ row.measure.clone() }</span>
            </span>
            if !row.readable { <Badge text="Newer version" tone="warn" title="Update Beacon to open it." /> }
            if row.problems > 0 { <Badge text={format!("{} to fix", row.problems)} tone="warn" /> }
            if row.removed {
                <Badge text="Will be deleted" tone="bad" />
            } else if row.live && row.unpublished {
                <Badge text="Unpublished changes" tone="busy" />
            }
            <SyncBadge sync={row.sync} />
            <span class="note uses">{ uses_in_words(props.uses) }</span>
        </button>
    }
}

fn uses_in_words(uses: usize) -> String {
    match uses {
        0 => "Not used yet".to_owned(),
        1 => "1 experiment".to_owned(),
        n => format!("{n} experiments"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_read_well() {
        assert_eq!([0, 1, 2].map(uses_in_words), ["Not used yet", "1 experiment", "2 experiments"]);
    }
}
