//! What pages share: loading, and editing that saves itself.

use std::cell::RefCell;
use std::rc::Rc;

use beacon_shared::error::{Error, Problem};
use beacon_shared::ipc::{Call, ConnectionView, DocumentView, Preparing, Save, SyncState, SyncView};
use beacon_shared::model::{Definition, Experiment, Flag, Kind, Site};
use beacon_shared::sync::{Content, merge};
use beacon_shared::theme::Theme;
use beacon_shared::validate;
use gloo_timers::callback::Timeout;
use gloo_timers::future::TimeoutFuture;
use wasm_bindgen_futures::spawn_local;
use yew::functional::UseForceUpdateHandle;
use yew::prelude::*;

use crate::flush;
use crate::ipc::{self, call};

/// How long after the first unsaved keystroke a save begins.
const SAVE_AFTER_MS: u32 = 150;
/// How long after a failed save the next attempt begins.
const RETRY_AFTER_MS: u32 = 2_000;

/// What the whole window knows; pages take it from the context.
#[derive(Clone, PartialEq, Default)]
pub struct Live {
    /// Grows whenever something of the kind changed, in the order of [`Kind::ALL`].
    pub changed: [u32; Kind::ALL.len()],
    /// Grows whenever new events arrived.
    pub events: u32,
    /// Whether the core's data is open.
    pub ready: bool,
    /// The part of the data that the core prepares before it is open.
    pub preparing: Option<Preparing>,
    pub sync: SyncView,
    pub connection: ConnectionView,
    pub version: String,
    pub theme: Theme,
}

/// The context's way up: what a page did that others must know of.
#[derive(Clone, PartialEq)]
pub struct Hub {
    /// A connection was made or forgotten.
    pub connected: Callback<ConnectionView>,
    /// A document of the kind was written.
    pub wrote: Callback<Kind>,
    /// How something ended that the person asked for: `None` clears the error of an earlier attempt.
    pub asked: Callback<Option<Error>>,
}

/// A document that is open in an editor. The number tells one opening from the next, so that a new document keeps
/// its editor when the first save gives it an id.
#[derive(Clone, PartialEq)]
pub struct Open {
    pub number: u32,
    pub id: Option<String>,
}

/// The window's state, from the context.
#[hook]
pub fn use_live() -> Live {
    use_context::<Live>().unwrap_or_default()
}

/// What a call has brought so far. An older value stays in sight while a newer one is under way.
pub struct Loaded<T> {
    pub value: Option<Rc<T>>,
    pub error: Option<Error>,
    pub reload: Callback<()>,
}

/// Calls the core at once and again whenever `request` or `tick` changes. Answers to older questions are dropped.
#[hook]
pub fn use_call<C>(request: C::Request, tick: u32) -> Loaded<C::Response>
where
    C: Call + 'static,
    C::Request: Clone + PartialEq,
{
    let value = use_state(|| None::<Rc<C::Response>>);
    let error = use_state(|| None::<Error>);
    let asked = use_mut_ref(|| 0u32);
    let again = use_state(|| 0u32);
    let answer = {
        let (value, error, asked) = (value.setter(), error.setter(), asked.clone());
        Callback::from(move |request: C::Request| {
            *asked.borrow_mut() += 1;
            let (value, error, asked, number) = (value.clone(), error.clone(), asked.clone(), *asked.borrow());
            spawn_local(async move {
                let result = call::<C>(request).await;
                if *asked.borrow() != number {
                    return;
                }
                match result {
                    Ok(response) => {
                        value.set(Some(Rc::new(response)));
                        error.set(None);
                    }
                    Err(e) => error.set(Some(e)),
                }
            });
        })
    };
    use_effect_with((request, tick, *again), move |(request, ..)| answer.emit(request.clone()));
    let reload = {
        let again = again.clone();
        Callback::from(move |()| again.set(*again + 1))
    };
    Loaded { value: (*value).clone(), error: (*error).clone(), reload }
}

/// A definition that an [`Editor`] can hold.
pub trait Editable: Definition + 'static {
    type Saving: Call<Request = Save<Self>, Response = DocumentView<Self>> + 'static;
    fn check(&self) -> Vec<Problem>;
}

macro_rules! editable {
    ($($definition:ty, $call:ident, $check:ident;)*) => {
        $(impl Editable for $definition {
            type Saving = ipc_call::$call;
            fn check(&self) -> Vec<Problem> {
                validate::$check(self)
            }
        })*
    };
}

use beacon_shared::ipc as ipc_call;
editable! {
    Site, SiteSave, site;
    Experiment, ExperimentSave, experiment;
    Flag, FlagSave, flag;
}

