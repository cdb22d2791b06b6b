//! The list of metrics.

use std::collections::BTreeMap;
use std::rc::Rc;

use beacon_shared::ipc::Summary;
use beacon_shared::model::Kind;
use yew::prelude::*;

use crate::commands::CommandButton;
use crate::pages::documents::{DocumentRow, Rows, Search, StateBadges, found, measures};
use crate::router::Page;
use crate::state::use_rows;
use crate::widgets::{Empty, ErrorBanner, Note};

#[component]
pub fn List() -> Html {
    let (list, experiments) = (use_rows(Kind::Metric), use_rows(Kind::Experiment));
    let wanted = use_state(String::new);
    let uses = uses(experiments.value.as_deref().unwrap_or_default());
    let draw = Callback::from(move |row: Rc<Summary>| {
        let uses = uses.get(&row.id).copied().unwrap_or_default();
        let note = html! { { measures(&row) } };
        html! {
            <DocumentRow key={row.id.clone()} row={row.clone()} page={Page::Metrics} testid="metric-row" {note}>
                <StateBadges row={row.clone()} />
                <span class="note uses">{ uses_in_words(uses) }</span>
            </DocumentRow>
        }
    });
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
