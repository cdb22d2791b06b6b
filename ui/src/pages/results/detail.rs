//! The results of one phase of an experiment.

use beacon_shared::ipc::{self, ResultsRequest, ResultsView};
use beacon_shared::model::{Experiment, Phase, Role};
use beacon_shared::results::Exclusion;
use beacon_shared::stats::{FEW_UNITS, MissingData, Srm, Verdict};
use beacon_shared::wording::{left_out, listed};
use yew::prelude::*;

use super::counting::CountState;
use super::metric::metric;
use crate::format::{count, date, date_time, p_value};
use crate::router::{Open, Page, Route, use_router};
use crate::state::{use_call, use_document, use_live};
use crate::widgets::{Badge, Choice};

#[derive(Properties, PartialEq)]
pub struct DetailProps {
    /// Document id of the experiment.
    pub id: String,
    /// Id of the phase; empty for the newest one.
    pub phase: String,
}

#[component]
pub fn Detail(props: &DetailProps) -> Html {
    let live = use_live();
    let phase = Some(props.phase.clone()).filter(|phase| !phase.is_empty());
    let request = ResultsRequest { id: props.id.clone(), theme: live.theme, phase };
    let loaded = use_call::<ipc::Results>(request, live.events.wrapping_add(live.edits));
    let banner = html! {
        <CountState id={props.id.clone()} busy={loaded.busy} error={loaded.error.clone()}
            on_retry={loaded.reload.clone()} />
    };
    let Some(view) = loaded.value else { return banner };
    let a = &view.analysis;
    // The first goal decides, and its numbers carry the names that tests look for.
    let first_goal = a.metrics.iter().position(|m| m.metric.role == Role::Goal).unwrap_or_default();
    let metrics = a.metrics.iter().enumerate().map(|(i, m)| metric(&view, m, i == first_goal));
    html! {
        <>
            { banner }
            <Phases id={props.id.clone()} current={view.phase.clone()} />
            <section class="card">
                <div class="live">{ verdict(&a.verdict) }<AsOf view={(*view).clone()} /></div>
                <p class="verdict" data-testid="results-verdict" aria-live="polite">{ a.sentence.clone() }</p>
            </section>
            if !view.chart_svg.is_empty() {
                <figure class="card chart" data-testid="results-chart">
                    <img src={picture(&view.chart_svg)} alt={view.chart_text.clone()} />
                </figure>
            }
            <div>{ for metrics }</div>
            { trust(&view) }
        </>
    }
}