struct Editing<T> {
    id: Option<String>,
    /// What the person sees.
    draft: T,
    /// The draft that the next save is an edit of: what the core had last, with the older value wherever the person
    /// typed without having seen the newer one. The core then asks instead of overwriting.
    base: T,
    sync: SyncState,
    conflict_rev: Option<u64>,
    updated_at: i64,
    problems: Vec<Problem>,
    /// Counts what was typed, and how much of it is saved.
    typed: u64,
    saved: u64,
    saving: bool,
    timer: Option<Timeout>,
    error: Option<Error>,
}

/// A draft that saves itself. Everything typed wins over everything that arrives.
pub struct Editor<T> {
    inner: Rc<RefCell<Editing<T>>>,
    redraw: UseForceUpdateHandle,
    on_saved: Callback<DocumentView<T>>,
}

impl<T> Clone for Editor<T> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), redraw: self.redraw.clone(), on_saved: self.on_saved.clone() }
    }
}

/// Edits `document`, or a new one that begins as `fresh`.
#[hook]
pub fn use_editor<T: Editable>(
    document: Option<DocumentView<T>>,
    fresh: impl FnOnce() -> T,
    on_saved: Callback<DocumentView<T>>,
) -> Editor<T> {
    let first = document.clone();
    let inner = use_mut_ref(move || {
        let draft = first.as_ref().map_or_else(fresh, |d| d.draft.clone());
        Editing {
            id: first.as_ref().map(|d| d.id.clone()),
            base: draft.clone(),
            draft,
            sync: first.as_ref().map_or(SyncState::Pending, |d| d.sync),
            conflict_rev: first.as_ref().and_then(|d| d.conflict_rev),
            updated_at: first.as_ref().map_or(0, |d| d.updated_at),
            problems: first.map(|d| d.problems).unwrap_or_default(),
            typed: 0,
            saved: 0,
            saving: false,
            timer: None,
            error: None,
        }
    });
    let editor = Editor { inner, redraw: use_force_update(), on_saved };
    {
        let editor = editor.clone();
        use_effect_with(document, move |document| {
            if let Some(document) = document {
                editor.adopt(document.clone());
            }
        });
    }
    {
        let editor = editor.clone();
        // Leaving the page saves what the timer has not yet saved, and so does closing the window.
        use_effect_with((), move |()| {
            let saving = editor.clone();
            let registration = flush::register(move || {
                let editor = saving.clone();
                async move {
                    editor.settle().await;
                }
            });
            move || {
                spawn_local(async move {
                    editor.settle().await;
                    drop(registration);
                });
            }
        });
    }
    editor
}

impl<T: Editable> Editor<T> {
    pub fn draft(&self) -> T {
        self.inner.borrow().draft.clone()
    }

    pub fn id(&self) -> Option<String> {
        self.inner.borrow().id.clone()
    }

    pub fn sync(&self) -> SyncState {
        self.inner.borrow().sync
    }

    /// Returns the revision at the edge that an open conflict is with.
    pub fn conflict_rev(&self) -> Option<u64> {
        self.inner.borrow().conflict_rev
    }

    pub fn error(&self) -> Option<Error> {
        self.inner.borrow().error.clone()
    }

    /// The core's word when all is saved, and until then what can be said here.
    pub fn problems(&self) -> Vec<Problem> {
        let editing = self.inner.borrow();
        if editing.id.is_some() && editing.typed == editing.saved {
            editing.problems.clone()
        } else {
            editing.draft.check()
        }
    }

