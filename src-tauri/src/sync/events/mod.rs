//! Fetches events: each site's log, from where this machine has it.

#[cfg(test)]
mod tests;

use beacon_shared::api::{Heads, SegmentInfo, SegmentList};
use beacon_shared::error::{Code, Error, Result};
use beacon_shared::event::Line;
use beacon_shared::ipc::Notice;

use crate::app::App;
use crate::edge::Target;
use crate::results::{EventStore, LogState, SiteFacts, Zone, notes};

/// The time for which the edge is not asked again for what it lost, in milliseconds.
const ASK_FOR_GAPS: i64 = 60 * 60 * 1000;
/// The most lines that are compared to recognise a log that has no id yet.
const COMPARED: u32 = 100;
/// The most times that one fetch lists a site's segments.
const MOST_LISTS: usize = 1000;

/// The outcome of one fetch.
#[derive(Debug, Default)]
pub struct Fetch {
    /// The sites that were asked for.
    pub sites: Vec<FetchedSite>,
    /// Trouble with the whole edge, which ended the fetch: no connection, no right, too many requests.
    pub trouble: Option<Error>,
}

/// The outcome of a fetch for one site.
#[derive(Debug)]
pub struct FetchedSite {
    /// Document id of the site.
    pub site: String,
    /// True if results may have changed, also when the fetch failed in the end.
    pub news: bool,
    /// The site's own trouble.
    pub result: Result<()>,
}

impl Fetch {
    /// Returns the obstacle as a sentence: the edge's trouble, or the first site's.
    pub fn problem(&self) -> Option<&str> {
        let sites = self.sites.iter().filter_map(|site| site.result.as_ref().err());
        self.trouble.iter().chain(sites).map(|error| error.message.as_str()).next()
    }
}

/// Fetches new events of every site. One site's trouble keeps no other site back.
pub async fn fetch(app: &App, target: &Target) -> Result<Fetch> {
    let mut fetch = Fetch::default();
    let heads = match app.edge().heads(target).await {
        Ok(heads) => Some(heads),
        // An edge of version 0.1 does not have this route.
        Err(error) if matches!(error.code, Code::NotFound | Code::NotAnEdge) => None,
        Err(error) => return Ok(Fetch { trouble: Some(error), ..fetch }),
    };
    for site in app.store(|s| s.sites()).await? {
        let log = SiteLog { app, target, site: &site };
        let (news, result) = log.fetch_and_notify(heads.as_ref()).await;
        match result {
            Err(error) if concerns_all_sites(&error) && is_everywhere(app, target).await => {
                fetch.trouble = Some(error);
                break;
            }
            Err(error) => {
                tracing::warn!(site, news, code = ?error.code, %error, "A site's events did not arrive.");
                let message = format!("Events of {}: {}", facts(app, &site).await?.name, error.message);
                fetch.sites.push(FetchedSite { site, news, result: Err(Error { message, ..error }) });
            }
            Ok(()) => fetch.sites.push(FetchedSite { site, news, result: Ok(()) }),
        }
    }
    let strangers = fetch.sites.iter().all(|site| site.result.as_ref().is_err_and(|e| e.code == Code::NotAnEdge));
    if heads.is_none()
        && strangers
        && let Some(FetchedSite { result: Err(error), .. }) = fetch.sites.pop()
    {
        // Nothing there answered like an edge, such as the sign-in page of a hotel's network.
        fetch.trouble = Some(error);
    }
    Ok(fetch)
}

/// Returns true if the edge does not answer another question either: the answer about one site may only be too long for the
/// connection.
async fn is_everywhere(app: &App, target: &Target) -> bool {
    app.edge().whoami(target).await.is_err_and(|error| concerns_all_sites(&error))
}

fn concerns_all_sites(error: &Error) -> bool {
    matches!(error.code, Code::Unreachable | Code::Unauthorized | Code::RateLimited)
}

/// Returns sentences about the events that are here, of all sites: what is missing at the edge, and which logs are
/// other ones.
pub async fn site_notes(app: &App) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for site in app.store(|s| s.sites()).await? {
        let id = site.clone();
        let Some(log) = app.events(move |events| events.log(&id)).await? else { continue };
        let facts = facts(app, &site).await?;
        all.extend(notes(&facts.name, &log, &facts.zone.unwrap_or(Zone::UTC)));
    }
    Ok(all)
}

async fn facts(app: &App, site: &str) -> Result<SiteFacts> {
    let id = site.to_owned();
    let row = app.store(move |s| s.document(&id)).await?;
    Ok(SiteFacts::of(&row.map(|row| row.replica.local.body).unwrap_or_default()))
}

