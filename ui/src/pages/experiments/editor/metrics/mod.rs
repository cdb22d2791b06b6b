//! The metrics that an experiment is judged by.

mod choices;
mod counting;

use beacon_shared::error::Problem;
use beacon_shared::model::{Aggregate, Aggregation, Direction, Experiment, Metric, MetricKind, Role};
use beacon_shared::stats::MetricOptions;
use beacon_shared::validate::MAX_METRICS;
use yew::prelude::*;

use super::{PartProps, free_id, new_metric};
use crate::format::{parse_percentage, percentage};
use crate::pages::documents::{problem_at, problem_under};
use crate::state::Editor;
use crate::state::editing::{change, remove};
use crate::widgets::{Choice, Field, FieldKind, keys};
use choices::{KINDS, ROLES, kind_name, role_hint, role_name, set_event, set_kind, set_role};
use counting::CountingFields;

#[component]
pub fn Metrics(props: &PartProps) -> Html {
    let (e, editor) = (&props.experiment, &props.editor);
    let add = editor.edit(|e: &mut Experiment, _: MouseEvent| {
        let id = free_id("metric", e.metrics.iter().map(|m| m.id.as_str()));
        let role = if e.metrics.iter().any(|m| m.role == Role::Goal) { Role::Secondary } else { Role::Goal };
        e.metrics.push(new_metric(&id, role));
    });
    let keys = keys(e.metrics.iter().map(|m| m.id.as_str()));
    let fields = e.metrics.iter().zip(keys).enumerate().map(|(index, (metric, key))| {
        let (editor, metric, problems) = (editor.clone(), metric.clone(), props.problems.clone());
        html! { <MetricFields {key} {editor} {index} {metric} {problems} /> }
    });
    html! {
        <section class="card" id="metrics">
            <header class="card-head">
                <h2>{ "Metrics" }</h2>
                <button type="button" class="quiet" data-testid="metric-add" onclick={add}
                    disabled={e.metrics.len() >= MAX_METRICS}>{ "Add metric" }</button>
            </header>
            if let Some(problem) = problem_under(&props.problems, "/metrics").filter(|_| e.metrics.is_empty()) {
                <p class="note problem">{ problem }</p>
            }
            <div class="parts">{ for fields }</div>
        </section>
    }
}

#[derive(Clone, Properties, PartialEq)]
pub struct MetricProps {
    pub editor: Editor<Experiment>,
    pub index: usize,
    pub metric: Metric,
    pub problems: Vec<Problem>,
}

impl MetricProps {
    /// Returns a callback that changes this metric, wherever it stands by then.
    pub fn edit<I: 'static>(&self, apply: impl Fn(&mut Metric, I) + 'static) -> Callback<I> {
        let (id, index) = (self.metric.id.clone(), self.index);
        self.editor.edit(move |e: &mut Experiment, input| change(&mut e.metrics, &id, index, |m| apply(m, input)))
    }

    pub fn problem(&self, field: &str) -> Option<AttrValue> {
        problem_at(&self.problems, &format!("/metrics/{}/{field}", self.index))
    }

    pub fn testid(&self, field: &str) -> String {
        format!("metric-{field}-{}", self.index)
    }

    pub fn saving(&self) -> Callback<()> {
        self.editor.saving()
    }
}

/// Returns options as a [`Choice`] takes them.
fn options<const N: usize>(options: [(&'static str, &'static str); N]) -> Vec<(AttrValue, AttrValue)> {
    options.map(|(value, text)| (value.into(), text.into())).to_vec()
}

#[component]
fn MetricFields(props: &MetricProps) -> Html {
    let (i, m, id) = (props.index, &props.metric, props.metric.id.clone());
    let take_out = props.editor.edit(move |e: &mut Experiment, _: MouseEvent| remove(&mut e.metrics, &id, i));
    html! {
        <div class="metric">
            <div class="columns three">
                <Field label="Name" testid={props.testid("name")} value={m.name.clone()} placeholder="Sign-up"
                    on_blur={props.saving()} problem={props.problem("name")}
                    on_input={props.edit(|m, text| m.name = text)} />
                <Choice label="Measures" testid={props.testid("kind")} value={kind_name(&m.kind)}
                    options={options(KINDS)} on_change={props.edit(|m, kind: String| set_kind(m, &kind))} />
                <Choice label="Role" testid={props.testid("role")} value={role_name(m.role)}
                    options={options(ROLES)} hint={role_hint(m.role)}
                    on_change={props.edit(|m, role: String| set_role(m, &role))} />
            </div>
            if let MetricKind::Ratio { numerator, denominator } = &m.kind {
                { part(props, "numerator", "Of", numerator) }
                { part(props, "denominator", "Divided by", denominator) }
            }
            <div class="columns three">
                { event(props) }{ level(props) }{ direction(props) }{ margin(props) }
            </div>
            <CountingFields ..props.clone() />
            <button type="button" class="quiet" data-testid={props.testid("remove")} onclick={take_out}>
                { "Remove" }
            </button>
        </div>
    }
}

