//! The editor of one experiment.

mod basics;
mod lifecycle;
mod metrics;
mod variants;

use std::rc::Rc;

use beacon_shared::error::Problem;
use beacon_shared::ipc::{DocumentView, Summary};
use beacon_shared::model::{Experiment, Kind, Revision, Status, Variant};
use beacon_shared::validate::WHOLE;
use serde_json::{Map, Value};
use yew::prelude::*;

use crate::format::now_ms;
use crate::pages::documents::{Chips, Deletion, ExperimentState, Heading, again, ask, heading, title_of};
use crate::state::{Editor, use_editor};
use crate::widgets::{Banner, Reveal, use_scroll_to};
use basics::Basics;
use lifecycle::Lifecycle;
use metrics::Metrics;
use variants::Variants;

#[derive(Properties, PartialEq)]
pub struct ExperimentEditorProps {
    pub document: Option<Rc<DocumentView<Experiment>>>,
    pub sites: Vec<Rc<Summary>>,
    /// Document id of the site that a new experiment begins on; may be empty.
    pub site: String,
    /// The part that is scrolled to: `question`, `variants` or `metrics`.
    pub section: String,
    pub on_created: Callback<String>,
    pub on_close: Callback<()>,
}

/// Properties of every part of the editor.
#[derive(Properties, PartialEq)]
pub struct PartProps {
    pub editor: Editor<Experiment>,
    pub experiment: Experiment,
    pub problems: Vec<Problem>,
    pub sites: Vec<Rc<Summary>>,
    /// True if it runs: then who gets what cannot change.
    pub locked: bool,
}

#[component]
pub fn ExperimentEditor(props: &ExperimentEditorProps) -> Html {
    let (sites, site) = (props.sites.clone(), props.site.clone());
    let editor = use_editor(props.document.clone(), move || new_experiment(&sites, &site), props.on_created.clone());
    use_scroll_to(&props.section);
    let (e, problems, view) = (editor.draft(), editor.problems(), editor.view());
    // Moving visitors between variants while it runs would make the result worthless.
    let locked = e.status == Status::Running;
    // A draft that is opened again says all that is left to do; a new one only when somebody wants to start it.
    let revealed = use_state(|| !editor.is_new());
    let on_refused = {
        let revealed = revealed.setter();
        Callback::from(move |()| revealed.set(true))
    };
    let part = || PartProps {
        editor: editor.clone(),
        experiment: e.clone(),
        problems: problems.clone(),
        sites: props.sites.clone(),
        locked,
    };
    let top = Heading {
        list: "Experiments",
        back_testid: "experiment-back",
        title: title_of(&e.name, "New experiment"),
        badges: html! {
            <Chips chips={ExperimentState::of(&e, view.as_ref().and_then(|v| v.released.as_ref())).chips(now_ms())} />
        },
        actions: html! {
            <Lifecycle editor={editor.clone()} status={e.status} problems={problems.clone()} revealed={*revealed}
                on_refused={on_refused} live={live(view.as_ref())} />
        },
    };
    html! {
        <ContextProvider<Reveal> context={Reveal(*revealed)}>
            { heading(&editor, &props.on_close, top) }
            if locked {
                <Banner><p>
                    { "This experiment is running, so targeting and split are locked. " }
                    { "To change them, stop it and start a new phase." }
                </p></Banner>
            }
            <Basics ..part() />
            <Variants ..part() />
            <Metrics ..part() />
            <Deletion id={editor.id()} kind={Kind::Experiment}
                live={view.as_ref().is_some_and(|v| v.released.is_some())}
                removed={view.as_ref().is_some_and(|v| v.removed)} on_deleted={props.on_close.clone()}
                again={again(&editor)} ask={ask(&editor)} />
        </ContextProvider<Reveal>>
    }
}

/// Returns the revision at the edge of an experiment that runs on pages now.
fn live(view: Option<&DocumentView<Experiment>>) -> Option<Revision> {
    let is_live = |view: &&DocumentView<Experiment>| {
        view.released.as_ref().is_some_and(|released| released.status == Status::Running)
    };
    view.filter(is_live).map(|view| view.revision.clone())
}

/// Returns a new experiment on the site that the window shows, or on the only one there is.
fn new_experiment(sites: &[Rc<Summary>], shown: &str) -> Experiment {
    let only = sites.iter().find(|site| site.id == shown).or(sites.first().filter(|_| sites.len() == 1));
    Experiment {
        site_id: only.map(|site| site.id.clone()).unwrap_or_default(),
        variants: vec![new_variant("control", "Control", WHOLE / 2), new_variant("treatment", "Treatment", WHOLE / 2)],
        ..Experiment::default()
    }
}

fn new_variant(id: &str, name: &str, weight: u32) -> Variant {
    Variant {
        id: id.to_owned(),
        name: name.to_owned(),
        weight,
        config: Value::Object(Map::new()),
        ..Variant::default()
    }
}

/// Returns an id that none of `taken` has: `{stem}_2`, `{stem}_3`, …
fn free_id<'a>(stem: &str, taken: impl Iterator<Item = &'a str> + Clone) -> String {
    (2..).map(|n| format!("{stem}_{n}")).find(|id| !taken.clone().any(|t| t == id)).unwrap_or_default()
}
