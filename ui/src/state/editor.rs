//! A draft that saves itself: [`Editing`] with the core on one side and the page on the other.

use std::cell::RefCell;
use std::rc::Rc;

use beacon_shared::error::{Error, Problem};
use beacon_shared::ipc::{ById, Confirmed, DocumentDelete, DocumentDiscard, DocumentView, SyncState};
use futures_channel::oneshot;
use gloo_timers::callback::Timeout;
use serde_json::json;
use wasm_bindgen_futures::spawn_local;
use yew::functional::UseForceUpdateHandle;
use yew::prelude::*;

use super::editing::{Editing, Sent};
use super::history::Origin;
use super::store::{Editable, Store, use_store};
use crate::ipc::call;
use crate::undo::Direction;
use crate::{flush, undo};

/// The time from a failed save to the next attempt.
const RETRY_AFTER_MS: u32 = 2_000;

struct Parts<T> {
    editing: Editing<T>,
    /// Wait for everything typed to be saved; they hear whether it is.
    waiting: Vec<oneshot::Sender<bool>>,
    retry: Option<Timeout>,
}

/// An open document. A keystroke is sent at once; what is typed until the answer comes goes with the next save.
pub struct Editor<T> {
    parts: Rc<RefCell<Parts<T>>>,
    redraw: UseForceUpdateHandle,
    store: Store,
    on_created: Callback<String>,
}

impl<T> Clone for Editor<T> {
    fn clone(&self) -> Self {
        Self {
            parts: self.parts.clone(),
            redraw: self.redraw.clone(),
            store: self.store.clone(),
            on_created: self.on_created.clone(),
        }
    }
}

/// Two are the same when they hold the same draft. What a component shows of the draft is a property of its own.
impl<T> PartialEq for Editor<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.parts, &other.parts)
    }
}

/// Edits `document`, or a new one that begins as `fresh`. `on_created` hears the id that a new one gets.
#[hook]
pub fn use_editor<T: Editable>(
    document: Option<Rc<DocumentView<T>>>,
    fresh: impl FnOnce() -> T,
    on_created: Callback<String>,
) -> Editor<T> {
    let first = document.as_deref().cloned();
    let parts = use_mut_ref(move || Parts { editing: Editing::open(first, fresh), waiting: Vec::new(), retry: None });
    let editor = Editor { parts, redraw: use_force_update(), store: use_store(), on_created };
    {
        let editor = editor.clone();
        use_effect_with(document, move |document| {
            document.iter().for_each(|document| editor.adopt(DocumentView::clone(document)));
        });
    }
    {
        let editor = editor.clone();
        // Leaving the page saves what is not saved yet, and so does closing the window.
        use_effect_with((), move |()| {
            let closing = editor.clone();
            let registration = flush::register(move || {
                let editor = closing.clone();
                async move {
                    editor.flush().await;
                }
            });
            let stepping = editor.clone();
            let steps = undo::register(move |direction| stepping.take_step(direction));
            move || {
                drop(steps);
                spawn_local(async move {
                    editor.flush().await;
                    drop(registration);
                });
            }
        });
    }
    editor
}

impl<T: Editable> Editor<T> {
    pub fn draft(&self) -> T {
        self.parts.borrow().editing.draft().clone()
    }

    pub fn id(&self) -> Option<String> {
        self.parts.borrow().editing.id().map(str::to_owned)
    }

    /// Returns true while the document is younger than its editor: then its key may follow its name.
    pub fn is_new(&self) -> bool {
        self.parts.borrow().editing.is_new()
    }

    /// Returns what the core said last about the document.
    pub fn view(&self) -> Option<DocumentView<T>> {
        self.parts.borrow().editing.view().cloned()
    }

    pub fn sync(&self) -> SyncState {
        self.parts.borrow().editing.sync()
    }

    pub fn error(&self) -> Option<Error> {
        self.parts.borrow().editing.error().cloned()
    }

    pub fn problems(&self) -> Vec<Problem> {
        self.parts.borrow().editing.problems(T::check)
    }

