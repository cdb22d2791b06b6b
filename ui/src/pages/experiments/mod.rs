//! The experiments, or the open one.

mod editor;

use std::rc::Rc;

use beacon_shared::ipc::Summary;
use beacon_shared::model::{Experiment, Kind};
use beacon_shared::wording::title;
use yew::prelude::*;

use super::documents::{Rows, use_opening};
use crate::commands::CommandButton;
use crate::format::ago;
use crate::router::{Open, Page, Route, use_router};
use crate::state::{use_document, use_rows};
use crate::widgets::{Badge, Empty, ErrorBanner, Note, StatusBadge, SyncBadge};
use editor::ExperimentEditor;

#[component]
pub fn Experiments() -> Html {
    let route = use_router().route;
    let id = match &route.open {
        Open::Document(id) => Some(id.as_str()),
        _ => None,
    };
    let (sites, document) = (use_rows(Kind::Site), use_document::<Experiment>(id));
    let opening = use_opening(Page::Experiments, &route.open);
    if id.is_none() && route.open != Open::New {
        return html! { <List sites={sites.value.unwrap_or_default()} /> };
    }
    let is_known = id.is_none() || document.value.is_some();
    // A new experiment begins on the only site there is, so the sites have to be known first.
    match sites.value.filter(|_| is_known) {
        Some(sites) => html! {
            <ExperimentEditor key={opening.number} document={document.value} {sites} section={route.section}
                on_created={opening.on_created} on_close={opening.on_close} />
        },
        None => html! { <ErrorBanner error={document.error.or(sites.error)} /> },
    }
}

#[derive(Properties, PartialEq)]
struct ListProps {
    sites: Vec<Rc<Summary>>,
}

#[component]
fn List(props: &ListProps) -> Html {
    let (list, router) = (use_rows(Kind::Experiment), use_router());
    let draw = {
        let (go, sites) = (router.go, props.sites.clone());
        Callback::from(move |row: Rc<Summary>| {
            let site = site_name(&sites, &row);
            html! { <Row key={row.id.clone()} row={row.clone()} {site} go={go.clone()} /> }
        })
    };
    html! {
        <>
            <header class="page-head">
                <div><h1>{ "Experiments" }</h1><Note text="Questions that your visitors answer." /></div>
                <CommandButton command="experiment.new" testid="experiment-new" class="primary" />
            </header>
            <ErrorBanner error={list.error.clone()} on_retry={list.reload.clone()} />
            if list.value.as_ref().is_some_and(Vec::is_empty) {
                <FirstExperiment has_site={!props.sites.is_empty()} />
            } else {
                <Rows rows={list.value.unwrap_or_default()} {draw} class="card flush" />
            }
        </>
    }
}

fn site_name(sites: &[Rc<Summary>], row: &Summary) -> String {
    let site = sites.iter().find(|site| row.sites.contains(&site.id));
    site.map_or_else(|| "No site yet".to_owned(), |site| title(Kind::Site, &site.name))
}

#[derive(Properties, PartialEq)]
struct FirstProps {
    has_site: bool,
}

#[component]
fn FirstExperiment(props: &FirstProps) -> Html {
    html! {
        <Empty title="Ask the first question">
            <p>
                { "An experiment shows each visitor one of two or more variants and counts who reaches the goal. " }
                { "Say what you believe, give every variant its JSON config, and name the event that counts." }
            </p>
            <p>{ "Nothing changes on a site before you start the experiment and publish it." }</p>
            if !props.has_site {
                <CommandButton command="go.sites" testid="experiment-add-site" text="First add a site" />
            }
        </Empty>
    }
}

#[derive(Properties, PartialEq)]
struct RowProps {
    row: Rc<Summary>,
    site: String,
    go: Callback<Route>,
}

#[component]
fn Row(props: &RowProps) -> Html {
    let row = &props.row;
    let onclick = {
        let (go, id) = (props.go.clone(), row.id.clone());
        move |_: MouseEvent| go.emit(Route::document(Page::Experiments, &id))
    };
    html! {
        <button type="button" class="row" data-testid="experiment-row" data-key={row.key.clone()}
            data-id={row.id.clone()} {onclick}>
            <span class="row-main">
                <strong>{ title(Kind::Experiment, &row.name) }</strong>
                <span class="note">
                    if !row.key.is_empty() { <code>{ row.key.clone() }</code>{ " · " } }
                    { props.site.clone() }{ " · changed " }{ ago(row.updated_at) }
                </span>
            </span>
            if !row.readable { <Badge text="Newer version" tone="warn" title="Update Beacon to open it." /> }
            if row.problems > 0 { <Badge text={format!("{} to fix", row.problems)} tone="warn" /> }
            if row.removed {
                <Badge text="Will be deleted" tone="bad" />
            } else if row.live && row.unpublished {
                <Badge text="Unpublished changes" tone="busy" />
            }
            <SyncBadge sync={row.sync} />
            if let Some(status) = row.status { <StatusBadge {status} /> }
        </button>
    }
}
