//! The window: navigation, the page, the status bar.

use beacon_shared::error::{Code, Error};
use beacon_shared::ipc::{ConnectionView, Notice, Overview, Preparing, SyncNow, SyncView, SyncWake};
use beacon_shared::model::Kind;
use wasm_bindgen::{JsCast, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::flush;
use crate::format;
use crate::ipc::call;
use crate::pages;
use crate::state::{Hub, Live, listen, system_theme, use_live};
use crate::widgets::ErrorBanner;

#[derive(Clone, Copy, PartialEq)]
pub enum Page {
    Sites,
    Experiments,
    Flags,
    Publish,
    Results,
    Settings,
}

const PAGES: [(Page, &str, &str); 6] = [
    (Page::Sites, "Sites", "nav-sites"),
    (Page::Experiments, "Experiments", "nav-experiments"),
    (Page::Flags, "Flags", "nav-flags"),
    (Page::Publish, "Publish", "nav-publish"),
    (Page::Results, "Results", "nav-results"),
    (Page::Settings, "Settings", "nav-settings"),
];

/// A page's way to another page.
#[derive(Clone, PartialEq)]
pub struct GoTo(pub Callback<Page>);

enum Change {
    Start { connection: ConnectionView, sync: SyncView, version: String },
    Notice(Notice),
    Connection(ConnectionView),
    Wrote(Kind),
    Theme,
}

#[derive(Default, PartialEq, Clone)]
struct Window(Live);

impl Reducible for Window {
    type Action = Change;

    fn reduce(self: std::rc::Rc<Self>, change: Change) -> std::rc::Rc<Self> {
        let mut live = self.0.clone();
        match change {
            Change::Start { connection, sync, version } => {
                (live.connection, live.sync, live.version) = (connection, sync, version);
                live.preparing = None;
                live.ready = true;
            }
            Change::Notice(Notice::Changed { documents }) => {
                let kinds: std::collections::BTreeSet<Kind> = documents.iter().map(|d| d.kind).collect();
                kinds.into_iter().for_each(|kind| live.changed[kind as usize] += 1);
            }
            Change::Wrote(kind) => live.changed[kind as usize] += 1,
            Change::Notice(Notice::Sync { view }) => {
                // What the edge took or refused shows in the lists too.
                if (view.pending, view.conflicts) != (live.sync.pending, live.sync.conflicts) {
                    live.changed.iter_mut().for_each(|n| *n += 1);
                }
                live.sync = view;
            }
            Change::Notice(Notice::Events) => live.events += 1,
            Change::Notice(Notice::Preparing { step }) => live.preparing = Some(step),
            Change::Notice(Notice::Workspace | Notice::Flush) => {}
            Change::Notice(Notice::Resync) => {
                live.changed.iter_mut().for_each(|n| *n += 1);
                live.events += 1;
            }
            Change::Connection(connection) => live.connection = connection,
            Change::Theme => live.theme = system_theme(),
        }
        Window(live).into()
    }
}

#[component]
pub fn App() -> Html {
    let window = use_reducer_eq(Window::default);
    let error = use_state(|| None::<Error>);
    let page = use_state(|| Page::Sites);
    {
        let (window, error) = (window.dispatcher(), error.setter());
        use_effect_with((), move |()| start(window, error));
    }
    let hub = {
        let (a, b, asked) = (window.dispatcher(), window.dispatcher(), error.setter());
        use_memo((), move |()| Hub {
            connected: Callback::from(move |c| a.dispatch(Change::Connection(c))),
            wrote: Callback::from(move |kind| b.dispatch(Change::Wrote(kind))),
            asked: Callback::from(move |outcome: Option<Error>| asked.set(outcome)),
        })
    };
    let go = {
        let page = page.setter();
        use_memo((), move |()| GoTo(Callback::from(move |to| page.set(to))))
    };
    let body = match *page {
        Page::Sites => html! { <pages::Sites /> },
        Page::Experiments => html! { <pages::Experiments /> },
        Page::Flags => html! { <pages::Flags /> },
        Page::Publish => html! { <pages::Publish /> },
        Page::Results => html! { <pages::Results /> },
        Page::Settings => html! { <pages::Settings /> },
    };
    html! {
        <ContextProvider<Live> context={window.0.clone()}>
        <ContextProvider<Hub> context={(*hub).clone()}>
        <ContextProvider<GoTo> context={(*go).clone()}>
            <div class="window">
                <Navigation current={*page} />
                <main>
                    <ErrorBanner error={(*error).clone()} />
                    if let (false, None) = (window.0.ready, error.as_ref()) {
                        <PreparingData step={window.0.preparing} />
                    } else if !error.as_ref().is_some_and(without_data) {
                        { body }
                    }
                </main>
                <StatusBar />
            </div>
        </ContextProvider<GoTo>>
        </ContextProvider<Hub>>
        </ContextProvider<Live>>
    }
}

/// Asks for the overview and begins to listen to the core and to the system's theme.
fn start(window: UseReducerDispatcher<Window>, error: UseStateSetter<Option<Error>>) {
    window.dispatch(Change::Theme);
    let notices = window.clone();
    let on_notice = move |notice| match notice {
        Notice::Workspace => begin_again(),
        Notice::Flush => spawn_local(flush::all()),
        notice => notices.dispatch(Change::Notice(notice)),
    };
    if let Some(e) = listen(on_notice) {
        error.set(Some(e));
    }
    let theme = window.clone();
    if let Some(Ok(Some(query))) = web_sys::window().map(|w| w.match_media("(prefers-color-scheme: dark)")) {
        let changed = Closure::<dyn Fn()>::new(move || theme.dispatch(Change::Theme));
        // Without it the charts keep the theme they were drawn for; nothing else is lost.
        let _ = query.add_event_listener_with_callback("change", changed.as_ref().unchecked_ref());
        changed.forget();
    }
    listen_to_network();
    spawn_local(async move {
        match call::<Overview>(()).await {
            Ok(o) => window.dispatch(Change::Start { connection: o.connection, sync: o.sync, version: o.version }),
            Err(e) => error.set(Some(e)),
        }
    });
}

/// Ends a waiting sync when the computer is back in a network.
fn listen_to_network() {
    let Some(window) = web_sys::window() else { return };
    let online = Closure::<dyn Fn()>::new(|| {
        spawn_local(async {
            // Without this the sync tries again by itself, a little later.
            let _ = call::<SyncWake>(()).await;
        });
    });
    let _ = window.add_event_listener_with_callback("online", online.as_ref().unchecked_ref());
    online.forget();
}

/// Without its database the core answers nothing: one message is enough.
fn without_data(error: &Error) -> bool {
    matches!(error.code, Code::NewerDatabase | Code::Storage)
}

#[derive(Properties, PartialEq)]
struct PreparingProps {
    step: Option<Preparing>,
}

/// Shown while the core brings old data up to date. A start that takes no time does not show it.
#[component]
fn PreparingData(props: &PreparingProps) -> Html {
    let part = match props.step {
        Some(Preparing::Events) => "Updating the events on this computer. This can take a few minutes.",
        Some(Preparing::Drafts) | None => "Opening your drafts.",
    };
    html! {
        <section class="card narrow preparing" role="status" data-testid="preparing">
            <h2>{ "Preparing your data" }</h2>
            <p>{ part }</p>
            <progress aria-label="Preparing your data"></progress>
        </section>
    }
}

/// Loads the window again: everything it shows belongs to the workspace before.
fn begin_again() {
    if let Some(window) = web_sys::window() {
        // A window that cannot load itself again keeps what it shows until it is closed.
        let _ = window.location().reload();
    }
}

#[derive(Properties, PartialEq)]
struct NavigationProps {
    current: Page,
}

#[component]
fn Navigation(props: &NavigationProps) -> Html {
    let go = use_context::<GoTo>();
    let item = |(page, name, testid): (Page, &'static str, &'static str)| {
        let go = go.clone();
        let onclick = move |_| {
            if let Some(go) = &go {
                go.0.emit(page);
            }
        };
        html! {
            <button type="button" data-testid={testid} {onclick} aria-current={(page == props.current).then_some("page")}>
                { icon(page) }<span>{ name }</span>
            </button>
        }
    };
    html! {
        <nav aria-label="Main">
            <div class="brand"><img src="./logo.svg" alt="" width="24" height="24" /><span>{ "Beacon" }</span></div>
            { for PAGES.into_iter().map(item) }
        </nav>
    }
}

fn icon(page: Page) -> Html {
    let d = match page {
        Page::Sites => {
            "M2 8h12M8 2c2 2 2.5 4 2.5 6S10 12 8 14c-2-2-2.5-4-2.5-6S6 4 8 2zM8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2z"
        }
        Page::Experiments => "M6 2h4M7 2v4L3 13a1 1 0 0 0 1 1h8a1 1 0 0 0 1-1L9 6V2M5 10h6",
        Page::Flags => "M4 14V2M4 3h8l-2 3 2 3H4",
        Page::Publish => "M8 11V2M5 5l3-3 3 3M3 10v3h10v-3",
        Page::Results => "M2 14h12M4 12V8M8 12V3M12 12V6",
        Page::Settings => "M2 5h6M12 5h2M2 11h2M8 11h6M10 3v4M6 9v4",
    };
    html! {
        <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" fill="none" stroke="currentColor"
            stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round"><path {d} /></svg>
    }
}

/// Where sync stands. Background failures are told here, quietly.
#[component]
fn StatusBar() -> Html {
    let live = use_live();
    let (sync, connected) = (&live.sync, live.connection.url.is_some());
    let (tone, text) = match (connected, sync.online) {
        (false, _) => ("off", "Working on this computer"),
        (true, true) => ("on", "Online"),
        (true, false) => ("off", "Offline · your work is kept here"),
    };
    let last = sync.last_at.map(|at| format!("Synced {}", format::ago(at)));
    let hub = use_context::<Hub>();
    let onclick = move |_| {
        let hub = hub.clone();
        spawn_local(async move {
            // Background failures stay in this bar. The person asked for this sync, so its failure is said on the page.
            let failed = call::<SyncNow>(()).await.err();
            if let Some(hub) = hub {
                hub.asked.emit(failed);
            }
        });
    };
    html! {
        <footer>
            <div class="sync" data-testid="status-sync" aria-live="polite" data-pending={sync.pending.to_string()}
                data-conflicts={sync.conflicts.to_string()} data-online={sync.online.to_string()}
                data-connected={connected.to_string()} data-busy={sync.busy.to_string()}>
                <span class={classes!("dot", tone, sync.busy.then_some("busy"))}></span>
                <span>{ text }</span>
                if sync.pending > 0 { <span>{ format!("{} pending", sync.pending) }</span> }
                if sync.conflicts > 0 { <span class="warn-text">{ format!("{} in conflict", sync.conflicts) }</span> }
                if let Some(last) = last { <span>{ last }</span> }
                if let Some(problem) = sync.problem.as_ref().filter(|_| connected) {
                    <span class="trouble" title={problem.clone()}>{ problem.clone() }</span>
                }
                if let Some(note) = sync.events_problem.iter().chain(&sync.events_notes).next().filter(|_| connected) {
                    <span class="trouble" data-testid="status-events" title={note.clone()}>{ note.clone() }</span>
                }
            </div>
            if connected {
                <button type="button" class="quiet" data-testid="sync-now" {onclick} disabled={sync.busy}>{ "Sync now" }</button>
            }
            if !live.version.is_empty() { <span>{ format!("Beacon {}", live.version) }</span> }
        </footer>
    }
}
