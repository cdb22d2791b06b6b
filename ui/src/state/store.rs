//! The cache as components use it: they read, and are drawn again when what they read changes.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use beacon_shared::error::{Code, Error, Problem};
use beacon_shared::ipc::{
    ById, Call, DocumentRef, DocumentSummaries, DocumentView, ExperimentGet, ExperimentSave, FlagGet, FlagSave,
    MetricGet, MetricSave, OfKind, Save, SiteGet, SiteSave, Summary,
};
use beacon_shared::model::{Definition, Experiment, Flag, Kind, MetricDefinition, Site};
use beacon_shared::validate;
use gloo_timers::future::TimeoutFuture;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::cache::{Cache, Document, FIRST, Fetch, Topic};
use crate::ipc::call;

/// Milliseconds in which the first rows of a long list are painted.
const PAINTING_MS: u32 = 250;

/// A definition with an editor.
pub trait Editable: Definition + PartialEq + 'static {
    type Get: Call<Request = ById, Response = DocumentView<Self>> + 'static;
    type Save: Call<Request = Save<Self>, Response = DocumentView<Self>> + 'static;
    fn check(&self) -> Vec<Problem>;
    fn wrap(view: Rc<DocumentView<Self>>) -> Document;
    fn unwrap(document: &Document) -> Option<Rc<DocumentView<Self>>>;
}

macro_rules! editable {
    ($($definition:ident: $get:ident, $save:ident, $check:ident;)*) => {
        $(impl Editable for $definition {
            type Get = $get;
            type Save = $save;
            fn check(&self) -> Vec<Problem> {
                validate::$check(self)
            }
            fn wrap(view: Rc<DocumentView<Self>>) -> Document {
                Document::$definition(view)
            }
            fn unwrap(document: &Document) -> Option<Rc<DocumentView<Self>>> {
                match document {
                    Document::$definition(view) => Some(view.clone()),
                    _ => None,
                }
            }
        })*
    };
}

editable! {
    Site: SiteGet, SiteSave, site;
    Experiment: ExperimentGet, ExperimentSave, experiment;
    Flag: FlagGet, FlagSave, flag;
    MetricDefinition: MetricGet, MetricSave, metric;
}

/// The window's one cache, from the context.
#[derive(Clone, Default)]
pub struct Store(Rc<Shared>);

#[derive(Default)]
struct Shared {
    cache: RefCell<Cache>,
    errors: RefCell<BTreeMap<Topic, Error>>,
    readers: RefCell<BTreeMap<u64, (Topic, Callback<()>)>>,
    last_reader: Cell<u64>,
}

impl PartialEq for Store {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Store {
    /// The core says that these documents changed.
    pub fn changed(&self, documents: &[DocumentRef]) {
        let fetches = self.0.cache.borrow_mut().changed(documents);
        fetches.into_iter().for_each(|fetch| self.fetch(fetch));
    }

    /// Anything may have changed.
    pub fn everything_changed(&self) {
        let fetches = self.0.cache.borrow_mut().everything_changed();
        fetches.into_iter().for_each(|fetch| self.fetch(fetch));
    }

    /// Takes in the answer to a save or another command on a document.
    pub fn saved<T: Editable>(&self, view: &DocumentView<T>) {
        let document = DocumentRef { kind: T::KIND, id: view.id.clone() };
        self.0.cache.borrow_mut().saved(&document, T::wrap(Rc::new(view.clone())));
        self.draw(&Topic::Document(document));
    }

    fn reload(&self, topic: &Topic) {
        let fetch = self.0.cache.borrow_mut().reload(topic);
        fetch.into_iter().for_each(|fetch| self.fetch(fetch));
    }

    fn error(&self, topic: &Topic) -> Option<Error> {
        self.0.errors.borrow().get(topic).cloned()
    }

    /// Begins to read a topic; the end is [`Store::release`].
    fn read(&self, topic: &Topic, redraw: Callback<()>) -> u64 {
        let number = self.0.last_reader.get() + 1;
        self.0.last_reader.set(number);
        self.0.readers.borrow_mut().insert(number, (topic.clone(), redraw));
        let fetch = self.0.cache.borrow_mut().read(topic);
        fetch.into_iter().for_each(|fetch| self.fetch(fetch));
        number
    }

    fn release(&self, number: u64) {
        let reader = self.0.readers.borrow_mut().remove(&number);
        reader.iter().for_each(|(topic, _)| self.0.cache.borrow_mut().release(topic));
    }

    /// Draws the components that read the topic.
    fn draw(&self, topic: &Topic) {
        let readers: Vec<Callback<()>> = {
            let readers = self.0.readers.borrow();
            readers.values().filter(|(read, _)| read == topic).map(|(_, redraw)| redraw.clone()).collect()
        };
        readers.iter().for_each(|redraw| redraw.emit(()));
    }

