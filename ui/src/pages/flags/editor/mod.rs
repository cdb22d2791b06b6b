//! The editor of one flag.

mod basics;
mod kill_switch;
mod rules;

use std::rc::Rc;

use beacon_shared::error::Problem;
use beacon_shared::ipc::{DocumentView, Summary};
use beacon_shared::model::{Flag, Kind, Revision};
use yew::prelude::*;

use crate::pages::documents::{Conflict, Deletion};
use crate::state::{Editor, use_editor};
use crate::widgets::{Badge, ErrorBanner, SyncBadge};
use basics::Basics;
use kill_switch::KillSwitch;
use rules::Rules;

#[derive(Properties, PartialEq)]
pub struct FlagEditorProps {
    pub document: Option<Rc<DocumentView<Flag>>>,
    pub sites: Vec<Rc<Summary>>,
    pub on_created: Callback<String>,
    pub on_close: Callback<()>,
}

/// Properties of every part of the editor.
#[derive(Properties, PartialEq)]
pub struct PartProps {
    pub editor: Editor<Flag>,
    pub flag: Flag,
    pub problems: Vec<Problem>,
    pub sites: Vec<Rc<Summary>>,
}

#[component]
pub fn FlagEditor(props: &FlagEditorProps) -> Html {
    let sites = props.sites.clone();
    let editor = use_editor(props.document.clone(), move || new_flag(&sites), props.on_created.clone());
    let (flag, problems, view) = (editor.draft(), editor.problems(), editor.view());
    let close = props.on_close.reform(|_: MouseEvent| ());
    let part = || PartProps {
        editor: editor.clone(),
        flag: flag.clone(),
        problems: problems.clone(),
        sites: props.sites.clone(),
    };
    html! {
        <>
            <header class="page-head">
                <div>
                    <button type="button" class="quiet back" data-testid="flag-back" onclick={close}>
                        { "← Flags" }
                    </button>
                    <h1>{ if flag.name.is_empty() { "New flag".to_owned() } else { flag.name.clone() } }</h1>
                    <p class="badges">
                        if flag.enabled {
                            <Badge text="On" tone="good" />
                        } else {
                            <Badge text="Off" tone="bad" />
                        }
                        <SyncBadge sync={editor.sync()} />
                        <span class="save-state" data-testid="save-state" aria-live="polite">
                            { editor.save_state() }
                        </span>
                    </p>
                </div>
            </header>
            <ErrorBanner error={editor.error()} />
            <Conflict id={editor.id()} sync={editor.sync()}
                theirs={view.as_ref().and_then(|v| v.theirs.clone())} />
            <Basics ..part() />
            <Rules ..part() />
            <KillSwitch editor={editor.clone()} enabled={flag.enabled} name={flag.key.clone()}
                live={live(view.as_ref())} />
            <Deletion id={editor.id()} kind={Kind::Flag}
                live={view.as_ref().is_some_and(|v| v.released.is_some())}
                removed={view.as_ref().is_some_and(|v| v.removed)} on_deleted={props.on_close.clone()} />
        </>
    }
}

/// Returns the revision at the edge of a flag that is on for visitors now.
fn live(view: Option<&DocumentView<Flag>>) -> Option<Revision> {
    view.filter(|view| view.released.as_ref().is_some_and(|released| released.enabled))
        .map(|view| view.revision.clone())
}

fn new_flag(sites: &[Rc<Summary>]) -> Flag {
    let site_ids = if sites.len() == 1 { sites.iter().map(|s| s.id.clone()).collect() } else { Vec::new() };
    Flag { site_ids, ..Flag::default() }
}