    pub fn save_state(&self) -> &'static str {
        self.parts.borrow().editing.save_state()
    }

    /// Returns a callback that changes the draft by what was typed.
    pub fn edit<I: 'static>(&self, change: impl Fn(&mut T, I) + 'static) -> Callback<I> {
        let editor = self.clone();
        Callback::from(move |input| {
            editor.parts.borrow_mut().editing.edit(origin(), |draft| change(draft, input));
            editor.save();
            editor.redraw.force_update();
        })
    }

    /// Takes an edit back, or makes it again.
    fn take_step(&self, direction: Direction) {
        if self.parts.borrow_mut().editing.take_step(direction) {
            self.save();
            self.redraw.force_update();
        }
    }

    /// Makes the draft what is live. The edit before it can be taken back.
    pub async fn discard(&self) -> Result<(), Error> {
        let seen = json!(self.draft());
        // What is typed and not saved yet is discarded as well, and a save that is refused must not come after it.
        self.flush().await;
        let (before, Some(id)) = (self.draft(), self.id()) else { return Ok(()) };
        call::<DocumentDiscard>(Confirmed { id: id.clone(), seen }).await?;
        let view = call::<T::Get>(ById { id }).await?;
        self.store.saved(&view);
        self.parts.borrow_mut().editing.replace(before, view);
        self.redraw.force_update();
        Ok(())
    }

    /// Deletes the document, if its draft still is the one that the person saw.
    pub async fn delete(&self, seen: T) -> Result<(), Error> {
        self.flush().await;
        let Some(id) = self.id() else { return Ok(()) };
        call::<DocumentDelete>(Confirmed { id, seen: json!(seen) }).await
    }

    /// Returns a callback that saves now.
    pub fn saving<I: 'static>(&self) -> Callback<I> {
        let editor = self.clone();
        Callback::from(move |_| editor.save())
    }

    /// Saves until everything typed is in the core. Returns false when the core refuses.
    pub async fn flush(&self) -> bool {
        let (sender, saved) = oneshot::channel();
        self.parts.borrow_mut().waiting.push(sender);
        self.save();
        saved.await.unwrap_or(false)
    }

    /// Takes in what arrived from the core, except what is being typed.
    pub fn adopt(&self, view: DocumentView<T>) {
        if self.parts.borrow_mut().editing.adopt(view) {
            self.redraw.force_update();
        }
    }

    /// Begins to save what is not saved yet. One loop at a time: a save that is under way goes on with the rest.
    fn save(&self) {
        let mut parts = self.parts.borrow_mut();
        parts.retry = None;
        match parts.editing.begin_save() {
            Some(mut sent) => {
                let editor = self.clone();
                drop(parts);
                spawn_local(async move {
                    loop {
                        let outcome = call::<T::Save>(sent.save.clone()).await;
                        let next = match outcome {
                            Ok(view) => editor.acknowledge(&sent, view),
                            Err(error) => editor.refuse(error),
                        };
                        editor.redraw.force_update();
                        match next {
                            Some(rest) => sent = rest,
                            None => return editor.answer_waiting(),
                        }
                    }
                });
            }
            None if parts.editing.is_saved() => {
                drop(parts);
                self.answer_waiting();
            }
            None => {}
        }
    }

    fn acknowledge(&self, sent: &Sent<T>, view: DocumentView<T>) -> Option<Sent<T>> {
        let is_created = sent.save.id.is_none();
        let next = {
            let mut parts = self.parts.borrow_mut();
            parts.editing.acknowledge(sent, view.clone());
            parts.editing.begin_save()
        };
        self.store.saved(&view);
        if is_created {
            self.on_created.emit(view.id);
        }
        next
    }

    fn refuse<N>(&self, error: Error) -> Option<N> {
        let editor = self.clone();
        let mut parts = self.parts.borrow_mut();
        if parts.editing.fail(error) {
            parts.retry = Some(Timeout::new(RETRY_AFTER_MS, move || spawn_local(async move { editor.save() })));
        }
        None
    }

    fn answer_waiting(&self) {
        let (waiting, is_saved) = {
            let mut parts = self.parts.borrow_mut();
            (std::mem::take(&mut parts.waiting), parts.editing.is_saved())
        };
        for sender in waiting {
            // A page that is gone does not wait any more.
            let _ = sender.send(is_saved);
        }
    }
}

/// Returns the field that an edit comes from, and now.
fn origin() -> Origin {
    let active = web_sys::window().and_then(|window| window.document()).and_then(|document| document.active_element());
    Origin { place: active.map(|element| element.id()).unwrap_or_default(), at: js_sys::Date::now() }
}
