//! One metric's table: what each variant did, and how it differs from the baseline.

use beacon_shared::ipc::ResultsView;
use beacon_shared::model::{MetricKind, Role};
use beacon_shared::stats::{Comparison, Estimate, GuardrailState, MetricAnalysis, MetricOptions};
use beacon_shared::wording::{capitalised, counting, measure, number, signed_percent_to, value, value_name};
use yew::prelude::*;

use crate::format::{count, p_value, percentage};
use crate::widgets::Badge;

/// The table. `named` gives its numbers the names that tests look for.
pub fn metric(view: &ResultsView, m: &MetricAnalysis, named: bool) -> Html {
    let kind = &m.metric.kind;
    let role = match m.metric.role {
        Role::Goal => "Goal",
        Role::Secondary => "Secondary",
        Role::Guardrail => "Guardrail",
    };
    let options = view.analysis.plan.options_of(&m.metric);
    let rows = m.variants.iter().enumerate().map(|(i, c)| row(view.variant_names.get(i), c, kind, options, named));
    let interval_name = interval_name(view, m);
    html! {
        <section class="card" key={m.metric.id.clone()}>
            <header class="card-head">
                <div class="live">
                    <h2>{ m.metric.name.clone() }</h2>
                    <span class="note">{ about(m, options) }</span>
                </div>
                <Badge text={role} />
            </header>
            <div class="scroll"><table>
                <thead><tr>
                    <th>{ "Variant" }</th><th class="number">{ "Visitors" }</th>
                    if converts(kind) { <th class="number">{ "Converted" }</th> }
                    <th class="number">{ value_name(kind) }</th><th class="number">{ "Lift" }</th>
                    <th class="number">{ interval_name }</th>
                    <th class="number">{ "p-value" }</th>
                </tr></thead>
                <tbody>{ for rows }</tbody>
            </table></div>
        </section>
    }
}

/// The confidence of the intervals, which a correction for several comparisons raises; and whether looking again and
/// again does them no harm.
fn interval_name(view: &ResultsView, m: &MetricAnalysis) -> String {
    let plan = &view.analysis.plan;
    let mut alphas = m.variants.iter().filter(|c| c.relative.is_some()).map(|c| c.alpha);
    let first = alphas.next().unwrap_or(plan.alpha);
    let confidence = if alphas.all(|alpha| alpha == first) {
        format!("{}% interval", percentage(((1.0 - first) * 1000.0).round() / 1000.0))
    } else {
        "Interval".to_owned()
    };
    if plan.engine.holds_at_every_look() { format!("{confidence}, valid at every look") } else { confidence }
}

fn converts(kind: &MetricKind) -> bool {
    matches!(kind, MetricKind::Conversion { .. })
}

/// Returns the metric's measure in words, and what is unusual about it.
fn about(m: &MetricAnalysis, options: MetricOptions) -> String {
    let mut parts = vec![measure(&m.metric.kind)];
    parts.extend(options.lower_is_better.then(|| "less is better".to_owned()));
    parts.extend(counting(&m.metric.counting));
    parts.join(" · ")
}

fn row(name: Option<&String>, c: &Comparison, kind: &MetricKind, options: MetricOptions, named: bool) -> Html {
    let id = |what: &str| named.then(|| format!("results-{what}-{}", c.variant));
    let effect = match &c.relative {
        None => html! { <><td class="number note">{ "Baseline" }</td><td></td><td></td></> },
        Some(Err(reason)) => html! { <td class="number note" colspan="3">{ capitalised(reason.text()) }</td> },
        Some(Ok(estimate)) => interval(estimate, c),
    };
    html! {
        <tr key={c.variant.clone()}>
            <td>{ name.unwrap_or(&c.variant).clone() }
                if let Some(reason) = c.undecided {
                    <div class="note">{ capitalised(reason.text()) }</div>
                }
                { guardrail(c, options) }
                if c.open > 0 { <div class="note">{ open(c.open) }</div> }
            </td>
            <td class="number" data-testid={id("units")}>{ count(c.units) }</td>
            if converts(kind) { <td class="number" data-testid={id("conversions")}>{ count(c.conversions) }</td> }
            <td class="number"
                data-testid={id("value")}>{ if c.units == 0 { "—".to_owned() } else { value(kind, c.mean) } }</td>
            { effect }
        </tr>
    }
}

fn open(visitors: u64) -> String {
    if visitors == 1 {
        "1 visitor's window is open".to_owned()
    } else {
        format!("{} windows are open", count(visitors))
    }
}

/// Returns a guardrail's state.
fn guardrail(c: &Comparison, options: MetricOptions) -> Html {
    let Some(guardrail) = c.guardrail else { return Html::default() };
    let margin = percentage(options.margin);
    let (class, text) = match guardrail.state {
        GuardrailState::Safe => ("note", format!("Safe: not worse by {margin}% or more")),
        GuardrailState::WorseThanMargin => ("note problem", format!("Worse by more than the margin of {margin}%")),
        GuardrailState::Worse => ("note problem", format!("Worse; whether by more than {margin}% is open")),
        GuardrailState::Unclear => ("note", format!("Not cleared: may still be worse by {margin}%")),
    };
    html! { <div {class}>{ text }</div> }
}

/// The lift with its interval, and what that is in the metric's own unit.
fn interval(e: &Estimate, c: &Comparison) -> Html {
    let width = e.upper - e.lower;
    let ends = format!("{} … {}", signed_percent_to(e.lower, width), signed_percent_to(e.upper, width));
    let absolute = match c.absolute {
        Some(Ok(a)) => format!("{}{}", if a.effect < 0.0 { "" } else { "+" }, number(a.effect)),
        _ => String::new(),
    };
    html! {
        <>
            <td class="number"><strong>{ signed_percent_to(e.effect, width) }</strong>
                <div class="note">{ absolute }</div>
                if let Some(likely) = c.likely {
                    <div class="note">{ format!("likely about {}", signed_percent_to(likely, width)) }</div>
                }
            </td>
            <td class="number">{ ends }</td>
            <td class="number">{ p_value(c.adjusted_p.unwrap_or(e.p_value)) }</td>
        </>
    }
}
