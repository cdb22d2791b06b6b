//! A new metric, made where it is needed. The rest of its definition is on its own page.

use std::rc::Rc;

use beacon_shared::error::Error;
use beacon_shared::ipc::{MetricSave, Save, Summary};
use beacon_shared::model::MetricDefinition;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::format::slug;
use crate::ipc::call;
use crate::pages::metrics::{KINDS, kind_of_event};
use crate::widgets::{Choice, ErrorBanner, Field, FieldKind};

/// How many kinds can be made here: those with one event and nothing else.
const SIMPLE: usize = 3;

#[derive(Properties, PartialEq)]
pub struct NewMetricProps {
    /// The name to begin with.
    pub name: String,
    /// All metrics, whose keys are taken.
    pub taken: Vec<Rc<Summary>>,
    /// Hears the document id of the new metric.
    pub on_created: Callback<String>,
    pub on_cancel: Callback<()>,
    pub can_close: bool,
}

#[component]
pub fn NewMetric(props: &NewMetricProps) -> Html {
    let (name, kind, event) =
        (use_state(|| props.name.clone()), use_state(|| KINDS[0].0.to_owned()), use_state(String::new));
    let (error, busy) = (use_state(|| None::<Error>), use_state(|| false));
    let create = {
        let draft = MetricDefinition {
            key: free_key(&name, &props.taken),
            name: name.trim().to_owned(),
            ..MetricDefinition::new(kind_of_event(&kind, event.trim().to_owned()))
        };
        let (on_created, error, busy) = (props.on_created.clone(), error.setter(), busy.setter());
        move |_: MouseEvent| {
            let (on_created, error, busy) = (on_created.clone(), error.clone(), busy.clone());
            let save = Save { id: None, base: None, draft: draft.clone() };
            busy.set(true);
            spawn_local(async move {
                let answer = call::<MetricSave>(save).await;
                busy.set(false);
                error.set(answer.as_ref().err().cloned());
                if let Ok(view) = answer {
                    on_created.emit(view.id);
                }
            });
        }
    };
    let set = |state: &UseStateHandle<String>| {
        let state = state.setter();
        Callback::from(move |text: String| state.set(text))
    };
    let incomplete = name.trim().is_empty() || event.trim().is_empty();
    let options = KINDS[..SIMPLE].iter().map(|(value, text)| ((*value).into(), (*text).into())).collect::<Vec<_>>();
    html! {
        <div class="picker" data-testid="metric-new-form" data-apart="">
            <ErrorBanner error={(*error).clone()} />
            <div class="columns three">
                <Field label="Name" testid="metric-new-name" value={(*name).clone()} placeholder="Orders"
                    on_input={set(&name)} />
                <Choice label="Measures" testid="metric-new-kind" value={(*kind).clone()} {options}
                    on_change={set(&kind)} />
                <Field label="Event" testid="metric-new-event" kind={FieldKind::Code} value={(*event).clone()}
                    placeholder="order" on_input={set(&event)} />
            </div>
            <p class="note">{ "Ratios, percentiles, filters, windows and caps are on the metric's own page." }</p>
            <div class="actions">
                <button type="button" class="primary" data-testid="metric-create" disabled={incomplete || *busy}
                    onclick={create}>{ "Create and add" }</button>
                if props.can_close {
                    <button type="button" data-testid="metric-cancel"
                        onclick={props.on_cancel.reform(|_: MouseEvent| ())}>{ "Cancel" }</button>
                }
            </div>
        </div>
    }
}

/// Returns a key for the name that no other metric has.
fn free_key(name: &str, taken: &[Rc<Summary>]) -> String {
    let stem = slug(name);
    let stem = if stem.is_empty() { "metric".to_owned() } else { stem };
    let numbered = (2..).map(|n| format!("{stem}_{n}"));
    std::iter::once(stem.clone()).chain(numbered).find(|key| taken.iter().all(|row| row.key != *key)).unwrap_or(stem)
}
