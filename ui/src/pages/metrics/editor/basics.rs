//! What the metric is called.

use beacon_shared::model::{Kind, MetricDefinition};
use yew::prelude::*;

use super::PartProps;
use crate::format::key_of_renamed;
use crate::widgets::{Field, FieldKind};

#[component]
pub fn Basics(props: &PartProps) -> Html {
    let (metric, editor) = (&props.metric, &props.editor);
    let follows = editor.is_new();
    let name = move |metric: &mut MetricDefinition, text: String| {
        if let Some(key) = key_of_renamed(Kind::Metric, follows, &metric.key, &metric.name, &text) {
            metric.key = key;
        }
        metric.name = text;
    };
    html! {
        <section class="card">
            <div class="columns">
                <Field label="Name" testid="metric-name" value={metric.name.clone()} placeholder="Orders"
                    autofocus={follows && metric.name.is_empty()}
                    on_blur={editor.saving()} problem={props.problem("name")} on_input={editor.edit(name)} />
                <Field label="Key" testid="metric-key" kind={FieldKind::Code} value={metric.key.clone()}
                    placeholder="orders" hint="The name in commands and exports." on_blur={editor.saving()}
                    problem={props.problem("key")}
                    on_input={editor.edit(|metric: &mut MetricDefinition, text| metric.key = text)} />
            </div>
            <Field label="Description" testid="metric-description" kind={FieldKind::Lines}
                value={metric.description.clone()} placeholder="What it tells you, and where the number comes from."
                on_blur={editor.saving()} problem={props.problem("description")}
                on_input={editor.edit(|metric: &mut MetricDefinition, text| metric.description = text)} />
        </section>
    }
}
