use std::collections::BTreeMap;

use beacon_shared::api::{Publication, Release};
use beacon_shared::error::Error;
use beacon_shared::ipc::{self, FieldChange, PublishReview, PublishTicks, ReviewItem, ReviewView};
use beacon_shared::model::Kind;
use beacon_shared::wording::title;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::review_words::{field, value};
use crate::format::date_time;
use crate::ipc::call;
use crate::state::{Hub, use_call, use_live};
use crate::widgets::{Badge, Banner, Empty, ErrorBanner, Note};

/// What would change on the sites, each document ticked in or out, and the button that does it.
#[component]
pub fn Publish() -> Html {
    let (live, hub) = (use_live(), use_context::<Hub>());
    // A finished sync changes revisions and what is live as well as an edit does.
    let sync_at = live.sync.last_at.map_or(0, |at| (at / 1000) as u32);
    let tick = live.changed.iter().fold(sync_at, |sum, n| sum.wrapping_add(*n));
    let review = use_call::<PublishReview>((), tick);
    // Each tick is bound to the revision that was seen: what changes unticks itself.
    let ticked = use_state(BTreeMap::<String, u64>::new);
    let (busy, error, done) = (use_state(|| false), use_state(|| None::<Error>), use_state(|| None::<Publication>));
    let Some(view) = review.value.clone() else {
        return html! { <ErrorBanner error={review.error.clone()} on_retry={review.reload.clone()} /> };
    };
    let chosen = chosen(&view, &ticked);
    let on_tick = {
        let ticked = ticked.clone();
        Callback::from(move |(id, rev, on): (String, u64, bool)| {
            let mut next = (*ticked).clone();
            if on {
                next.insert(id, rev);
            } else {
                next.remove(&id);
            }
            ticked.set(next);
        })
    };
    let all = {
        let (ticked, ready) = (ticked.setter(), ready(&view));
        move |_| ticked.set(ready.clone())
    };
    let run = {
        let (busy, error, done, ticked) = (busy.setter(), error.setter(), done.setter(), ticked.setter());
        let (release, reload) = (chosen.clone(), review.reload.clone());
        move |_| {
            let (busy, error, done, ticked, hub) =
                (busy.clone(), error.clone(), done.clone(), ticked.clone(), hub.clone());
            let (ticks, reload) = (PublishTicks { release: release.clone() }, reload.clone());
            busy.set(true);
            spawn_local(async move {
                match call::<ipc::Publish>(ticks).await {
                    Ok(publication) => {
                        done.set(Some(publication));
                        error.set(None);
                        ticked.set(BTreeMap::new());
                    }
                    Err(e) => error.set(Some(e)),
                }
                busy.set(false);
                reload.emit(());
                if let Some(hub) = hub {
                    Kind::ALL.into_iter().for_each(|kind| hub.wrote.emit(kind));
                }
            });
        }
    };
    let disabled = *busy || chosen.is_empty() || view.blocked.is_some();
    html! {
        <>
            <header class="page-head">
                <div><h1>{ "Publish" }</h1><Note text="Drafts against what is live. Only what you tick goes live." /></div>
                <div class="actions">
                    if view.items.len() > 1 {
                        <button type="button" data-testid="publish-all" onclick={all}>{ "Tick all that are ready" }</button>
                    }
                    <button type="button" class="primary" data-testid="publish-run" {disabled} onclick={run}>
                        { if *busy { "Publishing…".to_owned() } else if chosen.is_empty() { "Publish".to_owned() }
                          else { format!("Publish {}", plural(chosen.len())) } }
                    </button>
                </div>
            </header>
            <ErrorBanner error={(*error).clone().or_else(|| review.error.clone())} />
            if let Some(blocked) = &view.blocked { <Banner tone="warn"><p data-testid="publish-blocked">{ blocked.clone() }</p></Banner> }
            if let Some(done) = &*done {
                <Banner tone="good"><p data-testid="publish-done">{ format!("Published. Sites get it within a minute (sequence {}).", done.seq) }</p></Banner>
            }
            <Live live={view.live.clone()} />
            if view.items.is_empty() {
                <Empty title="Nothing to publish">
                    <p>{ "All drafts are what the sites already have. Change a site, start an experiment or edit a flag, and the difference shows up here, field by field." }</p>
                </Empty>
            } else {
                <div class="card flush">
                    { for view.items.iter().map(|item| html! {
                        <Item key={item.doc_id.clone()} item={item.clone()} tick={ticked.get(&item.doc_id).copied()} on_tick={on_tick.clone()} />
                    }) }
                </div>
            }
        </>
    }
}

