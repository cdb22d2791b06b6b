//! The editor of one site.

use std::rc::Rc;

use beacon_shared::domain;
use beacon_shared::ipc::DocumentView;
use beacon_shared::model::{Kind, Site};
use wasm_bindgen::{JsCast, JsValue};
use yew::prelude::*;

use super::snippet::Snippet;
use crate::format::key_of_renamed;
use crate::pages::documents::{Conflict, Deletion, ProblemLinks, again, ask, discard, problem_at, problems_under};
use crate::state::{use_editor, use_live};
use crate::widgets::{Checkbox, ErrorBanner, Field, FieldKind, Reveal};

#[derive(Properties, PartialEq)]
pub struct SiteEditorProps {
    pub document: Option<Rc<DocumentView<Site>>>,
    pub on_created: Callback<String>,
    pub on_close: Callback<()>,
}

#[component]
pub fn SiteEditor(props: &SiteEditorProps) -> Html {
    let live = use_live();
    let editor = use_editor(props.document.clone(), new_site, props.on_created.clone());
    let (site, problems, view) = (editor.draft(), editor.problems(), editor.view());
    let follows = editor.is_new();
    let name = move |site: &mut Site, text: String| {
        if let Some(key) = key_of_renamed(Kind::Site, follows, &site.key, &site.name, &text) {
            site.key = key;
        }
        site.name = text;
    };
    let saving = editor.saving();
    let clean = {
        let (is_clean, clean, saving) = (cleaned(&site.domains) == site.domains, editor.edit(clean), saving.clone());
        Callback::from(move |()| if is_clean { saving.emit(()) } else { clean.emit(()) })
    };
    let snippet = editor.id().map(|id| html! { <Snippet site={id} edge={live.connection.url.clone()} /> });
    html! {
        <ContextProvider<Reveal> context={Reveal(!editor.is_new())}>
        <section class="card">
            <header class="card-head">
                <h2>{ if site.name.is_empty() { "New site".to_owned() } else { site.name.clone() } }</h2>
                <span class="badges">
                    { discard(&editor) }
                    <span class="save-state" data-testid="save-state"
                        aria-live="polite">{ editor.save_state() }</span>
                </span>
            </header>
            <ErrorBanner error={editor.error()} />
            if editor.id().is_some() {
                <ProblemLinks kind={Kind::Site} problems={problems.clone()} purpose="before this can go live" />
            }
            <Conflict id={editor.id()} sync={editor.sync()}
                theirs={view.as_ref().and_then(|v| v.theirs.clone())} />
            <div class="columns">
                <Field label="Name" testid="site-name" value={site.name.clone()} placeholder="Shop"
                    autofocus={follows && site.name.is_empty()}
                    on_blur={saving.clone()} problem={problem_at(&problems, "/name")}
                    on_input={editor.edit(name)} />
                <Field label="Key" testid="site-key" kind={FieldKind::Code} value={site.key.clone()}
                    placeholder="shop" on_blur={saving.clone()} problem={problem_at(&problems, "/key")}
                    hint="A short name for files and addresses."
                    on_input={editor.edit(|site: &mut Site, text| site.key = text)} />
            </div>
            <Field label="Domains" testid="site-domains" kind={FieldKind::CodeLines} rows=3
                value={site.domains.join("\n")} placeholder={"shop.example\n*.shop.example"}
                on_blur={clean} problem={problems_under(&problems, "/domains")}
                hint="One per line. Only these domains can send events. Anyone can read what you publish."
                on_input={editor.edit(|site: &mut Site, text: String| site.domains = lines(&text))} />
            <Field label="Time zone" testid="site-time-zone" kind={FieldKind::Code} value={site.time_zone.clone()}
                placeholder={own_zone()} on_blur={editor.saving()}
                problem={problem_at(&problems, "/time_zone").or_else(|| unknown_zone(&site.time_zone))}
                hint={format!("In results, days begin at midnight here. This computer is in {}.", own_zone())}
                on_input={editor.edit(|site: &mut Site, text: String| site.time_zone = text.trim().to_owned())} />
            <Checkbox label="Allow localhost" testid="site-localhost" checked={site.allow_localhost}
                hint="Pages on your own computer count too. Useful while you develop."
                on_change={editor.edit(|site: &mut Site, on| site.allow_localhost = on)} />
            <Checkbox label="Enabled" testid="site-enabled" checked={site.enabled}
                hint="Off: visitors get the pages as they are, and nothing is recorded. Takes effect when you publish."
                on_change={editor.edit(|site: &mut Site, on| site.enabled = on)} />
            // In an element of its own: Yew matches children without keys from the end, so a snippet that appears
            // beside the fields would replace them, and the one being typed in with them.
            <div>{ snippet }</div>
            <Deletion id={editor.id()} kind={Kind::Site}
                live={view.as_ref().is_some_and(|v| v.released.is_some())}
                removed={view.as_ref().is_some_and(|v| v.removed)} on_deleted={props.on_close.clone()}
                again={again(&editor)} ask={ask(&editor)} />
        </section>
        </ContextProvider<Reveal>>
    }
}

