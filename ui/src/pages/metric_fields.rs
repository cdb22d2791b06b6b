use beacon_shared::error::Problem;
use beacon_shared::model::{Aggregate, Aggregation, Direction, Metric, MetricKind, Role};
use beacon_shared::stats::MetricOptions;
use yew::prelude::*;

use super::experiment_editor::Held;
use super::metric_counting::CountingFields;
use super::metric_kind::{KINDS, ROLES, kind_name, role_hint, role_name, set_event, set_kind, set_role};
use super::problem_at;
use crate::format::{parse_percentage, percentage};
use crate::widgets::{Choice, Field, FieldKind};

#[derive(Clone, Properties, PartialEq)]
pub struct MetricProps {
    pub editor: Held,
    pub index: usize,
    pub metric: Metric,
    pub problems: Vec<Problem>,
}

impl MetricProps {
    /// A callback that changes the metric by what was typed.
    pub fn edit<I: 'static>(&self, change: impl Fn(&mut Metric, I) + 'static) -> Callback<I> {
        let index = self.index;
        self.editor.edit(move |e, input: I| {
            if let Some(m) = e.metrics.get_mut(index) {
                change(m, input);
            }
        })
    }

    /// What is wrong with one of its fields.
    pub fn problem(&self, field: &str) -> Option<AttrValue> {
        problem_at(&self.problems, &format!("/metrics/{}/{field}", self.index))
    }

    /// What tests call one of its fields.
    pub fn testid(&self, field: &str) -> String {
        format!("metric-{field}-{}", self.index)
    }
}

/// Options as a [`Choice`] takes them.
pub fn options<const N: usize>(options: [(&'static str, &'static str); N]) -> Vec<(AttrValue, AttrValue)> {
    options.map(|(value, text)| (value.into(), text.into())).to_vec()
}

/// What the experiment is judged by.
#[component]
pub fn MetricFields(props: &MetricProps) -> Html {
    let (i, m, flush) = (props.index, &props.metric, props.editor.flush());
    let remove = props.editor.edit(move |e, _: MouseEvent| {
        e.metrics.remove(i);
    });
    html! {
        <div class="metric">
            <div class="columns three">
                <Field label="Name" testid={props.testid("name")} value={m.name.clone()} placeholder="Sign-up" on_blur={flush.clone()}
                    problem={props.problem("name")} on_input={props.edit(|m, text| m.name = text)} />
                <Choice label="Measures" testid={props.testid("kind")} value={kind_name(&m.kind)} options={options(KINDS)}
                    on_change={props.edit(|m, kind: String| set_kind(m, &kind))} />
                <Choice label="Role" testid={props.testid("role")} value={role_name(m.role)} options={options(ROLES)}
                    hint={role_hint(m.role)}
                    on_change={props.edit(|m, role: String| set_role(m, &role))} />
            </div>
            if let MetricKind::Ratio { numerator, denominator } = &m.kind {
                { part(props, "numerator", "Of", numerator) }
                { part(props, "denominator", "Divided by", denominator) }
            }
            <div class="columns three">{ event(props) }{ level(props) }{ direction(props) }{ margin(props) }</div>
            <CountingFields ..props.clone() />
            <button type="button" class="quiet" data-testid={props.testid("remove")} onclick={remove}>{ "Remove" }</button>
        </div>
    }
}

/// The event of a metric that has only one.
fn event(props: &MetricProps) -> Html {
    let (name, hint) = match &props.metric.kind {
        MetricKind::Conversion { event } => (event, "Counts a visitor once, after the exposure."),
        MetricKind::Count { event } => (event, "Counts every one after the exposure."),
        MetricKind::Value { event } => (event, "Adds up the values that the page sends with it."),
        MetricKind::Quantile { event, .. } => (event, "Of each visitor's sum of values; without any, 0."),
        MetricKind::Ratio { .. } => return Html::default(),
    };
    html! {
        <Field label="Event" testid={props.testid("event")} kind={FieldKind::Code} value={name.clone()} placeholder="signup"
            on_blur={props.editor.flush()} problem={props.problem("event")} {hint} on_input={props.edit(set_event)} />
    }
}

/// One of the two parts of a ratio: `field` is `numerator` or `denominator`.
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
            <Field label="Event" testid={props.testid(&format!("{field}-event"))} kind={FieldKind::Code} value={part.event.clone()}
                placeholder="order" on_blur={props.editor.flush()} {problem} on_input={edit(|part, text| part.event = text)} />
        </div>
    }
}

/// Which percentile.
fn level(props: &MetricProps) -> Html {
    let MetricKind::Quantile { level, .. } = &props.metric.kind else { return Html::default() };
    let set = |m: &mut Metric, text: String| {
        if let (MetricKind::Quantile { level, .. }, Some(typed)) = (&mut m.kind, parse_percentage(&text)) {
            *level = typed;
        }
    };
    html! {
        <Field label="Percentile" testid={props.testid("level")} value={percentage(*level)} suffix="%" on_blur={props.editor.flush()}
            problem={props.problem("level")} hint="50% is the median." on_input={props.edit(set)} />
    }
}

fn direction(props: &MetricProps) -> Html {
    let value = match props.metric.direction {
        Direction::Increase => "increase",
        Direction::Decrease => "decrease",
    };
    html! {
        <Choice label="Better is" testid={props.testid("direction")} {value} options={options([("increase", "More"), ("decrease", "Less")])}
            on_change={props.edit(|m, text: String| {
                m.direction = if text == "decrease" { Direction::Decrease } else { Direction::Increase };
            })} />
    }
}

/// How much worse a guardrail may get.
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
        <Field label="Margin" testid={props.testid("margin")} value={props.metric.margin.map(percentage).unwrap_or_default()} suffix="%"
            placeholder={percentage(MetricOptions::default().margin)} hint="How much worse it may get." on_blur={props.editor.flush()}
            problem={props.problem("margin")} on_input={props.edit(set)} />
    }
}
