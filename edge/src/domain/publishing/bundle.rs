//! The bundle of each site, and the index of all, from the released documents at one sequence number.

use std::collections::BTreeMap;

use beacon_shared::api::SiteBundle;
use beacon_shared::error::{Code, Error, Result};
use beacon_shared::model::Document;

use crate::deps::Deps;
use crate::digest;
use crate::domain::live;
use crate::isolate::live::{Entry, Index, entry_of};
use crate::ports::Db;
use crate::store::documents::{self, DocumentRow};
use crate::store::publications::{self, Pointer};
use crate::store::{Batch, meta, run};

/// The most documents in one query. Few queries, because the free plan allows 50 in one request.
const PAGE: u64 = 2_000;
/// The most times that the documents are read again because one was released meanwhile.
const ATTEMPTS: usize = 5;

/// An index whose objects are stored, not yet live.
#[derive(Debug)]
pub struct Prepared {
    /// The sequence number.
    pub seq: u64,
    /// SHA-256 of the index.
    pub hash: String,
}

/// Builds and stores the bundles and the index of what is released.
pub async fn prepare(deps: &Deps) -> Result<Prepared> {
    let (seq, documents) = released(deps.db.as_ref(), Vec::push).await?;
    let bundle = beacon_shared::bundle::bundle(seq, &documents);
    drop(documents);
    let pointer: Option<Pointer> = run(deps.db.as_ref(), publications::select_live()).await?.first()?;
    let live = match &pointer {
        // What is live may be damaged; publishing again mends it.
        Some(pointer) => live::load_index(deps, pointer).await.ok(),
        None => None,
    };
    let before = live.map(|index| index.sites.clone()).unwrap_or_default();
    let mut index = Index { seq, sites: BTreeMap::new() };
    for (id, site) in bundle.sites {
        let entry = store(deps, seq, &id, &site, before.get(&id)).await?;
        index.sites.insert(id, entry);
    }
    let text = serde_json::to_string(&index).map_err(|e| defect(&e))?;
    let hash = digest::sha256(text.as_bytes());
    deps.objects.put(&live::index_object(&hash), text.into_bytes()).await?;
    Ok(Prepared { seq, hash })
}

/// Stores a site's bundle under its hash. One that has not changed stays where it is.
async fn store(deps: &Deps, seq: u64, id: &str, site: &SiteBundle, before: Option<&Entry>) -> Result<Entry> {
    let text = serde_json::to_string(site).map_err(|e| defect(&e))?;
    let name = format!("{id}-{}.json", digest::sha256(text.as_bytes()));
    if let Some(before) = before.filter(|entry| entry.object.ends_with(&format!("/{name}"))) {
        return Ok(before.clone());
    }
    let object = format!("bundles/{seq}/{name}");
    deps.objects.put(&object, text.into_bytes()).await?;
    Ok(entry_of(site, object, deps.clock.now()))
}

/// Reads every part that is live, all at the sequence number that is returned. Drafts that are pushed meanwhile change
/// nothing that is released.
pub async fn released<T: Default>(db: &dyn Db, take: impl Fn(&mut T, Document)) -> Result<(u64, T)> {
    for _ in 0..ATTEMPTS {
        let (mut all, mut after, mut first) = (T::default(), String::new(), None);
        loop {
            let mut batch = Batch::default();
            let (workspace, page) = (batch.add(meta::select()), batch.add(documents::select_released(&after, PAGE)));
            let mut answers = batch.run(db).await?;
            let workspace = meta::read(answers.take(workspace))?;
            let (seq, released) = *first.get_or_insert((workspace.seq, workspace.released_seq));
            if released != workspace.released_seq {
                break;
            }
            let rows = answers.take(page).all::<DocumentRow>()?;
            let more = rows.len() as u64 == PAGE;
            after = rows.last().map(|row| row.id.clone()).unwrap_or_default();
            for row in rows {
                take(&mut all, row.document()?);
            }
            if !more {
                return Ok((seq, all));
            }
        }
    }
    Err(Error::new(Code::Storage, "The documents keep changing. Retry the publication in a moment."))
}

fn defect(why: &impl std::fmt::Display) -> Error {
    Error::new(Code::Internal, format!("The bundle cannot be written: {why}."))
}
