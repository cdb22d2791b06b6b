//! The window: navigation, the page, the status bar.

mod keys;
mod navigation;
mod palette;
mod preparing;
mod status_bar;
mod top_bar;

use beacon_shared::error::{Code, Error};
use beacon_shared::ipc::{Notice, Overview, SyncWake};
use beacon_shared::theme::Theme;
use wasm_bindgen::{JsCast, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::commands::CommandKeys;
use crate::ipc::{call, listen};
use crate::router::{Page, Route, Router, use_address};
use crate::state::{Live, LiveChange, Part, Store, system_theme};
use crate::toast::Toasts;
use crate::widgets::ErrorBanner;
use crate::{flush, pages, preferences};
use keys::PlainKeys;
use navigation::Navigation;
use palette::Palette;
use preparing::PreparingData;
use status_bar::StatusBar;
use top_bar::TopBar;

#[component]
pub fn App() -> Html {
    let router = use_address();
    let live = use_reducer_eq(Live::open);
    let store = (*use_memo((), |()| Store::default())).clone();
    let error = use_state(|| None::<Error>);
    let change = {
        let live = live.dispatcher();
        (*use_memo((), move |()| LiveChange(Callback::from(move |part| live.dispatch(part))))).clone()
    };
    {
        let (store, change, error) = (store.clone(), change.0.clone(), error.setter());
        use_effect_with((), move |()| start(store, change, error));
    }
    use_effect_with(live.theme, |theme| show_theme(*theme));
    html! {
        <ContextProvider<Live> context={(*live).clone()}>
        <ContextProvider<LiveChange> context={change}>
        <ContextProvider<Store> context={store}>
        <ContextProvider<Router> context={router.clone()}>
            <CommandKeys />
            <PlainKeys />
            <div class="window">
                <Navigation />
                <TopBar />
                <main>
                    <ErrorBanner error={(*error).clone().or_else(|| live.failed.clone())} />
                    if let (false, None) = (live.ready, error.as_ref()) {
                        <PreparingData />
                    } else if !error.as_ref().is_some_and(without_data) {
                        { page(&router.route) }
                    }
                </main>
                <StatusBar />
                <Palette />
                <Toasts />
            </div>
        </ContextProvider<Router>>
        </ContextProvider<Store>>
        </ContextProvider<LiveChange>>
        </ContextProvider<Live>>
    }
}

fn page(route: &Route) -> Html {
    match route.page {
        Page::Sites => html! { <pages::Sites /> },
        Page::Experiments => html! { <pages::Experiments /> },
        Page::Flags => html! { <pages::Flags /> },
        Page::Metrics => html! { <pages::Metrics /> },
        Page::Publish => html! { <pages::Publish /> },
        Page::Results => html! { <pages::Results /> },
        Page::Settings => html! { <pages::Settings /> },
    }
}

/// Asks for the overview, and begins to listen to the core and to the system's theme.
fn start(store: Store, change: Callback<Part>, error: UseStateSetter<Option<Error>>) {
    preferences::show_zoom();
    let listening = {
        let change = change.clone();
        listen(move |notice| receive(&store, &change, notice))
    };
    if let Err(e) = listening {
        error.set(Some(e));
    }
    follow_theme(change.clone());
    listen_to_network();
    spawn_local(async move {
        match call::<Overview>(()).await {
            Ok(o) => change.emit(Part::Start { connection: o.connection, sync: o.sync, version: o.version }),
            Err(e) => error.set(Some(e)),
        }
    });
}

fn receive(store: &Store, change: &Callback<Part>, notice: Notice) {
    match notice {
        Notice::Changed { documents } => {
            store.changed(&documents);
            change.emit(Part::Edits);
        }
        Notice::Sync { view } => change.emit(Part::Sync(view)),
        Notice::Events => change.emit(Part::Events),
        Notice::Resync => {
            store.everything_changed();
            change.emit(Part::Edits);
            change.emit(Part::Events);
        }
        Notice::Workspace => begin_again(),
        Notice::Preparing { step, percent } => change.emit(Part::Preparing(step, percent)),
        Notice::Flush => spawn_local(flush::all()),
    }
}

/// Loads the window again: everything it shows belongs to the workspace before.
fn begin_again() {
    let Some(location) = web_sys::window().map(|window| window.location()) else { return };
    // A window that cannot load itself again keeps what it shows until it is closed.
    let _ = location.set_hash("").and_then(|()| location.reload());
}

/// Without its database the core answers nothing: one message is enough.
fn without_data(error: &Error) -> bool {
    matches!(error.code, Code::NewerDatabase | Code::Storage)
}

/// Ends a waiting sync when the computer is back in a network.
fn listen_to_network() {
    let Some(window) = web_sys::window() else { return };
    let online = Closure::<dyn Fn()>::new(|| {
        // Without this the sync tries again by itself, a little later.
        spawn_local(async { drop(call::<SyncWake>(()).await) });
    });
    let _ = window.add_event_listener_with_callback("online", online.as_ref().unchecked_ref());
    online.forget();
}

/// Draws the window in a theme.
fn show_theme(theme: Theme) {
    let root = web_sys::window().and_then(|window| window.document()).and_then(|document| document.document_element());
    let name = if theme == Theme::Dark { "dark" } else { "light" };
    // A root that takes no attribute stays light.
    root.iter().for_each(|root| drop(root.set_attribute("data-theme", name)));
}

fn follow_theme(change: Callback<Part>) {
    if let Some(Ok(Some(query))) = web_sys::window().map(|w| w.match_media("(prefers-color-scheme: dark)")) {
        let changed = Closure::<dyn Fn()>::new(move || change.emit(Part::Theme(system_theme())));
        // Without it the charts keep the theme they were drawn for; nothing else is lost.
        let _ = query.add_event_listener_with_callback("change", changed.as_ref().unchecked_ref());
        changed.forget();
    }
}
