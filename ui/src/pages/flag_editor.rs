use std::collections::BTreeSet;

use beacon_shared::error::Problem;
use beacon_shared::ipc::DocumentView;
use beacon_shared::model::{Flag, Kind, Rule, Site};
use beacon_shared::validate::MAX_RULES;
use serde_json::{Map, Value};
use yew::prelude::*;

use super::document_parts::{Conflict, Delete};
use super::{problem_at, problem_under};
use crate::format::{parse_parts, parts, slug};
use crate::state::{Editor, Hub, use_editor};
use crate::widgets::{Badge, Checkbox, ErrorBanner, Field, FieldKind, JsonEdit, JsonEditor, SyncBadge};

/// Where values that are not JSON yet are kept.
const UNFINISHED_DEFAULT: &str = "default_value_text";
const UNFINISHED_VALUE: &str = "value_text";
const UNFINISHED_CONDITION: &str = "condition_text";

#[derive(Properties, PartialEq)]
pub struct EditorProps {
    pub document: Option<DocumentView<Flag>>,
    pub sites: Vec<DocumentView<Site>>,
    pub on_created: Callback<String>,
    pub on_close: Callback<()>,
}

fn fresh(sites: &[DocumentView<Site>]) -> Flag {
    let site_ids = if sites.len() == 1 { sites.iter().map(|s| s.id.clone()).collect() } else { Vec::new() };
    Flag { site_ids, ..Flag::default() }
}

/// A callback that changes the draft by what was typed.
fn edit<I: 'static>(editor: &Editor<Flag>, change: impl Fn(&mut Flag, I) + 'static) -> Callback<I> {
    let editor = editor.clone();
    Callback::from(move |input| editor.edit(|flag| change(flag, input)))
}

fn text(extra: &Map<String, Value>, name: &str) -> Option<String> {
    extra.get(name).and_then(|t| t.as_str()).map(str::to_owned)
}

#[component]
pub fn FlagEditor(props: &EditorProps) -> Html {
    let hub = use_context::<Hub>();
    let on_saved = {
        let (on_created, new) = (props.on_created.clone(), props.document.is_none());
        Callback::from(move |view: DocumentView<Flag>| {
            if new {
                on_created.emit(view.id);
            }
            if let Some(hub) = &hub {
                hub.wrote.emit(Kind::Flag);
            }
        })
    };
    let sites = props.sites.clone();
    let editor = use_editor(props.document.clone(), move || fresh(&sites), on_saved);
    let (flag, problems) = (editor.draft(), editor.problems());
    let close = {
        let on_close = props.on_close.clone();
        move |_| on_close.emit(())
    };
    html! {
        <>
            <header class="page-head">
                <div>
                    <button type="button" class="quiet back" data-testid="flag-back" onclick={close}>{ "← Flags" }</button>
                    <h1>{ if flag.name.is_empty() { "New flag".to_owned() } else { flag.name.clone() } }</h1>
                    <p class="badges">
                        if flag.enabled { <Badge text="On" tone="good" /> } else { <Badge text="Killed" tone="bad" /> }
                        <SyncBadge sync={editor.sync()} />
                        <span class="save-state" data-testid="save-state" aria-live="polite">{ editor.save_state() }</span>
                    </p>
                </div>
            </header>
            <ErrorBanner error={editor.error()} />
            <Conflict id={editor.id()} sync={editor.sync()} rev={editor.conflict_rev()} kind={Kind::Flag} />
            { basics(&editor, &flag, &problems, &props.sites) }
            { rules(&editor, &flag, &problems) }
            <KillSwitch enabled={flag.enabled} name={flag.key.clone()} on_change={edit(&editor, |f, on| f.enabled = on)} />
            <Delete id={editor.id()} kind={Kind::Flag} on_deleted={props.on_close.clone()} />
        </>
    }
}

fn basics(editor: &Editor<Flag>, flag: &Flag, problems: &[Problem], sites: &[DocumentView<Site>]) -> Html {
    let flush = flush(editor);
    let site = |site: &DocumentView<Site>| {
        let id = site.id.clone();
        let on_change = edit(editor, move |f, on: bool| {
            f.site_ids.retain(|s| *s != id);
            if on {
                f.site_ids.push(id.clone());
            }
        });
        html! {
            <Checkbox key={site.id.clone()} label={site.draft.name.clone()} testid={format!("flag-site-{}", site.id)}
                checked={flag.site_ids.contains(&site.id)} {on_change} />
        }
    };
    html! {
        <section class="card">
            <div class="columns">
                <Field label="Name" testid="flag-name" value={flag.name.clone()} placeholder="New checkout" on_blur={flush.clone()}
                    problem={problem_at(problems, "/name")} on_input={edit(editor, |f, text: String| {
                        if f.key == slug(&f.name) { f.key = slug(&text); }
                        f.name = text;
                    })} />
                <Field label="Key" testid="flag-key" kind={FieldKind::Code} value={flag.key.clone()} placeholder="new_checkout"
                    hint="What code calls it." on_blur={flush.clone()} problem={problem_at(problems, "/key")}
                    on_input={edit(editor, |f, text| f.key = text)} />
            </div>
            <Field label="Description" testid="flag-description" kind={FieldKind::Lines} value={flag.description.clone()}
                placeholder="What it switches, and when it can go." on_blur={flush.clone()}
                problem={problem_at(problems, "/description")} on_input={edit(editor, |f, text| f.description = text)} />
            <div class="field"><label>{ "Sites" }</label>
                <div>{ for sites.iter().map(site) }</div>
                <p class="note problem">{ problem_under(problems, "/site_ids") }</p>
            </div>
            <JsonEditor label="Default value (JSON)" testid="flag-default" value={flag.default_value.clone()} rows=2
                unfinished={text(&flag.extra, UNFINISHED_DEFAULT)} on_blur={flush} problem={problem_at(problems, "/default_value")}
                hint="true or false for a switch; a number, a \"text\" or an object for a value. Served when no rule matches."
                on_change={edit(editor, |f, typed: JsonEdit| typed.store(&mut f.default_value, &mut f.extra, UNFINISHED_DEFAULT))} />
        </section>
    }
}

