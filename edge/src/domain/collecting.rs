//! Collecting a batch: limits, the site's permission, validation, and the site's log.

use beacon_shared::api::{BatchResponse, Refused};
use beacon_shared::error::{Code, Error, Result};

use super::events::validate::{self, Context};
use super::events::{Arrival, Batch, Clock, origin, user_agent};
use super::live::{self, Reader};
use crate::deps::Deps;
use crate::isolate;
use crate::log::Entry;
use crate::ports::Limit;

/// Takes a batch. What is accepted is on disk when this returns.
pub async fn collect(deps: &Deps, batch: &Batch, arrival: &Arrival) -> Result<BatchResponse> {
    let entry = find_site(deps, &batch.site_id, &arrival.address).await?;
    origin::check(&entry, arrival.host.as_deref(), arrival.by_key)?;
    check_limits(deps, &batch.site_id, &arrival.address).await?;
    let (entries, refused) = sort(batch, &context(batch, arrival, deps.clock.now()))?;
    let duplicates = match entries.is_empty() {
        true => 0,
        false => deps.logs.append(&batch.site_id, &entries).await?.duplicates,
    };
    Ok(BatchResponse { accepted: entries.len(), duplicates, refused })
}

/// Fails for an address that sends too much, and for a site that gets too much from all addresses together. The address
/// comes first, so that a single one cannot use up what the site may get.
async fn check_limits(deps: &Deps, site: &str, address: &str) -> Result<()> {
    if !deps.limiter.allow(Limit::Collect, &format!("{site}:{address}")).await? {
        return Err(Error::new(Code::RateLimited, "Too many events from this address. Retry in a minute."));
    }
    if !deps.limiter.allow(Limit::Site, site).await? {
        return Err(Error::new(Code::RateLimited, "Too many events for this site. Retry in a minute."));
    }
    Ok(())
}

/// Returns a published site. Addresses that ask for sites which do not exist are limited.
async fn find_site(deps: &Deps, id: &str, address: &str) -> Result<isolate::live::Entry> {
    match live::entry(deps, id, Reader::Collector).await {
        Err(error) if error.code == Code::NotFound => {
            if deps.limiter.allow(Limit::Refused, &format!("site:{address}")).await? {
                return Err(error);
            }
            Err(Error::new(Code::RateLimited, "Too many unknown sites from this address. Retry in a minute."))
        }
        result => result,
    }
}

fn context(batch: &Batch, arrival: &Arrival, now: i64) -> Context {
    let times = batch.events.iter().filter_map(|event| event.as_ref().ok()?.get("ts")?.as_i64());
    Context {
        site_id: batch.site_id.clone(),
        clock: Clock::new(now, batch.sent_at, times),
        agent: user_agent::read(&arrival.user_agent),
        webdriver: batch.webdriver,
        prefetch: arrival.prefetch,
        country: arrival.place.country.clone(),
        region: arrival.place.region.clone(),
    }
}

/// Returns what goes into the log, and what never will.
fn sort(batch: &Batch, context: &Context) -> Result<(Vec<Entry>, Vec<Refused>)> {
    let mut entries = Vec::with_capacity(batch.events.len());
    let mut refused = Vec::new();
    for (index, value) in batch.events.iter().enumerate() {
        let checked = value.as_ref().map_err(|problem| vec![problem.clone()]);
        match checked.and_then(|value| validate::event(value, context)) {
            Ok(event) => {
                let body = serde_json::to_string(&event)
                    .map_err(|e| Error::new(Code::Internal, format!("An event cannot be written: {e}.")))?;
                entries.push(Entry { id: event.event_id, body });
            }
            Err(problems) => refused.push(Refused { index, problems }),
        }
    }
    Ok((entries, refused))
}
