//! Sync at the foot of the window. Failures in the background show here, quietly.

use beacon_shared::ipc::Preparing;
use yew::prelude::*;

use crate::commands::CommandButton;
use crate::format;
use crate::state::use_live;

#[component]
pub fn StatusBar() -> Html {
    let live = use_live();
    let (sync, connected) = (&live.sync, live.connection.url.is_some());
    let (tone, text) = match (connected, sync.online) {
        (false, _) => ("off", "Working on this computer"),
        (true, true) => ("on", "Online"),
        (true, false) => ("off", "Offline · your work is kept here"),
    };
    // Beside "Offline", a time would read as if it were synced.
    let last = sync.last_at.filter(|_| sync.online).map(|time| format!("Synced {}", format::ago(time)));
    let problem = sync.problem.as_ref().filter(|_| connected);
    let note = sync.events_problem.iter().chain(&sync.events_notes).next().filter(|_| connected);
    html! {
        <footer>
            <div class="sync" data-testid="status-sync" aria-live="polite"
                data-pending={sync.pending.to_string()}
                data-conflicts={sync.conflicts.to_string()} data-online={sync.online.to_string()}
                data-connected={connected.to_string()} data-busy={sync.busy.to_string()}>
                <span class={classes!("dot", tone, sync.busy.then_some("busy"))}></span>
                <span>{ text }</span>
                if sync.pending > 0 { <span>{ format!("{} pending", sync.pending) }</span> }
                if sync.conflicts > 0 {
                    <span class="warn-text">{ format!("{} in conflict", sync.conflicts) }</span>
                }
                if let Some(last) = last { <span>{ last }</span> }
                if let Some((Preparing::Events, percent)) = live.preparing {
                    <span data-testid="status-preparing">{ preparing_events(percent) }</span>
                }
                if let Some(problem) = problem {
                    <span class="trouble" title={problem.clone()}>{ problem.clone() }</span>
                }
                if let Some(note) = note {
                    <span class="trouble" data-testid="status-events"
                        title={note.clone()}>{ note.clone() }</span>
                }
            </div>
            if connected { <CommandButton command="sync.now" testid="sync-now" class="quiet" /> }
            if !live.version.is_empty() { <span>{ format!("Beacon {}", live.version) }</span> }
        </footer>
    }
}

fn preparing_events(percent: Option<u8>) -> String {
    let percent = percent.map(|percent| format!(" ({percent}%)")).unwrap_or_default();
    format!("Updating the events on this computer{percent}. Results follow.")
}