/// Returns what is ticked and still is the revision that was seen.
fn chosen(view: &ReviewView, ticked: &BTreeMap<String, u64>) -> Vec<Release> {
    let wanted = |item: &&ReviewItem| is_ready(item) && ticked.get(&item.doc_id) == Some(&item.rev);
    view.items.iter().filter(wanted).map(|i| Release { doc_id: i.doc_id.clone(), rev: i.rev }).collect()
}

fn ready(view: &ReviewView) -> BTreeMap<String, u64> {
    view.items.iter().filter(|i| is_ready(i)).map(|i| (i.doc_id.clone(), i.rev)).collect()
}

fn is_ready(item: &ReviewItem) -> bool {
    item.problems.is_empty() && !item.syncing
}

fn plural(count: usize) -> String {
    if count == 1 { "1 change".to_owned() } else { format!("{count} changes") }
}

#[derive(Properties, PartialEq)]
struct LiveProps {
    live: Option<Publication>,
}

/// What the sites get now.
#[component]
fn Live(props: &LiveProps) -> Html {
    let Some(p) = &props.live else {
        return html! { <p class="card note" data-testid="publish-live" data-seq="" data-hash="">{ "Nothing is live yet." }</p> };
    };
    html! {
        <div class="card live-card" data-testid="publish-live" data-seq={p.seq.to_string()} data-hash={p.hash.clone()}>
            <div class="live">
                <Badge text="Live" tone="good" />
                <span>{ format!("Sequence {}", p.seq) }</span>
                <code title={p.hash.clone()}>{ p.hash.chars().take(12).collect::<String>() }</code>
                <span class="note">{ format!("{} by {}", date_time(p.at), p.actor) }</span>
            </div>
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct ItemProps {
    item: ReviewItem,
    /// The revision at which it was ticked.
    tick: Option<u64>,
    on_tick: Callback<(String, u64, bool)>,
}

/// One document: its tick and what differs.
#[component]
fn Item(props: &ItemProps) -> Html {
    let item = &props.item;
    let blocked = !is_ready(item);
    let changed = props.tick.is_some_and(|rev| rev != item.rev);
    let onchange = {
        let (on_tick, id, rev) = (props.on_tick.clone(), item.doc_id.clone(), item.rev);
        move |e: Event| on_tick.emit((id.clone(), rev, e.target_unchecked_into::<HtmlInputElement>().checked()))
    };
    let kind = match item.kind {
        Kind::Site => "Site",
        Kind::Experiment => "Experiment",
        Kind::Flag => "Flag",
        Kind::Segment => "Segment",
        Kind::Metric => "Metric",
    };
    html! {
        <div class="review-item" data-testid="publish-row" data-id={item.doc_id.clone()}>
            <div class="review-head">
                <label>
                    <input type="checkbox" data-testid={format!("publish-tick-{}", item.doc_id)} checked={props.tick == Some(item.rev) && !blocked}
                        disabled={blocked} {onchange} />
                    <span>{ title(item.kind, &item.name) }</span>
                </label>
                if item.removed { <Badge text="Will be deleted" tone="bad" /> }
                if item.syncing { <Badge text="Syncing" tone="busy" /> } else if blocked { <Badge text="Not ready" tone="warn" /> }
                <Badge text={kind} />
            </div>
            if changed {
                <p class="note problem" data-testid="publish-changed">
                    { "This changed after you ticked it, so it is not ticked any more. Look at it again." }
                </p>
            }
            { for item.problems.iter().map(|p| html! { <p class="note problem">{ p.detail.clone() }</p> }) }
            <table class="diff">
                <thead><tr><th>{ "Field" }</th><th>{ "Live now" }</th><th>{ "After publishing" }</th></tr></thead>
                <tbody>{ for item.changes.iter().map(change) }</tbody>
            </table>
            if item.more > 0 { <p class="note">{ format!("… and {} more fields.", item.more) }</p> }
        </div>
    }
}

fn change(change: &FieldChange) -> Html {
    let before = (!change.before.is_empty()).then_some("before");
    html! {
        <tr>
            <td>{ field(&change.pointer) }</td>
            <td><span class={classes!(before)}>{ value(&change.pointer, &change.before) }</span></td>
            <td class="after">{ value(&change.pointer, &change.after) }</td>
        </tr>
    }
}
