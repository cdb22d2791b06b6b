//! The experiments that have been started, and the results of the open one.

mod counting;
mod detail;
mod metric;

use std::rc::Rc;

use beacon_shared::ipc::Summary;
use beacon_shared::model::{Kind, Status};
use yew::prelude::*;

use super::documents::{DocumentRow, Rows};
use crate::router::{Open, Page, use_router};
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
        let current = open.as_ref().map(|row| row.id.clone());
        Callback::from(move |row: Rc<Summary>| {
            let is_current = current.as_deref() == Some(row.id.as_str());
            let note = html! { <code>{ row.key.clone() }</code> };
            html! {
                <DocumentRow key={row.id.clone()} row={row.clone()} page={Page::Results} testid="results-open" {note}
                    {is_current}>
                    if let Some(status) = row.status { <StatusBadge {status} /> }
                </DocumentRow>
            }
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
                        { "Results appear after you start and publish an experiment and visitors see it. You " }
                        { "get a verdict in a sentence, the lift with its uncertainty, and a check of the split." }
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
