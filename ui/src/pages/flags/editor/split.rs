//! A rule that splits visitors between values, as it is. It has no editor yet.

use beacon_shared::model::{Arm, Rule, RuleExperiment};
use yew::prelude::*;

use crate::format::parts;

#[derive(Properties, PartialEq)]
pub struct SplitProps {
    pub index: usize,
    pub rule: Rule,
    pub experiment: RuleExperiment,
}

/// Shows the arms with their shares and values, and who is in it.
#[component]
pub fn Split(props: &SplitProps) -> Html {
    let (rule, experiment) = (&props.rule, &props.experiment);
    let arm = |arm: &Arm| {
        html! {
            <tr>
                <td>{ name(arm) }</td>
                <td class="number">{ format!("{}%", parts(arm.weight)) }</td>
                <td><code>{ arm.value.to_string() }</code></td>
            </tr>
        }
    };
    html! {
        <div class="split-rule" data-testid={format!("rule-experiment-{}", props.index)} tabindex="-1">
            <p>
                <strong>{ "A/B split" }</strong>
                { format!(" of {}% of visitors, counted as ", parts(rule.coverage)) }
                <code>{ experiment.key.clone() }</code>
            </p>
            <p class="note">{ who(rule) }</p>
            <table>
                <thead><tr><th>{ "Arm" }</th><th class="number">{ "Share" }</th><th>{ "Value" }</th></tr></thead>
                <tbody>{ for experiment.arms.iter().map(arm) }</tbody>
            </table>
            <p class="note">{ "Imported. It can be moved or removed here, but not edited yet." }</p>
        </div>
    }
}

fn name(arm: &Arm) -> String {
    if arm.name.is_empty() { arm.id.clone() } else { arm.name.clone() }
}

fn who(rule: &Rule) -> String {
    if rule.condition.is_empty() {
        return "Every visitor is eligible.".to_owned();
    }
    let condition = serde_json::to_string(&rule.condition).unwrap_or_default();
    format!("Visitors who match {condition} are eligible.")
}
