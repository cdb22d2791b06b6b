//! The experiments that have been started, and the results of the open one.

mod counting;
mod detail;
mod metric;

use std::rc::Rc;

use beacon_shared::ipc::Summary;
use beacon_shared::model::{Kind, Status};
use beacon_shared::wording::title;
use yew::prelude::*;

use super::documents::Rows;
use crate::router::{Open, Page, Route, use_router};
use crate::state::use_rows;
use crate::widgets::{Empty, ErrorBanner, Note, StatusBadge};
use detail::Detail;

#[component]
pub fn Results() -> Html {
    let (router, list) = (use_router(), use_rows(Kind::Experiment));
    let is_loaded = list.value.is_some();
    let mut started = list.value.unwrap_or_default();
    started.retain(|row| row.status.is_some_and(|status| status != Status::Draft));
    let asked = match &router.route.open {
        Open::Document(id) => Some(id),
        _ => None,
    };
    let open = started.iter().find(|row| Some(&row.id) == asked).or(started.first()).cloned();
    let draw = {
        let (go, current) = (router.go.clone(), open.as_ref().map(|row| row.id.clone()));
        Callback::from(move |row: Rc<Summary>| {
            let is_current = current.as_deref() == Some(row.id.as_str());
            html! { <Row key={row.id.clone()} row={row.clone()} {is_current} go={go.clone()} /> }
        })
    };
    html! {
        <>
            <header class="page-head">
                <div>
                    <h1>{ "Results" }</h1>
                    <Note text="Computed on this computer, from the events it has fetched." />
                </div>
            </header>
            <ErrorBanner error={list.error.clone()} on_retry={list.reload.clone()} />
            if is_loaded && started.is_empty() {
                <Empty title="No results yet">
                    <p>
                        { "Results appear after you start and publish an experiment and visitors see it. You get a " }
                        { "verdict in a sentence, the lift with its uncertainty, and a check of the split." }
                    </p>
                </Empty>
            } else {
                <div class="split" data-testid="results-experiment">
                    <Rows rows={started} {draw} />
                    <div class="detail">
                        if let Some(open) = open {
                            <Detail key={open.id.clone()} id={open.id.clone()}
                                phase={router.route.section.clone()} />
                        }
                    </div>
                </div>
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct RowProps {
    row: Rc<Summary>,
    is_current: bool,
    go: Callback<Route>,
}

#[component]
fn Row(props: &RowProps) -> Html {
    let row = &props.row;
    let onclick = {
        let (go, id) = (props.go.clone(), row.id.clone());
        move |_: MouseEvent| go.emit(Route::document(Page::Results, &id))
    };
    html! {
        <button type="button" class="row" data-testid="results-open" data-key={row.key.clone()}
            data-id={row.id.clone()} aria-current={props.is_current.then_some("true")} {onclick}>
            <span class="row-main">
                <strong>{ title(Kind::Experiment, &row.name) }</strong>
                <span class="note"><code>{ row.key.clone() }</code></span>
            </span>
            if let Some(status) = row.status { <StatusBadge {status} /> }
        </button>
    }
}
