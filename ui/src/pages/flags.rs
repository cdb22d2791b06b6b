use beacon_shared::ipc::{DocumentView, FlagList, SiteList};
use beacon_shared::model::{Flag, Kind};
use beacon_shared::wording::title;
use yew::prelude::*;

use super::exchange::Exchange;
use super::flag_editor::FlagEditor;
use crate::state::{Opened, Opening, use_call, use_live};
use crate::widgets::{Badge, Empty, ErrorBanner, Note, SyncBadge};

#[component]
pub fn Flags() -> Html {
    let live = use_live();
    let list = use_call::<FlagList>((), live.changed[Kind::Flag as usize]);
    let sites = use_call::<SiteList>((), live.changed[Kind::Site as usize]);
    let opened = use_reducer_eq(Opened::default);
    let exchanging = use_state(|| false);
    let exchange = |on: bool| {
        let exchanging = exchanging.setter();
        move |_: MouseEvent| exchanging.set(on)
    };
    let flags = list.value.as_deref().map_or(&[][..], |l| l);
    if let Some(current) = &opened.current {
        let document = flags.iter().find(|f| Some(&f.id) == current.id.as_ref()).cloned();
        let (created, closed, number) = (opened.dispatcher(), opened.dispatcher(), current.number);
        let on_created = Callback::from(move |id| created.dispatch(Opening::Created(number, id)));
        let on_close = Callback::from(move |()| closed.dispatch(Opening::Close));
        return match sites.value.as_deref().cloned() {
            Some(sites) => html! { <FlagEditor key={current.number} {document} {sites} {on_created} {on_close} /> },
            None => html! { <ErrorBanner error={sites.error.clone()} on_retry={sites.reload.clone()} /> },
        };
    }
    if *exchanging {
        let (exchanging, sites) = (exchanging.setter(), sites.value.as_deref().cloned().unwrap_or_default());
        return html! { <Exchange {sites} on_close={move |()| exchanging.set(false)} /> };
    }
    let show = |id: Option<String>| {
        let opened = opened.dispatcher();
        move |_: MouseEvent| opened.dispatch(Opening::Show(id.clone()))
    };
    let row = |view: &DocumentView<Flag>| {
        let f = &view.draft;
        html! {
            <button type="button" class="row" key={view.id.clone()} data-testid="flag-row" data-key={f.key.clone()}
                data-id={view.id.clone()} onclick={show(Some(view.id.clone()))}>
                <span class="row-main">
                    <strong>{ title(Kind::Flag, &f.name) }</strong>
                    <span class="note"><code>{ f.key.clone() }</code>{ format!(" · {}", rules(f.rules.len())) }</span>
                </span>
                if !view.problems.is_empty() { <Badge text={format!("{} to fix", view.problems.len())} tone="warn" /> }
                <SyncBadge sync={view.sync} />
                if f.enabled { <Badge text="On" tone="good" /> } else { <Badge text="Killed" tone="bad" /> }
            </button>
        }
    };
    html! {
        <>
            <header class="page-head">
                <div><h1>{ "Flags" }</h1><Note text="Switches and values that pages ask for by key." /></div>
                <div class="actions">
                    <button type="button" data-testid="flag-exchange" onclick={exchange(true)}>{ "Import or export…" }</button>
                    <button type="button" class="primary" data-testid="flag-new" onclick={show(None)}>{ "New flag" }</button>
                </div>
            </header>
            <ErrorBanner error={list.error.clone()} on_retry={list.reload.clone()} />
            if list.value.is_some() && flags.is_empty() {
                <Empty title="Switch something without a deploy">
                    <p>{ "A flag gives pages a value: on or off, a number, a text or JSON. Rules give a part of the visitors another value, from the first rule that matches." }</p>
                    <p>{ "Every flag has a kill switch that takes it away from everybody at once, when published." }</p>
                </Empty>
            } else {
                <div class="list card flush" role="list">{ for flags.iter().map(row) }</div>
            }
        </>
    }
}

fn rules(count: usize) -> String {
    match count {
        0 => "same for everybody".to_owned(),
        1 => "1 rule".to_owned(),
        n => format!("{n} rules"),
    }
}
