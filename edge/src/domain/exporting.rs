//! Exporting the sites' logs.

use beacon_shared::api::{Heads, LogHead, SegmentList};
use beacon_shared::error::{Code, Error, Problem, Result};
use futures_util::future::join_all;

use crate::deps::Deps;
use crate::log::{Reading, SegmentName};
use crate::store::documents::{self, Id, Known};
use crate::store::run;

/// The most sites whose logs are asked at once. Each costs a subrequest.
const MAX_SITES: u64 = 900;
const MAX_ID: usize = 64;

/// A segment's lines.
pub struct Segment {
    /// Newline-delimited JSON.
    pub bytes: Vec<u8>,
    /// True if it can never change.
    pub sealed: bool,
}

/// Lists a site's segments. A log begins with a site's first event, never with a question about it.
pub async fn list(deps: &Deps, site: &str, after: u64) -> Result<SegmentList> {
    check_site(deps, site).await?;
    deps.logs.list(site, after).await
}

/// Reads a segment.
pub async fn read(deps: &Deps, id: &str) -> Result<Segment> {
    let missing = || Error::new(Code::NotFound, "There is no such segment. List them again.");
    let name = SegmentName::parse(id).filter(|name| name.site.len() <= MAX_ID).ok_or_else(missing)?;
    check_site(deps, &name.site).await?;
    match deps.logs.read(&name).await? {
        Reading::Open(text) => Ok(Segment { bytes: text.into_bytes(), sealed: false }),
        Reading::Sealed => match deps.objects.get(&name.object()).await? {
            Some(bytes) => Ok(Segment { bytes, sealed: true }),
            None => {
                let message = format!("Events {} to {} of this site are missing from storage.", name.first, name.last);
                Err(Error::new(Code::Gone, message))
            }
        },
        Reading::SealedSince => {
            Err(Error::new(Code::SealedSince, "The log's open end was sealed since it was listed. List it again."))
        }
        Reading::Missing => Err(missing()),
    }
}

/// Returns where the log of every published site ends. A log that does not answer is named as unknown; fails only if
/// none answers.
pub async fn heads(deps: &Deps) -> Result<Heads> {
    let as_of = deps.clock.now();
    let mut sites: Vec<Id> = run(deps.db.as_ref(), documents::select_site_ids(MAX_SITES + 1)).await?.all()?;
    let complete = sites.len() as u64 <= MAX_SITES;
    if !complete {
        sites.pop();
    }
    let answers = join_all(sites.iter().map(|site| deps.logs.head(&site.id))).await;
    let mut heads = Heads { as_of, logs: Vec::new(), unknown: Vec::new(), complete };
    let (mut answered, mut failure) = (false, None);
    for (site, answer) in sites.into_iter().zip(answers) {
        answered |= answer.is_ok();
        match answer {
            Ok(log) if log.head > 0 => {
                heads.logs.push(LogHead { site_id: site.id, log_id: log.log_id, head: log.head });
            }
            Ok(_) => {}
            Err(error) => {
                heads.unknown.push(site.id);
                failure = Some(error);
            }
        }
    }
    match failure {
        Some(error) if !answered => Err(error),
        _ => Ok(heads),
    }
}

async fn check_site(deps: &Deps, site: &str) -> Result<()> {
    if !(1..=MAX_ID).contains(&site.len()) {
        return Err(Error::invalid(vec![Problem::new("/site", "Name the site by its id.")]));
    }
    let known: Option<Known> = run(deps.db.as_ref(), documents::is_site(site)).await?.first()?;
    if known.is_none_or(|row| row.known == 0) {
        return Err(Error::new(Code::NotFound, "There is no such site in this workspace."));
    }
    Ok(())
}
