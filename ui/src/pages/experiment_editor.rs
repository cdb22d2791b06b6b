use beacon_shared::error::{Error, Problem};
use beacon_shared::ipc::{ById, Call, DocumentView, ExperimentStart, ExperimentStop, Start};
use beacon_shared::lifecycle::Visitors;
use beacon_shared::model::{Experiment, Kind, Metric, MetricKind, Role, Site, Status, Variant};
use beacon_shared::validate::{MAX_METRICS, MAX_VARIANTS, WHOLE};
use serde_json::{Map, Value};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::document_parts::{Conflict, Delete};
use super::experiment_parts::VariantFields;
use super::metric_fields::MetricFields;
use super::{problem_at, problem_under};
use crate::format::{parse_parts, parts, slug};
use crate::ipc::call;
use crate::state::{Editor, Hub, use_editor};
use crate::widgets::{Banner, Checkbox, Choice, ErrorBanner, Field, FieldKind, StatusBadge, SyncBadge};

#[derive(Properties, PartialEq)]
pub struct EditorProps {
    pub document: Option<DocumentView<Experiment>>,
    pub sites: Vec<DocumentView<Site>>,
    pub on_created: Callback<String>,
    pub on_close: Callback<()>,
}

fn variant(id: &str, name: &str, weight: u32) -> Variant {
    Variant {
        id: id.to_owned(),
        name: name.to_owned(),
        weight,
        config: Value::Object(Map::new()),
        ..Variant::default()
    }
}

fn fresh(sites: &[DocumentView<Site>]) -> Experiment {
    let only = (sites.len() == 1).then(|| sites.first()).flatten();
    Experiment {
        site_id: only.map(|s| s.id.clone()).unwrap_or_default(),
        variants: vec![variant("control", "Control", WHOLE / 2), variant("treatment", "Treatment", WHOLE / 2)],
        metrics: vec![metric("goal", "", Role::Goal)],
        ..Experiment::default()
    }
}

fn metric(id: &str, name: &str, role: Role) -> Metric {
    Metric::new(id, name, role, MetricKind::Conversion { event: String::new() })
}

/// The seed is the key at creation: as long as nobody was assigned, it follows.
fn set_key(e: &mut Experiment, key: String) {
    if e.phases.is_empty() {
        e.seed.clone_from(&key);
    }
    e.key = key;
}

/// An id that none of `taken` has: `{stem}_2`, `{stem}_3`, …
fn free_id<'a>(stem: &str, taken: impl Iterator<Item = &'a str> + Clone) -> String {
    (2..).map(|n| format!("{stem}_{n}")).find(|id| !taken.clone().any(|t| t == id)).unwrap_or_default()
}

#[component]
pub fn ExperimentEditor(props: &EditorProps) -> Html {
    let hub = use_context::<Hub>();
    let on_saved = {
        let (on_created, new) = (props.on_created.clone(), props.document.is_none());
        Callback::from(move |view: DocumentView<Experiment>| {
            if new {
                on_created.emit(view.id);
            }
            if let Some(hub) = &hub {
                hub.wrote.emit(Kind::Experiment);
            }
        })
    };
    let sites = props.sites.clone();
    let editor = use_editor(props.document.clone(), move || fresh(&sites), on_saved);
    let (e, problems) = (editor.draft(), editor.problems());
    // Whoever moves visitors between variants while it runs makes the result worthless.
    let locked = e.status == Status::Running;
    let close = {
        let on_close = props.on_close.clone();
        move |_| on_close.emit(())
    };
    html! {
        <>
            <header class="page-head">
                <div>
                    <button type="button" class="quiet back" data-testid="experiment-back" onclick={close}>{ "← Experiments" }</button>
                    <h1>{ if e.name.is_empty() { "New experiment".to_owned() } else { e.name.clone() } }</h1>
                    <p class="badges">
                        <StatusBadge status={e.status} /><SyncBadge sync={editor.sync()} />
                        <span class="save-state" data-testid="save-state" aria-live="polite">{ editor.save_state() }</span>
                    </p>
                </div>
                <Lifecycle editor={Held(editor.clone())} status={e.status} ready={problems.is_empty()} />
            </header>
            <ErrorBanner error={editor.error()} />
            <Conflict id={editor.id()} sync={editor.sync()} rev={editor.conflict_rev()} kind={Kind::Experiment} />
            if locked {
                <Banner><p>{ "It runs: who gets what is locked. Names, hypothesis and configs can still change; to change the allocation, stop it and start a new phase." }</p></Banner>
            }
            <Basics editor={Held(editor.clone())} experiment={e.clone()} problems={problems.clone()} sites={props.sites.clone()} {locked} />
            <Variants editor={Held(editor.clone())} experiment={e.clone()} problems={problems.clone()} {locked} />
            <Metrics editor={Held(editor.clone())} experiment={e} {problems} />
            <Delete id={editor.id()} kind={Kind::Experiment} on_deleted={props.on_close.clone()} />
        </>
    }
}

