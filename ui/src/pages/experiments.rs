use beacon_shared::ipc::{DocumentView, ExperimentList, SiteList};
use beacon_shared::model::{Experiment, Kind, Site};
use beacon_shared::wording::title;
use yew::prelude::*;

use super::experiment_editor::ExperimentEditor;
use crate::app::{GoTo, Page};
use crate::format::ago;
use crate::state::{Opened, Opening, use_call, use_live};
use crate::widgets::{Badge, Empty, ErrorBanner, Note, StatusBadge, SyncBadge};

#[component]
pub fn Experiments() -> Html {
    let live = use_live();
    let list = use_call::<ExperimentList>((), live.changed[Kind::Experiment as usize]);
    let sites = use_call::<SiteList>((), live.changed[Kind::Site as usize]);
    let opened = use_reducer_eq(Opened::default);
    let show = {
        let opened = opened.dispatcher();
        Callback::from(move |id: Option<String>| opened.dispatch(Opening::Show(id)))
    };
    let experiments = list.value.as_deref().map_or(&[][..], |l| l);
    let sites = sites.value.as_deref().cloned();
    if let Some(current) = &opened.current {
        let document = experiments.iter().find(|e| Some(&e.id) == current.id.as_ref()).cloned();
        let (created, closed, number) = (opened.dispatcher(), opened.dispatcher(), current.number);
        let on_created = Callback::from(move |id| created.dispatch(Opening::Created(number, id)));
        let on_close = Callback::from(move |()| closed.dispatch(Opening::Close));
        // A new experiment wants to know the sites: with only one there is nothing to choose.
        return match sites {
            Some(sites) => {
                html! { <ExperimentEditor key={current.number} {document} {sites} {on_created} {on_close} /> }
            }
            None => Html::default(),
        };
    }
    let new = {
        let show = show.clone();
        Callback::from(move |_: MouseEvent| show.emit(None))
    };
    let sites = sites.unwrap_or_default();
    html! {
        <>
            <header class="page-head">
                <div><h1>{ "Experiments" }</h1><Note text="Questions that your visitors answer." /></div>
                <button type="button" class="primary" data-testid="experiment-new" onclick={new}>{ "New experiment" }</button>
            </header>
            <ErrorBanner error={list.error.clone()} on_retry={list.reload.clone()} />
            if list.value.is_some() && experiments.is_empty() {
                <Teach sites={sites.len()} />
            } else {
                <div class="list card flush" role="list">
                    { for experiments.iter().map(|e| html! {
                        <Row key={e.id.clone()} view={e.clone()} site={site_name(&sites, &e.draft.site_id)} on_open={show.clone()} />
                    }) }
                </div>
            }
        </>
    }
}

fn site_name(sites: &[DocumentView<Site>], id: &str) -> String {
    sites.iter().find(|s| s.id == id).map_or_else(|| "No site yet".to_owned(), |s| s.draft.name.clone())
}

#[derive(Properties, PartialEq)]
struct TeachProps {
    sites: usize,
}

/// What an experiment is, for who has none.
#[component]
fn Teach(props: &TeachProps) -> Html {
    let go = use_context::<GoTo>();
    let to_sites = move |_| {
        if let Some(go) = &go {
            go.0.emit(Page::Sites);
        }
    };
    html! {
        <Empty title="Ask the first question">
            <p>{ "An experiment shows each visitor one of two or more variants and counts who reaches the goal. Say what you believe, give every variant its JSON config, and name the event that counts." }</p>
            <p>{ "Nothing changes on a site before you start the experiment and publish it." }</p>
            if props.sites == 0 {
                <button type="button" onclick={to_sites}>{ "First add a site" }</button>
            }
        </Empty>
    }
}

#[derive(Properties, PartialEq)]
struct RowProps {
    view: DocumentView<Experiment>,
    site: String,
    on_open: Callback<Option<String>>,
}

#[component]
fn Row(props: &RowProps) -> Html {
    let view = &props.view;
    let e = &view.draft;
    let onclick = {
        let (on_open, id) = (props.on_open.clone(), view.id.clone());
        move |_| on_open.emit(Some(id.clone()))
    };
    let unpublished = view.released.as_ref().is_some_and(|released| released != e);
    html! {
        <button type="button" class="row" data-testid="experiment-row" data-key={e.key.clone()} data-id={view.id.clone()} {onclick}>
            <span class="row-main">
                <strong>{ title(Kind::Experiment, &e.name) }</strong>
                <span class="note">if !e.key.is_empty() { <code>{ e.key.clone() }</code>{ " · " } }{ props.site.clone() }{ " · changed " }{ ago(view.updated_at) }</span>
            </span>
            if !view.problems.is_empty() { <Badge text={format!("{} to fix", view.problems.len())} tone="warn" /> }
            if unpublished { <Badge text="Unpublished changes" tone="busy" /> }
            <SyncBadge sync={view.sync} />
            <StatusBadge status={e.status} />
        </button>
    }
}