    fn fetch(&self, fetch: Fetch) {
        let store = self.clone();
        spawn_local(async move {
            let mut next = Some(fetch);
            while let Some(fetch) = next {
                let topic = fetch.topic();
                let outcome = store.ask(&fetch).await;
                next = match outcome {
                    Ok(next) => {
                        store.0.errors.borrow_mut().remove(&topic);
                        next
                    }
                    Err(error) => {
                        store.0.cache.borrow_mut().failed(&topic);
                        store.0.errors.borrow_mut().insert(topic.clone(), error);
                        None
                    }
                };
                store.draw(&topic);
                if matches!(fetch, Fetch::Newest(_)) && next.is_some() {
                    // The rest of a long list keeps the window busy: the first rows are painted before it comes.
                    TimeoutFuture::new(PAINTING_MS).await;
                }
            }
        });
    }

    /// Asks the core and puts the answer into the cache. Returns the next question about the same topic.
    async fn ask(&self, fetch: &Fetch) -> Result<Option<Fetch>, Error> {
        match fetch {
            Fetch::Newest(kind) => self.ask_rows(fetch, *kind, Vec::new(), Some(FIRST)).await,
            Fetch::List(kind) => self.ask_rows(fetch, *kind, Vec::new(), None).await,
            Fetch::Rows(kind, ids) => self.ask_rows(fetch, *kind, ids.clone(), None).await,
            Fetch::Document(document) => match document.kind {
                Kind::Site => self.ask_document::<Site>(document).await,
                Kind::Experiment => self.ask_document::<Experiment>(document).await,
                Kind::Flag => self.ask_document::<Flag>(document).await,
                Kind::Metric => self.ask_document::<MetricDefinition>(document).await,
                Kind::Segment | Kind::Unknown => Ok(None),
            },
        }
    }

    async fn ask_rows(
        &self,
        fetch: &Fetch,
        kind: Kind,
        ids: Vec<String>,
        first: Option<usize>,
    ) -> Result<Option<Fetch>, Error> {
        let rows = call::<DocumentSummaries>(OfKind { kind, ids, first }).await?;
        Ok(self.0.cache.borrow_mut().put_rows(fetch, rows))
    }

    async fn ask_document<T: Editable>(&self, document: &DocumentRef) -> Result<Option<Fetch>, Error> {
        let answer = call::<T::Get>(ById { id: document.id.clone() }).await;
        let found = match answer {
            Ok(view) => Some(T::wrap(Rc::new(view))),
            Err(error) if error.code == Code::NotFound => None,
            Err(error) => return Err(error),
        };
        let is_gone = found.is_none();
        let next = self.0.cache.borrow_mut().put_document(document, found);
        match next {
            None if is_gone => Err(Error::new(Code::NotFound, "This was deleted. Go back to the list.")),
            next => Ok(next),
        }
    }
}

/// The cache's state of a topic. An older value stays shown while a newer one is under way.
pub struct Read<T> {
    pub value: Option<T>,
    pub error: Option<Error>,
    pub reload: Callback<()>,
    /// True if an answer is under way; never true of what the cache keeps up to date by itself.
    pub busy: bool,
}

#[hook]
pub fn use_store() -> Store {
    use_context::<Store>().unwrap_or_default()
}

/// Reads the rows of a kind, the newest change first.
#[hook]
pub fn use_rows(kind: Kind) -> Read<Vec<Rc<Summary>>> {
    let (store, error, reload) = use_topic(Some(Topic::List(kind)));
    let value = store.0.cache.borrow().rows(kind);
    Read { value, error, reload, busy: false }
}

/// Reads a document; nothing without an id.
#[hook]
pub fn use_document<T: Editable>(id: Option<&str>) -> Read<Rc<DocumentView<T>>> {
    let document = id.map(|id| DocumentRef { kind: T::KIND, id: id.to_owned() });
    let (store, error, reload) = use_topic(document.clone().map(Topic::Document));
    let value = document.and_then(|document| store.0.cache.borrow().document(&document));
    Read { value: value.as_ref().and_then(T::unwrap), error, reload, busy: false }
}

#[hook]
fn use_topic(topic: Option<Topic>) -> (Store, Option<Error>, Callback<()>) {
    let (store, redraw) = (use_store(), use_force_update());
    use_effect_with((store.clone(), topic.clone()), move |(store, topic)| {
        let redraw = Callback::from(move |()| redraw.force_update());
        let reading = topic.as_ref().map(|topic| (store.clone(), store.read(topic, redraw)));
        move || reading.into_iter().for_each(|(store, number)| store.release(number))
    });
    let error = topic.as_ref().and_then(|topic| store.error(topic));
    let reload = {
        let (store, topic) = (store.clone(), topic);
        Callback::from(move |()| topic.iter().for_each(|topic| store.reload(topic)))
    };
    (store, error, reload)
}
