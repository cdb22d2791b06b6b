use beacon_shared::error::Problem;
use beacon_shared::model::{Experiment, Variant};
use beacon_shared::validate::WHOLE;
use yew::prelude::*;

use super::experiment_editor::Held;
use super::problem_at;
use crate::format::{parse_parts, parts};
use crate::widgets::{Badge, Field, FieldKind, JsonEditor};

/// Where a config that is not JSON yet is kept.
const UNFINISHED: &str = "config_text";

#[derive(Properties, PartialEq)]
pub struct VariantProps {
    pub editor: Held,
    pub index: usize,
    pub variant: Variant,
    pub count: usize,
    pub problems: Vec<Problem>,
    pub locked: bool,
}

/// One arm. The first one is the control.
#[component]
pub fn VariantFields(props: &VariantProps) -> Html {
    let (i, v, held, flush) = (props.index, &props.variant, &props.editor, props.editor.flush());
    let problem = |field: &str| problem_at(&props.problems, &format!("/variants/{i}/{field}"));
    let edit = |change: fn(&mut Variant, String)| {
        held.edit(move |e, text: String| {
            if let Some(v) = e.variants.get_mut(i) {
                change(v, text);
            }
        })
    };
    let config = held.edit(move |e, typed: crate::widgets::JsonEdit| {
        if let Some(v) = e.variants.get_mut(i) {
            typed.store(&mut v.config, &mut v.extra, UNFINISHED);
        }
    });
    let remove = held.edit(move |e, _: MouseEvent| {
        e.variants.remove(i);
    });
    let unfinished = v.extra.get(UNFINISHED).and_then(|t| t.as_str()).map(str::to_owned);
    html! {
        <div class="variant">
            <div class="variant-head">
                <strong>{ if v.name.is_empty() { &v.id } else { &v.name } }</strong>
                if i == 0 { <Badge text="Baseline" title="The others are compared with it." /> }
                <Share weight={v.weight} />
                if i > 0 && props.count > 2 && !props.locked {
                    <button type="button" class="quiet" data-testid={format!("variant-remove-{i}")} onclick={remove}>{ "Remove" }</button>
                }
            </div>
            <div class="columns three">
                <Field label="Name" testid={format!("variant-name-{i}")} value={v.name.clone()} on_blur={flush.clone()}
                    problem={problem("name")} on_input={edit(|v, text| v.name = text)} />
                <Field label="Id" testid={format!("variant-id-{i}")} kind={FieldKind::Code} value={v.id.clone()} on_blur={flush.clone()}
                    problem={problem("id")} disabled={props.locked} on_input={edit(|v, text| v.id = text)} />
                <Field label="Share" testid={format!("variant-weight-{i}")} value={parts(v.weight)} suffix="%" on_blur={flush.clone()}
                    problem={problem("weight")} disabled={props.locked}
                    on_input={held.edit(move |e, text: String| if let Some(share) = parse_parts(&text) { weigh(e, i, share); })} />
            </div>
            <JsonEditor label="Config (JSON)" testid={format!("variant-config-{i}")} value={v.config.clone()} {unfinished} on_change={config}
                on_blur={flush} problem={problem("config")} hint={if i == 0 { "The page's activate(config) gets this object." } else { "" }} />
        </div>
    }
}

/// Sets one share; of two, the other one gives way, so that they keep summing to the whole.
fn weigh(e: &mut Experiment, index: usize, share: u32) {
    let two = e.variants.len() == 2;
    for (i, v) in e.variants.iter_mut().enumerate() {
        if i == index {
            v.weight = share;
        } else if two {
            v.weight = WHOLE.saturating_sub(share);
        }
    }
}

#[derive(Properties, PartialEq)]
struct ShareProps {
    weight: u32,
}

/// A share as a bar.
#[component]
fn Share(props: &ShareProps) -> Html {
    html! {
        <svg class="share" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
            <rect class="track" width="100" height="6" rx="3" />
            <rect class="fill" width={parts(props.weight.min(WHOLE))} height="6" rx="3" />
        </svg>
    }
}
