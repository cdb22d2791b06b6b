//! The changes that publishing would make, each document ticked in or out, and the button that does it.

mod field_names;
mod item;
mod summary;

use std::collections::BTreeMap;
use std::rc::Rc;

use beacon_shared::api::{Publication, Release};
use beacon_shared::error::Error;
use beacon_shared::ipc::{self, PublishReview, PublishTicks, ReviewItem, ReviewView, Summary};
use beacon_shared::model::{Kind, Revision};
use beacon_shared::wording::title;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::format::date_time;
use crate::ipc::call;
use crate::state::{use_call, use_live, use_rows};
use crate::widgets::{Badge, Banner, Empty, ErrorBanner, Note};
use field_names::Names;
use item::{Item, is_ready};

/// The revision at which each document was ticked. What changes after that is not ticked any more.
type Ticks = BTreeMap<String, Revision>;

#[component]
pub fn Publish() -> Html {
    let (live, metrics, sites) = (use_live(), use_rows(Kind::Metric), use_rows(Kind::Site));
    // Not with every sync: the review reads all that differs, and asks the edge. What a sync changes counts as an edit.
    let review = use_call::<PublishReview>((), live.edits.wrapping_add(u32::from(live.sync.online)));
    let ticked = use_state(Ticks::new);
    let (busy, error, done) = (use_state(|| false), use_state(|| None::<Error>), use_state(|| None::<Publication>));
    let Some(view) = review.value.clone() else {
        return html! { <ErrorBanner error={review.error.clone()} on_retry={review.reload.clone()} /> };
    };
    let chosen = chosen(&view, &ticked);
    let names = names(metrics.value.into_iter().chain(sites.value).flatten());
    let on_tick = {
        let (ticked, items) = (ticked.clone(), view.items.clone());
        Callback::from(move |(id, tick): (String, Option<Revision>)| {
            ticked.set(with_tick(&items, &ticked, &id, tick));
        })
    };
    let all = {
        let (ticked, ready) = (ticked.setter(), ready(&view));
        move |_: MouseEvent| ticked.set(ready.clone())
    };
    let publish = {
        let (busy, error, done, ticked) = (busy.setter(), error.setter(), done.setter(), ticked.setter());
        let reload = review.reload.clone();
        Callback::from(move |release: Vec<Release>| {
            let (busy, error, done, ticked) = (busy.clone(), error.clone(), done.clone(), ticked.clone());
            let (ticks, reload) = (PublishTicks { release }, reload.clone());
            busy.set(true);
            spawn_local(async move {
                let answer = call::<ipc::Publish>(ticks).await;
                error.set(answer.as_ref().err().cloned());
                if let Ok(publication) = answer {
                    done.set(Some(publication));
                    ticked.set(Ticks::new());
                }
                busy.set(false);
                reload.emit(());
            });
        })
    };
    let cannot = *busy || view.blocked.is_some();
    let again = publish.reform(|()| Vec::new());
    let count = chosen.len();
    let disabled = cannot || count == 0;
    let run = publish.reform(move |_: MouseEvent| chosen.clone());
    let label = match (*busy, count) {
        (true, _) => "Publishing…".to_owned(),
        (false, 0) => "Publish".to_owned(),
        (false, 1) => "Publish 1 change".to_owned(),
        (false, count) => format!("Publish {count} changes"),
    };
    html! {
        <>
            <header class="page-head stays">
                <div>
                    <h1>{ "Publish" }</h1>
                    <Note text="Compares drafts with what is live. Only what you tick goes live." />
                </div>
                <div class="actions">
                    if view.items.len() > 1 {
                        <button type="button" data-testid="publish-all" onclick={all}>
                            { "Select all that are ready" }
                        </button>
                    }
                    <button type="button" class="primary" data-testid="publish-run" {disabled} onclick={run}>
                        { label }
                    </button>
                </div>
            </header>
            <ErrorBanner error={(*error).clone().or_else(|| review.error.clone())} />
            if let Some(blocked) = &view.blocked {
                <Banner tone="warn"><p data-testid="publish-blocked">{ blocked.clone() }</p></Banner>
            }
            if let Some(done) = &*done {
                <Banner tone="good"><p data-testid="publish-done">
                    { format!("Published. Visitors see it within a minute (release {}).", done.seq) }
                </p></Banner>
            }
            if view.unconfirmed {
                <Banner tone="warn"><p data-testid="publish-unconfirmed">
                    { "The edge hasn't confirmed the last publication yet. Beacon sends it again until it does." }
                </p></Banner>
            }
            <Live live={view.live.clone()} disabled={cannot} on_again={again} />
            if view.items.is_empty() {
                <Empty title="Nothing to publish">
                    <p>
                        { "Everything is live. Your next changes will appear here." }
                    </p>
                </Empty>
            } else {
                <div class="card flush">
                    { for view.items.iter().map(|item| html! {
                        <Item key={item.doc_id.clone()} item={item.clone()} names={names.clone()}
                            needs={needs(&view.items, item)}
                            tick={ticked.get(&item.doc_id).cloned()} on_tick={on_tick.clone()} />
                    }) }
                </div>
            }
        </>
    }
}

