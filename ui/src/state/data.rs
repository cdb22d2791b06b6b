use std::rc::Rc;

use beacon_shared::error::Result;
use beacon_shared::ipc::{DocumentView, Notice, OverviewView, SyncView};
use beacon_shared::model::{Definition, Experiment, Flag, Site};
use yew::prelude::*;

use super::Part;

/// Something from the core: not there yet, there, or refused.
pub type Loaded<T> = Option<Result<Rc<T>>>;

/// Copies of what the core holds.
#[derive(Clone, Default, PartialEq)]
pub struct Data {
    /// Counts and the connection.
    pub overview: Loaded<OverviewView>,
    /// All sites.
    pub sites: Loaded<Vec<DocumentView<Site>>>,
    /// All experiments.
    pub experiments: Loaded<Vec<DocumentView<Experiment>>>,
    /// All flags.
    pub flags: Loaded<Vec<DocumentView<Flag>>>,
    /// Where sync stands.
    pub sync: SyncView,
    /// Counts the times that documents changed.
    pub changes: u32,
    /// Counts the times that new events arrived.
    pub events: u32,
}

/// What changes [`Data`].
pub enum Action {
    /// Fetched anew.
    Overview(Result<OverviewView>),
    /// Fetched anew.
    Sites(Result<Vec<DocumentView<Site>>>),
    /// Fetched anew.
    Experiments(Result<Vec<DocumentView<Experiment>>>),
    /// Fetched anew.
    Flags(Result<Vec<DocumentView<Flag>>>),
    /// Said by the core.
    Notice(Notice),
}

impl Reducible for Data {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut next = (*self).clone();
        match action {
            Action::Overview(answer) => {
                if let Ok(view) = &answer {
                    next.sync = view.sync.clone();
                }
                next.overview = Some(answer.map(Rc::new));
            }
            Action::Sites(answer) => next.sites = Some(answer.map(Rc::new)),
            Action::Experiments(answer) => next.experiments = Some(answer.map(Rc::new)),
            Action::Flags(answer) => next.flags = Some(answer.map(Rc::new)),
            Action::Notice(Notice::Changed { .. }) => next.changes = next.changes.wrapping_add(1),
            Action::Notice(Notice::Events) => next.events = next.events.wrapping_add(1),
            Action::Notice(Notice::Sync { view }) => next.sync = view,
        }
        Rc::new(next)
    }
}

impl Data {
    /// The name of a site, or its id while it is not known.
    pub fn site_name(&self, id: &str) -> String {
        let found = items(&self.sites).iter().find(|s| s.id == id);
        found.map_or_else(|| id.to_owned(), |s| title(&s.draft, "Unnamed site"))
    }

    /// The edge's address, when one is set.
    pub fn edge(&self) -> Option<String> {
        self.overview.as_ref()?.as_ref().ok()?.connection.url.clone()
    }

    /// How many documents differ from what is live.
    pub fn unreleased(&self) -> usize {
        fn count<T: PartialEq>(list: &Loaded<Vec<DocumentView<T>>>) -> usize {
            items(list).iter().filter(|d| d.released.as_ref() != Some(&d.draft)).count()
        }
        count(&self.sites) + count(&self.experiments) + count(&self.flags)
    }
}

/// What is there of a list.
pub fn items<T>(list: &Loaded<Vec<T>>) -> &[T] {
    match list {
        Some(Ok(items)) => items,
        _ => &[],
    }
}

/// The name of a definition, or a substitute while it has none.
pub fn title(definition: &impl Definition, substitute: &str) -> String {
    let name = definition.name().trim();
    if name.is_empty() { substitute.to_owned() } else { name.to_owned() }
}

/// [`Data`] and the way to fetch it anew, for every component.
#[derive(Clone, PartialEq)]
pub struct Store {
    /// The copies.
    pub data: Rc<Data>,
    /// Fetches a part anew.
    pub load: Callback<Part>,
}

/// The store of the window.
#[hook]
pub fn use_store() -> Store {
    use_context::<Store>()
        .unwrap_or_else(|| Store { data: Rc::new(Data::default()), load: Callback::noop() })
}