/// One site's log at the edge and here.
struct SiteLog<'a> {
    app: &'a App,
    target: &'a Target,
    site: &'a str,
}

impl SiteLog<'_> {
    /// Returns whether results may have changed, and how the fetch ended. The notice is sent in either case.
    async fn fetch_and_notify(&self, heads: Option<&Heads>) -> (bool, Result<()>) {
        let before = match self.content().await {
            Ok(before) => before,
            Err(error) => return (false, Err(error)),
        };
        let fetched = self.fetch(heads).await;
        let news = self.content().await.is_ok_and(|after| after != before);
        if news {
            self.app.notify(Notice::Events);
        }
        (news, fetched)
    }

    /// Returns all that results depend on: how many events there are, their log, and the gaps.
    async fn content(&self) -> Result<(u64, String, Vec<(u64, u64)>)> {
        let (len, log) = self.events(|events, site| Ok((events.len(site)?, events.log(site)?))).await?;
        let LogState { log_id, gaps, .. } = log.unwrap_or_default();
        Ok((len, log_id, gaps.iter().map(|gap| (gap.first, gap.last)).collect()))
    }

    async fn fetch(&self, heads: Option<&Heads>) -> Result<()> {
        if let Some(heads) = heads
            && self.is_complete(heads).await?
        {
            return self.set_as_of(heads.as_of).await;
        }
        let mut sealed_meanwhile = false;
        for _ in 0..MOST_LISTS {
            // A site that was never published has no log.
            let Some(list) = self.list().await? else { return Ok(()) };
            let before = self.head().await?;
            match self.read(&list).await {
                Err(error) if error.code == Code::SealedSince && !sealed_meanwhile => sealed_meanwhile = true,
                Err(error) => return Err(error),
                Ok(()) if self.head().await? >= list.head => return self.set_as_of(list.as_of).await,
                Ok(()) if self.head().await? == before => return Err(undelivered()),
                Ok(()) => sealed_meanwhile = false,
            }
        }
        Ok(())
    }

    /// Returns true if all that the edge has is here, and no gap is due to be asked for again.
    async fn is_complete(&self, heads: &Heads) -> Result<bool> {
        // The edge names it neither way. Asking for the log itself finds the reason.
        if heads.unknown.iter().any(|site| site == self.site) {
            return Ok(false);
        }
        let log = self.log().await?;
        let theirs = heads.logs.iter().find(|log| log.site_id == self.site);
        Ok(match (log, theirs) {
            (Some(log), Some(theirs)) => {
                log.log_id == theirs.log_id && log.head == theirs.head && self.resume(&log) == log.head
            }
            (None, None) => heads.complete,
            (Some(log), None) => heads.complete && log.log_id.is_empty() && log.head == 0,
            (None, Some(_)) => false,
        })
    }

    /// Lists the segments after what is here, of the log that is then the current one.
    async fn list(&self) -> Result<Option<SegmentList>> {
        let log = self.log().await?;
        let after = log.as_ref().map_or(0, |log| self.resume(log));
        let list = match self.app.edge().segments(self.target, self.site, after).await {
            Err(error) if matches!(error.code, Code::NotFound | Code::SiteRefused) => return Ok(None),
            list => list?,
        };
        if let Some(log) = log.as_ref().filter(|log| log.log_id == list.log_id) {
            if list.head >= log.head {
                return Ok(Some(list));
            }
            // The edge's log was restored from a backup: the numbers after its end are given a second time.
            let now = self.app.now();
            self.events(move |events, site| events.retire_log(site, now)).await?;
            return self.open(list, after).await.map(Some);
        }
        if let Some(log) = log.as_ref().filter(|log| log.log_id.is_empty() && log.head > 0)
            && self.is_same(log, &list).await?
        {
            let log_id = list.log_id.clone();
            self.events(move |events, site| events.name_log(site, &log_id)).await?;
            if self.log().await?.is_some_and(|log| log.log_id == list.log_id) {
                return Ok(Some(list));
            }
        }
        self.open(list, after).await.map(Some)
    }

    /// Makes the edge's log the current one, and lists its segments after what is here of it.
    async fn open(&self, list: SegmentList, listed_after: u64) -> Result<SegmentList> {
        let (log_id, now) = (list.log_id.clone(), self.app.now());
        tracing::info!(site = self.site, "The edge has another log of this site.");
        self.events(move |events, site| events.open_log(site, &log_id, now)).await?;
        let head = self.head().await?;
        if head == listed_after {
            return Ok(list);
        }
        let again = self.app.edge().segments(self.target, self.site, head).await?;
        if again.log_id == list.log_id { Ok(again) } else { Err(undelivered()) }
    }

    /// Returns true if the log that has no id yet agrees with the edge's on the newest lines that are here.
    async fn is_same(&self, log: &LogState, list: &SegmentList) -> Result<bool> {
        if list.head < log.head {
            return Ok(false);
        }
        let after = log.head.saturating_sub(COMPARED.into());
        let list = self.app.edge().segments(self.target, self.site, after).await?;
        let Some(segment) = list.segments.first() else { return Ok(false) };
        let theirs = match self.app.edge().segment(self.target, self.site, &segment.id).await {
            Ok(lines) => lines,
            // Without proof it is another log: fetching an event again counts it once.
            Err(error) if matches!(error.code, Code::Gone | Code::NotFound | Code::SealedSince) => return Ok(false),
            Err(error) => return Err(error),
        };
        let ours = self.events(move |events, site| events.event_ids(site, after.saturating_add(1), COMPARED)).await?;
        Ok(agree(&ours, &theirs))
    }

    /// Each segment is on disk before the next is asked for.
    async fn read(&self, list: &SegmentList) -> Result<()> {
        let log = self.log().await?.unwrap_or_default();
        let mut next = self.resume(&log).saturating_add(1);
        for segment in &list.segments {
            if segment.first > next {
                // Numbers that no segment has.
                self.skip(next, segment.first - 1).await?;
            }
            next = next.max(segment.last.saturating_add(1));
            let missing = log.gaps.iter().any(|gap| gap.first <= segment.last && segment.first <= gap.last);
            if segment.last > log.head || missing {
                self.read_segment(segment).await?;
            }
        }
        Ok(())
    }

    async fn read_segment(&self, segment: &SegmentInfo) -> Result<()> {
        let last = match self.app.edge().segment(self.target, self.site, &segment.id).await {
            Ok(lines) => {
                let last = lines.last().map_or(0, |line| line.seq);
                self.events(move |events, site| events.append(site, &lines)).await?;
                if segment.sealed { segment.last } else { last.min(segment.last) }
            }
            Err(error) if error.code == Code::Gone => segment.last,
            // An edge of version 0.1 says both like this.
            Err(error) if error.code == Code::NotFound && segment.sealed => segment.last,
            Err(error) if error.code == Code::NotFound => return Err(Error { code: Code::SealedSince, ..error }),
            Err(error) => return Err(error),
        };
        self.skip(segment.first, last).await
    }

    /// Records what is not here of these lines as a gap.
    async fn skip(&self, first: u64, last: u64) -> Result<()> {
        let now = self.app.now();
        self.events(move |events, site| events.skip(site, first, last, now)).await
    }

    /// Returns the sequence number to list segments after: before the first gap when it is time to ask for it again.
    fn resume(&self, log: &LogState) -> u64 {
        let due = |tried: i64| self.app.now().saturating_sub(tried) >= ASK_FOR_GAPS;
        let gap = log.gaps.iter().find(|gap| due(gap.tried));
        gap.map_or(log.head, |gap| log.head.min(gap.first.saturating_sub(1)))
    }

    async fn log(&self) -> Result<Option<LogState>> {
        self.events(|events, site| events.log(site)).await
    }

    async fn head(&self) -> Result<u64> {
        self.events(|events, site| events.head(site)).await
    }

    async fn set_as_of(&self, time: i64) -> Result<()> {
        self.events(move |events, site| events.set_as_of(site, time)).await
    }

    async fn events<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn EventStore, &str) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let site = self.site.to_owned();
        self.app.events(move |events| call(events, &site)).await
    }
}

/// Returns true if lines with the same number are the same event, and there is at least one.
fn agree(ours: &[(u64, Option<String>)], theirs: &[Line]) -> bool {
    let id = |seq: u64| theirs.iter().find(|line| line.seq == seq).and_then(|line| line.event.as_ref());
    let pairs = ours.iter().filter_map(|(seq, ours)| Some((ours.as_ref()?, &id(*seq)?.event_id)));
    let mut equal = pairs.map(|(ours, theirs)| ours == theirs).peekable();
    equal.peek().is_some() && equal.all(|equal| equal)
}

fn undelivered() -> Error {
    let message =
        "The edge lists events that it doesn't deliver. Beacon asks again later; check that the edge is up to date.";
    Error::new(Code::NotAnEdge, message)
}
