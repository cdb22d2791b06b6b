//! The question before another workspace, and the workspaces on this computer.

use beacon_shared::error::Error;
use beacon_shared::ipc::{ById, OtherWorkspace, WorkspaceAction, WorkspaceOpen, WorkspaceView};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::ipc::call;
use crate::widgets::{Badge, ErrorBanner, Note};

#[derive(Properties, PartialEq)]
pub struct QuestionProps {
    pub other: OtherWorkspace,
    pub busy: bool,
    /// The choice, or `None` to cancel.
    pub on_choose: Callback<Option<WorkspaceAction>>,
}

/// Asks what to do with an edge that holds another workspace.
#[component]
pub fn WorkspaceQuestion(props: &QuestionProps) -> Html {
    let other = &props.other;
    let choose = |choice: Option<WorkspaceAction>| {
        let on_choose = props.on_choose.clone();
        Callback::from(move |_: MouseEvent| on_choose.emit(choice))
    };
    html! {
        <section class="card narrow" role="alertdialog" aria-labelledby="other-workspace"
            data-testid="other-workspace">
            <header class="card-head"><h2
                id="other-workspace">{ "This edge holds another workspace" }</h2></header>
            <p>
                { format!("{} isn't the workspace you have open. ", other.url) }
                { "Nothing has been sent there." }
            </p>
            <p data-testid="other-workspace-drafts">{ drafts(other) }</p>
            <Note text="Your open workspace stays on this computer. You can switch back here at any time." />
            <div class="actions">
                <button type="button" class="primary" data-testid="workspace-open-other" disabled={props.busy}
                    onclick={choose(Some(WorkspaceAction::Open))}>{ "Open that workspace" }</button>
                <button type="button" data-testid="workspace-copy-drafts" disabled={props.busy}
                    onclick={choose(Some(WorkspaceAction::CopyDrafts))}>{ "Copy my drafts there" }</button>
                <button type="button" data-testid="workspace-cancel" disabled={props.busy}
                    onclick={choose(None)}>{ "Cancel" }</button>
            </div>
        </section>
    }
}

/// The content of the open workspace.
fn drafts(other: &OtherWorkspace) -> String {
    let d = other.drafts;
    let counted = [(d.sites, "site"), (d.experiments, "experiment"), (d.flags, "flag"), (d.others, "other document")];
    let parts: Vec<String> = counted
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, noun)| format!("{count} {noun}{}", if count == 1 { "" } else { "s" }))
        .collect();
    let held = match parts.as_slice() {
        [] => return "Your open workspace has no drafts.".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    };
    match other.pending {
        0 => format!("Your open workspace has {held}."),
        1 => format!("Your open workspace has {held}. 1 change isn't synced yet."),
        n => format!("Your open workspace has {held}. {n} changes aren't synced yet."),
    }
}

#[derive(Properties, PartialEq)]
pub struct ListProps {
    pub workspaces: Vec<WorkspaceView>,
}

/// Lists the workspaces on this computer and opens another one.
#[component]
pub fn WorkspaceList(props: &ListProps) -> Html {
    let error = use_state(|| None::<Error>);
    if props.workspaces.is_empty() {
        return Html::default();
    }
    let row = |workspace: &WorkspaceView| {
        let (id, error) = (workspace.id.clone(), error.setter());
        let onclick = Callback::from(move |_: MouseEvent| {
            let (id, error) = (id.clone(), error.clone());
            spawn_local(async move { error.set(call::<WorkspaceOpen>(ById { id }).await.err()) });
        });
        let name = if workspace.url.is_empty() { "Not connected yet".to_owned() } else { workspace.url.clone() };
        html! {
            <li class="actions" data-testid="workspace-row" data-open={workspace.open.to_string()}>
                <span>{ name }</span>
                if workspace.open {
                    <Badge text="Open" tone="good" />
                } else {
                    <button type="button" data-testid="workspace-open" {onclick}>{ "Open" }</button>
                }
            </li>
        }
    };
    html! {
        <section class="card narrow">
            <header class="card-head"><h2>{ "Workspaces on this computer" }</h2></header>
            <ErrorBanner error={(*error).clone()} />
            <ul class="plain">{ for props.workspaces.iter().map(row) }</ul>
        </section>
    }
}
