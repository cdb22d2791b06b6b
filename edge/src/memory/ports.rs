//! The other ports in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use beacon_shared::api::SegmentList;
use beacon_shared::error::{Code, Error, Result};

use super::{MemoryDb, now};
use crate::log::{Appended, Entry, Head, Log, Reading, SegmentName};
use crate::ports::{Background, Cache, Clock, Limit, Limiter, Logs, Objects, Task};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Objects in a map.
#[derive(Default)]
pub struct MemoryObjects(Mutex<BTreeMap<String, Vec<u8>>>, AtomicBool);

impl MemoryObjects {
    /// Takes no object while it is `full`.
    pub fn set_full(&self, full: bool) {
        self.1.store(full, Ordering::Relaxed);
    }

    /// Loses an object; returns true if it was there.
    pub fn lose(&self, name: &str) -> bool {
        lock(&self.0).remove(name).is_some()
    }

    /// Returns the names of all objects.
    pub fn names(&self) -> Vec<String> {
        lock(&self.0).keys().cloned().collect()
    }
}

#[async_trait]
impl Objects for MemoryObjects {
    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>> {
        Ok(lock(&self.0).get(name).cloned())
    }

    async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<()> {
        if self.1.load(Ordering::Relaxed) {
            return Err(Error::new(Code::Storage, "The objects' storage did not answer. Retry in a moment."));
        }
        lock(&self.0).insert(name.to_owned(), bytes);
        Ok(())
    }
}

/// A cache that keeps nothing.
pub struct NoCache;

#[async_trait]
impl Cache for NoCache {
    async fn get(&self, _key: &str) -> Option<String> {
        None
    }

    async fn put(&self, _key: &str, _text: &str) {}
}

/// A clock that stands still until it is set.
#[derive(Default)]
pub struct MemoryClock(AtomicI64);

impl MemoryClock {
    /// Returns Unix milliseconds.
    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Sets the time.
    pub fn set(&self, now: i64) {
        self.0.store(now, Ordering::Relaxed);
    }

    /// Lets time pass.
    pub fn pass(&self, milliseconds: i64) {
        self.0.fetch_add(milliseconds, Ordering::Relaxed);
    }
}

impl Clock for MemoryClock {
    fn now(&self) -> i64 {
        self.get()
    }
}

/// Counts for ever instead of for a minute. Without a limit it allows everything.
#[derive(Default)]
pub struct MemoryLimiter {
    counts: Mutex<BTreeMap<(Limit, String), u32>>,
    most: AtomicU32,
}

impl MemoryLimiter {
    /// Allows this many requests of each key from now on; 0 allows everything.
    pub fn set(&self, most: u32) {
        self.most.store(most, Ordering::Relaxed);
        lock(&self.counts).clear();
    }
}

#[async_trait]
impl Limiter for MemoryLimiter {
    async fn allow(&self, limit: Limit, key: &str) -> Result<bool> {
        let most = self.most.load(Ordering::Relaxed);
        if most == 0 {
            return Ok(true);
        }
        let mut counts = lock(&self.counts);
        let count = counts.entry((limit, key.to_owned())).or_default();
        *count += 1;
        Ok(*count <= most)
    }
}

/// Runs background work at once.
pub struct AtOnce;

impl Background for AtOnce {
    fn run(&self, task: Task) {
        now(task);
    }
}

type SiteLogs = BTreeMap<String, Log<MemoryDb>>;

/// The logs of all sites. Full segments are sealed right after the append, as the alarm does.
pub struct MemoryLogs {
    logs: Mutex<SiteLogs>,
    failing: Mutex<BTreeSet<String>>,
    objects: Arc<MemoryObjects>,
    clock: Arc<MemoryClock>,
}

impl MemoryLogs {
    /// Starts without logs.
    pub fn new(objects: Arc<MemoryObjects>, clock: Arc<MemoryClock>) -> Self {
        Self { logs: Mutex::default(), failing: Mutex::default(), objects, clock }
    }

    /// Loses a site's log, so that the next event begins another one.
    pub fn lose(&self, site: &str) {
        lock(&self.logs).remove(site);
    }

    /// Makes a site's log fail from now on.
    pub fn fail(&self, site: &str) {
        lock(&self.failing).insert(site.to_owned());
    }

    /// Returns the sites that have a log.
    pub fn sites(&self) -> Vec<String> {
        lock(&self.logs).keys().cloned().collect()
    }

    fn with<T>(&self, site: &str, f: impl FnOnce(&Log<MemoryDb>) -> Result<T>) -> Result<T> {
        if lock(&self.failing).contains(site) {
            return Err(Error::new(Code::Storage, "The site's log does not answer."));
        }
        let mut logs = lock(&self.logs);
        if !logs.contains_key(site) {
            logs.insert(site.to_owned(), Log::open(MemoryDb::empty()?)?);
        }
        logs.get(site).map_or_else(|| unreachable!("it was just made"), f)
    }

    /// Seals every full segment of a site's log.
    pub fn seal(&self, site: &str) -> Result<()> {
        while let Some(full) = self.with(site, Log::full)? {
            let name = SegmentName { site: site.to_owned(), first: full.first, last: full.last };
            now(self.objects.put(&name.object(), full.text.clone().into_bytes()))?;
            self.with(site, |log| log.sealed(&full, self.clock.get()))?;
        }
        Ok(())
    }
}

#[async_trait]
impl Logs for MemoryLogs {
    async fn append(&self, site: &str, entries: &[Entry]) -> Result<Appended> {
        let appended = self.with(site, |log| log.append(entries))?;
        if appended.full {
            self.seal(site)?;
        }
        Ok(appended)
    }

    async fn head(&self, site: &str) -> Result<Head> {
        self.with(site, Log::head)
    }

    async fn list(&self, site: &str, after: u64) -> Result<SegmentList> {
        self.with(site, |log| log.list(site, after, self.clock.get()))
    }

    async fn read(&self, segment: &SegmentName) -> Result<Reading> {
        self.with(&segment.site, |log| log.read(segment.first, segment.last))
    }
}
