//! The window's state besides documents.

use std::rc::Rc;

use beacon_shared::error::Error;
use beacon_shared::ipc::{ConnectionView, Preparing, SyncView};
use beacon_shared::theme::Theme;
use yew::prelude::*;

use crate::preferences::{self, ThemeChoice};

/// The window's state, from the context.
#[derive(Clone, PartialEq, Default)]
pub struct Live {
    pub sync: SyncView,
    pub connection: ConnectionView,
    pub version: String,
    /// The theme that is drawn.
    pub theme: Theme,
    /// The theme that the system asks for.
    pub system: Theme,
    pub choice: ThemeChoice,
    /// Document id of the site that lists are narrowed to; empty for all.
    pub site: String,
    /// True while the command palette is open.
    pub palette: bool,
    /// True if the core's data is open.
    pub ready: bool,
    /// The part of the data that the core brings up to date, and how much of it is done, in percent.
    pub preparing: Option<(Preparing, Option<u8>)>,
    /// Error of something that the person asked for on no page in particular.
    pub failed: Option<Error>,
    /// Counts changes of documents.
    pub edits: u32,
    /// Counts arrivals of events.
    pub events: u32,
}

impl Live {
    /// Returns the state of a window that opens, with the person's choices.
    pub fn open() -> Self {
        let (system, choice) = (system_theme(), preferences::theme());
        Self { system, choice, theme: choice.resolve(system), site: preferences::site(), ..Self::default() }
    }
}

/// A part of [`Live`] that changes.
pub enum Part {
    Start {
        connection: ConnectionView,
        sync: SyncView,
        version: String,
    },
    Sync(SyncView),
    Connection(ConnectionView),
    /// The system asks for another theme.
    Theme(Theme),
    /// The person chose a theme.
    Choice(ThemeChoice),
    Site(String),
    Palette(bool),
    Preparing(Preparing, Option<u8>),
    /// Something that the person asked for ended; `None` clears the error of an earlier attempt.
    Asked(Option<Error>),
    Edits,
    Events,
}

impl Reducible for Live {
    type Action = Part;

    fn reduce(self: Rc<Self>, part: Part) -> Rc<Self> {
        let mut live = (*self).clone();
        match part {
            Part::Start { connection, sync, version } => {
                (live.connection, live.sync, live.version) = (connection, sync, version);
                live.ready = true;
                live.preparing = live.preparing.filter(|(step, _)| *step == Preparing::Events);
            }
            Part::Sync(sync) => live.sync = sync,
            Part::Connection(connection) => live.connection = connection,
            Part::Theme(theme) => live.system = theme,
            Part::Choice(choice) => live.choice = choice,
            Part::Site(site) => live.site = site,
            Part::Palette(is_open) => live.palette = is_open,
            Part::Preparing(Preparing::Events, Some(100)) => live.preparing = None,
            Part::Preparing(step, percent) => live.preparing = Some((step, percent)),
            Part::Asked(failed) => live.failed = failed,
            Part::Edits => live.edits = live.edits.wrapping_add(1),
            Part::Events => {
                live.events = live.events.wrapping_add(1);
                live.preparing = None;
            }
        }
        live.theme = live.choice.resolve(live.system);
        live.into()
    }
}

/// The way from a page to the window's state, from the context.
#[derive(Clone, PartialEq)]
pub struct LiveChange(pub Callback<Part>);

#[hook]
pub fn use_live() -> Live {
    use_context::<Live>().unwrap_or_default()
}

#[hook]
pub fn use_live_change() -> Callback<Part> {
    use_context::<LiveChange>().map_or_else(Callback::noop, |change| change.0)
}

/// Returns the theme that the system asks for.
pub fn system_theme() -> Theme {
    let query = web_sys::window().and_then(|w| w.match_media("(prefers-color-scheme: dark)").ok().flatten());
    if query.is_some_and(|query| query.matches()) { Theme::Dark } else { Theme::Light }
}
