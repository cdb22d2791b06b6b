//! A draft in an editor: what is typed is written to the core within a quarter of a second, one write at a time,
//! and what arrives from elsewhere meanwhile never takes away what was typed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use beacon_shared::error::{Error, Problem};
use beacon_shared::ipc::{Call, DocumentView, ExperimentSave, FlagSave, Save, SiteSave};
use beacon_shared::model::{Definition, Experiment, Flag, Site};
use beacon_shared::validate;
use gloo_timers::callback::Timeout;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::data::{Data, Loaded, items, use_store};
use crate::ipc;
use crate::merge::merge;

/// How long typing may go unwritten.
const DELAY_MS: u32 = 200;

/// A definition that an editor writes.
pub trait Saved: Definition + 'static {
    /// The call that writes it.
    type Call: Call<Request = Save<Self>, Response = DocumentView<Self>>;
    /// The list that shows it.
    fn list(data: &Data) -> &Loaded<Vec<DocumentView<Self>>>;
    /// What is wrong with it.
    fn problems(&self) -> Vec<Problem>;
}

macro_rules! saved {
    ($kind:ty, $call:ty, $list:ident, $problems:path) => {
        impl Saved for $kind {
            type Call = $call;
            fn list(data: &Data) -> &Loaded<Vec<DocumentView<Self>>> {
                &data.$list
            }
            fn problems(&self) -> Vec<Problem> {
                $problems(self)
            }
        }
    };
}

saved!(Site, SiteSave, sites, validate::site);
saved!(Experiment, ExperimentSave, experiments, validate::experiment);
saved!(Flag, FlagSave, flags, validate::flag);

/// What an editor opens with.
#[derive(Clone, PartialEq)]
pub enum Start<T> {
    /// Nothing yet: the document is made at the first write.
    New(T),
    /// A document.
    Existing(DocumentView<T>),
}

/// How far the writing is.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// There is no document, and nothing was typed.
    Nothing,
    /// On its way.
    Saving,
    /// All of it is written.
    Saved,
    /// It was refused; it is still in the editor.
    Failed(Error),
    /// A field holds something that cannot be written; this sentence says which.
    Unreadable(String),
}

struct Inner<T> {
    id: Option<String>,
    base: T,
    mine: T,
    view: Option<DocumentView<T>>,
    failed: Option<Error>,
    unreadable: BTreeMap<String, String>,
    timer: Option<Timeout>,
    writing: bool,
}

/// A draft in an editor.
pub struct Draft<T> {
    inner: Rc<RefCell<Inner<T>>>,
    refresh: Callback<()>,
    created: Callback<String>,
}

impl<T> Clone for Draft<T> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), refresh: self.refresh.clone(), created: self.created.clone() }
    }
}

impl<T: Saved> Draft<T> {
    /// The draft as it is typed.
    pub fn value(&self) -> T {
        self.inner.borrow().mine.clone()
    }

    /// The document's id, once it exists.
    pub fn id(&self) -> Option<String> {
        self.inner.borrow().id.clone()
    }

    /// The document as the core gave it last.
    pub fn view(&self) -> Option<DocumentView<T>> {
        self.inner.borrow().view.clone()
    }

    /// What is wrong: by the model now, and by the core as of the last write.
    pub fn problems(&self) -> Vec<Problem> {
        let inner = self.inner.borrow();
        let mut problems = inner.mine.problems();
        if inner.mine == inner.base {
            let known = inner.view.iter().flat_map(|v| v.problems.iter());
            let more: Vec<_> = known.filter(|p| !problems.contains(p)).cloned().collect();
            problems.extend(more);
        }
        problems.extend(inner.failed.iter().flat_map(|e| e.problems.clone()));
        problems
    }

    /// How far the writing is.
    pub fn progress(&self) -> Progress {
        let inner = self.inner.borrow();
        if let Some(error) = &inner.failed {
            Progress::Failed(error.clone())
        } else if inner.writing || inner.mine != inner.base || inner.timer.is_some() {
            Progress::Saving
        } else if let Some(sentence) = inner.unreadable.values().next() {
            Progress::Unreadable(sentence.clone())
        } else if inner.id.is_none() {
            Progress::Nothing
        } else {
            Progress::Saved
        }
    }

    /// Changes it, and sees that it is written soon.
    pub fn edit(&self, change: impl FnOnce(&mut T)) {
        {
            let mut inner = self.inner.borrow_mut();
            change(&mut inner.mine);
            inner.failed = None;
            // Not put off by further typing, so that the delay is a limit.
            if inner.timer.is_none() {
                let draft = self.clone();
                inner.timer = Some(Timeout::new(DELAY_MS, move || draft.write()));
            }
        }
        self.refresh.emit(());
    }

