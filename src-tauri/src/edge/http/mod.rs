//! [`Edge`] over HTTP.

mod answer;
#[cfg(test)]
mod router_tests;
#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use beacon_shared::api::endpoint::{self, Endpoint, Method};
use beacon_shared::api::{
    Cursor, Heads, KEY_HEADER, PRODUCT, Publication, PublishRequest, PullResponse, PushRequest, PushResponse,
    SegmentId, SegmentList, SegmentsQuery, WhoAmI,
};
use beacon_shared::error::{Code, Error, Result};
use beacon_shared::event::Line;
use reqwest::header::{self, HeaderValue};
use reqwest::{Client, ClientBuilder, redirect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::{Edge, Target, is_loopback};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest silence of the edge.
const TIMEOUT: Duration = Duration::from_secs(30);
/// A whole answer may take so many times as long: four megabytes over a slow connection do.
const WHOLE: u32 = 10;

/// Talks to an edge with reqwest. Cheap to keep, made once.
pub struct HttpEdge {
    remote: Client,
    /// A proxy from the environment must not get what is meant for this machine.
    local: Client,
}

impl HttpEdge {
    /// A client with time limits that follows no redirect: a redirect would carry the key elsewhere.
    pub fn new() -> Result<Self> {
        Self::with_timeout(TIMEOUT)
    }

    fn with_timeout(timeout: Duration) -> Result<Self> {
        let builder = || {
            ClientBuilder::new()
                .connect_timeout(CONNECT_TIMEOUT)
                .read_timeout(timeout)
                .timeout(WHOLE * timeout)
                .redirect(redirect::Policy::none())
                .user_agent(concat!("beacon/", env!("CARGO_PKG_VERSION")))
        };
        let broken = |_| Error::new(Code::Internal, "The network client cannot start. Restart Beacon.");
        Ok(Self { remote: builder().build().map_err(broken)?, local: builder().no_proxy().build().map_err(broken)? })
    }

    /// Asks an endpoint, and reads its answer.
    async fn ask<E>(&self, target: &Target, request: &E::Request) -> Result<E::Response>
    where
        E: Endpoint<Request: Sync, Response: DeserializeOwned>,
    {
        let body = self.send::<E>(target, request).await.map_err(answer::of_the_whole_edge)?;
        answer::json(&target.url, &body)
    }

    /// Asks an endpoint, and returns the body of a successful answer.
    async fn send<E: Endpoint<Request: Sync>>(&self, target: &Target, asked: &E::Request) -> Result<Vec<u8>> {
        let url = address::<E>(target, asked)?;
        let client = if is_loopback(&url) { &self.local } else { &self.remote };
        if !is_loopback(&url) && url.scheme() != "https" {
            let message =
                "The edge's address must begin with https://, so that nobody can read the API key on the way.";
            return Err(Error::new(Code::Invalid, message));
        }
        let mut request = match E::DECLARATION.method {
            Method::Get => client.get(url.clone()),
            Method::Post => client
                .post(url.clone())
                .header(header::CONTENT_TYPE, "application/json")
                .body(body(asked, E::DECLARATION.limit)?),
        };
        if !E::DECLARATION.access.is_public() {
            let mut key = HeaderValue::from_str(target.key.expose()).map_err(|_| {
                Error::new(Code::Unauthorized, "This is not an API key. Copy it again in the settings.")
            })?;
            key.set_sensitive(true);
            request = request.header(KEY_HEADER, key);
        }
        answer::read(&url, request.send().await.map_err(|_| answer::unreachable(&url))?).await
    }
}

#[async_trait]
impl Edge for HttpEdge {
    async fn whoami(&self, target: &Target) -> Result<WhoAmI> {
        let who = self.ask::<endpoint::GetWhoAmI>(target, &()).await?;
        if who.product == PRODUCT { Ok(who) } else { Err(answer::not_an_edge(&target.url)) }
    }

    async fn push(&self, target: &Target, request: &PushRequest) -> Result<PushResponse> {
        self.ask::<endpoint::Push>(target, request).await
    }

    async fn pull(&self, target: &Target, cursor: &Cursor) -> Result<PullResponse> {
        self.ask::<endpoint::Pull>(target, cursor).await
    }

    async fn publish(&self, target: &Target, request: &PublishRequest) -> Result<Publication> {
        self.ask::<endpoint::Publish>(target, request).await
    }

    async fn publications(&self, target: &Target) -> Result<Vec<Publication>> {
        self.ask::<endpoint::ListPublications>(target, &()).await
    }

    async fn heads(&self, target: &Target) -> Result<Heads> {
        self.ask::<endpoint::ListHeads>(target, &()).await
    }

    async fn segments(&self, target: &Target, site: &str, after: u64) -> Result<SegmentList> {
        // A failure of one site's log, or of its objects, says nothing about other sites.
        let asked = SegmentsQuery { site: site.to_owned(), after };
        answer::json(&target.url, &self.send::<endpoint::ListSegments>(target, &asked).await?)
    }

    async fn segment(&self, target: &Target, _site: &str, id: &str) -> Result<Vec<Line>> {
        let asked = SegmentId { id: id.to_owned() };
        Ok(Line::parse_all(&self.send::<endpoint::ReadSegment>(target, &asked).await?))
    }
}

/// Returns the body of a request, of at most `limit` bytes.
fn body(request: &impl Serialize, limit: usize) -> Result<Vec<u8>> {
    let body = serde_json::to_vec(request)
        .map_err(|e| Error::new(Code::Internal, format!("The request cannot be written: {e}.")))?;
    if body.len() > limit {
        let message = format!("This is more than the edge accepts at once ({} MiB).", limit / (1024 * 1024));
        return Err(Error::new(Code::TooLarge, message));
    }
    Ok(body)
}

/// Returns the address of a request below the edge's address, which may have a path of its own.
fn address<E: Endpoint>(target: &Target, request: &E::Request) -> Result<Url> {
    let invalid = || Error::new(Code::Invalid, "The edge's address isn't valid. Check it in the settings.");
    let given = E::DECLARATION.address(request).ok_or_else(invalid)?;
    let mut url = target.url.clone();
    url.path_segments_mut().map_err(|()| invalid())?.pop_if_empty().extend(given.path);
    url.set_query(None);
    if !given.query.is_empty() {
        url.query_pairs_mut().extend_pairs(given.query);
    }
    url.set_fragment(None);
    // A name and password in the address would travel as a second credential.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Ok(url)
}
