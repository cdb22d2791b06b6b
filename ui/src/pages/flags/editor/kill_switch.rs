//! Switching a flag off for every visitor.

use beacon_shared::error::Error;
use beacon_shared::ipc::{FlagKill, Urgent};
use beacon_shared::lifecycle;
use beacon_shared::model::{Flag, Revision};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::ipc::call;
use crate::state::Editor;
use crate::widgets::{ErrorBanner, Field, FieldKind};

#[derive(Properties, PartialEq)]
pub struct KillSwitchProps {
    pub editor: Editor<Flag>,
    pub enabled: bool,
    /// The flag's key, which confirms the switch.
    pub name: String,
    /// The revision at the edge, while the flag is on for visitors.
    pub live: Option<Revision>,
}

/// Asks for the flag's key, because every visitor would see a wrong click. What is live goes off at once; a draft is only
/// changed.
#[component]
pub fn KillSwitch(props: &KillSwitchProps) -> Html {
    let (typed, error) = (use_state(String::new), use_state(|| None::<Error>));
    let sure = !props.name.is_empty() && *typed == props.name;
    let on_input = {
        let typed = typed.setter();
        Callback::from(move |text| typed.set(text))
    };
    let revive = props.editor.edit(|flag: &mut Flag, _: MouseEvent| *flag = lifecycle::revive(flag));
    let off = {
        let (typed, error, id, live) = (typed.setter(), error.setter(), props.editor.id(), props.live.clone());
        let draft = props.editor.edit(|flag: &mut Flag, ()| *flag = lifecycle::kill(flag));
        move |_: MouseEvent| {
            typed.set(String::new());
            let Some((id, revision)) = id.clone().zip(live.clone()) else { return draft.emit(()) };
            let error = error.clone();
            spawn_local(async move { error.set(call::<FlagKill>(Urgent { id, revision }).await.err()) });
        }
    };
    if !props.enabled && props.live.is_none() {
        return html! {
            <section class="card killed">
                <h2>{ "Kill switch" }</h2>
                <p>{ "Off. After you publish, every visitor gets " }<code>{ "null" }</code>{ "." }</p>
                <div class="actions">
                    <button type="button" data-testid="flag-revive"
                        onclick={revive}>{ "Switch it on again" }</button>
                </div>
            </section>
        };
    }
    let hint = if props.live.is_some() {
        "Every visitor then gets null, whatever the rules say. It takes effect at once."
    } else {
        "Every visitor then gets null, whatever the rules say. It takes effect when you publish."
    };
    html! {
        <section class="card">
            <h2>{ "Kill switch" }</h2>
            <ErrorBanner error={(*error).clone()} />
            <div data-apart="">
                <Field label="Type the flag's key to switch it off" testid="flag-kill-confirm"
                    kind={FieldKind::Code}
                    value={(*typed).clone()} {hint} {on_input} />
            </div>
            <div class="actions">
                <button type="button" class="danger" data-testid="flag-kill" disabled={!sure} onclick={off}>
                    { "Switch off" }
                </button>
            </div>
        </section>
    }
}