fn new_site() -> Site {
    Site {
        key: String::new(),
        name: String::new(),
        domains: Vec::new(),
        allow_localhost: false,
        enabled: true,
        time_zone: own_zone(),
        extra: serde_json::Map::new(),
    }
}

fn clean(site: &mut Site, (): ()) {
    site.domains = cleaned(&site.domains);
}

/// Returns the domains of what somebody pasted: `https://Shop.Example/cart` is `shop.example`. What is a domain already,
/// or none at all, stays as it was typed.
fn cleaned(typed: &[String]) -> Vec<String> {
    let mut domains = Vec::new();
    for part in typed.iter().flat_map(|line| line.split([',', ';'])).map(str::trim).filter(|part| !part.is_empty()) {
        let meant = if domain::normalised(part).is_some() { None } else { domain::suggested(part) };
        let domain = meant.unwrap_or_else(|| part.to_owned());
        if !domains.contains(&domain) {
            domains.push(domain);
        }
    }
    domains
}

/// Returns the lines that hold something.
fn lines(text: &str) -> Vec<String> {
    text.lines().map(|l| l.trim().to_owned()).filter(|l| !l.is_empty()).collect()
}

/// Returns the computer's own time zone.
fn own_zone() -> String {
    let format = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &js_sys::Object::new());
    let zone = js_sys::Reflect::get(&format.resolved_options(), &"timeZone".into()).ok();
    zone.and_then(|z| z.as_string()).unwrap_or_else(|| "UTC".to_owned())
}

/// Returns what is wrong with the name of a time zone, as the webview knows them.
fn unknown_zone(name: &str) -> Option<AttrValue> {
    let options = js_sys::Object::new();
    js_sys::Reflect::set(&options, &"timeZone".into(), &name.into()).ok()?;
    let intl = js_sys::Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
    let format = js_sys::Reflect::get(&intl, &"DateTimeFormat".into()).ok()?.dyn_into::<js_sys::Function>().ok()?;
    let arguments = js_sys::Array::of2(&JsValue::UNDEFINED, &options);
    let unknown = js_sys::Reflect::construct(&format, &arguments).is_err();
    unknown.then(|| format!("'{name}' isn't a time zone. Write it like Europe/Berlin.").into())
}

#[cfg(test)]
mod tests {
    use super::cleaned;

    /// U26.
    #[test]
    fn a_pasted_address_becomes_its_domain() {
        let typed =
            ["https://Kiosk.Example/path?x", "shop.example, *.shop.example", "Müller.example", "demo", "shop.example"];
        let typed = typed.map(str::to_owned);
        assert_eq!(cleaned(&typed), ["kiosk.example", "shop.example", "*.shop.example", "Müller.example", "demo"]);
        assert_eq!(cleaned(&cleaned(&typed)), cleaned(&typed));
    }
}
