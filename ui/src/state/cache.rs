//! The documents that the window knows, by id. Pure: it says what to fetch, and somebody else fetches.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use beacon_shared::ipc::{DocumentRef, DocumentView, Summary};
use beacon_shared::model::{Experiment, Flag, Kind, MetricDefinition, Site};

/// The most changed rows that are read one by one; beyond it the whole list is read again.
const MAX_ROWS: usize = 200;
/// The rows that are read before the others, so that a long list is on the screen at once.
pub const FIRST: usize = 200;

/// A document of a kind that has an editor.
#[derive(Clone, Debug, PartialEq)]
pub enum Document {
    Site(Rc<DocumentView<Site>>),
    Experiment(Rc<DocumentView<Experiment>>),
    Flag(Rc<DocumentView<Flag>>),
    MetricDefinition(Rc<DocumentView<MetricDefinition>>),
}

/// A part of the cache that a component reads, and hears changes of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// The rows of a kind.
    List(Kind),
    /// A whole document.
    Document(DocumentRef),
}

/// A question to the core. At most one about each topic is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetch {
    /// The newest rows of a kind, at most [`FIRST`]: what a list shows before anybody asks for more.
    Newest(Kind),
    /// All rows of a kind.
    List(Kind),
    /// The rows of these documents.
    Rows(Kind, Vec<String>),
    /// A whole document.
    Document(DocumentRef),
}

impl Fetch {
    /// Returns what the answer belongs to.
    pub fn topic(&self) -> Topic {
        match self {
            Self::Newest(kind) | Self::List(kind) | Self::Rows(kind, _) => Topic::List(*kind),
            Self::Document(document) => Topic::Document(document.clone()),
        }
    }
}

#[derive(Default)]
struct List {
    rows: BTreeMap<String, Rc<Summary>>,
    is_loaded: bool,
    is_fetching: bool,
    /// Documents that changed while a fetch was under way.
    stale: BTreeSet<String>,
    all_stale: bool,
}

#[derive(Default)]
struct Entry {
    document: Option<Document>,
    is_fetching: bool,
    is_stale: bool,
    /// Number of components that read it. Without any it is dropped when it changes.
    readers: usize,
    /// True for what a save brought, until a component reads it: the page of a new document is about to.
    is_unread: bool,
}

/// All that is known.
#[derive(Default)]
pub struct Cache {
    lists: BTreeMap<Kind, List>,
    documents: BTreeMap<DocumentRef, Entry>,
}

impl Cache {
    /// Returns the rows of a kind, the newest change first. `None` until they are loaded.
    pub fn rows(&self, kind: Kind) -> Option<Vec<Rc<Summary>>> {
        let list = self.lists.get(&kind).filter(|list| list.is_loaded)?;
        let mut rows: Vec<Rc<Summary>> = list.rows.values().cloned().collect();
        rows.sort_by(|a, b| b.updated_at.cmp(&a.updated_at).then_with(|| a.id.cmp(&b.id)));
        Some(rows)
    }

    pub fn document(&self, document: &DocumentRef) -> Option<Document> {
        self.documents.get(document)?.document.clone()
    }

    /// A component begins to read. Returns the question that has to be asked first, if any.
    pub fn read(&mut self, topic: &Topic) -> Option<Fetch> {
        if let Topic::Document(document) = topic {
            let entry = self.documents.entry(document.clone()).or_default();
            entry.readers += 1;
            entry.is_unread = false;
        }
        let is_known = match topic {
            Topic::List(kind) => self.lists.get(kind).is_some_and(|list| list.is_loaded || list.is_fetching),
            Topic::Document(document) => {
                let is_known = |entry: &Entry| (entry.document.is_some() && !entry.is_stale) || entry.is_fetching;
                self.documents.get(document).is_some_and(is_known)
            }
        };
        if is_known { None } else { self.reload(topic) }
    }

    /// A component ends to read.
    pub fn release(&mut self, topic: &Topic) {
        if let Topic::Document(document) = topic
            && let Some(entry) = self.documents.get_mut(document)
        {
            entry.readers = entry.readers.saturating_sub(1);
        }
    }

