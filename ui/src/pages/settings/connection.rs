//! The connection to an edge: its address and the key.

use beacon_shared::error::Error;
use beacon_shared::ipc::{
    ConnectionForget, ConnectionGet, ConnectionInput, ConnectionOutcome, ConnectionSave, ConnectionView,
    OtherWorkspace, WorkspaceAction, WorkspaceChoice,
};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::workspaces::{WorkspaceList, WorkspaceQuestion};
use crate::ipc::call;
use crate::state::{Part, use_call, use_live, use_live_change};
use crate::widgets::{Badge, Banner, ErrorBanner, Field, FieldKind};

#[component]
pub fn Connection() -> Html {
    let (live, change) = (use_live(), use_live_change());
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
                    change.emit(Part::Connection(view.clone()));
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
        Callback::from(move |()| {
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
    let form = Form {
        url: shown_url,
        key: (*key).clone(),
        busy: *busy,
        accepted: *accepted,
        has_key: connection.has_key,
        known_url: connection.url.clone().unwrap_or_default(),
    };
    html! {
        <>
            <ErrorBanner error={loaded.error.clone()} on_retry={loaded.reload.clone()} />
            if let Some(problem) = &connection.keychain_problem {
                <Banner tone="warn"><p>{ problem.clone() }</p></Banner>
            }
            if let Some(other) = &*question {
                <WorkspaceQuestion other={other.clone()} busy={*busy} on_choose={choose} />
            }
            <section class="card narrow">
                <header class="card-head">
                    <h2>{ "Connection" }</h2>
                    <State connection={connection.clone()} online={live.sync.online} />
                </header>
                <p class="note">
                    { "The edge is the small worker that serves your definitions and collects events. " }
                    { "You can draft, " }
                    { "review and read results without one." }
                </p>
                <ErrorBanner error={(*error).clone()} />
                <form onsubmit={connect}>
                    { form.fields(on_url, on_key) }
                    <div class="actions">{ form.buttons(forget) }</div>
                </form>
            </section>
            <WorkspaceList workspaces={connection.workspaces.clone()} />
        </>
    }
}

/// The state of the form.
struct Form {
    url: String,
    key: String,
    busy: bool,
    /// Counts accepted keys: the field begins empty after each.
    accepted: u32,
    has_key: bool,
    /// Address of the connection that there is; may be empty.
    known_url: String,
}

impl Form {
    fn fields(&self, on_url: Callback<String>, on_key: Callback<String>) -> Html {
        let is_same = self.url.trim().trim_end_matches('/') == self.known_url.trim_end_matches('/');
        let (hint, placeholder) = if self.has_key && !is_same {
            ("Another address needs its own key.", "bcn_…")
        } else if self.has_key {
            ("A key is in the system's keychain. Leave this empty to keep it.", "••••••••")
        } else {
            ("It goes into the system's keychain. Nobody can read it back here.", "bcn_…")
        };
        html! {
            <>
                <Field label="Address of the edge" testid="edge-url" kind={FieldKind::Code}
                    value={self.url.clone()}
                    placeholder="https://beacon.shop.workers.dev" on_input={on_url} disabled={self.busy} />
                <Field key={self.accepted} label="API key" testid="edge-key" kind={FieldKind::Secret}
                    value={self.key.clone()} {placeholder} {hint} on_input={on_key} disabled={self.busy} />
            </>
        }
    }

    fn buttons(&self, forget: Callback<()>) -> Html {
        let label = match (self.busy, !self.known_url.is_empty()) {
            (true, _) => "Testing…",
            (false, true) => "Test and save",
            (false, false) => "Connect",
        };
        html! {
            <>
                <button type="submit" class="primary" data-testid="edge-connect"
                    disabled={self.busy}>{ label }</button>
                if !self.known_url.is_empty() { <Disconnect busy={self.busy} on_sure={forget} /> }
            </>
        }
    }
}

#[derive(Properties, PartialEq)]
struct DisconnectProps {
    busy: bool,
    /// Hears that the person is sure.
    on_sure: Callback<()>,
}

/// Forgets the edge after a second click: nobody can read the key back.
#[component]
fn Disconnect(props: &DisconnectProps) -> Html {
    let asked = use_state(|| false);
    let ask = |on: bool| {
        let asked = asked.setter();
        Callback::from(move |_: MouseEvent| asked.set(on))
    };
    let sure = {
        let (asked, on_sure) = (asked.setter(), props.on_sure.clone());
        Callback::from(move |_: MouseEvent| {
            asked.set(false);
            on_sure.emit(());
        })
    };
    if !*asked {
        return html! {
            <button type="button" data-testid="edge-forget" onclick={ask(true)}
                disabled={props.busy}>{ "Disconnect…" }</button>
        };
    }
    html! {
        <>
            <span>{ "Your drafts stay here. To connect again, you need the key." }</span>
            <button type="button" class="danger" data-testid="edge-forget-confirm" onclick={sure}
                disabled={props.busy}>{ "Disconnect" }</button>
            <button type="button" data-testid="edge-forget-keep" onclick={ask(false)}>{ "Cancel" }</button>
        </>
    }
}

#[derive(Properties, PartialEq)]
struct StateProps {
    connection: ConnectionView,
    online: bool,
}

/// Says where the connection stands, in a few words.
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
    html! {
        <span data-testid="connection-state" data-state={state} aria-live="polite"><Badge {text}
            {tone} /></span>
    }
}
