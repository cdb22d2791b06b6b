//! The flags, the open one, or import and export.

mod editor;
mod import_export;

use std::rc::Rc;

use beacon_shared::ipc::Summary;
use beacon_shared::model::{Flag, Kind};
use yew::prelude::*;

use super::documents::{Chips, DocumentRow, FlagState, Rows, StateBadges, on_site, use_opening};
use crate::commands::CommandButton;
use crate::router::{Open, Page, use_router};
use crate::state::{use_document, use_live, use_rows};
use crate::widgets::{Empty, ErrorBanner, Note};
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
    let (list, live) = (use_rows(Kind::Flag), use_live());
    let draw = Callback::from(|row: Rc<Summary>| {
        let note = html! { <code>{ row.key.clone() }</code> };
        html! {
            <DocumentRow key={row.id.clone()} row={row.clone()} page={Page::Flags} testid="flag-row" {note}>
                <StateBadges row={row.clone()} />
                <Chips chips={FlagState::of_row(&row).chips()} />
            </DocumentRow>
        }
    });
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
                        { "A flag gives pages a value: on or off, a number, a text or JSON. Rules give some " }
                        { "visitors another value. The first rule that matches decides." }
                    </p>
                    <p>{ "You can switch every flag off for all visitors at once." }</p>
                </Empty>
            } else {
                <Rows rows={on_site(list.value.unwrap_or_default(), &live.site)} {draw} class="card flush" />
            }
        </>
    }
}
