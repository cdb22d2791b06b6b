use beacon_shared::ipc::{DocumentView, SiteList};
use beacon_shared::model::{Kind, Site};
use beacon_shared::wording::title;
use wasm_bindgen::{JsCast, JsValue};
use yew::prelude::*;

use super::document_parts::{Conflict, Delete};
use super::{problem_at, problem_under};
use crate::format::slug;
use crate::state::{Hub, Opened, Opening, use_call, use_editor, use_live};
use crate::widgets::{Badge, Checkbox, Copyable, Empty, ErrorBanner, Field, FieldKind, Note, SyncBadge};

#[component]
pub fn Sites() -> Html {
    let live = use_live();
    let list = use_call::<SiteList>((), live.changed[Kind::Site as usize]);
    let opened = use_reducer_eq(Opened::default);
    let open = opened.current.as_ref();
    let new = {
        let opened = opened.dispatcher();
        Callback::from(move |_: MouseEvent| opened.dispatch(Opening::Show(None)))
    };
    let sites = list.value.as_deref().map_or(&[][..], |l| l);
    let row = |view: &DocumentView<Site>| {
        let current = open.is_some_and(|o| o.id.as_ref() == Some(&view.id));
        let onclick = {
            let (opened, id) = (opened.dispatcher(), view.id.clone());
            move |_| opened.dispatch(Opening::Show(Some(id.clone())))
        };
        let (name, domains) = (named(&view.draft), view.draft.domains.join(", "));
        html! {
            <button type="button" class="row" key={view.id.clone()} data-testid="site-row" data-key={view.draft.key.clone()}
                data-id={view.id.clone()} aria-current={current.then_some("true")} {onclick}>
                <span class="row-main"><strong>{ name }</strong><span class="note">{ domains }</span></span>
                if !view.draft.enabled { <Badge text="Disabled" tone="warn" /> }
                <SyncBadge sync={view.sync} />
            </button>
        }
    };
    let editor = open.map(|o| {
        let (opened, closed, number) = (opened.dispatcher(), opened.dispatcher(), o.number);
        let on_close = Callback::from(move |()| closed.dispatch(Opening::Close));
        let on_created = Callback::from(move |id| opened.dispatch(Opening::Created(number, id)));
        let document = sites.iter().find(|s| Some(&s.id) == o.id.as_ref()).cloned();
        html! { <SiteEditor key={o.number} {document} {on_created} {on_close} /> }
    });
    html! {
        <>
            <header class="page-head">
                <div><h1>{ "Sites" }</h1><Note text="The websites that load Beacon, and the pages that may send events." /></div>
                <button type="button" class="primary" data-testid="site-new" onclick={new}>{ "New site" }</button>
            </header>
            <ErrorBanner error={list.error.clone()} on_retry={list.reload.clone()} />
            if list.value.is_some() && sites.is_empty() && open.is_none() {
                <Empty title="Add the first site">
                    <p>{ "A site is a website on which you test. Give it a name and its domains; Beacon then gives you one line to paste into its pages." }</p>
                    <p>{ "No account and no network are needed: drafts stay on this computer until you connect an edge." }</p>
                </Empty>
            } else {
                <div class="split">
                    <div class="list" role="list">{ for sites.iter().map(row) }</div>
                    <div class="detail">{ editor.unwrap_or_else(|| html! {
                        if !sites.is_empty() { <p class="note pad">{ "Choose a site to see its snippet and its domains." }</p> }
                    }) }</div>
                </div>
            }
        </>
    }
}

/// What a list calls it.
fn named(site: &Site) -> String {
    title(Kind::Site, &site.name)
}

#[derive(Properties, PartialEq)]
struct EditorProps {
    document: Option<DocumentView<Site>>,
    on_created: Callback<String>,
    on_close: Callback<()>,
}

fn fresh() -> Site {
    Site {
        key: String::new(),
        name: String::new(),
        domains: Vec::new(),
        allow_localhost: false,
        enabled: true,
        time_zone: time_zone(),
        extra: serde_json::Map::new(),
    }
}

/// The computer's own time zone.
fn time_zone() -> String {
    let format = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &js_sys::Object::new());
    let zone = js_sys::Reflect::get(&format.resolved_options(), &"timeZone".into()).ok();
    zone.and_then(|z| z.as_string()).unwrap_or_else(|| "UTC".to_owned())
}

/// What is wrong with the name of a time zone, as the webview knows them.
fn unknown_zone(name: &str) -> Option<AttrValue> {
    let options = js_sys::Object::new();
    js_sys::Reflect::set(&options, &"timeZone".into(), &name.into()).ok()?;
    let intl = js_sys::Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
    let format = js_sys::Reflect::get(&intl, &"DateTimeFormat".into()).ok()?.dyn_into::<js_sys::Function>().ok()?;
    let arguments = js_sys::Array::of2(&JsValue::UNDEFINED, &options);
    let unknown = js_sys::Reflect::construct(&format, &arguments).is_err();
    unknown.then(|| format!("'{name}' isn't a time zone. Write it like Europe/Berlin.").into())
}

