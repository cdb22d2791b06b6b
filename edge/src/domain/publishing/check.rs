//! The checks before a publication takes effect: of each document, and between all that will be live.

use std::collections::{BTreeMap, BTreeSet};

use beacon_shared::error::{Code, Error, Problem, Result};
use beacon_shared::model::{Document, Experiment, Kind};
use beacon_shared::validate;
use serde::Deserialize;
use serde_json::Value;

use super::definitions::Definitions;
use crate::ports::Db;

/// The most problems in one answer.
const MAX_PROBLEMS: usize = 100;
/// The most bytes of definitions on one site. A page waits for all of them, so it should load far fewer.
pub const MAX_SITE: usize = 4_000_000;

/// The definitions that will be live, and the problems of that.
pub struct Review {
    released_seq: u64,
    live: Definitions,
    /// The keys of the documents that the publication changes, by id.
    changed: BTreeMap<String, String>,
    removed: Vec<Removed>,
    /// The live parts of the removed documents.
    before: Definitions,
    problems: Vec<Problem>,
}

/// A document that is taken off the sites.
struct Removed {
    id: String,
    kind: Kind,
    key: String,
}

impl Review {
    /// Begins with what is live now.
    pub async fn new(db: &dyn Db) -> Result<Self> {
        let (released_seq, live) = Definitions::live(db).await?;
        Ok(Self {
            released_seq,
            live,
            changed: BTreeMap::new(),
            removed: Vec::new(),
            before: Definitions::default(),
            problems: Vec::new(),
        })
    }

    /// The document's draft becomes what is released.
    pub fn released(&mut self, document: &Document) -> Result<()> {
        let draft = document.body.get("draft").unwrap_or(&Value::Null);
        if let (Kind::Experiment, Ok(after)) = (document.kind, Experiment::deserialize(draft)) {
            let before = document.body.get("released").and_then(|r| Experiment::deserialize(r).ok());
            let locked = before.map_or_else(Vec::new, |before| validate::locked_changes(&before, &after));
            if let Some(first) = locked.first() {
                return Err(Error { code: Code::Locked, message: first.detail.clone(), problems: locked });
            }
        }
        for problem in validate::document(document.kind, draft) {
            self.add(&document.id, &document.key, &problem.pointer, &problem.detail);
        }
        self.changed.insert(document.id.clone(), document.key.clone());
        self.live.insert(&document.id, document.kind, &document.key, draft.clone());
        Ok(())
    }

    /// A command changed what is released into `body`. It must always go out, so nothing else is checked.
    pub fn changed(&mut self, document: &Document, body: &Value) {
        if let Some(released) = body.get("released") {
            self.live.insert(&document.id, document.kind, &document.key, released.clone());
        }
    }

    /// The document is taken off the sites.
    pub fn removed(&mut self, document: &Document) {
        self.live.remove(&document.id);
        let released = document.body.get("released").filter(|released| !released.is_null());
        if let Some(released) = released {
            self.before.insert(&document.id, document.kind, &document.key, released.clone());
        }
        let Document { id, kind, key, .. } = document;
        self.removed.push(Removed { id: id.clone(), kind: *kind, key: key.clone() });
    }

    fn add(&mut self, id: &str, key: &str, pointer: &str, detail: &str) {
        if self.problems.len() == MAX_PROBLEMS {
            return;
        }
        // The pointer begins with the document, because a publication has many.
        self.problems.push(Problem::new(format!("/{id}{pointer}"), format!("{key}: {detail}")));
    }

    /// Checks what holds between documents. Fails with every problem that this publication has or causes. Returns the number
    /// of the release that it was checked against; `None` if there was nothing to check.
    pub fn finish(mut self) -> Result<Option<u64>> {
        if self.changed.is_empty() && self.removed.is_empty() {
            return Ok(None);
        }
        let removed = std::mem::take(&mut self.removed);
        self.check_sites(&removed);
        self.check_between(&removed);
        self.check_sizes();
        if self.problems.is_empty() { Ok(Some(self.released_seq)) } else { Err(Error::invalid(self.problems)) }
    }

    fn check_sites(&mut self, removed: &[Removed]) {
        for (id, key) in self.changed.clone() {
            let site = self.live.workspace.experiments.get(&id).map(|e| e.site_id.clone());
            if site.is_some_and(|site| !self.live.has_site(&site)) {
                self.add(&id, &key, "/site_id", "Its site is not published. Tick the site too.");
            }
        }
        for Removed { id, key, .. } in removed.iter().filter(|removed| removed.kind == Kind::Site) {
            let user = self.live.users_of_site(id).next().map(|user| self.live.name(user));
            if let Some(user) = user {
                self.add(id, key, "", &format!("The {user} is live on this site. Remove it first."));
            }
        }
    }

    /// A problem between documents counts when one of the changed documents can solve it, or when it was not there
    /// before: a removal must not break what nobody ticked.
    fn check_between(&mut self, removed: &[Removed]) {
        let found = validate::workspace(&self.live.workspace);
        for (id, problem) in &found {
            if let Some(key) = self.changed.get(id).cloned() {
                self.add(id, &key, &problem.pointer, &problem.detail);
            }
        }
        if removed.is_empty() {
            return;
        }
        // The same without the removals: twice for all of them, since each validation reads all that is live.
        let mut with = self.live.clone();
        with.extend(std::mem::take(&mut self.before));
        let known = validate::workspace(&with.workspace);
        let caused = found.iter().filter(|f| !self.changed.contains_key(&f.0) && !known.contains(f));
        for (user, problem) in caused.take(MAX_PROBLEMS).cloned().collect::<Vec<_>>() {
            let names = |name: &str| problem.detail.contains(&format!("'{name}'"));
            let is_its_metric =
                |removed: &Removed| removed.kind == Kind::Metric && problem.pointer.starts_with("/metrics");
            let is_named = |removed: &&Removed| names(&removed.key) || is_its_metric(removed);
            let Some(removed) = removed.iter().find(is_named).or(removed.first()) else { continue };
            let user = self.live.name(&user);
            self.add(&removed.id, &removed.key, "", &format!("The {user} needs this. Change it first."));
        }
    }
    /// No site may get more than a page can load. Each problem is at the first changed document on the site.
    fn check_sizes(&mut self) {
        let mut changed: BTreeMap<String, (String, String)> = BTreeMap::new();
        for (id, key) in &self.changed {
            for site in self.live.sites_of(id) {
                changed.entry(site).or_insert_with(|| (id.clone(), key.clone()));
            }
        }
        let sites: BTreeSet<String> = changed.keys().cloned().collect();
        for site in self.live.sites_above(MAX_SITE, sites) {
            let Some((id, key)) = changed.get(&site) else { continue };
            let name = self.live.name(&site);
            let most = MAX_SITE / 1_000_000;
            let detail = format!(
                "The {name} would load more than {most} MB of definitions. Shorten values, or take flags off this site."
            );
            self.add(id, key, "", &detail);
        }
    }
}
