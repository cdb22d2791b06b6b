//! Which events of a metric count, how much they may count, and the noise that can be explained.

use beacon_shared::model::{ADJUST_DAYS, Counting, MetricDefinition};
use beacon_shared::stats::Cap;
use beacon_shared::typed;
use serde_json::Value;
use yew::prelude::*;

use super::choices::{CAPS, cap, cap_name};
use super::{PartProps, options};
use crate::format::percentage;
use crate::pages::documents::problem_under;
use crate::widgets::{Checkbox, Choice, Field, FieldKind, JsonEdit, JsonEditor, read_or_keep, shown, unfinished};

/// The field beside a filter that keeps what is not JSON yet.
const UNFINISHED_FILTER: &str = "filter_text";
/// The fields beside numbers that keep what is not one.
const UNFINISHED_WINDOW: &str = "window_text";
const UNFINISHED_CAP: &str = "cap_text";
const UNFINISHED_DAYS: &str = "adjust_text";

/// Edits what most metrics do not need.
#[component]
pub fn CountingFields(props: &PartProps) -> Html {
    // Open from the start where there is something to see; later only the person opens and closes it.
    let texts = [UNFINISHED_FILTER, UNFINISHED_WINDOW, UNFINISHED_CAP, UNFINISHED_DAYS];
    let unfinished = texts.iter().any(|name| props.metric.extra.contains_key(*name));
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
                        on_change={props.editor.edit(set_cap)} />
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
            m.extra.remove(UNFINISHED_WINDOW);
            m.counting.window = None;
        } else if let Some(hours) = read_or_keep(typed::whole(&text), text, &mut m.extra, UNFINISHED_WINDOW) {
            m.counting.window = Some(hours);
        }
    };
    let hours = || props.metric.counting.window.map(|hours| hours.to_string()).unwrap_or_default();
    let value = shown(&props.metric.extra, UNFINISHED_WINDOW, hours);
    html! {
        <Field label="Window" testid={"metric-window"} {value} suffix="h"
            placeholder="Until the phase ends"
            hint="Only events in the first N hours after the exposure." on_blur={props.editor.saving()}
            problem={props.problem("window")}
            on_input={props.editor.edit(set)} />
    }
}

/// Chooses another way to cap. What was typed as the amount belonged to the way before.
fn set_cap(m: &mut MetricDefinition, name: String) {
    m.extra.remove(UNFINISHED_CAP);
    m.counting.cap = cap(&name);
}

fn cap_amount(props: &PartProps) -> Html {
    let (value, suffix, kind) = match props.metric.counting.cap {
        None => return Html::default(),
        Some(Cap::Value(value)) => (value.to_string(), "", FieldKind::Amount),
        Some(Cap::Percentile(level) | Cap::PercentileOfPositive(level)) => {
            (percentage(level), "%", FieldKind::Percentage)
        }
    };
    let value = shown(&props.metric.extra, UNFINISHED_CAP, || value);
    let set = |m: &mut MetricDefinition, text: String| {
        let (number, read) = match &mut m.counting.cap {
            Some(Cap::Value(value)) => (value, typed::amount(&text)),
            Some(Cap::Percentile(level) | Cap::PercentileOfPositive(level)) => (level, typed::percentage(&text)),
            None => return,
        };
        *number = read_or_keep(read, text, &mut m.extra, UNFINISHED_CAP).unwrap_or(*number);
    };
    html! {
        <Field label="Cap at" testid={"metric-cap-at"} {kind} {value} {suffix} on_blur={props.editor.saving()}
            problem={props.problem("cap")}
            on_input={props.editor.edit(set)} />
    }
}

/// Edits the adjustment by earlier behaviour (CUPED).
fn adjustment(props: &PartProps) -> Html {
    let days = props.metric.counting.adjust;
    let set = |m: &mut MetricDefinition, text: String| {
        if let Some(days) = &mut m.counting.adjust {
            *days = read_or_keep(typed::whole(&text), text, &mut m.extra, UNFINISHED_DAYS).unwrap_or(*days);
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
                    <Field label="Look back" testid={"metric-adjust-days"} value={shown(&props.metric.extra, UNFINISHED_DAYS, || days.to_string())}
                        suffix="days"
                        on_blur={props.editor.saving()} problem={props.problem("adjust")}
                        on_input={props.editor.edit(set)} />
                </div>
            }
        </>
    }
}
