//! A draft while somebody edits it: what was typed, what is saved, and what arrives meanwhile. Pure.

use beacon_shared::error::{Error, Problem};
use beacon_shared::ipc::{DocumentView, Save, SyncState};
use beacon_shared::model::{Definition, ExperimentMetric, Rule, Variant};
use beacon_shared::sync::{Content, merge};

use super::history::{Change, History, Origin};
use crate::undo::Direction;

/// An open draft.
pub struct Editing<T> {
    id: Option<String>,
    /// True if this editor made the document, so that its key may still follow its name.
    is_new: bool,
    /// Draft as the person sees it.
    draft: T,
    /// The draft that the next save is an edit of: what the core had last, with the older value wherever the person
    /// typed without having seen the newer one. The core then asks instead of overwriting.
    base: T,
    view: Option<DocumentView<T>>,
    /// Counts edits, and how many of them are saved.
    typed: u64,
    saved: u64,
    is_saving: bool,
    error: Option<Error>,
    history: History<T>,
}

/// A save under way: the draft as it was sent, and how many edits are in it.
pub struct Sent<T> {
    pub save: Save<T>,
    typed: u64,
}

impl<T: Definition + PartialEq> Editing<T> {
    /// Opens a document, or a new one that begins as `fresh`.
    pub fn open(view: Option<DocumentView<T>>, fresh: impl FnOnce() -> T) -> Self {
        let draft = view.as_ref().map_or_else(fresh, |view| view.draft.clone());
        Self {
            id: view.as_ref().map(|view| view.id.clone()),
            is_new: view.is_none(),
            base: draft.clone(),
            draft,
            view,
            typed: 0,
            saved: 0,
            is_saving: false,
            error: None,
            history: History::default(),
        }
    }

    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    pub fn draft(&self) -> &T {
        &self.draft
    }

    /// Returns true while the document is younger than its editor.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Returns what the core said last about the document.
    pub fn view(&self) -> Option<&DocumentView<T>> {
        self.view.as_ref()
    }

    pub fn sync(&self) -> SyncState {
        self.view.as_ref().map_or(SyncState::Pending, |view| view.sync)
    }

    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    pub fn is_saved(&self) -> bool {
        self.typed == self.saved
    }

    /// Returns the core's problems once all is saved, and until then those that `check` finds.
    pub fn problems(&self, check: impl FnOnce(&T) -> Vec<Problem>) -> Vec<Problem> {
        match &self.view {
            Some(view) if self.is_saved() => view.problems.clone(),
            _ => check(&self.draft),
        }
    }