/// Returns the ticks with one more or less. What a document needs to go live is ticked with it.
fn with_tick(items: &[ReviewItem], ticked: &Ticks, id: &str, tick: Option<Revision>) -> Ticks {
    let mut next = ticked.clone();
    let Some(revision) = tick else {
        next.remove(id);
        return next;
    };
    next.insert(id.to_owned(), revision);
    let needs = items.iter().filter(|item| item.doc_id == id).flat_map(|item| &item.needs);
    let needed = |item: &&ReviewItem| needs.clone().any(|needed| *needed == item.doc_id) && is_ready(item);
    next.extend(items.iter().filter(needed).map(|item| (item.doc_id.clone(), item.revision.clone())));
    next
}

/// Returns what is ticked and still is the revision that was seen.
fn chosen(view: &ReviewView, ticked: &Ticks) -> Vec<Release> {
    let wanted = |item: &&ReviewItem| is_ready(item) && ticked.get(&item.doc_id) == Some(&item.revision);
    view.items.iter().filter(wanted).map(release).collect()
}

fn release(item: &ReviewItem) -> Release {
    Release { doc_id: item.doc_id.clone(), revision: item.revision.clone() }
}

fn ready(view: &ReviewView) -> Ticks {
    view.items.iter().filter(|i| is_ready(i)).map(|i| (i.doc_id.clone(), i.revision.clone())).collect()
}

/// Returns the names of documents by their ids.
fn names(rows: impl Iterator<Item = Rc<Summary>>) -> Names {
    Rc::new(rows.map(|row| (row.id.clone(), title(row.kind, &row.name))).collect())
}

/// Returns the names of what has to go live with an item.
fn needs(items: &[ReviewItem], item: &ReviewItem) -> Vec<String> {
    let needed = items.iter().filter(|other| item.needs.contains(&other.doc_id));
    needed.map(|other| title(other.kind, &other.name)).collect()
}

#[derive(Properties, PartialEq)]
struct LiveProps {
    live: Option<Publication>,
    disabled: bool,
    /// Makes what is released live again.
    on_again: Callback<()>,
}

/// The publication that the sites get now.
#[component]
fn Live(props: &LiveProps) -> Html {
    let Some(p) = &props.live else {
        return html! {
            <p class="card note" data-testid="publish-live" data-seq=""
                data-hash="">{ "Nothing is live yet." }</p>
        };
    };
    html! {
        <div class="card live-card" data-testid="publish-live" data-seq={p.seq.to_string()}
            data-hash={p.hash.clone()}>
            <div class="live">
                <Badge text="Live" tone="good" />
                <span>{ format!("Release {}", p.seq) }</span>
                <code title={p.hash.clone()}>{ p.hash.chars().take(12).collect::<String>() }</code>
                <span class="note">{ format!("{} by {}", date_time(p.at), p.actor) }</span>
                <button type="button" class="quiet" data-testid="publish-again" disabled={props.disabled}
                    title="Builds what sites get from what is released, without any draft."
                    onclick={props.on_again.reform(|_: MouseEvent| ())}>{ "Publish again" }</button>
            </div>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(op_id: &str) -> Revision {
        Revision { rev: 7, op_id: op_id.to_owned() }
    }

    fn item(id: &str, op_id: &str, syncing: bool) -> ReviewItem {
        ReviewItem {
            doc_id: id.to_owned(),
            kind: Kind::Flag,
            name: String::new(),
            revision: seen(op_id),
            removed: false,
            syncing,
            changes: Vec::new(),
            more: 0,
            needs: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// D6.
    #[test]
    fn a_document_that_changed_after_its_tick_is_not_published() {
        let items = vec![item("seen", "a", false), item("changed", "b", false), item("syncing", "a", true)];
        let view = ReviewView { items, live: None, blocked: None, unconfirmed: false };
        let ticks = ["seen", "changed", "syncing", "gone"].map(|id| (id.to_owned(), seen("a"))).into();
        assert_eq!(chosen(&view, &ticks), [Release { doc_id: "seen".into(), revision: seen("a") }]);
        assert_eq!(ready(&view), Ticks::from([("seen".into(), seen("a")), ("changed".into(), seen("b"))]));
    }

    #[test]
    fn an_experiment_is_ticked_with_its_metrics() {
        let needs = vec!["new".to_owned(), "syncing".to_owned()];
        let experiment = ReviewItem { needs, ..item("experiment", "a", false) };
        let items = [experiment, item("new", "b", false), item("syncing", "a", true), item("other", "a", false)];
        let ticked = with_tick(&items, &Ticks::new(), "experiment", Some(seen("a")));
        assert_eq!(ticked, Ticks::from([("experiment".into(), seen("a")), ("new".into(), seen("b"))]));
        let without = with_tick(&items, &ticked, "experiment", None);
        assert_eq!(without, Ticks::from([("new".into(), seen("b"))]));
    }
}
