//! The rules of a flag, from the top.

use std::collections::BTreeSet;

use beacon_shared::error::Problem;
use beacon_shared::model::{Flag, Rule};
use beacon_shared::typed;
use beacon_shared::validate::MAX_RULES;
use serde_json::Value;
use yew::prelude::*;

use super::PartProps;
use super::split::Split;
use crate::focus;
use crate::format::parts;
use crate::pages::documents::{Unedited, of_rule, problem_at, problem_under};
use crate::state::Editor;
use crate::state::editing::{change, move_up, remove};
use crate::toast;
use crate::widgets::{Field, FieldKind, JsonEdit, JsonEditor, keys, read_or_keep, shown, unfinished};

/// The fields beside a value and a condition that keep what is not JSON yet.
const UNFINISHED_VALUE: &str = "value_text";
const UNFINISHED_CONDITION: &str = "condition_text";
/// The field beside a share that keeps what is not one.
const UNFINISHED_SHARE: &str = "coverage_text";

#[component]
pub fn Rules(props: &PartProps) -> Html {
    let (flag, editor) = (&props.flag, &props.editor);
    let add = editor.edit(|flag: &mut Flag, _: MouseEvent| {
        let taken: BTreeSet<_> = flag.rules.iter().map(|r| r.id.clone()).collect();
        let id = (1..).map(|n| format!("rule_{n}")).find(|id| !taken.contains(id)).unwrap_or_default();
        let value = flag.default_value.as_bool().map_or_else(|| flag.default_value.clone(), |on| Value::Bool(!on));
        focus::want(format!("rule-coverage-{}", flag.rules.len()));
        flag.rules.push(Rule { id, value, ..Rule::default() });
    });
    let keys = keys(flag.rules.iter().map(|r| r.id.as_str()));
    let fields = flag.rules.iter().zip(keys).enumerate().map(|(index, (rule, key))| {
        let (editor, rule, problems) = (editor.clone(), rule.clone(), props.problems.clone());
        html! { <RuleFields {key} {editor} {index} {rule} {problems} /> }
    });
    html! {
        <section class="card">
            <header class="card-head">
                <div>
                    <h2>{ "Rules" }</h2>
                    <p class="note">{ "From the top: the first that matches decides." }</p>
                </div>
            </header>
            <div class="parts">{ for fields }</div>
            <div class="actions">
                <button type="button" data-testid="flag-rule-add" onclick={add}
                    disabled={flag.rules.len() >= MAX_RULES}>{ "Add rule" }</button>
            </div>
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct RuleProps {
    editor: Editor<Flag>,
    index: usize,
    rule: Rule,
    problems: Vec<Problem>,
}

impl RuleProps {
    /// Returns a callback that changes this rule, wherever it stands by then.
    fn edit<I: 'static>(&self, apply: impl Fn(&mut Rule, I) + 'static) -> Callback<I> {
        let (id, index) = (self.rule.id.clone(), self.index);
        self.editor.edit(move |flag: &mut Flag, input| change(&mut flag.rules, &id, index, |r| apply(r, input)))
    }
}

#[component]
fn RuleFields(props: &RuleProps) -> Html {
    let (i, r) = (props.index, &props.rule);
    let (lifted, removed) = (r.id.clone(), r.id.clone());
    let up = props.editor.edit(move |flag: &mut Flag, _: MouseEvent| move_up(&mut flag.rules, &lifted, i));
    let take_out = props.editor.edit(move |flag: &mut Flag, _: MouseEvent| {
        remove(&mut flag.rules, &removed, i);
        toast::edited("Rule removed");
    });
    html! {
        <div class="rule" data-testid="flag-rule">
            if let Some(experiment) = &r.experiment {
                <Split index={i} rule={r.clone()} experiment={experiment.clone()} />
            } else {
                { fields(props) }
            }
            <Unedited lines={of_rule(r)} />
            <div class="actions">
                if i > 0 {
                    <button type="button" class="quiet" data-testid={format!("rule-up-{i}")} onclick={up}>
                        { "Move up" }
                    </button>
                }
                <button type="button" class="quiet" data-testid={format!("rule-remove-{i}")}
                    onclick={take_out}>
                    { "Remove" }
                </button>
            </div>
        </div>
    }
}

/// Edits the share, the value and the audience of a rule that serves one value.
fn fields(props: &RuleProps) -> Html {
    let (i, r, saving) = (props.index, &props.rule, props.editor.saving::<()>());
    let pointer = |field: &str| format!("/rules/{i}/{field}");
    let problem = |field: &str| problem_at(&props.problems, &pointer(field));
    let coverage = props.edit(|r, text: String| {
        r.coverage = read_or_keep(typed::share(&text), text, &mut r.extra, UNFINISHED_SHARE).unwrap_or(r.coverage);
    });
    let value = props.edit(|r, typed: JsonEdit| typed.store(&mut r.value, &mut r.extra, UNFINISHED_VALUE));
    let condition = props.edit(|r, typed: JsonEdit| {
        typed.store_condition(&mut r.condition, &mut r.extra, UNFINISHED_CONDITION);
    });
    html! {
            <div class="columns rules">
            <Field label="Share" testid={format!("rule-coverage-{i}")} kind={FieldKind::Share} suffix="%"
                value={shown(&r.extra, UNFINISHED_SHARE, || parts(r.coverage))}
                on_blur={saving.clone()} problem={problem("coverage")} on_input={coverage} />
            <JsonEditor label="Value (JSON)" testid={format!("rule-value-{i}")} value={r.value.clone()}
                rows=2
                unfinished={unfinished(&r.extra, UNFINISHED_VALUE)} on_change={value}
                on_blur={saving.clone()}
                problem={problem("value")} />
            <JsonEditor label="Who (condition, JSON)" testid={format!("rule-condition-{i}")}
                value={Value::Object(r.condition.clone())} rows=3 on_change={condition} on_blur={saving}
                unfinished={unfinished(&r.extra, UNFINISHED_CONDITION)}
                problem={problem_under(&props.problems, &pointer("condition"))}
                hint={r#"{} is every visitor; {"country": "DE"} is Germany."#} />
        </div>
    }
}
