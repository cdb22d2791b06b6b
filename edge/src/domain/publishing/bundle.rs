//! The bundle of each site, and the index of all, from the released documents at one sequence number.

use std::collections::BTreeMap;

use beacon_shared::api::SiteBundle;
use beacon_shared::bundle::{Segments, SiteBuilder};
use beacon_shared::error::{Code, Error, Result};
use beacon_shared::model::{Kind, Segment, Site};

use super::snapshot::{ATTEMPTS, Snapshot, keeps_changing};
use crate::deps::Deps;
use crate::digest;
use crate::domain::live;
use crate::isolate::live::{Entry, Index, entry_of};
use crate::store::documents::LiveRow;
use crate::store::publications::{self, Pointer};
use crate::store::run;

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
    let before = entries(deps).await?;
    for _ in 0..ATTEMPTS {
        let snapshot = Snapshot::new(deps.db.as_ref()).await?;
        let Some(index) = build(deps, &snapshot, &before).await? else { continue };
        let text = serde_json::to_string(&index).map_err(|e| defect(&e))?;
        let hash = digest::sha256(text.as_bytes());
        deps.objects.put(&live::index_object(&hash), text.into_bytes()).await?;
        return Ok(Prepared { seq: index.seq, hash });
    }
    Err(keeps_changing())
}

/// Returns the sites that are live now.
async fn entries(deps: &Deps) -> Result<BTreeMap<String, Entry>> {
    let pointer: Option<Pointer> = run(deps.db.as_ref(), publications::select_live()).await?.first()?;
    let live = match &pointer {
        // What is live may be damaged; publishing again mends it.
        Some(pointer) => live::load_index(deps, pointer).await.ok(),
        None => None,
    };
    Ok(live.map(|index| index.sites.clone()).unwrap_or_default())
}

/// Builds and stores each site's bundle, one site after the other; `None` if something was published meanwhile.
async fn build(deps: &Deps, snapshot: &Snapshot<'_>, before: &BTreeMap<String, Entry>) -> Result<Option<Index>> {
    let (mut sites, mut segments) = (BTreeMap::new(), Vec::new());
    let read = snapshot.read(&[Kind::Site, Kind::Segment], |row| match row.kind {
        Kind::Site => sites.extend(row.read::<Site>().map(|site| (row.id.clone(), site))),
        _ => segments.extend(row.read::<Segment>()),
    });
    if !read.await? {
        return Ok(None);
    }
    let segments = Segments::new(segments.into_iter());
    let mut index = Index { seq: snapshot.seq, sites: BTreeMap::new() };
    let (mut site, mut document, mut more) = (String::new(), String::new(), true);
    let mut current: Option<(String, SiteBuilder<'_>)> = None;
    while more {
        let Some((rows, rest)) = snapshot.placed(&site, &document).await? else { return Ok(None) };
        for row in &rows {
            if current.as_ref().is_none_or(|(id, _)| *id != row.site) {
                finish(deps, &mut index, current.take(), before).await?;
                let begun = sites.remove(&row.site).map(|site| SiteBuilder::new(&row.site, site, &segments));
                current = begun.map(|builder| (row.site.clone(), builder));
            }
            if let Some((_, builder)) = &mut current {
                add(builder, row);
            }
        }
        if let Some(last) = rows.last() {
            (site, document) = (last.site.clone(), last.id.clone());
        }
        more = rest;
    }
    finish(deps, &mut index, current, before).await?;
    // The others have nothing on them.
    for (id, site) in sites {
        let builder = SiteBuilder::new(&id, site, &segments);
        finish(deps, &mut index, Some((id, builder)), before).await?;
    }
    Ok(Some(index))
}

fn add(builder: &mut SiteBuilder<'_>, row: &LiveRow) {
    match row.kind {
        Kind::Flag => row.read().iter().for_each(|flag| builder.add_flag(&row.id, flag)),
        _ => row.read().iter().for_each(|experiment| builder.add_experiment(&row.id, experiment)),
    }
}

async fn finish(
    deps: &Deps,
    index: &mut Index,
    site: Option<(String, SiteBuilder<'_>)>,
    before: &BTreeMap<String, Entry>,
) -> Result<()> {
    if let Some((id, builder)) = site {
        let entry = store(deps, index.seq, &id, &builder.finish(), before.get(&id)).await?;
        index.sites.insert(id, entry);
    }
    Ok(())
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

fn defect(why: &impl std::fmt::Display) -> Error {
    Error::new(Code::Internal, format!("The bundle cannot be written: {why}."))
}
