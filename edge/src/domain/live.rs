//! The live definitions: a pointer in the database to an immutable index, which names a bundle for each site.
//!
//! An isolate keeps all three in memory. Requests are answered from there while the pointer is at most
//! [`BOUND`] old, which is the bound of the kill switch; an older pointer is read again first.

use std::sync::Arc;

use beacon_shared::api::{Bundle, SiteBundle};
use beacon_shared::error::{Code, Error, Result};
use serde::de::DeserializeOwned;

use crate::deps::Deps;
use crate::isolate::live::{Entry, Index, Known, Reads, Site, entry_of};
use crate::store::publications::{self, Pointer};
use crate::store::run;
use crate::sync::lock;

/// A pointer younger than this is not read again. While there is one to answer with, it is read at most once in this
/// time, whether that succeeds or not.
pub const FRESH: i64 = 5_000;
/// A pointer older than this is read again before an answer; a younger one is read again after it. Together with the
/// interval at which open pages ask, it stays under a minute.
pub const BOUND: i64 = 25_000;
/// The most reads within [`FRESH`] where none can be answered without: a request cannot wait for another's read, and
/// several come at once when an isolate starts.
pub const MAX_READS: u32 = 8;
/// Milliseconds for which the collector goes on with an old pointer when the database does not answer. It needs the
/// domains only.
const COLLECTOR_BOUND: i64 = 60 * 60 * 1000;
/// The most sites whose definitions an isolate keeps parsed.
const MAX_SITES: usize = 64;

/// The purpose of a question, which decides how old the answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// A page or a server that gets definitions: within the kill switch's bound.
    Definitions,
    /// The collector.
    Collector,
}

/// Returns the index of what is live, if anything was ever published.
pub async fn index(deps: &Deps, reader: Reader) -> Result<Option<Arc<Index>>> {
    let pointer = pointer(deps, reader).await?;
    refresh_behind(deps);
    index_of(deps, pointer).await
}

async fn index_of(deps: &Deps, pointer: Option<Pointer>) -> Result<Option<Arc<Index>>> {
    match pointer {
        Some(pointer) => load_index(deps, &pointer).await.map(Some),
        None => Ok(None),
    }
}

/// Returns a published site without its definitions.
pub async fn entry(deps: &Deps, id: &str, reader: Reader) -> Result<Entry> {
    let find = |index: Option<Arc<Index>>| index.and_then(|index| index.sites.get(id).cloned());
    let pointer = pointer(deps, reader).await?;
    if let Some(entry) = find(index_of(deps, pointer).await?) {
        refresh_behind(deps);
        return Ok(entry);
    }
    // It may have been published a moment ago.
    if age(deps) >= FRESH
        && may_read(deps, 1)
        && let Ok(pointer) = refresh(deps).await
        && let Some(entry) = find(index_of(deps, pointer).await?)
    {
        return Ok(entry);
    }
    Err(Error::new(Code::NotFound, "No published site has this id. Check it, or publish the site first."))
}

/// Returns a published site's definitions.
pub async fn site(deps: &Deps, id: &str) -> Result<Arc<Site>> {
    let entry = entry(deps, id, Reader::Definitions).await?;
    load_site(deps, id, &entry).await
}

/// Returns the pointer as it is known, or reads it where that is too old.
async fn pointer(deps: &Deps, reader: Reader) -> Result<Option<Pointer>> {
    let known = lock(&deps.live.pointer).clone();
    let age = age(deps);
    if let Some(known) = known.as_ref().filter(|_| age < BOUND) {
        return Ok(known.pointer.clone());
    }
    let result = if may_read(deps, MAX_READS) { refresh(deps).await } else { Err(busy()) };
    match (result, known) {
        (Err(_), Some(known)) if reader == Reader::Collector && age < COLLECTOR_BOUND => Ok(known.pointer),
        (result, _) => result,
    }
}

/// Reads the pointer behind the answer if it is not fresh.
fn refresh_behind(deps: &Deps) {
    if age(deps) >= FRESH && may_read(deps, 1) {
        let behind = deps.clone();
        // A failure leaves the pointer as old as it is; a later request tries again.
        deps.background.run(Box::pin(async move { drop(refresh(&behind).await) }));
    }
}

