//! One metric of an experiment: its role, and the way to its definition.

use beacon_shared::ipc::{ById, ExperimentShareMetrics};
use beacon_shared::model::{Experiment, ExperimentMetric, Kind, Role};
use beacon_shared::stats::MetricOptions;
use beacon_shared::typed;
use beacon_shared::wording::{capitalised, measure, title};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::RowProps;
use crate::format::percentage;
use crate::ipc::call;
use crate::pages::documents::{measures, problem_at};
use crate::router::{Page, Route, use_router};
use crate::state::editing::{change, remove};
use crate::toast;
use crate::widgets::{Badge, Choice, Field, FieldKind, read_or_keep, shown};

/// The field beside a margin that keeps what is not one.
const UNFINISHED_MARGIN: &str = "margin_text";
/// The roles, by the name that the select knows them by.
const ROLES: [(&str, &str); 3] = [("goal", "Goal"), ("secondary", "Secondary"), ("guardrail", "Guardrail")];

#[component]
pub fn Row(props: &RowProps) -> Html {
    let (i, id) = (props.index, props.metric.id().to_owned());
    let take_out = props.editor.edit(move |e: &mut Experiment, _: MouseEvent| {
        remove(&mut e.metrics, &id, i);
        toast::edited("Metric removed");
    });
    let options = ROLES.map(|(value, text)| (value.into(), text.into())).to_vec();
    let set_role = edit(props, |m, name: String| m.set_role(role(&name)));
    html! {
        <div class="metric-use" data-testid={format!("metric-{i}")}>
            <Choice label="Role" testid={format!("metric-role-{i}")} value={role_name(props.metric.role())} {options}
                hint={role_hint(props.metric.role())} on_change={set_role} />
            <Definition ..props.clone() />
            { margin(props) }
            <button type="button" class="quiet" data-testid={format!("metric-remove-{i}")} onclick={take_out}>
                { "Remove" }
            </button>
        </div>
    }
}

/// The metric's name, which leads to its definition, and what it measures.
#[component]
fn Definition(props: &RowProps) -> Html {
    let router = use_router();
    let missing = problem_at(&props.problems, &format!("/metrics/{}/metric", props.index));
    let (name, measures) = match (&props.metric, &props.row) {
        (ExperimentMetric::Own(metric), _) => (title(Kind::Metric, &metric.name), capitalised(&measure(&metric.kind))),
        (ExperimentMetric::Shared(_), Some(row)) => (title(Kind::Metric, &row.name), measures(row)),
        (ExperimentMetric::Shared(_), None) => ("…".to_owned(), "This metric isn't on this computer yet.".to_owned()),
    };
    let open = {
        let id = props.metric.document().map(str::to_owned);
        move |_: MouseEvent| id.iter().for_each(|id| router.go.emit(Route::document(Page::Metrics, id)))
    };
    let share = {
        let editor = props.editor.clone();
        move |_: MouseEvent| {
            let editor = editor.clone();
            spawn_local(async move {
                editor.flush().await;
                let Some(id) = editor.id() else { return };
                // Where it fails, the metric stays as it is, and works. Where it succeeds, a notice brings the change.
                let _ = call::<ExperimentShareMetrics>(ById { id }).await;
            });
        }
    };
    html! {
        <div class="metric-named">
            <p>
                if props.row.is_some() {
                    <button type="button" class="quiet link" data-testid={format!("metric-open-{}", props.index)}
                        title="Open this metric" onclick={open}>{ name }</button>
                } else {
                    <strong>{ name }</strong>
                }
                if let Some(row) = props.row.as_ref().filter(|row| row.problems > 0) {
                    <Badge text={format!("{} to fix", row.problems)} tone="warn"
                        title="Open the metric to finish it." />
                }
                if props.row.as_ref().is_some_and(|row| row.removed) { <Badge text="Will be deleted" tone="bad" /> }
            </p>
            <p class="note">{ measures }</p>
            if let Some(problem) = missing { <p class="note problem">{ problem }</p> }
            if matches!(props.metric, ExperimentMetric::Own(_)) {
                <p class="note">
                    { "Defined in this experiment only. " }
                    <button type="button" class="quiet link" data-testid={format!("metric-share-{}", props.index)}
                        onclick={share}>{ "Move to Metrics" }</button>
                </p>
            }
        </div>
    }
}

/// Edits how much worse a guardrail may get.
fn margin(props: &RowProps) -> Html {
    if props.metric.role() != Role::Guardrail {
        return html! { <div /> };
    }
    let set = |m: &mut ExperimentMetric, text: String| {
        if text.trim().is_empty() {
            m.extra_mut().remove(UNFINISHED_MARGIN);
            m.set_margin(None);
        } else if let Some(margin) = read_or_keep(typed::percentage(&text), text, m.extra_mut(), UNFINISHED_MARGIN) {
            m.set_margin(Some(margin));
        }
    };
    let value =
        shown(props.metric.extra(), UNFINISHED_MARGIN, || props.metric.margin().map(percentage).unwrap_or_default());
    html! {
        <Field label="Margin" testid={format!("metric-margin-{}", props.index)}
            kind={FieldKind::Percentage} {value} suffix="%"
            placeholder={percentage(MetricOptions::default().margin)} hint="How much worse it may get."
            on_blur={props.editor.saving()}
            problem={problem_at(&props.problems, &format!("/metrics/{}/margin", props.index))}
            on_input={edit(props, set)} />
    }
}

/// Returns a callback that changes this metric, wherever it stands by then.
fn edit<I: 'static>(props: &RowProps, apply: impl Fn(&mut ExperimentMetric, I) + 'static) -> Callback<I> {
    let (id, index) = (props.metric.id().to_owned(), props.index);
    props.editor.edit(move |e: &mut Experiment, input| change(&mut e.metrics, &id, index, |m| apply(m, input)))
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Goal => "goal",
        Role::Secondary => "secondary",
        Role::Guardrail => "guardrail",
    }
}

fn role(name: &str) -> Role {
    match name {
        "goal" => Role::Goal,
        "guardrail" => Role::Guardrail,
        _ => Role::Secondary,
    }
}

fn role_hint(role: Role) -> &'static str {
    match role {
        Role::Goal => "Decides.",
        Role::Secondary => "Explains.",
        Role::Guardrail => "Must not get worse.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_can_be_chosen() {
        for (name, _) in ROLES {
            assert_eq!(role_name(role(name)), name);
        }
    }
}