/// An editor as a property. It is always the same one; what it holds is passed next to it.
#[derive(Clone)]
pub struct Held(pub Editor<Experiment>);

impl PartialEq for Held {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Held {
    /// A callback that changes the draft by what was typed.
    pub fn edit<I: 'static>(&self, change: impl Fn(&mut Experiment, I) + 'static) -> Callback<I> {
        let editor = self.0.clone();
        Callback::from(move |input| editor.edit(|e| change(e, input)))
    }

    /// A callback that saves now.
    pub fn flush(&self) -> Callback<()> {
        let editor = self.0.clone();
        Callback::from(move |()| editor.flush())
    }
}

#[derive(Properties, PartialEq)]
struct LifecycleProps {
    editor: Held,
    status: Status,
    ready: bool,
}

/// Start and stop. Both go live with the next publication.
#[component]
fn Lifecycle(props: &LifecycleProps) -> Html {
    let (error, busy) = (use_state(|| None::<Error>), use_state(|| false));
    let hub = use_context::<Hub>();
    let keep = use_state(|| false);
    let visitors = if *keep { Visitors::Keep } else { Visitors::Reassign };
    let choose = {
        let keep = keep.setter();
        Callback::from(move |on: bool| keep.set(on))
    };
    let turn = |start: bool| {
        let (editor, error, busy, hub) = (props.editor.0.clone(), error.setter(), busy.setter(), hub.clone());
        Callback::from(move |_: MouseEvent| {
            let (editor, error, busy, hub) = (editor.clone(), error.clone(), busy.clone(), hub.clone());
            busy.set(true);
            spawn_local(async move {
                let outcome = if start {
                    run_transition::<ExperimentStart>(&editor, |id| Start { id, visitors }).await
                } else {
                    run_transition::<ExperimentStop>(&editor, |id| ById { id }).await
                };
                busy.set(false);
                error.set(outcome.err());
                if let Some(hub) = hub {
                    hub.wrote.emit(Kind::Experiment);
                }
            });
        })
    };
    let why = if props.ready { "" } else { "First fix what is marked below." };
    html! {
        <div class="lifecycle">
            if props.status == Status::Running {
                <button type="button" data-testid="experiment-stop" disabled={*busy} onclick={turn(false)}>{ "Stop" }</button>
                <p class="note">{ "Goes live when published." }</p>
            } else {
                <button type="button" class="primary" data-testid="experiment-start" disabled={*busy || !props.ready} title={why}
                    onclick={turn(true)}>{ if props.status == Status::Stopped { "Start a new phase" } else { "Start" } }</button>
                <p class="note">{ if props.ready { "Goes live when published." } else { why } }</p>
                if props.status == Status::Stopped {
                    <Checkbox label="Keep visitors in their variants" testid="experiment-keep" checked={*keep}
                        hint="Off: the new phase draws a variant for each visitor again, so nothing carries over." on_change={choose} />
                }
            }
            <ErrorBanner error={(*error).clone()} />
        </div>
    }
}

/// Saves what is typed, then starts or stops.
async fn run_transition<C>(editor: &Editor<Experiment>, request: impl FnOnce(String) -> C::Request) -> Result<(), Error>
where
    C: Call<Response = DocumentView<Experiment>>,
{
    // Why it could not be saved is already shown above the fields.
    if !editor.settle().await {
        return Ok(());
    }
    if let Some(id) = editor.id() {
        editor.adopt(call::<C>(request(id)).await?);
    }
    Ok(())
}

#[derive(Properties, PartialEq)]
struct BasicsProps {
    editor: Held,
    experiment: Experiment,
    problems: Vec<Problem>,
    sites: Vec<DocumentView<Site>>,
    locked: bool,
}