/// Says what speaks for and against the numbers.
fn trust(view: &ResultsView) -> Html {
    let health = &view.analysis.health;
    // Visitors of several variants have a line of their own.
    let excluded = view.excluded.iter().filter(|e| e.reason != Exclusion::SeveralVariants);
    let note = |note: &String| {
        html! {
            <p class="note problem" data-testid="results-note">{ note.clone() }</p>
        }
    };
    html! {
        <section class="card">
            <h2>{ "Can the numbers be trusted?" }</h2>
            { srm(&health.srm) }
            <p class="note">{ several_variants(health.multiple_exposures) }{ by_first(view) }</p>
            { for few_visitors(view).map(|text| html! { <p class="note">{ text }</p> }) }
            { for health.missing.iter().map(|m| html! { <p class="note problem">{ missing(view, m) }</p> }) }
            { for view.notes.iter().map(note) }
            { for view.open_windows.iter().map(|text| html! { <p class="note">{ text.clone() }</p> }) }
            { for excluded.map(|e| html! { <p class="note">{ left_out(e) }</p> }) }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct PhasesProps {
    id: String,
    current: String,
}

/// The choice of a phase, where there were several.
#[component]
fn Phases(props: &PhasesProps) -> Html {
    let (document, router) = (use_document::<Experiment>(Some(&props.id)), use_router());
    let phases = document.value.map(|view| view.draft.phases.clone()).unwrap_or_default();
    if phases.len() < 2 {
        return Html::default();
    }
    let options =
        phases.iter().enumerate().rev().map(|(i, phase)| (phase.id.clone().into(), phase_name(i, phase).into()));
    let on_change = {
        let (go, id) = (router.go, props.id.clone());
        Callback::from(move |section: String| {
            go.emit(Route { page: Page::Results, open: Open::Document(id.clone()), section });
        })
    };
    html! {
        <Choice label="Phase" testid="results-phase" value={props.current.clone()}
            options={options.collect::<Vec<_>>()} {on_change} />
    }
}

fn phase_name(index: usize, phase: &Phase) -> String {
    let from = phase.started.map_or_else(|| "not published yet".to_owned(), |time| format!("from {}", date_time(time)));
    let until = phase.ended.map(|time| format!(" to {}", date_time(time))).unwrap_or_default();
    format!("Phase {}, {from}{until}", index + 1)
}

/// Returns the SVG as an address of its own. As a picture it can neither run scripts nor be styled by the page.
fn picture(svg: &str) -> String {
    format!("data:image/svg+xml;utf8,{}", String::from(js_sys::encode_uri_component(svg)))
}

fn verdict(verdict: &Verdict) -> Html {
    let (text, tone) = match verdict {
        Verdict::TooEarly => ("Too early", ""),
        Verdict::Untrustworthy => ("Don't trust", "bad"),
        Verdict::Undecided => ("Undecided", "busy"),
        Verdict::Futile => ("Not worth waiting for", ""),
        Verdict::Winner { .. } => ("Winner", "good"),
        Verdict::Winners { .. } => ("Several winners", "good"),
        Verdict::Ahead { .. } => ("Ahead, not cleared", "busy"),
        Verdict::Loser { .. } => ("Worse", "warn"),
        Verdict::Conflict { .. } => ("Mixed", "warn"),
    };
    html! { <Badge {text} {tone} /> }
}

#[derive(Properties, PartialEq)]
struct AsOfProps {
    view: ResultsView,
}

/// Says what the numbers were computed from, and as of when.
#[component]
fn AsOf(props: &AsOfProps) -> Html {
    let (events, time) = (props.view.events, props.view.data_as_of);
    let when = time.map_or_else(|| "no data fetched yet".to_owned(), |time| format!("data as of {}", date_time(time)));
    html! {
        <span class="note" data-testid="results-as-of" data-at={time.map(|time| time.to_string())}
            data-events={events.to_string()}>
            { format!("{} events of the site · {when}", count(events)) }
        </span>
    }
}

/// Says which visitors a metric has no numbers for, because theirs are too large to be added.
fn missing(view: &ResultsView, missing: &MissingData) -> String {
    let metric = view.analysis.metrics.iter().find(|m| m.metric.id == missing.metric);
    let name = metric.map_or(&missing.metric, |m| &m.metric.name);
    let visitors = count(missing.units);
    format!(
        "{name} has no numbers for {visitors} visitors of {}: its values are too large to be added.",
        missing.variant
    )
}

fn several_variants(visitors: u64) -> String {
    match visitors {
        0 => "Every visitor saw one variant only.".to_owned(),
        1 => "1 visitor was seen in more than one variant and is left out.".to_owned(),
        n => format!("{} visitors were seen in more than one variant and are left out.", count(n)),
    }
}

/// Says which variant the visitors of several saw first: a variant that drives people out lacks them.
fn by_first(view: &ResultsView) -> String {
    let health = &view.analysis.health;
    if health.multiple_exposures == 0 || health.multiple_by_first.is_empty() {
        return String::new();
    }
    let names = view.variant_names.iter().zip(&health.multiple_by_first);
    let each: Vec<String> = names.map(|(name, visitors)| format!("{name} {}", count(*visitors))).collect();
    let unlike = if health.multiple_unlike { " That is not how visitors are split otherwise." } else { "" };
    format!(" Seen first: {}.{unlike}", each.join(", "))
}

/// Says which variants have so few visitors that any estimate is a guess.
fn few_visitors(view: &ResultsView) -> Option<String> {
    let plan = &view.analysis.plan;
    let named = plan.variants.iter().zip(&view.variant_names);
    let few = named.filter(|(id, _)| view.analysis.health.too_few_units.contains(id)).map(|(_, name)| name);
    let few: Vec<&String> = few.collect();
    (!few.is_empty()).then(|| format!("Fewer than {FEW_UNITS} visitors so far: {}.", listed(&few)))
}

fn srm(srm: &Srm) -> Html {
    let (state, text) = match srm.p_value {
        _ if srm.alarm => {
            let since = srm.since.map_or_else(String::new, |day| format!(", found on {}", date(day)));
            let text = format!(
                "Sample ratio mismatch{since}: visitors aren't split as planned. Find out why before you decide."
            );
            ("alarm", text)
        }
        None => ("none", "Sample ratio: too few visitors to check yet.".to_owned()),
        Some(p) => ("ok", format!("Sample ratio: no sign of a mismatch ({}).", p_value(p))),
    };
    let class = if srm.alarm { "note problem" } else { "note" };
    html! { <p {class} data-testid="results-srm" data-state={state}>{ text }</p> }
}
