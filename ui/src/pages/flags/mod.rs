//! The flags, the open one, or import and export.

mod editor;
mod import_export;

use std::rc::Rc;

use beacon_shared::ipc::Summary;
use beacon_shared::model::{Flag, Kind};
use beacon_shared::wording::title;
use yew::prelude::*;

use super::documents::{Rows, use_opening};
use crate::commands::CommandButton;
use crate::router::{Open, Page, Route, use_router};
use crate::state::{use_document, use_rows};
use crate::widgets::{Badge, Empty, ErrorBanner, Note, SyncBadge};
use editor::FlagEditor;
use import_export::ImportExport;

#[component]
pub fn Flags() -> Html {
    let route = use_router().route;
    let id = match &route.open {
        Open::Document(id) => Some(id.as_str()),
        _ => None,
    };
    let (sites, document) = (use_rows(Kind::Site), use_document::<Flag>(id));
    let opening = use_opening(Page::Flags, &route.open);
    match (&route.open, sites.value) {
        (Open::List, _) => html! { <List /> },
        (Open::Import, Some(sites)) => html! { <ImportExport {sites} on_close={opening.on_close} /> },
        (open, Some(sites)) if *open == Open::New || document.value.is_some() => html! {
            <FlagEditor key={opening.number} document={document.value} {sites} on_created={opening.on_created}
                on_close={opening.on_close} />
        },
        _ => html! { <ErrorBanner error={document.error.or(sites.error)} on_retry={sites.reload} /> },
    }
}

#[component]
fn List() -> Html {
    let (list, router) = (use_rows(Kind::Flag), use_router());
    let draw = {
        let go = router.go;
        Callback::from(move |row: Rc<Summary>| html! { <Row key={row.id.clone()} row={row.clone()} go={go.clone()} /> })
    };
    html! {
        <>
            <header class="page-head">
                <div><h1>{ "Flags" }</h1><Note text="Switches and values that pages ask for by key." /></div>
                <div class="actions">
                    <CommandButton command="flag.import" testid="flag-exchange" />
                    <CommandButton command="flag.new" testid="flag-new" class="primary" />
                </div>
            </header>
            <ErrorBanner error={list.error.clone()} on_retry={list.reload.clone()} />
            if list.value.as_ref().is_some_and(Vec::is_empty) {
                <Empty title="Switch something without a deploy">
                    <p>
                        { "A flag gives pages a value: on or off, a number, a text or JSON. Rules give some of the " }
                        { "visitors another value. The first rule that matches decides." }
                    </p>
                    <p>{ "You can switch every flag off for all visitors at once." }</p>
                </Empty>
            } else {
                <Rows rows={list.value.unwrap_or_default()} {draw} class="card flush" />
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct RowProps {
    row: Rc<Summary>,
    go: Callback<Route>,
}

#[component]
fn Row(props: &RowProps) -> Html {
    let row = &props.row;
    let onclick = {
        let (go, id) = (props.go.clone(), row.id.clone());
        move |_: MouseEvent| go.emit(Route::document(Page::Flags, &id))
    };
    html! {
        <button type="button" class="row" data-testid="flag-row" data-key={row.key.clone()}
            data-id={row.id.clone()} {onclick}>
            <span class="row-main">
                <strong>{ title(Kind::Flag, &row.name) }</strong>
                <span class="note"><code>{ row.key.clone() }</code></span>
            </span>
            if !row.readable { <Badge text="Newer version" tone="warn" title="Update Beacon to open it." /> }
            if row.problems > 0 { <Badge text={format!("{} to fix", row.problems)} tone="warn" /> }
            if row.removed {
                <Badge text="Will be deleted" tone="bad" />
            } else if row.live && row.unpublished {
                <Badge text="Unpublished changes" tone="busy" />
            }
            <SyncBadge sync={row.sync} />
            if row.enabled { <Badge text="On" tone="good" /> } else { <Badge text="Off" tone="bad" /> }
        </button>
    }
}
