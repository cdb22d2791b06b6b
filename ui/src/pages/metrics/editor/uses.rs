//! The experiments that a metric concerns.

use std::rc::Rc;

use beacon_shared::ipc::Summary;
use beacon_shared::model::Kind;
use beacon_shared::wording::title;
use yew::prelude::*;

use crate::format::now_ms;
use crate::pages::documents::{Chips, ExperimentState};
use crate::router::{Page, Route, Router, use_router};
use crate::state::use_rows;

#[derive(Properties, PartialEq)]
pub struct UsesProps {
    /// The metric's document id.
    pub id: Option<String>,
    /// Whether a definition of it is published.
    pub published: bool,
}

/// Lists the experiments that are judged by the metric. Nothing for a metric that is not saved yet.
#[component]
pub fn Uses(props: &UsesProps) -> Html {
    let (experiments, router) = (use_rows(Kind::Experiment), use_router());
    let Some(id) = &props.id else { return Html::default() };
    let rows: Vec<Rc<Summary>> = experiments.value.unwrap_or_default();
    let using: Vec<_> = rows.iter().filter(|row| row.metrics.contains(id)).collect();
    html! {
        <section class="card" data-testid="metric-uses">
            <h2>{ "Experiments" }</h2>
            if using.is_empty() {
                <p class="note">
                    { "No experiment uses this metric yet. Add it under Metrics in an experiment." }
                </p>
            } else {
                <p class="note">
                    if props.published {
                        { "Their results use the published definition. They change when you publish this metric." }
                    } else {
                        { "This metric is published together with the first of them." }
                    }
                </p>
                <ul class="plain">{ for using.into_iter().map(|row| link(row, &router)) }</ul>
            }
        </section>
    }
}

fn link(row: &Rc<Summary>, router: &Router) -> Html {
    let onclick = {
        let (go, id) = (router.go.clone(), row.id.clone());
        move |_: MouseEvent| go.emit(Route::document(Page::Experiments, &id))
    };
    html! {
        <li key={row.id.clone()} class="use">
            <button type="button" class="quiet" data-testid="metric-used-by" data-id={row.id.clone()} {onclick}>
                { title(Kind::Experiment, &row.name) }
            </button>
            <Chips chips={ExperimentState::of_row(row).chips(now_ms())} />
        </li>
    }
}
