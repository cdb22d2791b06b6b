//! The window's state besides documents.

use std::rc::Rc;

use beacon_shared::error::Error;
use beacon_shared::ipc::{ConnectionView, Preparing, SyncView};
use beacon_shared::theme::Theme;
use yew::prelude::*;

/// The window's state, from the context.
#[derive(Clone, PartialEq, Default)]
pub struct Live {
    pub sync: SyncView,
    pub connection: ConnectionView,
    pub version: String,
    pub theme: Theme,
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

/// A part of [`Live`] that changes.
pub enum Part {
    Start {
        connection: ConnectionView,
        sync: SyncView,
        version: String,
    },
    Sync(SyncView),
    Connection(ConnectionView),
    Theme(Theme),
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
            Part::Theme(theme) => live.theme = theme,
            Part::Preparing(Preparing::Events, Some(100)) => live.preparing = None,
            Part::Preparing(step, percent) => live.preparing = Some((step, percent)),
            Part::Asked(failed) => live.failed = failed,
            Part::Edits => live.edits = live.edits.wrapping_add(1),
            Part::Events => {
                live.events = live.events.wrapping_add(1);
                live.preparing = None;
            }
        }
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