    /// A callback that changes it by what a field holds.
    pub fn field<V: 'static>(&self, set: impl Fn(&mut T, V) + 'static) -> Callback<V> {
        let draft = self.clone();
        Callback::from(move |value| draft.edit(|d| set(d, value)))
    }

    /// Says that a field holds what cannot be written, or no longer does.
    pub fn mark(&self, field: &str, unreadable: Option<String>) {
        {
            let mut inner = self.inner.borrow_mut();
            match unreadable {
                Some(sentence) => inner.unreadable.insert(field.to_owned(), sentence),
                None => inner.unreadable.remove(field),
            };
        }
        self.refresh.emit(());
    }

    /// Writes now what is not written.
    pub fn write(&self) {
        {
            let mut inner = self.inner.borrow_mut();
            inner.timer = None;
            let nothing = inner.mine == inner.base;
            if inner.writing || nothing {
                drop(inner);
                return self.refresh.emit(());
            }
            inner.writing = true;
            inner.failed = None;
        }
        let draft = self.clone();
        spawn_local(async move { draft.write_all().await });
        self.refresh.emit(());
    }

    async fn write_all(&self) {
        loop {
            let (id, sent) = {
                let inner = self.inner.borrow();
                (inner.id.clone(), inner.mine.clone())
            };
            let made = id.is_none();
            let answer = ipc::call::<T::Call>(Save { id, draft: sent.clone() }).await;
            let (more, new_id) = {
                let mut inner = self.inner.borrow_mut();
                match answer {
                    Ok(view) => {
                        let new_id = made.then(|| view.id.clone());
                        inner.mine = combined(&sent, &inner.mine, &view.draft);
                        inner.adopt(view);
                        (inner.mine != inner.base, new_id)
                    }
                    Err(error) => {
                        inner.failed = Some(error);
                        (false, None)
                    }
                }
            };
            if let Some(id) = new_id {
                self.created.emit(id);
            }
            if !more {
                break;
            }
        }
        self.inner.borrow_mut().writing = false;
        self.refresh.emit(());
    }

    /// Takes what the core says about the document, without taking away what was typed.
    pub fn receive(&self, view: &DocumentView<T>) {
        {
            let mut inner = self.inner.borrow_mut();
            // While a write is under way, its answer will be newer; so is what was read after a later change.
            let late = |known: &DocumentView<T>| view.updated_at < known.updated_at || view == known;
            if inner.writing || inner.view.as_ref().is_some_and(late) {
                return;
            }
            inner.mine = combined(&inner.base, &inner.mine, &view.draft);
            inner.adopt(view.clone());
        }
        self.refresh.emit(());
    }
}

impl<T: Clone> Inner<T> {
    fn adopt(&mut self, view: DocumentView<T>) {
        self.id = Some(view.id.clone());
        self.base = view.draft.clone();
        self.view = Some(view);
    }
}

/// [`merge`] of definitions; what cannot be merged stays as it was typed.
fn combined<T: Definition>(base: &T, mine: &T, theirs: &T) -> T {
    let value = |d: &T| serde_json::to_value(d);
    let (Ok(b), Ok(m), Ok(t)) = (value(base), value(mine), value(theirs)) else { return mine.clone() };
    serde_json::from_value(merge(&b, &m, &t)).unwrap_or_else(|_| mine.clone())
}

/// The draft of an editor, from its first render on. `created` hears the id of a new document.
#[hook]
pub fn use_draft<T: Saved>(start: &Start<T>, created: Callback<String>) -> Draft<T> {
    let store = use_store();
    let update = use_force_update();
    let inner = use_memo((), |()| {
        let (mine, view) = match start {
            Start::New(mine) => (mine.clone(), None),
            Start::Existing(view) => (view.draft.clone(), Some(view.clone())),
        };
        let id = view.as_ref().map(|v| v.id.clone());
        let unreadable = BTreeMap::new();
        Rc::new(RefCell::new(Inner {
            id,
            base: mine.clone(),
            mine,
            view,
            failed: None,
            unreadable,
            timer: None,
            writing: false,
        }))
    });
    let draft =
        Draft { inner: (*inner).clone(), refresh: Callback::from(move |()| update.force_update()), created };
    let stored = draft.id().and_then(|id| items(T::list(&store.data)).iter().find(|d| d.id == id).cloned());
    {
        let draft = draft.clone();
        use_effect_with(stored, move |stored| {
            if let Some(view) = stored {
                draft.receive(view);
            }
        });
    }
    {
        let draft = draft.clone();
        use_effect_with((), move |()| move || draft.write());
    }
    draft
}
