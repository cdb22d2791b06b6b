//! A text to copy.

use gloo_timers::future::TimeoutFuture;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use yew::prelude::*;

/// The time for which a copy is confirmed, in milliseconds.
const SAID_MS: u32 = 2_000;

/// A text to take elsewhere: shown, selected as a whole, and with a button that copies it.
#[derive(Properties, PartialEq)]
pub struct CopyableProps {
    pub title: AttrValue,
    pub text: AttrValue,
    /// Test id of the text; the button's is this and `-copy`.
    pub testid: AttrValue,
    #[prop_or_default]
    pub children: Children,
}

#[component]
pub fn Copyable(props: &CopyableProps) -> Html {
    let said = use_state(|| "Copy");
    use_effect_with(props.text.clone(), {
        let said = said.setter();
        move |_| said.set("Copy")
    });
    let onclick = {
        let (said, text) = (said.setter(), props.text.clone());
        move |_: MouseEvent| {
            let Some(window) = web_sys::window() else { return };
            // Asked for at once: a webview refuses what does not come straight from a click.
            let copying = JsFuture::from(window.navigator().clipboard().write_text(&text));
            let said = said.clone();
            spawn_local(async move {
                if copying.await.is_err() {
                    return said.set("Select it and press Ctrl+C");
                }
                said.set("Copied");
                TimeoutFuture::new(SAID_MS).await;
                said.set("Copy");
            });
        }
    };
    html! {
        <div class="snippet">
            <div class="snippet-head">
                <strong>{ props.title.clone() }</strong>
                <button type="button" class="quiet" data-testid={format!("{}-copy", props.testid)}
                    {onclick}>{ *said }</button>
            </div>
            <pre data-testid={props.testid.clone()}>{ props.text.clone() }</pre>
            { props.children.clone() }
        </div>
    }
}