/// Edits the event of a metric that has only one.
fn event(props: &MetricProps) -> Html {
    let (name, hint) = match &props.metric.kind {
        MetricKind::Conversion { event } => (event, "Counts each visitor once, after the exposure."),
        MetricKind::Count { event } => (event, "Counts every event after the exposure."),
        MetricKind::Value { event } => (event, "Adds up the values that the page sends."),
        MetricKind::Quantile { event, .. } => (event, "Of each visitor's sum of values, 0 without any."),
        MetricKind::Ratio { .. } => return Html::default(),
    };
    html! {
        <Field label="Event" testid={props.testid("event")} kind={FieldKind::Code} value={name.clone()}
            placeholder="signup"
            on_blur={props.saving()} problem={props.problem("event")} {hint}
            on_input={props.edit(set_event)} />
    }
}

/// Edits one of the two parts of a ratio. `field` is `numerator` or `denominator`.
fn part(props: &MetricProps, field: &'static str, label: &'static str, part: &Aggregate) -> Html {
    let edit = |change: fn(&mut Aggregate, String)| {
        props.edit(move |m, text: String| {
            if let MetricKind::Ratio { numerator, denominator } = &mut m.kind {
                change(if field == "numerator" { numerator } else { denominator }, text);
            }
        })
    };
    let value = match part.aggregate {
        Aggregation::Count => "count",
        Aggregation::Sum => "sum",
    };
    let problem = props.problem(&format!("{field}/event")).or_else(|| props.problem(field));
    html! {
        <div class="columns">
            <Choice {label} testid={props.testid(&format!("{field}-aggregate"))} {value}
                options={options([("count", "Number of events"), ("sum", "Sum of their values")])}
                on_change={edit(|part, text| part.aggregate = if text == "sum" { Aggregation::Sum } else { Aggregation::Count })} />
            <Field label="Event" testid={props.testid(&format!("{field}-event"))} kind={FieldKind::Code}
                value={part.event.clone()}
                placeholder="order" on_blur={props.saving()} {problem}
                on_input={edit(|part, text| part.event = text)} />
        </div>
    }
}

/// Edits the percentile.
fn level(props: &MetricProps) -> Html {
    let MetricKind::Quantile { level, .. } = &props.metric.kind else { return Html::default() };
    let set = |m: &mut Metric, text: String| {
        if let (MetricKind::Quantile { level, .. }, Some(typed)) = (&mut m.kind, parse_percentage(&text)) {
            *level = typed;
        }
    };
    html! {
        <Field label="Percentile" testid={props.testid("level")} value={percentage(*level)} suffix="%"
            on_blur={props.saving()}
            problem={props.problem("level")} hint="50% is the median." on_input={props.edit(set)} />
    }
}

fn direction(props: &MetricProps) -> Html {
    let value = match props.metric.direction {
        Direction::Increase => "increase",
        Direction::Decrease => "decrease",
    };
    html! {
        <Choice label="Better is" testid={props.testid("direction")} {value}
            options={options([("increase", "More"), ("decrease", "Less")])}
            on_change={props.edit(|m, text: String| {
                m.direction = if text == "decrease" { Direction::Decrease } else { Direction::Increase };
            })} />
    }
}

/// Edits how much worse a guardrail may get.
fn margin(props: &MetricProps) -> Html {
    if props.metric.role != Role::Guardrail {
        return Html::default();
    }
    let set = |m: &mut Metric, text: String| {
        if text.trim().is_empty() {
            m.margin = None;
        } else if let Some(margin) = parse_percentage(&text) {
            m.margin = Some(margin);
        }
    };
    html! {
        <Field label="Margin" testid={props.testid("margin")}
            value={props.metric.margin.map(percentage).unwrap_or_default()} suffix="%"
            placeholder={percentage(MetricOptions::default().margin)} hint="How much worse it may get."
            on_blur={props.saving()}
            problem={props.problem("margin")} on_input={props.edit(set)} />
    }
}
