//! Which events of a metric count, how much they may count, and the noise that can be explained.

use beacon_shared::model::{ADJUST_DAYS, Counting, MetricDefinition};
use beacon_shared::stats::Cap;
use serde_json::Value;
use yew::prelude::*;

use super::choices::{CAPS, cap, cap_name};
use super::{PartProps, options};
use crate::format::{parse_number, parse_percentage, percentage};
use crate::pages::documents::problem_under;
use crate::widgets::{Checkbox, Choice, Field, JsonEdit, JsonEditor, unfinished};

/// The field beside a filter that keeps what is not JSON yet.
const UNFINISHED_FILTER: &str = "filter_text";

/// Edits what most metrics do not need.
#[component]
pub fn CountingFields(props: &PartProps) -> Html {
    // Open from the start where there is something to see; later only the person opens and closes it.
    let unfinished = props.metric.extra.contains_key(UNFINISHED_FILTER);
    let open = *use_state(|| unfinished || props.metric.counting != Counting::default());
    let kind = &props.metric.measure;
    html! {
        <details class="more" {open}>
            <summary data-testid={"metric-more"}>{ "Filter, window, cap and noise" }</summary>
            <div class="columns three">
                { window(props) }
                if kind.has_cap() {
                    <Choice label="Cap" testid={"metric-cap"}
                        value={cap_name(props.metric.counting.cap)} options={options(CAPS)}
                        hint="So that no single visitor decides."
                        on_change={props.editor.edit(|m: &mut MetricDefinition, name: String| m.counting.cap = cap(&name))} />
                    { cap_amount(props) }
                }
            </div>
            { filter(props) }
            if kind.has_adjustment() { { adjustment(props) } }
        </details>
    }
}

/// Edits which events count at all.
fn filter(props: &PartProps) -> Html {
    let m = &props.metric;
    let unfinished = unfinished(&m.extra, UNFINISHED_FILTER);
    let set = |m: &mut MetricDefinition, typed: JsonEdit| {
        typed.store_condition(&mut m.counting.filter, &mut m.extra, UNFINISHED_FILTER);
    };
    let problem = problem_under(&props.problems, "/filter");
    html! {
        <JsonEditor label="Only events with (condition, JSON)" testid={"metric-filter"}
            value={Value::Object(m.counting.filter.clone())}
            rows=3 {unfinished} on_change={props.editor.edit(set)} on_blur={props.editor.saving()} {problem}
            hint={r#"On the event's properties: {} is all of them; {"plan": "pro"} only those."#} />
    }
}

fn window(props: &PartProps) -> Html {
    let set = |m: &mut MetricDefinition, text: String| {
        if text.trim().is_empty() {
            m.counting.window = None;
        } else if let Ok(hours) = text.trim().parse() {
            m.counting.window = Some(hours);
        }
    };
    let value = props.metric.counting.window.map(|hours| hours.to_string()).unwrap_or_default();
    html! {
        <Field label="Window" testid={"metric-window"} {value} suffix="h"
            placeholder="Until the phase ends"
            hint="Only events in the first N hours after the exposure." on_blur={props.editor.saving()}
            problem={props.problem("window")}
            on_input={props.editor.edit(set)} />
    }
}

fn cap_amount(props: &PartProps) -> Html {
    let (value, suffix) = match props.metric.counting.cap {
        None => return Html::default(),
        Some(Cap::Value(value)) => (value.to_string(), ""),
        Some(Cap::Percentile(level) | Cap::PercentileOfPositive(level)) => (percentage(level), "%"),
    };
    let set = |m: &mut MetricDefinition, text: String| match &mut m.counting.cap {
        Some(Cap::Value(value)) => *value = parse_number(&text).unwrap_or(*value),
        Some(Cap::Percentile(level) | Cap::PercentileOfPositive(level)) => {
            *level = parse_percentage(&text).unwrap_or(*level);
        }
        None => (),
    };
    html! {
        <Field label="Cap at" testid={"metric-cap-at"} {value} {suffix} on_blur={props.editor.saving()}
            problem={props.problem("cap")}
            on_input={props.editor.edit(set)} />
    }
}

/// Edits the adjustment by earlier behaviour (CUPED).
fn adjustment(props: &PartProps) -> Html {
    let days = props.metric.counting.adjust;
    let set = |m: &mut MetricDefinition, text: String| {
        if let (Some(days), Ok(typed)) = (&mut m.counting.adjust, text.trim().parse()) {
            *days = typed;
        }
    };
    html! {
        <>
            <Checkbox label="Reduce noise with what visitors did before" testid={"metric-adjust"}
                checked={days.is_some()}
                hint="CUPED: what a visitor did before the exposure explains a part of what came after, so differences show earlier."
                on_change={props.editor.edit(|m: &mut MetricDefinition, on: bool| m.counting.adjust = on.then_some(ADJUST_DAYS))} />
            if let Some(days) = days {
                <div class="columns three">
                    <Field label="Look back" testid={"metric-adjust-days"} value={days.to_string()}
                        suffix="days"
                        on_blur={props.editor.saving()} problem={props.problem("adjust")}
                        on_input={props.editor.edit(set)} />
                </div>
            }
        </>
    }
}
