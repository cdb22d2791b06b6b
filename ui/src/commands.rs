//! Everything that can be done from anywhere in the window, declared once. Navigation, buttons, keys and the palette
//! read it.

use beacon_shared::ipc::SyncNow;
use wasm_bindgen::{JsCast, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::KeyboardEvent;
use yew::prelude::*;

use crate::focus;
use crate::ipc::call;
use crate::preferences::{self, ThemeChoice, Zoom};
use crate::router::{self, Open, Page, Route, Router, use_router};
use crate::state::{Part, use_live, use_live_change};
use crate::undo::{self, Direction};

/// One thing to do.
#[derive(Clone, Copy)]
pub struct Command {
    pub id: &'static str,
    pub title: &'static str,
    /// Such as `mod+shift+e`, where `mod` is Ctrl or Cmd; several ways are apart by a space; may be empty.
    pub keys: &'static str,
    /// True if the palette offers it.
    pub is_listed: bool,
    pub enabled: fn(&Situation) -> bool,
    pub run: fn(&Situation),
}

/// The state that commands depend on.
#[derive(Clone, PartialEq)]
pub struct Situation {
    pub router: Router,
    pub connected: bool,
    pub syncing: bool,
    /// Changes the window's state.
    pub change: Callback<Part>,
}

impl Situation {
    fn open(&self, page: Page, open: Open) {
        self.router.go.emit(Route::new(page, open));
    }

    fn choose(&self, theme: ThemeChoice) {
        preferences::set_theme(theme);
        self.change.emit(Part::Choice(theme));
    }

    /// Leaves a text, or the document that is open.
    fn leave(&self) {
        let Route { page, open, .. } = &self.router.route;
        if focus::leave_text() || *open == Open::List {
            return;
        }
        if let Open::Document(id) = open {
            focus::want(focus::row(id));
        }
        self.open(*page, Open::List);
    }
}

const ALWAYS: fn(&Situation) -> bool = |_| true;

/// The registry.
pub const COMMANDS: &[Command] = &[
    page("go.sites", "Sites", "mod+1", |s| s.open(Page::Sites, Open::List)),
    page("go.experiments", "Experiments", "mod+2", |s| s.open(Page::Experiments, Open::List)),
    page("go.flags", "Flags", "mod+3", |s| s.open(Page::Flags, Open::List)),
    page("go.metrics", "Metrics", "mod+4", |s| s.open(Page::Metrics, Open::List)),
    page("go.publish", "Publish", "mod+5", |s| s.open(Page::Publish, Open::List)),
    page("go.results", "Results", "mod+6", |s| s.open(Page::Results, Open::List)),
    page("go.settings", "Settings", "mod+,", |s| s.open(Page::Settings, Open::List)),
    page("site.new", "New site", "", |s| s.open(Page::Sites, Open::New)),
    page("experiment.new", "New experiment", "mod+shift+e", |s| s.open(Page::Experiments, Open::New)),
    page("flag.new", "New flag", "mod+shift+f", |s| s.open(Page::Flags, Open::New)),
    page("metric.new", "New metric", "mod+shift+m", |s| s.open(Page::Metrics, Open::New)),
    page("flag.import", "Import or export…", "", |s| s.open(Page::Flags, Open::Import)),
    page("edit.undo", "Undo", "mod+z", |_| undo::take(Direction::Undo)),
    page("edit.redo", "Redo", "mod+shift+z mod+y", |_| undo::take(Direction::Redo)),
    page("view.light", "Light theme", "", |s| s.choose(ThemeChoice::Light)),
    page("view.dark", "Dark theme", "", |s| s.choose(ThemeChoice::Dark)),
    page("view.system", "Theme of the system", "", |s| s.choose(ThemeChoice::System)),
    page("view.zoom_in", "Zoom in", "mod+= mod++ mod+shift++", |_| preferences::zoom(Zoom::In)),
    page("view.zoom_out", "Zoom out", "mod+-", |_| preferences::zoom(Zoom::Out)),
    page("view.zoom_reset", "Actual size", "mod+0", |_| preferences::zoom(Zoom::Reset)),
    hidden("palette.open", "Search", "mod+k mod+p", |s| s.change.emit(Part::Palette(true))),
    hidden("go.back", "Back", "alt+arrowleft", |_| router::travel(-1)),
    hidden("go.forward", "Forward", "alt+arrowright", |_| router::travel(1)),
    hidden("go.up", "Back to the list", "escape", Situation::leave),
    Command {
        id: "sync.now",
        title: "Sync now",
        keys: "mod+shift+s",
        is_listed: true,
        enabled: |s| s.connected && !s.syncing,
        run: |s| {
            let asked = s.change.reform(Part::Asked);
            // Failures in the background stay in the status bar. The person asked for this sync, so its failure is said.
            spawn_local(async move { asked.emit(call::<SyncNow>(()).await.err()) });
        },
    },
];

const fn page(id: &'static str, title: &'static str, keys: &'static str, run: fn(&Situation)) -> Command {
    Command { id, title, keys, is_listed: true, enabled: ALWAYS, run }
}

/// A command that has keys, and that nobody looks for by its name.
const fn hidden(id: &'static str, title: &'static str, keys: &'static str, run: fn(&Situation)) -> Command {
    Command { id, title, keys, is_listed: false, enabled: ALWAYS, run }
}

/// Returns the command with this id.
pub fn command(id: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.id == id)
}

/// Keys that are down together.
struct Pressed<'a> {
    key: &'a str,
    main: bool,
    shift: bool,
    alt: bool,
}

