//! The websites, and the open one beside them.

mod editor;
mod snippet;

use std::rc::Rc;

use beacon_shared::ipc::Summary;
use beacon_shared::model::{Kind, Site};
use yew::prelude::*;

use super::documents::{DocumentRow, Rows, StateBadges, use_opening};
use crate::commands::CommandButton;
use crate::router::{Open, Page, use_router};
use crate::state::{use_document, use_rows};
use crate::widgets::{Badge, Empty, ErrorBanner, Note};
use editor::SiteEditor;

#[component]
pub fn Sites() -> Html {
    let router = use_router();
    let open = router.route.open.clone();
    let id = match &open {
        Open::Document(id) => Some(id.as_str()),
        _ => None,
    };
    let (list, document) = (use_rows(Kind::Site), use_document::<Site>(id));
    let opening = use_opening(Page::Sites, &open);
    let draw = {
        let current = id.map(str::to_owned);
        Callback::from(move |row: Rc<Summary>| {
            let is_current = current.as_deref() == Some(row.id.as_str());
            let note = html! { { row.domains.join(", ") } };
            html! {
                <DocumentRow key={row.id.clone()} row={row.clone()} page={Page::Sites} testid="site-row" {note}
                    {is_current}>
                    if !row.enabled { <Badge text="Disabled" tone="warn" /> }
                    <StateBadges row={row.clone()} />
                </DocumentRow>
            }
        })
    };
    let editor = match (&open, &document.value) {
        (Open::New, _) | (_, Some(_)) => html! {
            <SiteEditor key={opening.number} document={document.value.clone()} on_created={opening.on_created}
                on_close={opening.on_close} />
        },
        (Open::Document(_), None) => html! { <ErrorBanner error={document.error.clone()} /> },
        _ => html! { <p class="note pad">{ "Choose a site to see its snippet and its domains." }</p> },
    };
    let is_empty = list.value.as_ref().is_some_and(Vec::is_empty);
    html! {
        <>
            <header class="page-head">
                <div>
                    <h1>{ "Sites" }</h1>
                    <Note text="The websites that load Beacon, and the pages that may send events." />
                </div>
                <CommandButton command="site.new" testid="site-new" class="primary" />
            </header>
            <ErrorBanner error={list.error.clone()} on_retry={list.reload.clone()} />
            if is_empty && open == Open::List {
                <FirstSite />
            } else {
                <div class="split">
                    <Rows rows={list.value.unwrap_or_default()} {draw} />
                    <div class="detail">{ editor }</div>
                </div>
            }
        </>
    }
}

#[component]
fn FirstSite() -> Html {
    html! {
        <Empty title="Add the first site">
            <p>
                { "A site is a website on which you test. Give it a name and its domains. Beacon then gives " }
                { "you one line to paste into its pages." }
            </p>
            <p>
                { "You need no account and no network. " }
                { "Drafts stay on this computer until you connect an edge." }
            </p>
        </Empty>
    }
}