    /// Returns where saving stands, in words.
    pub fn save_state(&self) -> &'static str {
        match (self.is_saved(), &self.id) {
            _ if self.error.is_some() => "Not saved",
            (true, None) => "New",
            (true, Some(_)) => "Saved",
            (false, _) => "Saving…",
        }
    }

    pub fn edit(&mut self, origin: Origin, change: impl FnOnce(&mut T)) {
        let before = self.draft.clone();
        change(&mut self.draft);
        self.history.record(origin, before, self.draft.clone());
        self.typed += 1;
    }

    /// Takes an edit back, or makes it again. What changed since then stays, also what a colleague changed in the same
    /// field. Returns false if there is none.
    pub fn take_step(&mut self, direction: Direction) -> bool {
        let Some(Change { from, to }) = self.history.take(direction) else { return false };
        if let Some((draft, _)) = onto(&from, &self.draft, &to) {
            self.draft = draft;
            self.typed += 1;
        }
        true
    }

    /// Takes in the draft that the core made of `before` at the person's request, as an edit that can be taken back.
    pub fn replace(&mut self, before: T, view: DocumentView<T>) {
        self.adopt(view);
        self.history.record(Origin::default(), before, self.draft.clone());
    }

    /// Begins a save, unless one is under way or nothing is left to save.
    pub fn begin_save(&mut self) -> Option<Sent<T>> {
        if self.is_saving || self.is_saved() {
            return None;
        }
        self.is_saving = true;
        let base = self.id.is_some().then(|| self.base.clone());
        let save = Save { id: self.id.clone(), base, draft: self.draft.clone() };
        Some(Sent { save, typed: self.typed })
    }

    /// Ends a save with the core's answer. What was typed meanwhile stays.
    pub fn acknowledge(&mut self, sent: &Sent<T>, view: DocumentView<T>) {
        self.is_saving = false;
        self.saved = sent.typed;
        self.error = None;
        self.rebase(&sent.save.draft, &view.draft);
        self.id = Some(view.id.clone());
        self.view = Some(view);
    }

    /// Ends a save that the core refused. Returns true if waiting may help, as with a full disk; a broken rule needs
    /// another edit.
    pub fn fail(&mut self, error: Error) -> bool {
        self.is_saving = false;
        let may_pass = error.problems.is_empty();
        self.error = Some(error);
        may_pass
    }

    /// Takes in a newer document of the core; what is being typed stays. Returns false for one that is of no use: an
    /// older one, another document, or any while a save is under way, since its answer will be newer.
    pub fn adopt(&mut self, view: DocumentView<T>) -> bool {
        let is_other = self.id.as_ref().is_some_and(|id| *id != view.id);
        let is_older = self.view.as_ref().is_some_and(|known| view.updated_at < known.updated_at);
        if is_other || is_older || self.is_saving || self.view.as_ref() == Some(&view) {
            return false;
        }
        let base = self.base.clone();
        self.rebase(&base, &view.draft);
        self.id = Some(view.id.clone());
        self.view = Some(view);
        true
    }

    /// Puts what was typed since `from` onto a newer draft of the core. What cannot be read as one draft stays as it was
    /// typed; the core merges it when it is saved.
    fn rebase(&mut self, from: &T, newer: &T) {
        if let Some((draft, base)) = onto(from, &self.draft, newer) {
            (self.draft, self.base) = (draft, base);
        }
    }
}

/// Puts what differs between `from` and `mine` onto `newer`. Returns the draft, and the base of its next merge.
fn onto<T: Definition>(from: &T, mine: &T, newer: &T) -> Option<(T, T)> {
    let content = |draft: &T| Content {
        deleted: false,
        body: serde_json::json!({"draft": serde_json::to_value(draft).unwrap_or_default()}),
    };
    let merged = merge(Some(&content(from)), &content(mine), &content(newer));
    let read = |content: Content| T::deserialize(content.body.get("draft")?).ok();
    let base = merged.base.and_then(read);
    read(merged.content).zip(base)
}

/// An element of a list in a draft, known by its id wherever it stands.
pub trait Element {
    fn id(&self) -> &str;
}

macro_rules! elements {
    ($($element:ty),*) => {
        $(impl Element for $element {
            fn id(&self) -> &str {
                &self.id
            }
        })*
    };
}

elements!(Variant, Rule);

impl Element for ExperimentMetric {
    fn id(&self) -> &str {
        self.id()
    }
}

/// Returns where the element stands now. A list may have changed since the person saw it at `index`.
pub fn position<E: Element>(list: &[E], id: &str, index: usize) -> Option<usize> {
    let is_there = list.get(index).is_some_and(|element| element.id() == id);
    if is_there { Some(index) } else { list.iter().position(|element| element.id() == id) }
}

/// Changes the element if it is still there.
pub fn change<E: Element>(list: &mut [E], id: &str, index: usize, change: impl FnOnce(&mut E)) {
    if let Some(element) = position(list, id, index).and_then(|index| list.get_mut(index)) {
        change(element);
    }
}

/// Removes the element if it is still there.
pub fn remove<E: Element>(list: &mut Vec<E>, id: &str, index: usize) {
    if let Some(index) = position(list, id, index) {
        list.remove(index);
    }
}

/// Moves the element one place up if it is still there and not the first.
pub fn move_up<E: Element>(list: &mut [E], id: &str, index: usize) {
    if let Some(index) = position(list, id, index).filter(|index| *index > 0) {
        list.swap(index - 1, index);
    }
}

