//! The variants, their shares and their configs.

use beacon_shared::model::{Experiment, Variant};
use beacon_shared::typed;
use beacon_shared::validate::{MAX_VARIANTS, WHOLE};
use yew::prelude::*;

use super::{PartProps, free_id, new_variant};
use crate::focus;
use crate::format::parts;
use crate::pages::documents::problem_at;
use crate::state::Editor;
use crate::state::editing::{change, position, remove};
use crate::toast;
use crate::widgets::{Badge, Field, FieldKind, JsonEdit, JsonEditor, keys, read_or_keep, shown, unfinished};

/// The field beside a config that keeps what is not JSON yet.
const UNFINISHED: &str = "config_text";
/// The field beside a share that keeps what is not one.
const UNFINISHED_SHARE: &str = "weight_text";

#[component]
pub fn Variants(props: &PartProps) -> Html {
    let (e, editor) = (&props.experiment, &props.editor);
    let add = editor.edit(|e: &mut Experiment, _: MouseEvent| {
        let id = free_id("treatment", e.variants.iter().map(|v| v.id.as_str()));
        focus::want(format!("variant-name-{}", e.variants.len()));
        add_variant(e, new_variant(&id, &format!("Treatment {}", e.variants.len()), 0));
    });
    let split = editor.edit(|e: &mut Experiment, _: MouseEvent| split_evenly(e));
    let full = e.variants.len() >= MAX_VARIANTS;
    let keys = keys(e.variants.iter().map(|v| v.id.as_str()));
    let fields = e.variants.iter().zip(keys).enumerate().map(|(index, (variant, key))| {
        let (editor, variant, problems) = (editor.clone(), variant.clone(), props.problems.clone());
        let (count, locked) = (e.variants.len(), props.locked);
        html! { <VariantFields {key} {editor} {index} {variant} {count} {problems} {locked} /> }
    });
    html! {
        <section class="card" id="variants">
            <header class="card-head">
                <h2>{ "Variants" }</h2>
                <div class="actions">
                    <button type="button" class="quiet" data-testid="variant-even" onclick={split}
                        disabled={props.locked}>{ "Split evenly" }</button>
                </div>
            </header>
            if let Some(problem) = problem_at(&props.problems, "/variants") {
                <p class="note problem">{ problem }</p>
            }
            <div class="parts">{ for fields }</div>
            <div class="actions">
                <button type="button" data-testid="variant-add" onclick={add}
                    disabled={props.locked || full}>{ "Add variant" }</button>
            </div>
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct VariantProps {
    editor: Editor<Experiment>,
    index: usize,
    variant: Variant,
    count: usize,
    problems: Vec<beacon_shared::error::Problem>,
    locked: bool,
}

impl VariantProps {
    /// Returns a callback that changes this variant, wherever it stands by then.
    fn edit<I: 'static>(&self, apply: impl Fn(&mut Variant, I) + 'static) -> Callback<I> {
        let (id, index) = (self.variant.id.clone(), self.index);
        self.editor.edit(move |e: &mut Experiment, input| change(&mut e.variants, &id, index, |v| apply(v, input)))
    }
}

/// One variant. The first one is the control.
#[component]
fn VariantFields(props: &VariantProps) -> Html {
    let (i, v, saving) = (props.index, &props.variant, props.editor.saving::<()>());
    let problem = |field: &str| problem_at(&props.problems, &format!("/variants/{i}/{field}"));
    let config = props.edit(|v, typed: JsonEdit| typed.store(&mut v.config, &mut v.extra, UNFINISHED));
    let (id, weight_id) = (v.id.clone(), v.id.clone());
    let take_out = props.editor.edit(move |e: &mut Experiment, _: MouseEvent| {
        remove_variant(e, &id, i);
        toast::edited("Variant removed");
    });
    let weight = props.editor.edit(move |e: &mut Experiment, text: String| {
        let Some(index) = position(&e.variants, &weight_id, i) else { return };
        let kept = &mut e.variants[index].extra;
        if let Some(share) = read_or_keep(typed::share(&text), text, kept, UNFINISHED_SHARE) {
            set_weight(&mut e.variants, index, share);
        }
    });
    let unfinished = unfinished(&v.extra, UNFINISHED);
    html! {
        <div class="variant">
            <div class="variant-head">
                <strong>{ if v.name.is_empty() { &v.id } else { &v.name } }</strong>
                if i == 0 { <Badge text="Baseline" title="The others are compared with it." /> }
                <Share weight={v.weight} />
                if i > 0 && props.count > 2 && !props.locked {
                    <button type="button" class="quiet" data-testid={format!("variant-remove-{i}")}
                        onclick={take_out}>{ "Remove" }</button>
                }
            </div>
            <div class="columns three">
                <Field label="Name" testid={format!("variant-name-{i}")} value={v.name.clone()}
                    on_blur={saving.clone()} problem={problem("name")}
                    on_input={props.edit(|v, text| v.name = text)} />
                // The id is what finds the variant again, so it changes when the person leaves the field.
                <Field label="Id" testid={format!("variant-id-{i}")} kind={FieldKind::Code}
                    value={v.id.clone()}
                    problem={problem("id")} disabled={props.locked}
                    on_done={props.edit(|v, text| v.id = text)} />
                <Field label="Share" testid={format!("variant-weight-{i}")} kind={FieldKind::Share} suffix="%"
                    value={shown(&v.extra, UNFINISHED_SHARE, || parts(v.weight))}
                    on_blur={saving.clone()} problem={problem("weight")} disabled={props.locked}
                    on_input={weight} />
            </div>
            <JsonEditor label="Config (JSON)" testid={format!("variant-config-{i}")} value={v.config.clone()}
                {unfinished} on_change={config} on_blur={saving} problem={problem("config")}
                hint={if i == 0 { "The page's activate(config) gets this object." } else { "" }} />
        </div>
    }
}

/// Sets one share. Of two variants the other one gives way, so that the shares keep their sum.
fn set_weight(variants: &mut [Variant], index: usize, share: u32) {
    let two = variants.len() == 2;
    for (i, v) in variants.iter_mut().enumerate() {
        if i == index {
            v.weight = share;
        } else if two {
            v.weight = WHOLE.saturating_sub(share);
            v.extra.remove(UNFINISHED_SHARE);
        }
    }
}

/// Makes the shares as equal as whole parts allow.
fn split_evenly(e: &mut Experiment) {
    let count = u32::try_from(e.variants.len()).unwrap_or(1).max(1);
    for (index, v) in (0u32..).zip(&mut e.variants) {
        v.weight = WHOLE / count + u32::from(index < WHOLE % count);
        v.extra.remove(UNFINISHED_SHARE);
    }
}

/// Returns true if the shares are as equal as whole parts allow.
fn is_even(e: &Experiment) -> bool {
    let mut even = e.clone();
    split_evenly(&mut even);
    e.variants == even.variants
}

/// Adds a variant. An even split stays even; one that somebody chose stays as it is, and the new variant gets nothing yet.
fn add_variant(e: &mut Experiment, variant: Variant) {
    let was_even = is_even(e);
    e.variants.push(variant);
    if was_even {
        split_evenly(e);
    }
}

/// Removes the variant if it is still there. The others take over its share in proportion to their own.
fn remove_variant(e: &mut Experiment, id: &str, index: usize) {
    let was_even = is_even(e);
    remove(&mut e.variants, id, index);
    if was_even {
        return split_evenly(e);
    }
    let sum: u32 = e.variants.iter().map(|v| v.weight).sum();
    // Shares that add up to more than everything, or to nothing, are for the person to set.
    if !(1..WHOLE).contains(&sum) {
        return;
    }
    // Each boundary between two shares is rounded once, so the shares add up exactly.
    let (mut before, mut placed) = (0, 0);
    for v in &mut e.variants {
        before += v.weight;
        let until = (u64::from(before) * u64::from(WHOLE) + u64::from(sum) / 2) / u64::from(sum);
        let until = u32::try_from(until).unwrap_or(WHOLE);
        v.weight = until - placed;
        placed = until;
        v.extra.remove(UNFINISHED_SHARE);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(e: &Experiment) -> Vec<u32> {
        e.variants.iter().map(|v| v.weight).collect()
    }

    #[test]
    fn shares_keep_their_sum() {
        let variants = |n: usize| (0..n).map(|i| new_variant(&i.to_string(), "", 0)).collect();
        let mut e = Experiment { variants: variants(3), ..Experiment::default() };
        split_evenly(&mut e);
        assert_eq!(weights(&e), [3334, 3333, 3333]);
        e.variants = variants(2);
        set_weight(&mut e.variants, 1, 2_500);
        assert_eq!(weights(&e), [7_500, 2_500]);
        e.variants = variants(3);
        set_weight(&mut e.variants, 1, 2_500);
        assert_eq!(weights(&e), [0, 2_500, 0], "of three, nobody knows which one gives way");
    }

    /// U13.
    #[test]
    fn a_split_that_somebody_chose_stays() {
        let with = |weights: &[u32]| {
            let variants = weights.iter().enumerate().map(|(i, weight)| new_variant(&i.to_string(), "", *weight));
            Experiment { variants: variants.collect(), ..Experiment::default() }
        };
        for (weights_before, added) in
            [(vec![5_000, 5_000], vec![3_334, 3_333, 3_333]), (vec![9_000, 1_000], vec![9_000, 1_000, 0])]
        {
            let mut e = with(&weights_before);
            add_variant(&mut e, new_variant("new", "", 0));
            assert_eq!(weights(&e), added);
        }
        for (weights_before, removed, expected) in [
            (vec![3_334, 3_333, 3_333], 2, vec![5_000, 5_000]),
            (vec![6_000, 2_000, 2_000], 2, vec![7_500, 2_500]),
            (vec![5_000, 2_500, 1_250, 1_250], 1, vec![6_667, 1_666, 1_667]),
            (vec![0, 0, 10_000], 2, vec![0, 0]),
            (vec![9_000, 9_000, 1], 2, vec![9_000, 9_000]),
        ] {
            let mut e = with(&weights_before);
            remove_variant(&mut e, &removed.to_string(), removed);
            assert_eq!(weights(&e), expected, "{weights_before:?}");
        }
    }
}
