//! The editor of one flag.

mod basics;
mod kill_switch;
mod rules;
mod split;

use std::rc::Rc;

use beacon_shared::error::Problem;
use beacon_shared::ipc::{DocumentView, Summary};
use beacon_shared::model::{Flag, Kind, Revision};
use yew::prelude::*;

use crate::pages::documents::{Chips, Deletion, FlagState, Heading, Unedited, again, ask, heading, of_flag, title_of};
use crate::state::{Editor, use_editor};
use crate::widgets::Reveal;
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
    let part = || PartProps {
        editor: editor.clone(),
        flag: flag.clone(),
        problems: problems.clone(),
        sites: props.sites.clone(),
    };
    let top = Heading {
        list: "Flags",
        back_testid: "flag-back",
        title: title_of(&flag.name, "New flag"),
        badges: html! {
            <Chips chips={FlagState::of(&flag, view.as_ref().and_then(|v| v.released.as_ref())).chips()} />
        },
        actions: Html::default(),
    };
    html! {
        <ContextProvider<Reveal> context={Reveal(!editor.is_new())}>
            { heading(&editor, &props.on_close, top) }
            <Basics ..part() />
            <Unedited lines={of_flag(&flag)} />
            <Rules ..part() />
            <KillSwitch editor={editor.clone()} enabled={flag.enabled} name={flag.key.clone()}
                live={live(view.as_ref())} />
            <Deletion id={editor.id()} kind={Kind::Flag}
                live={view.as_ref().is_some_and(|v| v.released.is_some())}
                removed={view.as_ref().is_some_and(|v| v.removed)} on_deleted={props.on_close.clone()}
                again={again(&editor)} ask={ask(&editor)} />
        </ContextProvider<Reveal>>
    }
}

/// Returns the revision at the edge of a flag that is on for visitors now.
fn live(view: Option<&DocumentView<Flag>>) -> Option<Revision> {
    view.filter(|view| view.released.as_ref().is_some_and(|released| released.enabled))
        .map(|view| view.revision.clone())
}

fn new_flag(sites: &[Rc<Summary>]) -> Flag {
    // Most flags are for all sites; to take one away is one click, and a red field at the start is none of the person's.
    let site_ids = sites.iter().map(|site| site.id.clone()).collect();
    Flag { site_ids, ..Flag::default() }
}