    /// Asks for all of a topic again, unless a question is under way: then after its answer.
    pub fn reload(&mut self, topic: &Topic) -> Option<Fetch> {
        match topic {
            Topic::List(kind) => {
                let list = self.lists.entry(*kind).or_default();
                list.all_stale = true;
                next_of_list(*kind, list)
            }
            Topic::Document(document) => {
                let entry = self.documents.entry(document.clone()).or_default();
                entry.is_stale = true;
                next_of_document(document, entry)
            }
        }
    }

    /// These documents changed in the core. Returns what has to be asked now; what nobody reads is dropped.
    pub fn changed(&mut self, documents: &[DocumentRef]) -> Vec<Fetch> {
        let mut fetches = Vec::new();
        for (kind, list) in &mut self.lists {
            list.stale.extend(documents.iter().filter(|d| d.kind == *kind).map(|d| d.id.clone()));
            fetches.extend(next_of_list(*kind, list));
        }
        for document in documents {
            let Some(entry) = self.documents.get_mut(document) else { continue };
            if entry.readers == 0 && !entry.is_fetching && !entry.is_unread {
                self.documents.remove(document);
            } else if entry.is_unread {
                entry.is_stale = true;
            } else {
                entry.is_stale = true;
                fetches.extend(next_of_document(document, entry));
            }
        }
        fetches
    }

    /// Anything may have changed.
    pub fn everything_changed(&mut self) -> Vec<Fetch> {
        self.documents.retain(|_, entry| entry.readers > 0 || entry.is_fetching || entry.is_unread);
        let lists = self.lists.keys().map(|kind| Topic::List(*kind));
        let topics: Vec<Topic> = lists.chain(self.documents.keys().cloned().map(Topic::Document)).collect();
        topics.iter().filter_map(|topic| self.reload(topic)).collect()
    }

    /// Takes in the rows that a question about lists brought. Returns the next question.
    pub fn put_rows(&mut self, fetch: &Fetch, rows: Vec<Summary>) -> Option<Fetch> {
        let (kind, asked) = match fetch {
            Fetch::Newest(kind) | Fetch::List(kind) => (*kind, None),
            Fetch::Rows(kind, ids) => (*kind, Some(ids)),
            Fetch::Document(_) => return None,
        };
        let list = self.lists.entry(kind).or_default();
        match asked {
            None => list.rows.clear(),
            Some(ids) => ids.iter().for_each(|id| drop(list.rows.remove(id))),
        }
        list.rows.extend(rows.into_iter().map(|row| (row.id.clone(), Rc::new(row))));
        list.is_loaded = true;
        list.is_fetching = false;
        list.all_stale |= matches!(fetch, Fetch::Newest(_)) && list.rows.len() >= FIRST;
        next_of_list(kind, list)
    }

    /// Takes in a document that the core answered, or that it is gone. Returns the next question.
    pub fn put_document(&mut self, reference: &DocumentRef, document: Option<Document>) -> Option<Fetch> {
        let entry = self.documents.entry(reference.clone()).or_default();
        entry.document = document;
        entry.is_fetching = false;
        next_of_document(reference, entry)
    }

    /// Takes in what a save answered. A question under way may bring something older, and is asked again.
    pub fn saved(&mut self, reference: &DocumentRef, document: Document) {
        let entry = self.documents.entry(reference.clone()).or_default();
        entry.document = Some(document);
        entry.is_stale |= entry.is_fetching;
        entry.is_unread |= entry.readers == 0;
    }

    /// A question was not answered. The next change or reload asks it again.
    pub fn failed(&mut self, topic: &Topic) {
        match topic {
            Topic::List(kind) => {
                if let Some(list) = self.lists.get_mut(kind) {
                    (list.is_fetching, list.all_stale) = (false, false);
                    list.stale.clear();
                }
            }
            Topic::Document(document) => {
                if let Some(entry) = self.documents.get_mut(document) {
                    (entry.is_fetching, entry.is_stale) = (false, false);
                }
            }
        }
    }
}

