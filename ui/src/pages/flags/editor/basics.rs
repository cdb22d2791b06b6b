//! The flag's name and sites, and the value that it serves when no rule matches.

use beacon_shared::ipc::Summary;
use beacon_shared::model::{Flag, Kind};
use beacon_shared::wording::title;
use yew::prelude::*;

use super::PartProps;
use crate::format::key_of_renamed;
use crate::pages::documents::{problem_at, problem_under};
use crate::widgets::{Checkbox, Field, FieldKind, JsonEdit, JsonEditor, unfinished};

/// The field beside the default value that keeps what is not JSON yet.
const UNFINISHED: &str = "default_value_text";

#[component]
pub fn Basics(props: &PartProps) -> Html {
    let (flag, editor, problems) = (&props.flag, &props.editor, &props.problems);
    let follows = editor.is_new();
    let name = move |flag: &mut Flag, text: String| {
        if let Some(key) = key_of_renamed(Kind::Flag, follows, &flag.key, &flag.name, &text) {
            flag.key = key;
        }
        flag.name = text;
    };
    let default_value =
        |flag: &mut Flag, typed: JsonEdit| typed.store(&mut flag.default_value, &mut flag.extra, UNFINISHED);
    html! {
        <section class="card">
            <div class="columns">
                <Field label="Name" testid="flag-name" value={flag.name.clone()} placeholder="New checkout"
                    autofocus={follows && flag.name.is_empty()}
                    on_blur={editor.saving()} problem={problem_at(problems, "/name")}
                    on_input={editor.edit(name)} />
                <Field label="Key" testid="flag-key" kind={FieldKind::Code} value={flag.key.clone()}
                    placeholder="new_checkout" hint="The name that code uses." on_blur={editor.saving()}
                    problem={problem_at(problems, "/key")}
                    on_input={editor.edit(|flag: &mut Flag, text| flag.key = text)} />
            </div>
            <Field label="Description" testid="flag-description" kind={FieldKind::Lines}
                value={flag.description.clone()} placeholder="What it switches, and when it can go."
                on_blur={editor.saving()} problem={problem_at(problems, "/description")}
                on_input={editor.edit(|flag: &mut Flag, text| flag.description = text)} />
            <div class="field"><label>{ "Sites" }</label>
                <div data-testid="flag-sites" tabindex="-1">{ for props.sites.iter().map(|site| site_checkbox(props, site)) }</div>
                <p class="note problem">{ problem_under(problems, "/site_ids") }</p>
            </div>
            <JsonEditor label="Default value (JSON)" testid="flag-default" value={flag.default_value.clone()}
                rows=2
                unfinished={unfinished(&flag.extra, UNFINISHED)} on_blur={editor.saving()}
                problem={problem_at(problems, "/default_value")} on_change={editor.edit(default_value)}
                hint="Served when no rule matches. Use true or false for a switch, or a number, a \"text\" or an object." />
        </section>
    }
}

fn site_checkbox(props: &PartProps, site: &Summary) -> Html {
    let id = site.id.clone();
    let on_change = props.editor.edit(move |flag: &mut Flag, on: bool| {
        flag.site_ids.retain(|other| *other != id);
        if on {
            flag.site_ids.push(id.clone());
        }
    });
    html! {
        <Checkbox key={site.id.clone()} label={title(Kind::Site, &site.name)}
            testid={format!("flag-site-{}", site.id)} checked={props.flag.site_ids.contains(&site.id)}
            {on_change} />
    }
}