fn flush(editor: &Editor<Flag>) -> Callback<()> {
    let editor = editor.clone();
    Callback::from(move |()| editor.flush())
}

fn rules(editor: &Editor<Flag>, flag: &Flag, problems: &[Problem]) -> Html {
    let add = edit(editor, |f, _: MouseEvent| {
        let taken: BTreeSet<_> = f.rules.iter().map(|r| r.id.clone()).collect();
        let id = (1..).map(|n| format!("rule_{n}")).find(|id| !taken.contains(id)).unwrap_or_default();
        let value = f.default_value.as_bool().map_or_else(|| f.default_value.clone(), |on| Value::Bool(!on));
        f.rules.push(Rule { id, value, ..Rule::default() });
    });
    html! {
        <section class="card">
            <header class="card-head">
                <div><h2>{ "Rules" }</h2><p class="note">{ "From the top; the first that matches decides." }</p></div>
                <button type="button" class="quiet" data-testid="flag-rule-add" onclick={add} disabled={flag.rules.len() >= MAX_RULES}>{ "Add rule" }</button>
            </header>
            <div class="parts">{ for flag.rules.iter().enumerate().map(|(i, r)| rule(editor, i, r, problems)) }</div>
        </section>
    }
}

fn rule(editor: &Editor<Flag>, i: usize, r: &Rule, problems: &[Problem]) -> Html {
    let flush = flush(editor);
    let problem = |field: &str| problem_at(problems, &format!("/rules/{i}/{field}"));
    let value = edit(editor, move |f, typed: JsonEdit| {
        if let Some(r) = f.rules.get_mut(i) {
            typed.store(&mut r.value, &mut r.extra, UNFINISHED_VALUE);
        }
    });
    let condition = edit(editor, move |f, typed: JsonEdit| {
        if let Some(r) = f.rules.get_mut(i) {
            typed.store_condition(&mut r.condition, &mut r.extra, UNFINISHED_CONDITION);
        }
    });
    let coverage = edit(editor, move |f, text: String| {
        if let (Some(r), Some(share)) = (f.rules.get_mut(i), parse_parts(&text)) {
            r.coverage = share;
        }
    });
    let up = edit(editor, move |f, _: MouseEvent| f.rules.swap(i - 1, i));
    let remove = edit(editor, move |f, _: MouseEvent| {
        f.rules.remove(i);
    });
    html! {
        <div class="rule" key={r.id.clone()} data-testid="flag-rule">
            <div class="columns rules">
                <Field label="Share" testid={format!("rule-coverage-{i}")} value={parts(r.coverage)} suffix="%" on_blur={flush.clone()}
                    problem={problem("coverage")} on_input={coverage} />
                <JsonEditor label="Value (JSON)" testid={format!("rule-value-{i}")} value={r.value.clone()} rows=2
                    unfinished={text(&r.extra, UNFINISHED_VALUE)} on_change={value} on_blur={flush.clone()} problem={problem("value")} />
                <JsonEditor label="Who (condition, JSON)" testid={format!("rule-condition-{i}")} value={Value::Object(r.condition.clone())} rows=3
                    unfinished={text(&r.extra, UNFINISHED_CONDITION)} on_change={condition} on_blur={flush}
                    hint={r#"{} is everybody; {"country": "DE"} is Germany."#} />
            </div>
            <div class="actions">
                if i > 0 { <button type="button" class="quiet" data-testid={format!("rule-up-{i}")} onclick={up}>{ "Move up" }</button> }
                <button type="button" class="quiet" data-testid={format!("rule-remove-{i}")} onclick={remove}>{ "Remove" }</button>
            </div>
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct KillProps {
    enabled: bool,
    name: String,
    on_change: Callback<bool>,
}

/// Takes the flag away from everybody. It asks for the key, because a wrong click would be seen by every visitor.
#[component]
fn KillSwitch(props: &KillProps) -> Html {
    let typed = use_state(String::new);
    let sure = !props.name.is_empty() && *typed == props.name;
    let turn = |on: bool| {
        let (on_change, typed) = (props.on_change.clone(), typed.setter());
        move |_: MouseEvent| {
            typed.set(String::new());
            on_change.emit(on);
        }
    };
    let on_input = {
        let typed = typed.setter();
        Callback::from(move |text| typed.set(text))
    };
    if !props.enabled {
        return html! {
            <section class="card killed">
                <h2>{ "Kill switch" }</h2>
                <p>{ "Killed: once published, everybody gets null, whatever the rules say." }</p>
                <div class="actions"><button type="button" data-testid="flag-revive" onclick={turn(true)}>{ "Switch it on again" }</button></div>
            </section>
        };
    }
    html! {
        <section class="card">
            <h2>{ "Kill switch" }</h2>
            <Field label="Type the flag's key to kill it" testid="flag-kill-confirm" kind={FieldKind::Code} value={(*typed).clone()}
                hint="Everybody then gets null, whatever the rules say. Takes effect when published." {on_input} />
            <div class="actions"><button type="button" class="danger" data-testid="flag-kill" disabled={!sure} onclick={turn(false)}>{ "Kill the flag" }</button></div>
        </section>
    }
}
