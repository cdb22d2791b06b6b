//! Keys and clicks that mean the same everywhere: arrows in lists, the mouse's back button, the context menu.

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, Event, KeyboardEvent};
use yew::prelude::*;

use crate::{focus, router};

/// The buttons at the side of a mouse.
const BACK: i16 = 3;
const FORWARD: i16 = 4;

/// Listens as long as the window. It is in the window once.
#[component]
pub fn PlainKeys() -> Html {
    use_effect_with((), |()| {
        listen("keydown", |event| {
            let Some(key) = event.dyn_ref::<KeyboardEvent>().filter(|key| is_plain(key)) else { return };
            let moved = match key.key().as_str() {
                "ArrowDown" => focus::move_in_list(true),
                "ArrowUp" => focus::move_in_list(false),
                _ => false,
            };
            if moved {
                event.prevent_default();
            }
        });
        listen("mouseup", |event| match event.dyn_ref::<MouseEvent>().map(MouseEvent::button) {
            Some(BACK) => router::travel(-1),
            Some(FORWARD) => router::travel(1),
            _ => {}
        });
        // The webview's menu offers to reload and to stop the page. In texts it is the one for copying.
        listen("contextmenu", |event| {
            let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            let has_text = target
                .is_some_and(|target| target.closest("input, textarea, pre, code, td, p").ok().flatten().is_some());
            if !has_text {
                event.prevent_default();
            }
        });
    });
    Html::default()
}

fn is_plain(key: &KeyboardEvent) -> bool {
    !(key.ctrl_key() || key.meta_key() || key.alt_key() || key.shift_key())
}

fn listen(name: &str, heard: impl Fn(Event) + 'static) {
    let heard = Closure::<dyn Fn(Event)>::new(heard);
    if let Some(window) = web_sys::window() {
        // Without it only this way is missing; there is a button for each.
        let _ = window.add_event_listener_with_callback(name, heard.as_ref().unchecked_ref());
    }
    heard.forget();
}
