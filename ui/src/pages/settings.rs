use beacon_shared::error::Error;
use beacon_shared::ipc::{
    ConnectionForget, ConnectionGet, ConnectionInput, ConnectionOutcome, ConnectionSave, ConnectionView,
    OtherWorkspace, WorkspaceAction, WorkspaceChoice,
};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::workspaces::{WorkspaceList, WorkspaceQuestion};
use crate::ipc::call;
use crate::state::{Hub, use_call, use_live};
use crate::widgets::{Badge, Banner, ErrorBanner, Field, FieldKind, Note};

#[component]
pub fn Settings() -> Html {
    let (live, hub) = (use_live(), use_context::<Hub>());
    let loaded = use_call::<ConnectionGet>((), 0);
    let changed = use_state(|| None::<ConnectionView>);
    let (url, key) = (use_state(|| None::<String>), use_state(String::new));
    let (busy, error) = (use_state(|| false), use_state(|| None::<Error>));
    let accepted = use_state(|| 0u32);
    let question = use_state(|| None::<OtherWorkspace>);
    let connection =
        (*changed).clone().or_else(|| loaded.value.as_deref().cloned()).unwrap_or_else(|| live.connection.clone());
    let shown_url = (*url).clone().or_else(|| connection.url.clone()).unwrap_or_default();
    let done = {
        let accepted = accepted.clone();
        let (changed, url, key, busy, error, question) =
            (changed.setter(), url.setter(), key.setter(), busy.setter(), error.setter(), question.setter());
        Callback::from(move |result: Result<ConnectionOutcome, Error>| {
            busy.set(false);
            question.set(None);
            match result {
                Ok(ConnectionOutcome::OtherWorkspace(other)) => question.set(Some(other)),
                // The window begins again with the other workspace.
                Ok(ConnectionOutcome::Opening) => busy.set(true),
                Ok(ConnectionOutcome::Connected(view)) => {
                    if let Some(hub) = &hub {
                        hub.connected.emit(view.clone());
                    }
                    url.set(None);
                    // The keychain has it now, and nothing here keeps it.
                    key.set(String::new());
                    accepted.set(*accepted + 1);
                    error.set(None);
                    changed.set(Some(view));
                }
                Err(e) => error.set(Some(e)),
            }
        })
    };
    let save = {
        let (done, busy, url, key) =
            (done.clone(), busy.setter(), shown_url.trim().to_owned(), (*key).trim().to_owned());
        Callback::from(move |choice: Option<WorkspaceChoice>| {
            busy.set(true);
            let key = Some(key.clone()).filter(|k| !k.is_empty());
            let input = ConnectionInput { url: url.clone(), key, choice };
            let done = done.clone();
            spawn_local(async move { done.emit(call::<ConnectionSave>(input).await) });
        })
    };
    let connect = {
        let save = save.clone();
        Callback::from(move |e: SubmitEvent| {
            e.prevent_default();
            save.emit(None);
        })
    };
    let choose = {
        let question = question.clone();
        Callback::from(move |action: Option<WorkspaceAction>| match ((*question).as_ref(), action) {
            (Some(other), Some(action)) => {
                save.emit(Some(WorkspaceChoice { workspace: other.workspace.clone(), action }));
            }
            _ => question.set(None),
        })
    };
    let forget = {
        let busy = busy.setter();
        Callback::from(move |_: MouseEvent| {
            busy.set(true);
            let done = done.clone();
            spawn_local(async move { done.emit(call::<ConnectionForget>(()).await.map(ConnectionOutcome::Connected)) });
        })
    };
    let on_url = {
        let url = url.setter();
        Callback::from(move |text| url.set(Some(text)))
    };
    let on_key = {
        let key = key.setter();
        Callback::from(move |text| key.set(text))
    };
    let known = connection.url.is_some();
    let key_hint = if connection.has_key {
        "A key is in the system's keychain. Leave this empty to keep it."
    } else {
        "Goes into the system's keychain, and nobody can read it back here."
    };
    html! {
        <>
            <header class="page-head"><div><h1>{ "Settings" }</h1><Note text="Where this computer publishes to." /></div></header>
            <ErrorBanner error={loaded.error.clone()} on_retry={loaded.reload.clone()} />
            if let Some(problem) = &connection.keychain_problem { <Banner tone="warn"><p>{ problem.clone() }</p></Banner> }
            if let Some(other) = &*question {
                <WorkspaceQuestion other={other.clone()} busy={*busy} on_choose={choose} />
            }
            <section class="card narrow">
                <header class="card-head"><h2>{ "Connection" }</h2><State connection={connection.clone()} online={live.sync.online} /></header>
                <p class="note">{ "The edge is the small worker that serves your definitions and collects events. You can draft, review and read results without one." }</p>
                <ErrorBanner error={(*error).clone()} />
                <form onsubmit={connect}>
                    <Field label="Address of the edge" testid="edge-url" kind={FieldKind::Code} value={shown_url}
                        placeholder="https://beacon.shop.workers.dev" on_input={on_url} disabled={*busy} />
                    <Field key={*accepted} label="API key" testid="edge-key" kind={FieldKind::Secret} value={(*key).clone()}
                        placeholder={if connection.has_key { "••••••••" } else { "bcn_…" }} hint={key_hint} on_input={on_key} disabled={*busy} />
                    <div class="actions">
                        <button type="submit" class="primary" data-testid="edge-connect" disabled={*busy}>
                            { if *busy { "Testing…" } else if known { "Test and save" } else { "Connect" } }
                        </button>
                        if known {
                            <button type="button" data-testid="edge-forget" onclick={forget} disabled={*busy}>{ "Forget this edge" }</button>
                        }
                    </div>
                </form>
            </section>
            <WorkspaceList workspaces={connection.workspaces.clone()} />
        </>
    }
}

#[derive(Properties, PartialEq)]
struct StateProps {
    connection: ConnectionView,
    online: bool,
}

/// The connection in a few words.
#[component]
fn State(props: &StateProps) -> Html {
    let c = &props.connection;
    let (state, text, tone) = match (&c.url, &c.edge) {
        (None, _) => ("none", "Not connected".to_owned(), ""),
        (Some(_), _) if !c.has_key => ("no-key", "The key is missing".to_owned(), "warn"),
        (Some(_), Some(who)) => ("connected", format!("Connected as {} · edge {}", who.key_name, who.version), "good"),
        (Some(_), None) if props.online => ("connected", "Connected".to_owned(), "good"),
        (Some(_), None) => ("offline", "Set up, not reached yet".to_owned(), ""),
    };
    html! { <span data-testid="connection-state" data-state={state} aria-live="polite"><Badge {text} {tone} /></span> }
}