fn next_of_list(kind: Kind, list: &mut List) -> Option<Fetch> {
    if list.is_fetching {
        return None;
    }
    let all = std::mem::take(&mut list.all_stale) || (list.is_loaded && list.stale.len() > MAX_ROWS);
    let stale = std::mem::take(&mut list.stale);
    let fetch = match all {
        true if !list.is_loaded => Fetch::Newest(kind),
        true => Fetch::List(kind),
        false if !stale.is_empty() => Fetch::Rows(kind, stale.into_iter().collect()),
        false => return None,
    };
    list.is_fetching = true;
    Some(fetch)
}

fn next_of_document(document: &DocumentRef, entry: &mut Entry) -> Option<Fetch> {
    if entry.is_fetching || !std::mem::take(&mut entry.is_stale) {
        return None;
    }
    entry.is_fetching = true;
    Some(Fetch::Document(document.clone()))
}

#[cfg(test)]
mod tests {
    use beacon_shared::ipc::SyncState;

    use super::*;

    fn reference(id: &str) -> DocumentRef {
        DocumentRef { kind: Kind::Flag, id: id.to_owned() }
    }

    fn row(id: &str, updated_at: i64) -> Summary {
        Summary {
            id: id.to_owned(),
            kind: Kind::Flag,
            key: id.to_owned(),
            name: String::new(),
            sites: Vec::new(),
            domains: Vec::new(),
            status: None,
            measure: String::new(),
            metrics: Vec::new(),
            own_metrics: false,
            enabled: true,
            live: false,
            live_status: None,
            live_enabled: false,
            started_at: None,
            restarts: false,
            unpublished: false,
            removed: false,
            readable: true,
            problems: 0,
            sync: SyncState::Synced,
            updated_at,
        }
    }

    fn flag(id: &str, name: &str) -> Document {
        let view = DocumentView {
            id: id.to_owned(),
            draft: Flag { name: name.to_owned(), ..Flag::default() },
            released: None,
            removed: false,
            revision: Default::default(),
            theirs: None,
            sync: SyncState::Synced,
            updated_at: 1,
            problems: Vec::new(),
        };
        Document::Flag(Rc::new(view))
    }

    fn ids(cache: &Cache) -> Vec<String> {
        cache.rows(Kind::Flag).expect("loaded").iter().map(|row| row.id.clone()).collect()
    }

    #[test]
    fn a_list_is_read_once_and_then_row_by_row() {
        let (mut cache, list) = (Cache::default(), Topic::List(Kind::Flag));
        assert_eq!(cache.read(&list), Some(Fetch::Newest(Kind::Flag)));
        assert_eq!((cache.read(&list), cache.rows(Kind::Flag)), (None, None), "it is under way");
        assert_eq!(cache.put_rows(&Fetch::Newest(Kind::Flag), vec![row("a", 1), row("b", 2)]), None);
        assert_eq!(ids(&cache), ["b", "a"]);

        let rows = Fetch::Rows(Kind::Flag, vec!["a".into(), "c".into()]);
        assert_eq!(cache.changed(&[reference("a"), reference("c")]), std::slice::from_ref(&rows));
        assert_eq!(cache.changed(&[reference("b")]), [], "one question at a time");
        assert_eq!(cache.put_rows(&rows, vec![row("a", 3)]), Some(Fetch::Rows(Kind::Flag, vec!["b".into()])));
        assert_eq!(cache.put_rows(&Fetch::Rows(Kind::Flag, vec!["b".into()]), vec![]), None);
        assert_eq!(ids(&cache), ["a"], "b is gone, c never was");
    }

    #[test]
    fn a_long_list_shows_its_newest_rows_before_the_others_are_read() {
        let mut cache = Cache::default();
        let rows = |count: usize| (0..count).map(|n| row(&format!("f{n}"), n as i64)).collect::<Vec<_>>();
        cache.read(&Topic::List(Kind::Flag));
        assert_eq!(cache.put_rows(&Fetch::Newest(Kind::Flag), rows(FIRST)), Some(Fetch::List(Kind::Flag)));
        assert_eq!(ids(&cache).len(), FIRST);
        assert_eq!(cache.changed(&[reference("f1")]), [], "one question at a time");
        let next = cache.put_rows(&Fetch::List(Kind::Flag), rows(1_000));
        assert_eq!((ids(&cache).len(), next), (1_000, Some(Fetch::Rows(Kind::Flag, vec!["f1".into()]))));
    }

