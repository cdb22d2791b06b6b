//! The top of an editor that has the page for itself.

use beacon_shared::model::Kind;
use yew::prelude::*;

use super::{Conflict, ProblemLinks, discard};
use crate::state::{Editable, Editor};
use crate::widgets::{ErrorBanner, SyncBadge};

/// The texts and parts of an editor's top.
pub struct Heading {
    /// Name of the list that the way back leads to.
    pub list: &'static str,
    pub back_testid: &'static str,
    pub title: String,
    /// Badges before the state of sync.
    pub badges: Html,
    /// Buttons beside the title.
    pub actions: Html,
}

/// Draws the way back, the title, the state, and what a person has to know before editing: an error, or a conflict.
pub fn heading<T: Editable>(editor: &Editor<T>, on_close: &Callback<()>, heading: Heading) -> Html {
    let Heading { list, back_testid, title, badges, actions } = heading;
    let theirs = editor.view().and_then(|view| view.theirs);
    html! {
        <>
            <header class="page-head">
                <div>
                    <button type="button" class="quiet back" data-testid={back_testid}
                        onclick={on_close.reform(|_: MouseEvent| ())}>
                        { format!("← {list}") }
                    </button>
                    <h1>{ title }</h1>
                    <p class="badges">
                        { badges }
                        <SyncBadge sync={editor.sync()} />
                        { discard(editor) }
                        <span class="save-state" data-testid="save-state" aria-live="polite">
                            { editor.save_state() }
                        </span>
                    </p>
                </div>
                { actions }
            </header>
            <ErrorBanner error={editor.error()} />
            <Conflict id={editor.id()} sync={editor.sync()} {theirs} />
            // An experiment lists them by its Start button.
            if T::KIND != Kind::Experiment && editor.id().is_some() {
                <ProblemLinks kind={T::KIND} problems={editor.problems()} purpose="before this can go live" />
            }
        </>
    }
}

/// Returns the title of a document's editor.
pub fn title_of(name: &str, new: &str) -> String {
    if name.is_empty() { new.to_owned() } else { name.to_owned() }
}