/// Returns true if these keys are those of a command.
fn is_pressed(keys: &str, pressed: &Pressed<'_>) -> bool {
    keys.split_whitespace().any(|way| {
        // The last part is the key, which may be a plus itself.
        let (rest, key) =
            way.strip_suffix("++").map_or_else(|| way.rsplit_once('+').unwrap_or(("", way)), |rest| (rest, "+"));
        let rest: Vec<&str> = rest.split('+').collect();
        key == pressed.key.to_lowercase()
            && rest.contains(&"mod") == pressed.main
            && rest.contains(&"shift") == pressed.shift
            && rest.contains(&"alt") == pressed.alt
    })
}

#[hook]
pub fn use_situation() -> Situation {
    let (router, live, change) = (use_router(), use_live(), use_live_change());
    Situation { router, connected: live.connection.url.is_some(), syncing: live.sync.busy, change }
}

/// Runs commands by their keys. It is in the window once.
#[component]
pub fn CommandKeys() -> Html {
    let situation = use_situation();
    let newest = use_mut_ref(|| situation.clone());
    newest.replace(situation);
    use_effect_with((), move |()| {
        let heard = Closure::<dyn Fn(KeyboardEvent)>::new(move |event: KeyboardEvent| {
            let pressed = Pressed {
                key: &event.key(),
                main: event.ctrl_key() || event.meta_key(),
                shift: event.shift_key(),
                alt: event.alt_key(),
            };
            let situation = newest.borrow().clone();
            let found = COMMANDS.iter().find(|command| is_pressed(command.keys, &pressed));
            if let Some(command) = found.filter(|command| (command.enabled)(&situation)) {
                event.prevent_default();
                (command.run)(&situation);
            }
        });
        if let Some(window) = web_sys::window() {
            // Without it the keys do nothing; every command has a button too.
            let _ = window.add_event_listener_with_callback("keydown", heard.as_ref().unchecked_ref());
        }
        // As long as the window.
        heard.forget();
    });
    Html::default()
}

#[derive(Properties, PartialEq)]
pub struct CommandButtonProps {
    /// The command's id.
    pub command: &'static str,
    pub testid: AttrValue,
    #[prop_or_default]
    pub class: Classes,
    /// Another text than the command's title.
    #[prop_or_default]
    pub text: Option<AttrValue>,
}

/// A button of a command.
#[component]
pub fn CommandButton(props: &CommandButtonProps) -> Html {
    let situation = use_situation();
    let Some(command) = command(props.command) else { return Html::default() };
    let disabled = !(command.enabled)(&situation);
    let onclick = Callback::from(move |_: MouseEvent| (command.run)(&situation));
    let text = props.text.clone().unwrap_or(AttrValue::Static(command.title));
    html! {
        <button type="button" class={props.class.clone()} data-testid={props.testid.clone()} {disabled}
            {onclick}
            title={hint(command.keys)}>{ text }</button>
    }
}

/// The keys as people read them; nothing for a command without any.
pub fn hint(keys: &str) -> Option<String> {
    let name = |key: &str| match key {
        "mod" => "Ctrl".to_owned(),
        "shift" => "Shift".to_owned(),
        "alt" => "Alt".to_owned(),
        other => other.to_uppercase(),
    };
    let keys = keys.split_whitespace().next()?;
    Some(keys.split('+').map(name).collect::<Vec<_>>().join("+"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_and_keys_are_unique_and_every_page_has_a_command() {
        let ids: BTreeSet<_> = COMMANDS.iter().map(|command| command.id).collect();
        assert_eq!(ids.len(), COMMANDS.len());
        let with_keys: Vec<_> = COMMANDS.iter().flat_map(|command| command.keys.split_whitespace()).collect();
        assert_eq!(with_keys.iter().collect::<BTreeSet<_>>().len(), with_keys.len());
        assert!(Page::ALL.iter().all(|page| command(&format!("go.{}", page.as_str())).is_some()));
    }

    #[test]
    fn keys_match_exactly() {
        let pressed = |key, main, shift| Pressed { key, main, shift, alt: false };
        assert!(is_pressed("mod+shift+e", &pressed("E", true, true)));
        assert!(is_pressed("mod+,", &pressed(",", true, false)));
        assert!(
            is_pressed("mod+= mod++", &pressed("+", true, false))
                && is_pressed("escape", &pressed("Escape", false, false))
        );
        for other in [pressed("e", true, false), pressed("e", false, true), pressed("f", true, true)] {
            assert!(!is_pressed("mod+shift+e", &other));
        }
        assert!(!is_pressed("", &pressed("", false, false)), "no keys are never pressed");
        assert_eq!(hint("mod+shift+e").as_deref(), Some("Ctrl+Shift+E"));
    }

    #[test]
    fn commands_go_where_they_say() {
        use std::{cell::RefCell, rc::Rc};
        let gone = Rc::new(RefCell::new(Vec::new()));
        let heard = gone.clone();
        let go = Callback::from(move |route: Route| heard.borrow_mut().push(route.hash()));
        let router = Router { go, ..Router::default() };
        let situation = Situation { router, connected: false, syncing: false, change: Callback::noop() };
        let stays = |command: &&Command| ["sync", "edit", "view"].iter().any(|group| command.id.starts_with(group));
        for command in COMMANDS.iter().filter(|command| command.is_listed && !stays(command)) {
            (command.run)(&situation);
        }
        let expected = [
            "#/sites",
            "#/experiments",
            "#/flags",
            "#/metrics",
            "#/publish",
            "#/results",
            "#/settings",
            "#/sites/new",
            "#/experiments/new",
            "#/flags/new",
            "#/metrics/new",
            "#/flags/import",
        ];
        assert_eq!(*gone.borrow(), expected);
        let sync = command("sync.now").expect("it is there");
        assert!(!(sync.enabled)(&situation), "there is nothing to sync with");
    }
}
