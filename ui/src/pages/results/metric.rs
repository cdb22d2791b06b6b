//! One metric's table: what each variant did, and how it differs from the baseline.

use beacon_shared::ipc::ResultsView;
use beacon_shared::model::{MetricKind, Role};
use beacon_shared::stats::{Comparison, Estimate, GuardrailState, MetricAnalysis, MetricOptions};
use beacon_shared::wording::{capitalised, counting, measure, percent, signed_percent, value, value_name};
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
    let interval_name = format!("{} interval", percent(1.0 - view.analysis.plan.alpha, 0));
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

fn converts(kind: &MetricKind) -> bool {
    matches!(kind, MetricKind::Conversion { .. })
}

/// What it measures, and what is not as usual about that.
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
        Some(Ok(estimate)) => interval(estimate),
    };
    html! {
        <tr key={c.variant.clone()}>
            <td>{ name.unwrap_or(&c.variant).clone() }
                if let Some(reason) = c.undecided {
                    <div class="note">{ capitalised(reason.text()) }</div>
                } else {
                    { guardrail(c, options) }
                }
            </td>
            <td class="number" data-testid={id("units")}>{ count(c.units) }</td>
            if converts(kind) { <td class="number" data-testid={id("conversions")}>{ count(c.conversions) }</td> }
            <td class="number"
                data-testid={id("value")}>{ if c.units == 0 { "—".to_owned() } else { value(kind, c.mean) } }</td>
            { effect }
        </tr>
    }
}

/// Where a guardrail stands.
fn guardrail(c: &Comparison, options: MetricOptions) -> Html {
    let Some(guardrail) = c.guardrail else { return Html::default() };
    let margin = percentage(options.margin);
    let (class, text) = match guardrail.state {
        GuardrailState::Safe => ("note", format!("Safe: not worse by {margin}% or more")),
        GuardrailState::Worse => ("note problem", "Worse".to_owned()),
        GuardrailState::Unclear => ("note", format!("May still be worse by {margin}%")),
    };
    html! { <div {class}>{ text }</div> }
}

fn interval(e: &Estimate) -> Html {
    html! {
        <>
            <td class="number"><strong>{ signed_percent(e.effect) }</strong></td>
            <td class="number">{ format!("{} … {}", signed_percent(e.lower), signed_percent(e.upper)) }</td>
            <td class="number">{ p_value(e.p_value) }</td>
        </>
    }
}