#[component]
fn SiteEditor(props: &EditorProps) -> Html {
    let (live, hub) = (use_live(), use_context::<Hub>());
    let on_saved = {
        let (on_created, new) = (props.on_created.clone(), props.document.is_none());
        Callback::from(move |view: DocumentView<Site>| {
            if new {
                on_created.emit(view.id);
            }
            if let Some(hub) = &hub {
                hub.wrote.emit(Kind::Site);
            }
        })
    };
    let editor = use_editor(props.document.clone(), fresh, on_saved);
    let (site, problems) = (editor.draft(), editor.problems());
    let edit = |change: fn(&mut Site, String)| {
        let editor = editor.clone();
        Callback::from(move |text: String| editor.edit(|site| change(site, text)))
    };
    let tick = |change: fn(&mut Site, bool)| {
        let editor = editor.clone();
        Callback::from(move |on: bool| editor.edit(|site| change(site, on)))
    };
    let flush = {
        let editor = editor.clone();
        Callback::from(move |()| editor.flush())
    };
    let save = {
        let flush = flush.clone();
        Callback::from(move |_: MouseEvent| flush.emit(()))
    };
    let snippet = editor.id().map(|id| html! { <Snippet site={id} edge={live.connection.url.clone()} /> });
    html! {
        <section class="card">
            <header class="card-head">
                <h2>{ if site.name.is_empty() { "New site".to_owned() } else { site.name.clone() } }</h2>
                <span class="save-state" data-testid="save-state" aria-live="polite">{ editor.save_state() }</span>
            </header>
            <ErrorBanner error={editor.error()} />
            <Conflict id={editor.id()} sync={editor.sync()} rev={editor.conflict_rev()} kind={Kind::Site} />
            <div class="columns">
                <Field label="Name" testid="site-name" value={site.name.clone()} placeholder="Shop" on_blur={flush.clone()}
                    problem={problem_at(&problems, "/name")} on_input={edit(|site, text| {
                        // The key follows the name until somebody gives it one of its own.
                        if site.key == slug(&site.name) { site.key = slug(&text); }
                        site.name = text;
                    })} />
                <Field label="Key" testid="site-key" kind={FieldKind::Code} value={site.key.clone()} placeholder="shop"
                    on_blur={flush.clone()} problem={problem_at(&problems, "/key")} hint="A short name for files and addresses."
                    on_input={edit(|site, text| site.key = text)} />
            </div>
            <Field label="Domains" testid="site-domains" kind={FieldKind::CodeLines} rows=3 value={site.domains.join("\n")}
                placeholder={"shop.example\n*.shop.example"} on_blur={flush.clone()} problem={problem_under(&problems, "/domains")}
                hint="One a line, without https://. Pages elsewhere cannot send events; what is published can be read by anybody."
                on_input={edit(|site, text| site.domains = lines(&text))} />
            <Field label="Time zone" testid="site-time-zone" kind={FieldKind::Code} value={site.time_zone.clone()}
                placeholder={time_zone()} on_blur={flush.clone()}
                problem={problem_at(&problems, "/time_zone").or_else(|| unknown_zone(&site.time_zone))}
                hint={format!("The days of results begin at midnight here. This computer is in {}.", time_zone())}
                on_input={edit(|site, text| site.time_zone = text.trim().to_owned())} />
            <Checkbox label="Allow localhost" testid="site-localhost" checked={site.allow_localhost}
                hint="Pages on your own computer count too; good while developing."
                on_change={tick(|site, on| site.allow_localhost = on)} />
            <Checkbox label="Enabled" testid="site-enabled" checked={site.enabled}
                hint="Off: visitors get the pages as they are, and nothing is recorded. Takes effect when published."
                on_change={tick(|site, on| site.enabled = on)} />
            <div class="actions">
                <button type="button" data-testid="site-save" onclick={save}>{ "Save" }</button>
                <span class="note">{ "Beacon also saves by itself while you type." }</span>
            </div>
            // In an element of its own: Yew matches children without keys from the end, so a snippet that appears
            // beside the fields would replace them, and the one being typed in with them.
            <div>{ snippet }</div>
            <Delete id={editor.id()} kind={Kind::Site} on_deleted={props.on_close.clone()} />
        </section>
    }
}

/// The lines that hold something.
fn lines(text: &str) -> Vec<String> {
    text.lines().map(|l| l.trim().to_owned()).filter(|l| !l.is_empty()).collect()
}

#[derive(Properties, PartialEq)]
struct SnippetProps {
    site: String,
    edge: Option<String>,
}

/// The line for the site's pages.
#[component]
fn Snippet(props: &SnippetProps) -> Html {
    let edge = props.edge.as_deref().unwrap_or("https://your-edge.example").trim_end_matches('/');
    let id = &props.site;
    let tag = format!(r#"<script src="{edge}/beacon.js?site={id}" data-site-id="{id}" defer></script>"#);
    html! {
        <Copyable title="Snippet" text={tag} testid="site-snippet">
            <Note text={ if props.edge.is_some() {
                "Paste it into the <head> of every page, as high as possible. It works once the site is published."
            } else {
                "Connect an edge in Settings: its address then replaces your-edge.example."
            } } />
        </Copyable>
    }
}