#[cfg(test)]
mod tests {
    use beacon_shared::error::Code;
    use beacon_shared::model::{Flag, Rule};

    use super::*;

    fn flag(name: &str, description: &str) -> Flag {
        Flag { name: name.to_owned(), description: description.to_owned(), ..Flag::default() }
    }

    fn view(draft: Flag, updated_at: i64) -> DocumentView<Flag> {
        DocumentView {
            id: "flg_1".to_owned(),
            draft,
            released: None,
            removed: false,
            revision: Default::default(),
            theirs: None,
            sync: SyncState::Pending,
            updated_at,
            problems: Vec::new(),
        }
    }

    fn open(draft: Flag) -> Editing<Flag> {
        Editing::open(Some(view(draft, 1)), Flag::default)
    }

    fn typed(editing: &mut Editing<Flag>, name: &str) {
        editing.edit(Origin::default(), |flag| flag.name = name.to_owned());
    }

    #[test]
    fn a_new_document_gets_its_id_with_the_first_save() {
        let mut editing = Editing::open(None, Flag::default);
        assert_eq!((editing.save_state(), editing.is_new(), editing.id()), ("New", true, None));
        assert!(editing.begin_save().is_none(), "nothing was typed");
        typed(&mut editing, "N");
        let sent = editing.begin_save().expect("a save");
        assert_eq!((sent.save.id.as_deref(), sent.save.base.is_none(), editing.save_state()), (None, true, "Saving…"));
        editing.acknowledge(&sent, view(flag("N", ""), 1));
        assert_eq!((editing.save_state(), editing.is_new(), editing.id()), ("Saved", true, Some("flg_1")));
    }

    #[test]
    fn what_is_typed_during_a_save_stays_and_is_saved_next() {
        let mut editing = open(flag("", ""));
        typed(&mut editing, "N");
        let first = editing.begin_save().expect("a save");
        typed(&mut editing, "Na");
        assert!(editing.begin_save().is_none(), "one save at a time");
        editing.acknowledge(&first, view(flag("N", ""), 2));
        assert_eq!((editing.draft().name.as_str(), editing.is_saved()), ("Na", false));
        let second = editing.begin_save().expect("the rest");
        assert_eq!(second.save.base, Some(flag("N", "")));
        editing.acknowledge(&second, view(flag("Na", ""), 3));
        assert!(editing.is_saved());
    }

    /// D1: the answer to a save carries a colleague's edit, and the next save does not take it back.
    #[test]
    fn a_colleagues_edit_survives_the_next_keystroke() {
        let mut editing = open(flag("A", "old"));
        typed(&mut editing, "AB");
        let sent = editing.begin_save().expect("a save");
        typed(&mut editing, "ABC");
        editing.acknowledge(&sent, view(flag("AB", "theirs"), 2));
        assert_eq!(editing.draft(), &flag("ABC", "theirs"));
        let next = editing.begin_save().expect("a save").save;
        assert_eq!((next.base, next.draft), (Some(flag("AB", "theirs")), flag("ABC", "theirs")));
    }

    /// D2: rules in another order meanwhile; each edit stays with its rule.
    #[test]
    fn an_edit_stays_with_its_rule_when_the_list_is_reordered() {
        let rule = |id: &str, coverage: u32| Rule { id: id.to_owned(), coverage, ..Rule::default() };
        let with = |rules: Vec<Rule>| Flag { rules, ..Flag::default() };
        let mut editing = open(with(vec![rule("a", 100), rule("b", 200)]));
        editing.edit(Origin::default(), |flag| change(&mut flag.rules, "a", 0, |rule| rule.coverage = 5_000));
        assert!(editing.adopt(view(with(vec![rule("b", 200), rule("a", 100)]), 2)));
        assert_eq!(editing.draft().rules, [rule("b", 200), rule("a", 5_000)]);
        editing.edit(Origin::default(), |flag| change(&mut flag.rules, "a", 0, |rule| rule.coverage = 6_000));
        assert_eq!(editing.draft().rules, [rule("b", 200), rule("a", 6_000)], "though it was seen at the first place");
    }

