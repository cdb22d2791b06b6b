//! The experiments, or the open one.

mod editor;

use std::rc::Rc;

use beacon_shared::ipc::Summary;
use beacon_shared::model::{Experiment, Kind};
use beacon_shared::wording::title;
use yew::prelude::*;

use super::documents::{Chips, DocumentRow, ExperimentState, Rows, StateBadges, on_site, use_opening};
use crate::commands::CommandButton;
use crate::format::{ago, now_ms};
use crate::router::{Open, Page, use_router};
use crate::state::{use_document, use_live, use_rows};
use crate::widgets::{Empty, ErrorBanner, Note};
use editor::ExperimentEditor;

#[component]
pub fn Experiments() -> Html {
    let route = use_router().route;
    let id = match &route.open {
        Open::Document(id) => Some(id.as_str()),
        _ => None,
    };
    let (sites, document) = (use_rows(Kind::Site), use_document::<Experiment>(id));
    let (opening, live) = (use_opening(Page::Experiments, &route.open), use_live());
    if id.is_none() && route.open != Open::New {
        return html! { <List sites={sites.value.unwrap_or_default()} /> };
    }
    let is_known = id.is_none() || document.value.is_some();
    // A new experiment begins on the only site there is, so the sites have to be known first.
    match sites.value.filter(|_| is_known) {
        Some(sites) => html! {
            <ExperimentEditor key={opening.number} document={document.value} {sites} site={live.site} section={route.section}
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
    let (list, live) = (use_rows(Kind::Experiment), use_live());
    let draw = {
        let sites = props.sites.clone();
        Callback::from(move |row: Rc<Summary>| {
            let note = note(&row, &site_name(&sites, &row));
            html! {
                <DocumentRow key={row.id.clone()} row={row.clone()} page={Page::Experiments} testid="experiment-row"
                    {note}>
                    <StateBadges row={row.clone()} />
                    <Chips chips={ExperimentState::of_row(&row).chips(now_ms())} />
                </DocumentRow>
            }
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
                <Rows rows={on_site(list.value.unwrap_or_default(), &live.site)} {draw} class="card flush" />
            }
        </>
    }
}

fn site_name(sites: &[Rc<Summary>], row: &Summary) -> String {
    let site = sites.iter().find(|site| row.sites.contains(&site.id));
    site.map_or_else(|| "No site yet".to_owned(), |site| title(Kind::Site, &site.name))
}

fn note(row: &Summary, site: &str) -> Html {
    html! {
        <>
            if !row.key.is_empty() { <code>{ row.key.clone() }</code>{ " · " } }
            { site.to_owned() }{ " · changed " }{ ago(row.updated_at) }
        </>
    }
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
                { "An experiment shows each visitor one of two or more variants and counts who reaches " }
                { "the goal. Say what you believe, give every variant its JSON config, and name the " }
                { "event that counts." }
            </p>
            <p>{ "Nothing changes on a site before you start the experiment and publish it." }</p>
            if !props.has_site {
                <CommandButton command="go.sites" testid="experiment-add-site" text="First add a site" />
            }
        </Empty>
    }
}