/// Counts a read of the pointer, and returns true while there are at most `most` within [`FRESH`].
fn may_read(deps: &Deps, most: u32) -> bool {
    let now = deps.clock.now();
    let mut reads = lock(&deps.live.reads);
    // A clock that went back begins the count again.
    if !reads.since.is_some_and(|since| (0..FRESH).contains(&now.saturating_sub(since))) {
        *reads = Reads { since: Some(now), count: 0 };
    }
    if reads.count >= most {
        return false;
    }
    reads.count += 1;
    true
}

fn busy() -> Error {
    Error::new(Code::Storage, "The database does not answer at the moment. Try again in a few seconds.")
}

/// Milliseconds since the pointer was read. A clock that went back makes it too old.
fn age(deps: &Deps) -> i64 {
    let read_at = lock(&deps.live.pointer).as_ref().map_or(i64::MIN, |known| known.read_at);
    let age = deps.clock.now().saturating_sub(read_at);
    if age < 0 { i64::MAX } else { age }
}

async fn refresh(deps: &Deps) -> Result<Option<Pointer>> {
    let read_at = deps.clock.now();
    let pointer: Option<Pointer> = run(deps.db.as_ref(), publications::select_live()).await?.first()?;
    *lock(&deps.live.pointer) = Some(Known { pointer: pointer.clone(), read_at });
    Ok(pointer)
}

/// Returns the index that a pointer names.
pub async fn load_index(deps: &Deps, pointer: &Pointer) -> Result<Arc<Index>> {
    if let Some((_, index)) = lock(&deps.live.index).as_ref().filter(|(hash, _)| *hash == pointer.hash) {
        return Ok(Arc::clone(index));
    }
    let index = match read(deps, &index_object(&pointer.hash)).await {
        Ok(text) => parse(&text)?,
        Err(error) => old_index(deps, pointer).await?.ok_or(error)?,
    };
    let index = Arc::new(index);
    *lock(&deps.live.index) = Some((pointer.hash.clone(), Arc::clone(&index)));
    Ok(index)
}

/// Returns the index of a bundle from before there were indexes: one object with all sites.
async fn old_index(deps: &Deps, pointer: &Pointer) -> Result<Option<Index>> {
    let object = format!("bundles/{}-{}.json", pointer.seq, pointer.hash);
    let Some(bytes) = deps.objects.get(&object).await? else { return Ok(None) };
    let bundle: Bundle = parse(&String::from_utf8_lossy(&bytes))?;
    let mut index = Index { seq: bundle.seq, ..Index::default() };
    for (id, site) in bundle.sites {
        let entry = entry_of(&site, object.clone(), pointer.at);
        lock(&deps.live.sites).insert(site_key(&object, &id), Arc::new(Site::new(site, pointer.at)));
        index.sites.insert(id, entry);
    }
    Ok(Some(index))
}

fn site_key(object: &str, id: &str) -> String {
    format!("{object}#{id}")
}

/// Returns the definitions of a site that an index names.
pub async fn load_site(deps: &Deps, id: &str, entry: &Entry) -> Result<Arc<Site>> {
    let key = site_key(&entry.object, id);
    if let Some(site) = lock(&deps.live.sites).get(&key) {
        return Ok(Arc::clone(site));
    }
    let text = read(deps, &entry.object).await?;
    let bundle = match parse::<SiteBundle>(&text) {
        Ok(bundle) => bundle,
        // The one object of all sites, see `old_index`.
        Err(error) => parse::<Bundle>(&text).ok().and_then(|mut all| all.sites.remove(id)).ok_or(error)?,
    };
    let site = Arc::new(Site::new(bundle, entry.at));
    let mut sites = lock(&deps.live.sites);
    if sites.len() >= MAX_SITES {
        sites.clear();
    }
    sites.insert(key, Arc::clone(&site));
    Ok(site)
}

/// Returns the name of an index's object. It is named by its content alone, so that a publication can point to the
/// index of an earlier one.
pub fn index_object(hash: &str) -> String {
    format!("bundles/index-{hash}.json")
}

/// Reads an immutable object: the cache first, which is near every visitor.
async fn read(deps: &Deps, object: &str) -> Result<String> {
    if let Some(text) = deps.cache.get(object).await {
        return Ok(text);
    }
    let missing = || Error::new(Code::Storage, "What is live is missing from storage. Publish again.");
    let bytes = deps.objects.get(object).await?.ok_or_else(missing)?;
    let text = String::from_utf8(bytes).map_err(|_| missing())?;
    deps.cache.put(object, &text).await;
    Ok(text)
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|e| Error::new(Code::Internal, format!("What is live cannot be read: {e}.")))
}
