//! What is live: a pointer in D1 to an immutable bundle, which lies in R2 and is cached in KV and in the isolate.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use beacon_shared::api::{Bundle, SiteBundle};
use beacon_shared::bundle::Timeline;
use beacon_shared::error::{Code, Error, Result};
use serde::Deserialize;
use worker::Env;

use crate::d1::D1;
use crate::database::{Statement, run};
use crate::evaluation::Published;
use crate::failure::storage;
use crate::workspace::publish::Prepared;
use crate::{routes, sql};

/// How long an isolate trusts the pointer: all of what delays a kill switch, since nothing downstream may cache.
const POINTER_TTL: i64 = 5_000;

#[derive(Clone, Deserialize)]
struct Pointer {
    seq: u64,
    hash: String,
    at: i64,
}

/// The live bundle.
#[derive(Clone)]
pub struct Live {
    /// When it was published, in Unix milliseconds.
    pub at: i64,
    hash: String,
    bundle: Rc<Bundle>,
}

/// A site's definitions, parsed once for each period of its schedules.
struct Parsed {
    timeline: Timeline,
    period: usize,
    published: Rc<Published>,
}

impl Live {
    /// A site of it.
    pub fn site(&self, id: &str) -> Option<&SiteBundle> {
        self.bundle.sites.get(id)
    }

    /// All its sites, by document id.
    pub fn sites(&self) -> impl Iterator<Item = (&String, &SiteBundle)> {
        self.bundle.sites.iter()
    }

    /// What a site publishes at `now`, in Unix milliseconds.
    pub fn published(&self, id: &str, now: i64) -> Option<Rc<Published>> {
        let site = self.site(id)?;
        PARSED.with_borrow_mut(|(hash, sites)| {
            if *hash != self.hash {
                hash.clone_from(&self.hash);
                sites.clear();
            }
            let known = sites.get(id).filter(|parsed| parsed.timeline.period(now) == parsed.period);
            if let Some(parsed) = known {
                return Some(Rc::clone(&parsed.published));
            }
            let timeline = Timeline::of(&site.payload);
            let published = Rc::new(Published::new(site, now));
            let parsed = Parsed { period: timeline.period(now), timeline, published: Rc::clone(&published) };
            sites.insert(id.to_owned(), parsed);
            Some(published)
        })
    }
}

thread_local! {
    static POINTER: RefCell<Option<(Pointer, i64)>> = const { RefCell::new(None) };
    // By hash, so it can never be stale.
    static BUNDLE: RefCell<Option<(String, Rc<Bundle>)>> = const { RefCell::new(None) };
    // Of the bundle with this hash, by site.
    static PARSED: RefCell<(String, BTreeMap<String, Parsed>)> = const { RefCell::new((String::new(), BTreeMap::new())) };
}

/// What is live now, if anything was ever published.
pub async fn live(env: &Env) -> Result<Option<Live>> {
    let now = routes::now();
    let cached = POINTER.with_borrow(|p| p.clone()).filter(|(_, read_at)| (0..POINTER_TTL).contains(&(now - read_at)));
    let pointer = match cached {
        Some((pointer, _)) => pointer,
        None => match read_pointer(env, now).await? {
            Some(pointer) => pointer,
            None => return Ok(None),
        },
    };
    load(env, pointer).await.map(Some)
}

/// The live bundle if it has the site; the pointer is read again before a site counts as missing.
pub async fn live_with(env: &Env, site: &str) -> Result<Live> {
    if let Some(live) = live(env).await?.filter(|live| live.site(site).is_some()) {
        return Ok(live);
    }
    if let Some(pointer) = read_pointer(env, routes::now()).await? {
        let live = load(env, pointer).await?;
        if live.site(site).is_some() {
            return Ok(live);
        }
    }
    Err(Error::new(Code::NotFound, "No published site has this id: check it, or publish the site first."))
}

/// Forgets the pointer in this isolate, after it was moved.
pub fn forget_pointer() {
    POINTER.set(None);
}

/// Stores a bundle under its hash; a second time does nothing.
pub async fn store(env: &Env, prepared: &Prepared) -> Result<()> {
    let bucket = env.bucket("STORE").map_err(storage)?;
    let name = object(prepared.seq, &prepared.hash);
    if bucket.head(&name).await.map_err(storage)?.is_none() {
        bucket.put(&name, prepared.bytes.clone()).execute().await.map_err(storage)?;
    }
    Ok(())
}

fn object(seq: u64, hash: &str) -> String {
    format!("bundles/{seq}-{hash}.json")
}

async fn read_pointer(env: &Env, now: i64) -> Result<Option<Pointer>> {
    let select = Statement::new(sql::SELECT_LIVE, []);
    let pointer: Option<Pointer> = run(&D1::of(env)?, vec![select]).await?.next_rows().first()?;
    POINTER.set(pointer.clone().map(|pointer| (pointer, now)));
    Ok(pointer)
}

async fn load(env: &Env, pointer: Pointer) -> Result<Live> {
    let cached = BUNDLE.with_borrow(|b| b.clone()).filter(|(hash, _)| *hash == pointer.hash);
    let bundle = match cached {
        Some((_, bundle)) => bundle,
        None => {
            let bundle = Rc::new(parse(&read(env, &pointer).await?)?);
            BUNDLE.set(Some((pointer.hash.clone(), Rc::clone(&bundle))));
            bundle
        }
    };
    Ok(Live { at: pointer.at, hash: pointer.hash, bundle })
}

/// KV first, which is near every visitor; R2 has what KV does not have yet.
async fn read(env: &Env, pointer: &Pointer) -> Result<String> {
    let kv = env.kv("BUNDLES").map_err(storage)?;
    if let Ok(Some(text)) = kv.get(&pointer.hash).text().await {
        return Ok(text);
    }
    let bucket = env.bucket("STORE").map_err(storage)?;
    let found = bucket.get(object(pointer.seq, &pointer.hash)).execute().await.map_err(storage)?;
    let body = found.as_ref().and_then(worker::Object::body);
    let Some(body) = body else {
        return Err(Error::new(Code::Storage, "The live bundle is missing from storage: publish again."));
    };
    let text = body.text().await.map_err(storage)?;
    // Only a cache: the answer does not wait on its success.
    if let Ok(put) = kv.put(&pointer.hash, &text)
        && let Err(error) = put.execute().await
    {
        worker::console_warn!("bundle cache: {}", error.to_string());
    }
    Ok(text)
}

fn parse(text: &str) -> Result<Bundle> {
    serde_json::from_str(text).map_err(|e| Error::new(Code::Internal, format!("The live bundle cannot be read: {e}.")))
}
