//! News that pass: what was done, and the way back.

use std::cell::RefCell;

use gloo_timers::callback::Timeout;
use yew::prelude::*;

use crate::router::use_router;
use crate::undo::{self, Direction};

/// The time for which news without a way back stay, in milliseconds.
const NEWS_MS: u32 = 4_000;
/// The time for which something can be taken back.
const UNDO_MS: u32 = 10_000;

/// A sentence in the corner of the window.
#[derive(Clone, PartialEq)]
pub struct Toast {
    pub text: String,
    /// Takes back what was done.
    pub undo: Option<Callback<()>>,
    /// True if it is about the page that is open, and goes with it.
    is_here: bool,
}

thread_local! {
    static SHOW: RefCell<Option<Callback<Toast>>> = const { RefCell::new(None) };
}

/// Says what was done.
pub fn say(text: impl Into<String>, undo: Option<Callback<()>>) {
    show(Toast { text: text.into(), undo, is_here: false });
}

/// Says what was done to the draft that is open, which undo takes back.
pub fn edited(text: impl Into<String>) {
    let undo = Callback::from(|()| undo::take(Direction::Undo));
    show(Toast { text: text.into(), undo: Some(undo), is_here: true });
}

fn show(toast: Toast) {
    // Without a window there is nobody to say it to.
    SHOW.with_borrow(|show| show.iter().for_each(|show| show.emit(toast.clone())));
}

/// The place of the news. It is in the window once, and shows the newest.
#[component]
pub fn Toasts() -> Html {
    let shown = use_state(|| None::<Toast>);
    let (end, router) = (use_mut_ref(|| None::<Timeout>), use_router());
    {
        let shown = shown.setter();
        use_effect_with((), move |()| {
            let show = Callback::from(move |toast: Toast| {
                let (time, hide) = (if toast.undo.is_some() { UNDO_MS } else { NEWS_MS }, shown.clone());
                end.replace(Some(Timeout::new(time, move || hide.set(None))));
                shown.set(Some(toast));
            });
            SHOW.replace(Some(show));
        });
    }
    {
        let shown = shown.clone();
        use_effect_with(router.route, move |_| {
            if shown.as_ref().is_some_and(|toast| toast.is_here) {
                shown.set(None);
            }
        });
    }
    let close = {
        let shown = shown.setter();
        Callback::from(move |_: MouseEvent| shown.set(None))
    };
    html! {
        <div class="toasts" role="status" aria-live="polite">
            if let Some(toast) = &*shown {
                <div class="toast" data-testid="toast">
                    <span>{ toast.text.clone() }</span>
                    if let Some(undo) = &toast.undo {
                        <button type="button" class="quiet" data-testid="toast-undo"
                            onclick={let (undo, close) = (undo.clone(), close.clone()); move |e: MouseEvent| { undo.emit(()); close.emit(e); }}>
                            { "Undo" }
                        </button>
                    }
                    <button type="button" class="quiet" aria-label="Close" onclick={close}>{ "×" }</button>
                </div>
            }
        </div>
    }
}