    /// In words, for the person.
    pub fn save_state(&self) -> &'static str {
        let editing = self.inner.borrow();
        match (editing.typed == editing.saved, &editing.id) {
            _ if editing.error.is_some() => "Not saved",
            (true, None) => "New",
            (true, Some(_)) => "Saved",
            (false, _) => "Saving…",
        }
    }

    /// Changes the draft and sees to it that it is saved.
    pub fn edit(&self, change: impl FnOnce(&mut T)) {
        {
            let mut editing = self.inner.borrow_mut();
            change(&mut editing.draft);
            editing.typed += 1;
            if editing.timer.is_none() {
                let editor = self.clone();
                editing.timer = Some(Timeout::new(SAVE_AFTER_MS, move || editor.flush()));
            }
        }
        self.redraw.force_update();
    }

    /// Saves now, without waiting for it.
    pub fn flush(&self) {
        let editor = self.clone();
        spawn_local(async move {
            editor.settle().await;
        });
    }

    /// Saves until everything typed is in the core; `false` when the core refuses.
    pub async fn settle(&self) -> bool {
        loop {
            let job = {
                let mut editing = self.inner.borrow_mut();
                editing.timer = None;
                if editing.saving {
                    None
                } else if editing.typed == editing.saved {
                    return true;
                } else {
                    editing.saving = true;
                    let base = editing.id.is_some().then(|| editing.base.clone());
                    Some((editing.typed, Save { id: editing.id.clone(), base, draft: editing.draft.clone() }))
                }
            };
            let Some((typed, save)) = job else {
                TimeoutFuture::new(10).await;
                continue;
            };
            let sent = save.draft.clone();
            let outcome = call::<T::Saving>(save).await;
            self.inner.borrow_mut().saving = false;
            let failed = outcome.is_err();
            match outcome {
                Ok(view) => self.acknowledge(typed, &sent, view),
                Err(error) => self.fail(error),
            }
            self.redraw.force_update();
            if failed {
                return false;
            }
        }
    }

    fn acknowledge(&self, typed: u64, sent: &T, view: DocumentView<T>) {
        {
            let mut editing = self.inner.borrow_mut();
            editing.rebase(sent, &view.draft);
            editing.saved = typed;
            editing.error = None;
            editing.take(view.clone());
        }
        self.on_saved.emit(view);
    }

    fn fail(&self, error: Error) {
        let editor = self.clone();
        let mut editing = self.inner.borrow_mut();
        // The person can only wait for a full disk; a broken rule needs another keystroke.
        if error.problems.is_empty() {
            editing.timer = Some(Timeout::new(RETRY_AFTER_MS, move || editor.flush()));
        }
        editing.error = Some(error);
    }

    /// Takes in what arrived from the core, except what is being typed.
    pub fn adopt(&self, view: DocumentView<T>) {
        {
            let mut editing = self.inner.borrow_mut();
            // While a save is under way its answer will be newer than this.
            let stale = view.updated_at < editing.updated_at || editing.saving;
            if stale || editing.id.as_ref().is_some_and(|id| *id != view.id) {
                return;
            }
            let base = editing.base.clone();
            editing.rebase(&base, &view.draft);
            editing.take(view);
        }
        self.redraw.force_update();
    }
}

impl<T: Editable> Editing<T> {
    /// Takes in a newer draft of the core; what was typed since `from` stays.
    fn rebase(&mut self, from: &T, newer: &T) {
        let content = |draft: &T| Content {
            deleted: false,
            body: serde_json::json!({"draft": serde_json::to_value(draft).unwrap_or_default()}),
        };
        let merged = merge(Some(&content(from)), &content(&self.draft), &content(newer));
        let read = |content: Content| T::deserialize(content.body.get("draft")?).ok();
        let base = merged.base.and_then(read);
        // What cannot be read as one draft stays as it was typed; the core merges it when it is saved.
        if let (Some(draft), Some(base)) = (read(merged.content), base) {
            (self.draft, self.base) = (draft, base);
        }
    }

    fn take(&mut self, view: DocumentView<T>) {
        self.id = Some(view.id);
        self.sync = view.sync;
        self.conflict_rev = view.conflict_rev;
        self.updated_at = view.updated_at;
        self.problems = view.problems;
    }
}

/// The theme that the system asks for.
pub fn system_theme() -> Theme {
    let query = web_sys::window().and_then(|w| w.match_media("(prefers-color-scheme: dark)").ok().flatten());
    if query.is_some_and(|q| q.matches()) { Theme::Dark } else { Theme::Light }
}

/// Starts listening for notices; the error says why there will be none.
pub fn listen(handler: impl Fn(ipc_call::Notice) + 'static) -> Option<Error> {
    ipc::listen(handler).err()
}

/// Which document a page has open.
#[derive(Clone, PartialEq, Default)]
pub struct Opened {
    count: u32,
    pub current: Option<Open>,
}

/// What changes [`Opened`].
pub enum Opening {
    /// Opens a document, or a new one.
    Show(Option<String>),
    /// The new document of this opening got its id. By then another one may be open: that one stays.
    Created(u32, String),
    Close,
}

impl Reducible for Opened {
    type Action = Opening;

    fn reduce(self: Rc<Self>, opening: Opening) -> Rc<Self> {
        let mut opened = (*self).clone();
        match opening {
            Opening::Show(id) => {
                opened.count += 1;
                opened.current = Some(Open { number: opened.count, id });
            }
            Opening::Created(number, id) => {
                if let Some(open) = opened.current.as_mut().filter(|o| o.number == number && o.id.is_none()) {
                    open.id = Some(id);
                }
            }
            Opening::Close => opened.current = None,
        }
        opened.into()
    }
}
