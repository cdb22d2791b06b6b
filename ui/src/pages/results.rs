use beacon_shared::ipc::{self, DocumentView, ExperimentList, ResultsRequest, ResultsView};
use beacon_shared::model::{Experiment, Kind, Role, Status};
use beacon_shared::results::Exclusion;
use beacon_shared::stats::{MissingData, Srm, Verdict};
use beacon_shared::wording::left_out;
use yew::prelude::*;

use super::results_metric::metric;
use crate::format::{count, date_time, p_value};
use crate::state::{use_call, use_live};
use crate::widgets::{Badge, Empty, ErrorBanner, Note, StatusBadge};

/// The experiments that have something to tell, and what the open one tells.
#[component]
pub fn Results() -> Html {
    let live = use_live();
    let list = use_call::<ExperimentList>((), live.changed[Kind::Experiment as usize]);
    let chosen = use_state(|| None::<String>);
    let all = list.value.as_deref().map_or(&[][..], |l| l);
    let started: Vec<&DocumentView<Experiment>> = all.iter().filter(|e| e.draft.status != Status::Draft).collect();
    let open = started.iter().find(|e| Some(&e.id) == chosen.as_ref()).or(started.first()).copied();
    let button = |view: &&DocumentView<Experiment>| {
        let (chosen, id) = (chosen.setter(), view.id.clone());
        let current = open.is_some_and(|o| o.id == view.id);
        html! {
            <button type="button" class="row" key={view.id.clone()} data-testid="results-open" data-key={view.draft.key.clone()}
                data-id={view.id.clone()} aria-current={current.then_some("true")} onclick={move |_| chosen.set(Some(id.clone()))}>
                <span class="row-main"><strong>{ view.draft.name.clone() }</strong><span class="note"><code>{ view.draft.key.clone() }</code></span></span>
                <StatusBadge status={view.draft.status} />
            </button>
        }
    };
    html! {
        <>
            <header class="page-head"><div><h1>{ "Results" }</h1><Note text="Computed on this computer, from the events it has fetched." /></div></header>
            <ErrorBanner error={list.error.clone()} on_retry={list.reload.clone()} />
            if list.value.is_some() && started.is_empty() {
                <Empty title="No results yet">
                    <p>{ "Results appear once an experiment was started and published, and visitors have seen it. You will get a verdict in a sentence, the lift with its uncertainty, and a check that the split is honest." }</p>
                </Empty>
            } else {
                <div class="split" data-testid="results-experiment">
                    <div class="list" role="list">{ for started.iter().map(button) }</div>
                    <div class="detail">
                        if let Some(open) = open { <Detail key={open.id.clone()} id={open.id.clone()} /> }
                    </div>
                </div>
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct DetailProps {
    id: String,
}

#[component]
fn Detail(props: &DetailProps) -> Html {
    let live = use_live();
    let tick = live.events.wrapping_add(live.changed[Kind::Experiment as usize]);
    let request = ResultsRequest { id: props.id.clone(), theme: live.theme, phase: None };
    let loaded = use_call::<ipc::Results>(request, tick);
    let banner = html! { <ErrorBanner error={loaded.error.clone()} on_retry={loaded.reload.clone()} /> };
    let Some(view) = loaded.value else { return banner };
    let a = &view.analysis;
    // The first goal decides, and its numbers carry the names that tests look for.
    let first_goal = a.metrics.iter().position(|m| m.metric.role == Role::Goal).unwrap_or_default();
    let metrics = a.metrics.iter().enumerate().map(|(i, m)| metric(&view, m, i == first_goal));
    // Visitors of several variants have a line of their own.
    let excluded = view.excluded.iter().filter(|e| e.reason != Exclusion::SeveralVariants);
    html! {
        <>
            { banner }
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
            <section class="card">
                <h2>{ "Can the numbers be trusted?" }</h2>
                { srm(&a.health.srm) }
                <p class="note">{ several_variants(a.health.multiple_exposures) }</p>
                { for a.health.missing.iter().map(|m| html! { <p class="note problem">{ missing(&view, m) }</p> }) }
                { for view.notes.iter().map(|note| html! { <p class="note problem" data-testid="results-note">{ note.clone() }</p> }) }
                { for view.open_windows.iter().map(|text| html! { <p class="note">{ text.clone() }</p> }) }
                { for excluded.map(|e| html! { <p class="note">{ left_out(e) }</p> }) }
            </section>
        </>
    }
}

/// The SVG as an address of its own: as a picture it can neither run scripts nor be styled by the page.
fn picture(svg: &str) -> String {
    format!("data:image/svg+xml;utf8,{}", String::from(js_sys::encode_uri_component(svg)))
}

fn verdict(verdict: &Verdict) -> Html {
    let (text, tone) = match verdict {
        Verdict::TooEarly => ("Too early", ""),
        Verdict::Untrustworthy => ("Do not trust", "bad"),
        Verdict::Undecided => ("Undecided", "busy"),
        Verdict::Winner { .. } => ("Winner", "good"),
        Verdict::Loser { .. } => ("Worse", "warn"),
        Verdict::Conflict { .. } => ("Mixed", "warn"),
    };
    html! { <Badge {text} {tone} /> }
}

#[derive(Properties, PartialEq)]
struct AsOfProps {
    view: ResultsView,
}

/// What the numbers were computed from, and as of when.
#[component]
fn AsOf(props: &AsOfProps) -> Html {
    let (events, at) = (props.view.events, props.view.data_as_of);
    let when = at.map_or_else(|| "no data fetched yet".to_owned(), |at| format!("data as of {}", date_time(at)));
    html! {
        <span class="note" data-testid="results-as-of" data-at={at.map(|at| at.to_string())} data-events={events.to_string()}>
            { format!("{} events of the site · {when}", count(events)) }
        </span>
    }
}

/// A metric that has no numbers for some visitors: what they did is beyond what can be added.
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

fn srm(srm: &Srm) -> Html {
    let (state, text) = match srm.p_value {
        None => ("none", "Sample ratio: no visitors to check yet.".to_owned()),
        Some(p) if srm.alarm => (
            "alarm",
            format!(
                "Sample ratio mismatch ({}): visitors are not split as planned. Find out why before you decide anything.",
                p_value(p)
            ),
        ),
        Some(p) => ("ok", format!("Sample ratio is as planned ({}).", p_value(p))),
    };
    html! { <p class={if srm.alarm { "note problem" } else { "note" }} data-testid="results-srm" data-state={state}>{ text }</p> }
}