    #[test]
    fn what_is_older_or_of_another_document_is_not_taken_in() {
        let mut editing = open(flag("A", ""));
        assert!(!editing.adopt(view(flag("older", ""), 0)));
        assert!(!editing.adopt(DocumentView { id: "flg_2".into(), ..view(flag("other", ""), 9) }));
        assert!(!editing.adopt(view(flag("A", ""), 1)), "nothing new");
        typed(&mut editing, "AB");
        let sent = editing.begin_save().expect("a save");
        assert!(!editing.adopt(view(flag("meanwhile", ""), 9)), "the answer will be newer");
        editing.acknowledge(&sent, view(flag("AB", ""), 2));
        assert!(editing.adopt(view(flag("later", ""), 3)));
        assert_eq!(editing.draft().name, "later");
    }

    #[test]
    fn a_refused_save_keeps_what_was_typed() {
        let mut editing = open(flag("A", ""));
        typed(&mut editing, "AB");
        editing.begin_save().expect("a save");
        assert!(editing.fail(Error::new(Code::Storage, "The disk is full.")), "it may pass");
        assert_eq!((editing.draft().name.as_str(), editing.save_state()), ("AB", "Not saved"));
        let again = editing.begin_save().expect("again");
        assert!(!editing.fail(Error::invalid(vec![Problem::new("/name", "…")])), "only another edit helps");
        editing.acknowledge(&again, view(flag("AB", ""), 2));
        assert_eq!((editing.save_state(), editing.error().is_none()), ("Saved", true));
    }

    /// U2: what was typed is taken back field by field; a colleague's edit stays.
    #[test]
    fn an_edit_is_taken_back_across_saves_and_other_edits() {
        let mut editing = open(flag("A", ""));
        typed(&mut editing, "AB");
        editing.edit(Origin::default(), |flag| flag.rules.push(Rule { id: "r".into(), ..Rule::default() }));
        let sent = editing.begin_save().expect("a save");
        let with_theirs = Flag { description: "theirs".into(), ..sent.save.draft.clone() };
        editing.acknowledge(&sent, view(with_theirs, 2));
        assert!(editing.take_step(Direction::Undo));
        assert!(editing.draft().rules.is_empty(), "the rule");
        assert!(editing.take_step(Direction::Undo));
        assert_eq!(editing.draft(), &flag("A", "theirs"));
        assert!(!editing.take_step(Direction::Undo), "nothing is left");
        assert!(editing.begin_save().is_some(), "what was taken back is saved too");
        assert!(editing.take_step(Direction::Redo) && editing.take_step(Direction::Redo));
        assert_eq!((editing.draft().name.as_str(), editing.draft().rules.len()), ("AB", 1));
    }

    #[test]
    fn a_discarded_draft_comes_back() {
        let mut editing = open(flag("Mine", ""));
        editing.replace(flag("Mine", ""), view(flag("Live", ""), 2));
        assert_eq!((editing.draft().name.as_str(), editing.is_saved()), ("Live", true));
        assert!(editing.take_step(Direction::Undo));
        assert_eq!((editing.draft().name.as_str(), editing.is_saved()), ("Mine", false));
    }

    /// D41.
    #[test]
    fn a_click_on_an_element_that_is_gone_changes_nothing() {
        let rule = |id: &str| Rule { id: id.to_owned(), ..Rule::default() };
        let ids = |rules: &[Rule]| rules.iter().map(|rule| rule.id.clone()).collect::<Vec<_>>();
        let mut rules = vec![rule("a"), rule("b"), rule("c")];
        remove(&mut rules, "c", 0);
        remove(&mut rules, "c", 2);
        assert_eq!(ids(&rules), ["a", "b"]);
        move_up(&mut rules, "b", 7);
        move_up(&mut rules, "b", 0);
        move_up(&mut rules, "gone", 1);
        assert_eq!(ids(&rules), ["b", "a"]);
        change(&mut rules, "gone", 0, |rule| rule.id.clear());
        assert_eq!(ids(&rules), ["b", "a"]);
    }
}
