//! The checks before a publication takes effect: of each document, and between all that will be live.

use std::collections::{BTreeMap, BTreeSet};

use beacon_shared::error::{Code, Error, Problem, Result};
use beacon_shared::model::{Document, Experiment, Flag, Kind, MetricDefinition, Segment, Site, Status};
use beacon_shared::validate::{self, Workspace};
use serde::Deserialize;
use serde_json::Value;

use super::bundle;
use crate::deps::Deps;

/// The most problems in one answer.
const MAX_PROBLEMS: usize = 100;

/// The definitions that will be live, and the problems of that.
pub struct Review {
    live: Live,
    /// The keys of the documents that the publication changes, by id.
    changed: BTreeMap<String, String>,
    removed: Vec<Document>,
    problems: Vec<Problem>,
}

/// The definitions that are live.
#[derive(Clone, Default)]
struct Live {
    workspace: Workspace,
    sites: BTreeSet<String>,
    names: BTreeMap<String, String>,
}

impl Live {
    fn insert(&mut self, document: &Document, part: &Value) {
        self.remove(&document.id);
        let id = document.id.clone();
        let name = part.get("name").and_then(Value::as_str).filter(|name| !name.is_empty()).unwrap_or(&document.key);
        self.names.insert(id.clone(), format!("{} \"{name}\"", document.kind.as_str()));
        match document.kind {
            Kind::Experiment => self.workspace.experiments.extend(Experiment::deserialize(part).ok().map(|e| (id, e))),
            Kind::Flag => self.workspace.flags.extend(Flag::deserialize(part).ok().map(|f| (id, f))),
            Kind::Segment => self.workspace.segments.extend(Segment::deserialize(part).ok().map(|s| (id, s))),
            Kind::Site => self.sites.extend(Site::deserialize(part).ok().map(|_| id)),
            Kind::Metric => self.workspace.metrics.extend(MetricDefinition::deserialize(part).ok().map(|m| (id, m))),
            Kind::Unknown => {}
        }
    }

    fn insert_released(&mut self, document: &Document) {
        if let Some(released) = document.body.get("released").filter(|released| !released.is_null()) {
            self.insert(document, released);
        }
    }

    fn remove(&mut self, id: &str) {
        self.workspace.experiments.remove(id);
        self.workspace.flags.remove(id);
        self.workspace.segments.remove(id);
        self.workspace.metrics.remove(id);
        self.sites.remove(id);
        self.names.remove(id);
    }

    fn name(&self, id: &str) -> String {
        self.names.get(id).cloned().unwrap_or_else(|| id.to_owned())
    }

    /// Returns the documents that run on the site.
    fn users_of_site(&self, site: &str) -> impl Iterator<Item = &String> {
        let running = move |e: &Experiment| e.site_id == site && e.status == Status::Running;
        let experiments = self.workspace.experiments.iter().filter(move |(_, e)| running(e)).map(|(id, _)| id);
        let flags = self.workspace.flags.iter();
        experiments.chain(flags.filter(move |(_, f)| f.site_ids.iter().any(|s| s == site)).map(|(id, _)| id))
    }
}

impl Review {
    /// Begins with what is live now.
    pub async fn new(deps: &Deps) -> Result<Self> {
        let insert = |live: &mut Live, document: Document| live.insert_released(&document);
        let (_, live) = bundle::released(deps.db.as_ref(), insert).await?;
        Ok(Self { live, changed: BTreeMap::new(), removed: Vec::new(), problems: Vec::new() })
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
        self.live.insert(document, draft);
        Ok(())
    }

    /// A command changed what is released into `body`. It must always go out, so nothing else is checked.
    pub fn changed(&mut self, document: &Document, body: &Value) {
        if let Some(released) = body.get("released") {
            self.live.insert(document, released);
        }
    }

    /// The document is taken off the sites.
    pub fn removed(&mut self, document: &Document) {
        self.live.remove(&document.id);
        self.removed.push(document.clone());
    }

    fn add(&mut self, id: &str, key: &str, pointer: &str, detail: &str) {
        // The pointer begins with the document, because a publication has many.
        self.problems.push(Problem::new(format!("/{id}{pointer}"), format!("{key}: {detail}")));
    }

    /// Checks what holds between documents. Fails with every problem that this publication has or causes.
    pub fn finish(mut self) -> Result<()> {
        if self.changed.is_empty() && self.removed.is_empty() {
            return Ok(());
        }
        self.check_sites();
        self.check_between();
        self.problems.truncate(MAX_PROBLEMS);
        if self.problems.is_empty() { Ok(()) } else { Err(Error::invalid(self.problems)) }
    }

    fn check_sites(&mut self) {
        for (id, key) in self.changed.clone() {
            let site = self.live.workspace.experiments.get(&id).map(|e| e.site_id.clone());
            if site.is_some_and(|site| !self.live.sites.contains(&site)) {
                self.add(&id, &key, "/site_id", "Its site is not published. Tick the site too.");
            }
        }
        for Document { id, kind, key, .. } in self.removed.clone() {
            let user = self.live.users_of_site(&id).next().filter(|_| kind == Kind::Site);
            if let Some(user) = user.map(|user| self.live.name(user)) {
                self.add(&id, &key, "", &format!("The {user} is live on this site. Remove it first."));
            }
        }
    }

    /// A problem between documents counts when one of the changed documents can solve it, or when it was not there
    /// before: a removal must not break what nobody ticked.
    fn check_between(&mut self) {
        let found = validate::workspace(&self.live.workspace);
        for (id, problem) in &found {
            if let Some(key) = self.changed.get(id).cloned() {
                self.add(id, &key, &problem.pointer, &problem.detail);
            }
        }
        if self.removed.is_empty() {
            return;
        }
        // The same without the removals: twice for all of them, since each validation reads all that is live.
        let mut with = self.live.clone();
        self.removed.iter().for_each(|removed| with.insert_released(removed));
        let known = validate::workspace(&with.workspace);
        let caused = found.iter().filter(|f| !self.changed.contains_key(&f.0) && !known.contains(f));
        for (user, problem) in caused.take(MAX_PROBLEMS).cloned().collect::<Vec<_>>() {
            let names = |name: &str| problem.detail.contains(&format!("'{name}'"));
            let is_its_metric =
                |removed: &Document| removed.kind == Kind::Metric && problem.pointer.starts_with("/metrics");
            let is_named = |removed: &&Document| names(&removed.key) || is_its_metric(removed);
            let Some(removed) = self.removed.iter().find(is_named).or(self.removed.first()).cloned() else { continue };
            let user = self.live.name(&user);
            self.add(&removed.id, &removed.key, "", &format!("The {user} needs this. Change it first."));
        }
    }
}
