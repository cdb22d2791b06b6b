//! How events become a number for each visitor.

use beacon_shared::model::{Aggregate, Aggregation, Direction, MetricDefinition, MetricKind};
use beacon_shared::typed;
use yew::prelude::*;

use super::choices::{KINDS, kind_name, set_event, set_kind};
use super::{PartProps, options};
use crate::format::percentage;
use crate::widgets::{Choice, Field, FieldKind, read_or_keep, shown};

/// The field beside a percentile that keeps what is not one.
const UNFINISHED_LEVEL: &str = "level_text";

#[component]
pub fn Measure(props: &PartProps) -> Html {
    let (metric, editor) = (&props.metric, &props.editor);
    html! {
        <>
            <div class="columns three">
                <Choice label="Measures" testid="metric-kind" value={kind_name(&metric.measure)}
                    options={options(KINDS)}
                    on_change={editor.edit(|m: &mut MetricDefinition, kind: String| set_kind(m, &kind))} />
                { event(props) }
                if matches!(metric.measure, MetricKind::Quantile { .. }) { { level(props) } } else { { direction(props) } }
            </div>
            if let MetricKind::Ratio { numerator, denominator } = &metric.measure {
                { part(props, "numerator", "Of", numerator) }
                { part(props, "denominator", "Divided by", denominator) }
            }
            if matches!(metric.measure, MetricKind::Quantile { .. }) {
                <div class="columns three">{ direction(props) }</div>
            }
        </>
    }
}

/// Edits the event of a metric that has only one.
fn event(props: &PartProps) -> Html {
    let (name, hint) = match &props.metric.measure {
        MetricKind::Conversion { event } => (event, "Counts each visitor once, after the exposure."),
        MetricKind::Count { event } => (event, "Counts every event after the exposure."),
        MetricKind::Value { event } => (event, "Adds up the values that the page sends."),
        MetricKind::Quantile { event, .. } => (event, "Of each visitor's sum of values, 0 without any."),
        MetricKind::Ratio { .. } => return Html::default(),
    };
    html! {
        <Field label="Event" testid="metric-event" kind={FieldKind::Code} value={name.clone()} placeholder="signup"
            on_blur={props.editor.saving()} problem={props.problem("event")} {hint}
            on_input={props.editor.edit(set_event)} />
    }
}

/// Edits one of the two parts of a ratio. `field` is `numerator` or `denominator`.
fn part(props: &PartProps, field: &'static str, label: &'static str, part: &Aggregate) -> Html {
    let edit = |change: fn(&mut Aggregate, String)| {
        props.editor.edit(move |m: &mut MetricDefinition, text: String| {
            if let MetricKind::Ratio { numerator, denominator } = &mut m.measure {
                change(if field == "numerator" { numerator } else { denominator }, text);
            }
        })
    };
    let value = match part.aggregate {
        Aggregation::Count => "count",
        Aggregation::Sum => "sum",
    };
    let aggregate = |part: &mut Aggregate, text: String| {
        part.aggregate = if text == "sum" { Aggregation::Sum } else { Aggregation::Count };
    };
    let problem = props.problem(&format!("{field}/event")).or_else(|| props.problem(field));
    html! {
        <div class="columns">
            <Choice {label} testid={format!("metric-{field}-aggregate")} {value}
                options={options([("count", "Number of events"), ("sum", "Sum of their values")])}
                on_change={edit(aggregate)} />
            <Field label="Event" testid={format!("metric-{field}-event")} kind={FieldKind::Code}
                value={part.event.clone()} placeholder="order" on_blur={props.editor.saving()} {problem}
                on_input={edit(|part, text| part.event = text)} />
        </div>
    }
}

/// Edits the percentile.
fn level(props: &PartProps) -> Html {
    let MetricKind::Quantile { level, .. } = &props.metric.measure else { return Html::default() };
    let set = |m: &mut MetricDefinition, text: String| {
        if let MetricKind::Quantile { level, .. } = &mut m.measure {
            *level = read_or_keep(typed::percentage(&text), text, &mut m.extra, UNFINISHED_LEVEL).unwrap_or(*level);
        }
    };
    html! {
        <Field label="Percentile" testid="metric-level" kind={FieldKind::Percentage}
            value={shown(&props.metric.extra, UNFINISHED_LEVEL, || percentage(*level))} suffix="%"
            on_blur={props.editor.saving()} problem={props.problem("level")} hint="50% is the median."
            on_input={props.editor.edit(set)} />
    }
}

fn direction(props: &PartProps) -> Html {
    let value = match props.metric.direction {
        Direction::Increase => "increase",
        Direction::Decrease => "decrease",
    };
    let set = |m: &mut MetricDefinition, text: String| {
        m.direction = if text == "decrease" { Direction::Decrease } else { Direction::Increase };
    };
    html! {
        <Choice label="Better is" testid="metric-direction" {value}
            options={options([("increase", "More"), ("decrease", "Less")])}
            on_change={props.editor.edit(set)} />
    }
}
