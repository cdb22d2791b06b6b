//! Definitions that an isolate has read, and the texts that it has made of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use beacon_shared::api::SiteBundle;
use beacon_shared::bundle::Timeline;
use serde::{Deserialize, Serialize};

use crate::digest::Text;
use crate::evaluation::Published;
use crate::store::publications::Pointer;
use crate::sync::lock;

/// The published sites.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Index {
    /// The sequence number.
    pub seq: u64,
    /// By document id.
    pub sites: BTreeMap<String, Entry>,
}

/// A published site, without its definitions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The name of the object that holds its [`SiteBundle`].
    pub object: String,
    /// Time of the bundle's first publication, in Unix milliseconds.
    pub at: i64,
    /// Hosts that may send events.
    pub domains: Vec<String>,
    /// True if localhost counts.
    pub allow_localhost: bool,
    /// A disabled site's events are refused.
    pub enabled: bool,
}

/// An isolate's memory. It may be evicted at any time.
#[derive(Default)]
pub struct LiveMemory {
    pub(crate) pointer: Mutex<Option<Known>>,
    pub(crate) index: Mutex<Option<(String, Arc<Index>)>>,
    pub(crate) sites: Mutex<BTreeMap<String, Arc<Site>>>,
    pub(crate) reads: Mutex<Reads>,
}

/// Reads of the pointer, which may have failed, or have ended with their request.
#[derive(Default)]
pub(crate) struct Reads {
    /// Time of the first, in Unix milliseconds.
    pub(crate) since: Option<i64>,
    pub(crate) count: u32,
}

/// An answer of the database, and its time. Without a pointer nothing was ever published.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) pointer: Option<Pointer>,
    pub(crate) read_at: i64,
}

/// A site's definitions, and what was made of them for the current period of their schedules.
pub struct Site {
    /// Time of their publication, in Unix milliseconds.
    pub at: i64,
    bundle: SiteBundle,
    timeline: Timeline,
    current: Mutex<Option<(usize, Arc<Period>)>>,
}

/// Everything that requests need of a site, in one period of its schedules.
pub struct Period {
    /// The parsed definitions.
    pub published: Published,
    /// The payload as pages get it.
    pub payload: Text,
    /// The same, as it stands in a script.
    pub inlined: String,
}

impl LiveMemory {
    /// Forgets the pointer, after it was moved.
    pub fn forget(&self) {
        *lock(&self.pointer) = None;
        *lock(&self.reads) = Reads::default();
    }
}

impl Site {
    /// Returns whether the bundle has an experiment, by its key or its document id.
    pub fn has_experiment(&self, id: &str) -> bool {
        self.bundle.experiments.iter().any(|(document, key)| document == id || key == id)
    }

    /// Returns whether the bundle has a flag.
    pub fn has_flag(&self, key: &str) -> bool {
        self.bundle.payload.pointer("/features").is_some_and(|flags| flags.get(key).is_some())
    }

    /// Returns what the site publishes at `now`, in Unix milliseconds. It is made once in each period.
    pub fn period(&self, now: i64) -> Arc<Period> {
        let number = self.timeline.period(now);
        let mut current = lock(&self.current);
        if let Some((_, period)) = current.as_ref().filter(|(known, _)| *known == number) {
            return Arc::clone(period);
        }
        let published = Published::new(&self.bundle, now);
        let mut payload = published.payload.clone();
        if let Some(fields) = payload.as_object_mut() {
            fields.insert("dateUpdated".into(), crate::time::iso(self.at).into());
        }
        let payload = Text::new(payload.to_string());
        let inlined = inline(&payload.text);
        let period = Arc::new(Period { published, payload, inlined });
        *current = Some((number, Arc::clone(&period)));
        period
    }
}

impl Site {
    /// Parses a bundle's schedules.
    pub fn new(bundle: SiteBundle, at: i64) -> Self {
        Self { at, timeline: Timeline::of(&bundle.payload), bundle, current: Mutex::default() }
    }
}

/// Returns a site's entry in an index.
pub fn entry_of(site: &SiteBundle, object: String, at: i64) -> Entry {
    Entry { object, at, domains: site.domains.clone(), allow_localhost: site.allow_localhost, enabled: site.enabled }
}

/// Returns JSON that is also safe as JavaScript inside a page: these characters occur in strings only.
pub fn inline(json: &str) -> String {
    json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}