#[component]
fn Basics(props: &BasicsProps) -> Html {
    let (e, held, problems, flush) = (&props.experiment, &props.editor, &props.problems, props.editor.flush());
    let options = props.sites.iter().map(|s| (s.id.clone().into(), s.draft.name.clone().into())).collect::<Vec<_>>();
    let none = options.is_empty();
    html! {
        <section class="card">
            <h2>{ "Question" }</h2>
            <div class="columns">
                <Field label="Name" testid="experiment-name" value={e.name.clone()} placeholder="Home hero" on_blur={flush.clone()}
                    problem={problem_at(problems, "/name")} on_input={held.edit(|e, text: String| {
                        if e.key == slug(&e.name) && e.phases.is_empty() { set_key(e, slug(&text)); }
                        e.name = text;
                    })} />
                <Field label="Key" testid="experiment-key" kind={FieldKind::Code} value={e.key.clone()} placeholder="home_hero"
                    hint="What pages and events call it." on_blur={flush.clone()} problem={problem_at(problems, "/key")}
                    disabled={props.locked} on_input={held.edit(set_key)} />
            </div>
            <Field label="Hypothesis" testid="experiment-hypothesis" kind={FieldKind::Lines} rows=3 value={e.hypothesis.clone()}
                placeholder="Because …, we believe that … will …, and we will see it in …" on_blur={flush.clone()}
                problem={problem_at(problems, "/hypothesis")} on_input={held.edit(|e, text| e.hypothesis = text)} />
            <div class="columns">
                <Choice label="Site" testid="experiment-site" value={e.site_id.clone()} {options} disabled={props.locked}
                    placeholder={if none { "No site yet" } else { "Choose a site" }}
                    hint={if none { "Add a site first; this draft waits." } else { "" }}
                    on_change={held.edit(|e, id| e.site_id = id)} />
                <Field label="Traffic" testid="experiment-coverage" value={parts(e.coverage)} suffix="%" disabled={props.locked}
                    hint="Share of the site's visitors that take part." on_blur={flush} problem={problem_at(problems, "/coverage")}
                    on_input={held.edit(|e, text: String| if let Some(share) = parse_parts(&text) { e.coverage = share; })} />
            </div>
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct PartsProps {
    editor: Held,
    experiment: Experiment,
    problems: Vec<Problem>,
    #[prop_or_default]
    locked: bool,
}

#[component]
fn Variants(props: &PartsProps) -> Html {
    let (e, held) = (&props.experiment, &props.editor);
    let add = held.edit(|e, _: MouseEvent| {
        let id = free_id("treatment", e.variants.iter().map(|v| v.id.as_str()));
        e.variants.push(variant(&id, &format!("Treatment {}", e.variants.len()), 0));
        even(e);
    });
    let split = held.edit(|e, _: MouseEvent| even(e));
    html! {
        <section class="card">
            <header class="card-head">
                <h2>{ "Variants" }</h2>
                <div class="actions">
                    <button type="button" class="quiet" data-testid="variant-even" onclick={split} disabled={props.locked}>{ "Split evenly" }</button>
                    <button type="button" class="quiet" data-testid="variant-add" onclick={add}
                        disabled={props.locked || e.variants.len() >= MAX_VARIANTS}>{ "Add variant" }</button>
                </div>
            </header>
            if let Some(problem) = problem_at(&props.problems, "/variants") { <p class="note problem">{ problem }</p> }
            <div class="parts">
                { for e.variants.iter().enumerate().map(|(index, v)| html! {
                    <VariantFields key={index} editor={held.clone()} {index} variant={v.clone()} count={e.variants.len()}
                        problems={props.problems.clone()} locked={props.locked} />
                }) }
            </div>
        </section>
    }
}

/// Shares that are as equal as whole parts allow and sum to the whole.
fn even(e: &mut Experiment) {
    let count = u32::try_from(e.variants.len()).unwrap_or(1).max(1);
    for (index, v) in (0u32..).zip(&mut e.variants) {
        v.weight = WHOLE / count + u32::from(index < WHOLE % count);
    }
}

#[component]
fn Metrics(props: &PartsProps) -> Html {
    let (e, held) = (&props.experiment, &props.editor);
    let add = held.edit(|e, _: MouseEvent| {
        let id = free_id("metric", e.metrics.iter().map(|m| m.id.as_str()));
        let role = if e.metrics.iter().any(|m| m.role == Role::Goal) { Role::Secondary } else { Role::Goal };
        e.metrics.push(metric(&id, "", role));
    });
    html! {
        <section class="card">
            <header class="card-head">
                <h2>{ "Metrics" }</h2>
                <button type="button" class="quiet" data-testid="metric-add" onclick={add}
                    disabled={e.metrics.len() >= MAX_METRICS}>{ "Add metric" }</button>
            </header>
            if let Some(problem) = problem_under(&props.problems, "/metrics").filter(|_| e.metrics.is_empty()) {
                <p class="note problem">{ problem }</p>
            }
            <div class="parts">
                { for e.metrics.iter().enumerate().map(|(index, m)| html! {
                    <MetricFields key={m.id.clone()} editor={held.clone()} {index} metric={m.clone()} problems={props.problems.clone()} />
                }) }
            </div>
        </section>
    }
}