    #[test]
    fn a_keystroke_costs_one_row_and_one_document_whatever_the_workspace_holds() {
        for size in [10, 10_000] {
            let mut cache = Cache::default();
            cache.read(&Topic::List(Kind::Flag));
            cache.put_rows(&Fetch::List(Kind::Flag), (0..size).map(|n| row(&format!("f{n}"), n)).collect());
            cache.read(&Topic::Document(reference("f1")));
            cache.put_document(&reference("f1"), Some(flag("f1", "A")));
            let fetches = cache.changed(&[reference("f1")]);
            assert_eq!(fetches, [Fetch::Rows(Kind::Flag, vec!["f1".into()]), Fetch::Document(reference("f1"))]);
        }
    }

    #[test]
    fn many_changes_at_once_read_the_list_again() {
        let mut cache = Cache::default();
        cache.read(&Topic::List(Kind::Flag));
        cache.put_rows(&Fetch::List(Kind::Flag), Vec::new());
        let many: Vec<DocumentRef> = (0..=MAX_ROWS).map(|n| reference(&n.to_string())).collect();
        assert_eq!(cache.changed(&many), [Fetch::List(Kind::Flag)]);
    }

    #[test]
    fn an_answer_that_a_save_overtook_is_asked_for_again() {
        let (mut cache, a) = (Cache::default(), reference("a"));
        assert_eq!(cache.read(&Topic::Document(a.clone())), Some(Fetch::Document(a.clone())));
        cache.saved(&a, flag("a", "typed"));
        assert_eq!(cache.document(&a), Some(flag("a", "typed")));
        assert_eq!(cache.put_document(&a, Some(flag("a", "old"))), Some(Fetch::Document(a.clone())));
        assert_eq!(cache.put_document(&a, Some(flag("a", "typed"))), None);
    }

    /// The core's notice about a new document comes between the answer and the page that shows it. Dropped, the editor would
    /// close under the person's hands, and with it what is typed at that moment.
    #[test]
    fn a_new_document_stays_until_its_page_reads_it() {
        let mut cache = Cache::default();
        cache.saved(&reference("a"), flag("a", "Sh"));
        assert_eq!(cache.changed(&[reference("a")]), []);
        assert!(cache.document(&reference("a")).is_some());
        let topic = Topic::Document(reference("a"));
        assert_eq!(cache.read(&topic), Some(Fetch::Document(reference("a"))), "and is asked again");
        assert!(cache.document(&reference("a")).is_some(), "the old one is shown meanwhile");
        cache.put_document(&reference("a"), Some(flag("a", "Shop")));
        cache.release(&topic);
        cache.changed(&[reference("a")]);
        assert!(cache.document(&reference("a")).is_none());
    }

    #[test]
    fn what_nobody_reads_is_dropped_when_it_changes() {
        let (mut cache, a) = (Cache::default(), reference("a"));
        let topic = Topic::Document(a.clone());
        cache.read(&topic);
        cache.put_document(&a, Some(flag("a", "A")));
        cache.release(&topic);
        assert!(cache.document(&a).is_some(), "kept for coming back");
        assert_eq!(cache.changed(std::slice::from_ref(&a)), []);
        assert_eq!(cache.document(&a), None);
        assert_eq!(cache.read(&topic), Some(Fetch::Document(a)));
    }

    #[test]
    fn a_failed_question_is_asked_again_when_somebody_reloads() {
        let (mut cache, list) = (Cache::default(), Topic::List(Kind::Flag));
        cache.read(&list);
        cache.failed(&list);
        assert_eq!(cache.reload(&list), Some(Fetch::Newest(Kind::Flag)));
        cache.put_rows(&Fetch::List(Kind::Flag), vec![row("a", 1)]);
        assert_eq!(cache.everything_changed(), [Fetch::List(Kind::Flag)]);
    }
}
