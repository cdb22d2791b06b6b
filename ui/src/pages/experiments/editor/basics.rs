//! The question: name, hypothesis, site and traffic.

use beacon_shared::model::{Experiment, Kind};
use beacon_shared::typed;
use serde_json::Value;
use yew::prelude::*;

use super::PartProps;
use crate::format::{key_of_renamed, parts};
use crate::pages::documents::{Unedited, of_experiment, problem_at, problem_under, site_options};
use crate::widgets::{Choice, Field, FieldKind, JsonEdit, JsonEditor, read_or_keep, shown, unfinished};

/// The fields beside the traffic and the condition that keep what is not one yet.
const UNFINISHED_TRAFFIC: &str = "coverage_text";
const UNFINISHED_CONDITION: &str = "condition_text";

#[component]
pub fn Basics(props: &PartProps) -> Html {
    let (e, editor, problems) = (&props.experiment, &props.editor, &props.problems);
    let options = site_options(&props.sites);
    let none = options.is_empty();
    let follows = editor.is_new();
    let name = move |e: &mut Experiment, text: String| {
        if let Some(key) = key_of_renamed(Kind::Experiment, follows, &e.key, &e.name, &text) {
            set_key(e, key);
        }
        e.name = text;
    };
    // Only of a new experiment does the seed follow the key: nobody was assigned with it yet.
    let key = move |e: &mut Experiment, text: String| if follows { set_key(e, text) } else { e.key = text };
    let coverage = |e: &mut Experiment, text: String| {
        if let Some(share) = read_or_keep(typed::share(&text), text, &mut e.extra, UNFINISHED_TRAFFIC) {
            e.audience.coverage = share;
        }
    };
    html! {
        <section class="card" id="question">
            <h2>{ "Question" }</h2>
            <div class="columns">
                <Field label="Name" testid="experiment-name" value={e.name.clone()} placeholder="Home hero"
                    autofocus={follows && e.name.is_empty()}
                    on_blur={editor.saving()} problem={problem_at(problems, "/name")}
                    on_input={editor.edit(name)} />
                <Field label="Key" testid="experiment-key" kind={FieldKind::Code} value={e.key.clone()}
                    placeholder="home_hero" hint="The name that pages and events use."
                    on_blur={editor.saving()}
                    problem={problem_at(problems, "/key")} disabled={props.locked}
                    on_input={editor.edit(key)} />
            </div>
            <Field label="Hypothesis" testid="experiment-hypothesis" kind={FieldKind::Lines} rows=3
                value={e.hypothesis.clone()} on_blur={editor.saving()}
                problem={problem_at(problems, "/hypothesis")}
                placeholder="Because …, we believe that … will …, and we will see it in …"
                on_input={editor.edit(|e: &mut Experiment, text| e.hypothesis = text)} />
            <div class="columns">
                <Choice label="Site" testid="experiment-site" value={e.site_id.clone()} {options}
                    disabled={props.locked} placeholder={if none { "No site yet" } else { "Choose a site" }}
                    hint={if none { "Add a site first. This draft waits." } else { "" }}
                    on_change={editor.edit(|e: &mut Experiment, id| e.site_id = id)} />
                <Field label="Traffic" testid="experiment-coverage" kind={FieldKind::Share} suffix="%"
                    value={shown(&e.extra, UNFINISHED_TRAFFIC, || parts(e.audience.coverage))}
                    disabled={props.locked} hint="Share of the site's visitors who take part."
                    on_blur={editor.saving()} problem={problem_at(problems, "/coverage")}
                    on_input={editor.edit(coverage)} />
            </div>
            { who(props) }
        </section>
    }
}

/// Edits which visitors are eligible, and says what else keeps visitors out.
fn who(props: &PartProps) -> Html {
    let (e, editor) = (&props.experiment, &props.editor);
    let condition = |e: &mut Experiment, typed: JsonEdit| {
        typed.store_condition(&mut e.condition, &mut e.extra, UNFINISHED_CONDITION);
    };
    html! {
        <>
            <JsonEditor label="Who (condition, JSON)" testid="experiment-condition" rows=2
                value={Value::Object(e.condition.clone())} unfinished={unfinished(&e.extra, UNFINISHED_CONDITION)}
                disabled={props.locked} on_change={editor.edit(condition)} on_blur={editor.saving()}
                problem={problem_under(&props.problems, "/condition")}
                hint={r#"{} is every visitor; {"country": "DE"} is Germany."#} />
            <Unedited lines={of_experiment(e)} />
        </>
    }
}

fn set_key(e: &mut Experiment, key: String) {
    if e.phases.is_empty() {
        e.seed.clone_from(&key);
    }
    e.key = key;
}
