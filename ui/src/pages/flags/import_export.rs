//! Flags and experiments from GrowthBook, and back.

use std::rc::Rc;

use beacon_shared::error::{Error, Problem};
use beacon_shared::ipc::{ById, ImportView, PayloadExport, PayloadImport, PayloadInput, Summary};
use beacon_shared::wording::listed;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::ipc::call;
use crate::pages::documents::site_options;
use crate::widgets::{Banner, Choice, Copyable, ErrorBanner, Field, FieldKind, Note};

/// The most lines of a report that are shown.
const MOST_LINES: usize = 50;

#[derive(Properties, PartialEq)]
pub struct ImportExportProps {
    pub sites: Vec<Rc<Summary>>,
    pub on_close: Callback<()>,
}

/// Imports a payload into a site's drafts, or copies the drafts as one.
#[component]
pub fn ImportExport(props: &ImportExportProps) -> Html {
    let only = props.sites.first().filter(|_| props.sites.len() == 1).map(|s| s.id.clone()).unwrap_or_default();
    let (site, payload) = (use_state(|| only), use_state(String::new));
    let (busy, error, done) = (use_state(|| false), use_state(|| None::<Error>), use_state(|| None::<ImportView>));
    let exported = use_state(|| None::<String>);
    let text = (*payload).clone();
    let import = {
        let (busy, error, done) = (busy.setter(), error.setter(), done.setter());
        let (exported, payload) = (exported.setter(), payload.setter());
        let input = PayloadInput { site_id: (*site).clone(), payload: text };
        Callback::from(move |e: SubmitEvent| {
            e.prevent_default();
            busy.set(true);
            done.set(None);
            exported.set(None);
            let (busy, error, done, payload) = (busy.clone(), error.clone(), done.clone(), payload.clone());
            let input = input.clone();
            spawn_local(async move {
                let answer = call::<PayloadImport>(input).await;
                busy.set(false);
                error.set(answer.as_ref().err().cloned());
                // What came over is not offered a second time.
                if answer.is_ok() {
                    payload.set(String::new());
                }
                done.set(answer.ok());
            });
        })
    };
    let export = {
        let (error, exported, done, id) = (error.setter(), exported.setter(), done.setter(), (*site).clone());
        Callback::from(move |_: MouseEvent| {
            done.set(None);
            let (error, exported, id) = (error.clone(), exported.clone(), id.clone());
            spawn_local(async move {
                let answer = call::<PayloadExport>(ById { id }).await;
                error.set(answer.as_ref().err().cloned());
                exported.set(answer.ok().map(|payload| format!("{payload:#}")));
            });
        })
    };
    let on_site = {
        let (site, exported) = (site.setter(), exported.setter());
        Callback::from(move |id| {
            site.set(id);
            exported.set(None);
        })
    };
    let on_payload = {
        let payload = payload.setter();
        Callback::from(move |text| payload.set(text))
    };
    let options = site_options(&props.sites);
    let close = props.on_close.reform(|_: MouseEvent| ());
    let disabled = *busy || site.is_empty() || payload.trim().is_empty();
    html! {
        <>
            <header class="page-head">
                <div>
                    <button type="button" class="quiet back" data-testid="exchange-close" onclick={close}>
                        { "← Flags" }
                    </button>
                    <h1>{ "Import and export" }</h1>
                    <Note text="GrowthBook features and experiments become drafts, and nothing goes live." />
                </div>
            </header>
            <ErrorBanner error={(*error).clone()} />
            if let Some(view) = &*done { <Outcome view={view.clone()} /> }
            if let Some(text) = &*exported {
                <section class="card">
                    <Copyable title="This site's drafts" text={text.clone()} testid="exchange-exported">
                        <Note text="GrowthBook's clients can read this. Pages get only what you published." />
                    </Copyable>
                </section>
            }
            <section class="card">
                <form onsubmit={import}>
                    <Choice label="Site" testid="exchange-site" value={(*site).clone()} {options}
                        on_change={on_site}
                        placeholder="Choose a site" hint="Imported flags and experiments go to this site."
                        disabled={*busy} />
                    <Field label="Payload (JSON)" testid="exchange-payload" kind={FieldKind::CodeLines}
                        rows=12
                        value={(*payload).clone()} on_input={on_payload} disabled={*busy}
                        placeholder={"{\"features\": {…}}"}
                        hint="Paste the answer of GrowthBook's /api/features/… Nothing goes live before you publish." />
                    <div class="actions">
                        <button type="submit" class="primary" data-testid="exchange-import" {disabled}>
                            { if *busy { "Importing…" } else { "Import" } }
                        </button>
                        <button type="button" data-testid="exchange-export" disabled={site.is_empty()}
                            onclick={export}>{ "Show this site's drafts as a payload" }</button>
                    </div>
                </form>
            </section>
        </>
    }
}

#[derive(Properties, PartialEq)]
struct OutcomeProps {
    view: ImportView,
}

/// Says what was imported, and what was left out.
#[component]
fn Outcome(props: &OutcomeProps) -> Html {
    let ImportView { flags, experiments, segments, report } = &props.view;
    let count = |n: usize, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
    let all = [(*flags, "flag"), (*experiments, "experiment"), (*segments, "segment")];
    let made: Vec<String> = all.into_iter().filter(|(n, _)| *n > 0).map(|(n, one)| count(n, one)).collect();
    let made = if made.is_empty() { "nothing new".to_owned() } else { listed(&made) };
    let row = |p: &Problem| {
        html! {
            <tr><td><code>{ p.pointer.clone() }</code></td><td>{ p.detail.clone() }</td></tr>
        }
    };
    let more = report.len().saturating_sub(MOST_LINES);
    html! {
        <>
            <div data-testid="exchange-done"><Banner tone={if report.is_empty() { "good" } else { "info" }}>
                <p>{ format!("Imported {made}, as drafts.") }</p>
            </Banner></div>
            if !report.is_empty() {
                <section class="card" data-testid="exchange-report">
                    <h2>{ "Left out, changed, or to check" }</h2>
                    <table class="report">
                        <tbody>{ for report.iter().take(MOST_LINES).map(row) }</tbody>
                    </table>
                    if more > 0 { <p class="note">{ format!("… and {more} more.") }</p> }
                </section>
            }
        </>
    }
}
