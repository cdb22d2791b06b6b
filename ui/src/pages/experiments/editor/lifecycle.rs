//! Starting and stopping.

use beacon_shared::error::{Error, Problem};
use beacon_shared::ipc::{ById, Call, DocumentView, ExperimentHalt, ExperimentStart, ExperimentStop, Start, Urgent};
use beacon_shared::lifecycle::Visitors;
use beacon_shared::model::{Experiment, Kind, Revision, Status};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::ipc::call;
use crate::pages::documents::{ProblemLinks, go_to};
use crate::state::Editor;
use crate::widgets::{Checkbox, ErrorBanner};

#[derive(Properties, PartialEq)]
pub struct LifecycleProps {
    pub editor: Editor<Experiment>,
    pub status: Status,
    /// What keeps it from starting.
    pub problems: Vec<Problem>,
    /// True if all problems are shown already.
    pub revealed: bool,
    /// Hears that somebody wants to start it, although something is left to do.
    pub on_refused: Callback<()>,
    /// The revision at the edge, while it runs on pages.
    pub live: Option<Revision>,
}

/// A step in an experiment's life.
#[derive(Clone)]
enum Step {
    Start(Visitors),
    Stop,
    /// Stops it on pages at once, without a publication.
    StopNow(Revision),
}

#[component]
pub fn Lifecycle(props: &LifecycleProps) -> Html {
    let (error, busy, keep) = (use_state(|| None::<Error>), use_state(|| false), use_state(|| false));
    let choose = {
        let keep = keep.setter();
        Callback::from(move |on: bool| keep.set(on))
    };
    let run = |step: Step| {
        let (editor, error, busy) = (props.editor.clone(), error.setter(), busy.setter());
        Callback::from(move |_: MouseEvent| {
            let (editor, step, error, busy) = (editor.clone(), step.clone(), error.clone(), busy.clone());
            busy.set(true);
            spawn_local(async move {
                let outcome = take(&editor, step).await;
                busy.set(false);
                error.set(outcome.err());
            });
        })
    };
    let visitors = if *keep { Visitors::Keep } else { Visitors::Reassign };
    let ready = props.problems.is_empty();
    let begin = match props.problems.first().cloned() {
        None => run(Step::Start(visitors)),
        Some(first) => props.on_refused.reform(move |_: MouseEvent| go_to(Kind::Experiment, &first)),
    };
    let start = if props.status == Status::Stopped { "Start a new phase" } else { "Start" };
    html! {
        <div class="lifecycle">
            if props.status == Status::Running {
                <button type="button" data-testid="experiment-stop" disabled={*busy}
                    onclick={run(Step::Stop)}>
                    { "Stop" }
                </button>
                <p class="note">
                    { if props.live.is_some() { "It stops on pages when you publish." } else { "It starts when you publish." } }
                </p>
            } else {
                <button type="button" class={if ready { "primary" } else { "" }} data-testid="experiment-start"
                    disabled={*busy} onclick={begin}>{ start }</button>
                if ready && props.status == Status::Stopped {
                    <p class="note">{ "A new phase starts when you publish." }</p>
                } else if ready {
                    <p class="note">{ "It starts when you publish." }</p>
                } else if props.revealed {
                    <ProblemLinks kind={Kind::Experiment} problems={props.problems.clone()}
                        purpose="before you can start" />
                }
                if props.status == Status::Stopped {
                    <Checkbox label="Keep visitors in their variants" testid="experiment-keep" checked={*keep}
                        hint="Off: the new phase assigns a variant to each visitor again, so nothing carries over."
                        on_change={choose} />
                }
            }
            if let Some(revision) = props.live.clone() {
                <button type="button" class="danger" data-testid="experiment-stop-now" disabled={*busy}
                    title="Stops it for all visitors at once. Nothing else is published."
                    onclick={run(Step::StopNow(revision))}>{ "Stop now" }</button>
            }
            <ErrorBanner error={(*error).clone()} />
        </div>
    }
}

/// Saves what is typed, then takes the step. Stopping at once does not wait for what is typed.
async fn take(editor: &Editor<Experiment>, step: Step) -> Result<(), Error> {
    let Some(id) = editor.id() else { return Ok(()) };
    if let Step::StopNow(revision) = step {
        return call::<ExperimentHalt>(Urgent { id, revision }).await.map(drop);
    }
    // The reason why it could not be saved is already shown above the fields.
    if !editor.flush().await {
        return Ok(());
    }
    match step {
        Step::Start(visitors) => change::<ExperimentStart>(editor, Start { id, visitors }).await,
        _ => change::<ExperimentStop>(editor, ById { id }).await,
    }
}

async fn change<C>(editor: &Editor<Experiment>, request: C::Request) -> Result<(), Error>
where
    C: Call<Response = DocumentView<Experiment>>,
{
    editor.adopt(call::<C>(request).await?);
    Ok(())
}
