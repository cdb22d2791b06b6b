//! [`Edge`] over HTTP.

mod answer;
#[cfg(test)]
mod router_tests;
#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use beacon_shared::api::{
    Cursor, Heads, KEY_HEADER, PRODUCT, Publication, PublishRequest, PullResponse, PushRequest, PushResponse,
    SegmentList, WhoAmI, route,
};
use beacon_shared::error::{Code, Error, Result};
use beacon_shared::event::Line;
use reqwest::header::HeaderValue;
use reqwest::{Client, ClientBuilder, Method, redirect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::{Edge, Target, is_loopback};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(30);

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
                .timeout(timeout)
                .redirect(redirect::Policy::none())
                .user_agent(concat!("beacon/", env!("CARGO_PKG_VERSION")))
        };
        let broken = |_| Error::new(Code::Internal, "The network client cannot start. Restart Beacon.");
        Ok(Self { remote: builder().build().map_err(broken)?, local: builder().no_proxy().build().map_err(broken)? })
    }

    async fn get<T: DeserializeOwned>(&self, target: &Target, url: Url) -> Result<T> {
        answer::json(&url, &self.send(target, Method::GET, url.clone(), None::<&()>).await?)
    }

    async fn post<T: DeserializeOwned>(&self, target: &Target, path: &str, body: &impl Serialize) -> Result<T> {
        let url = address(target, path);
        answer::json(&url, &self.send(target, Method::POST, url.clone(), Some(body)).await?)
    }

    /// The body of a successful answer.
    async fn send(&self, target: &Target, method: Method, url: Url, body: Option<&impl Serialize>) -> Result<Vec<u8>> {
        let client = if is_loopback(&url) { &self.local } else { &self.remote };
        if !is_loopback(&url) && url.scheme() != "https" {
            let message =
                "The edge's address must begin with https://, so that nobody can read the API key on the way.";
            return Err(Error::new(Code::Invalid, message));
        }
        let mut key = HeaderValue::from_str(target.key.expose())
            .map_err(|_| Error::new(Code::Unauthorized, "This is not an API key. Copy it again in the settings."))?;
        key.set_sensitive(true);
        let mut request = client.request(method, url.clone()).header(KEY_HEADER, key);
        if let Some(body) = body {
            request = request.json(body);
        }
        answer::read(&url, request.send().await.map_err(|_| answer::unreachable(&url))?).await
    }
}

#[async_trait]
impl Edge for HttpEdge {
    async fn whoami(&self, target: &Target) -> Result<WhoAmI> {
        let url = address(target, route::WHOAMI);
        let who: WhoAmI = self.get(target, url.clone()).await?;
        if who.product == PRODUCT { Ok(who) } else { Err(answer::not_an_edge(&url)) }
    }

    async fn push(&self, target: &Target, request: &PushRequest) -> Result<PushResponse> {
        self.post(target, route::PUSH, request).await
    }

    async fn pull(&self, target: &Target, cursor: &Cursor) -> Result<PullResponse> {
        let mut url = address(target, route::PULL);
        url.query_pairs_mut()
            .append_pair("epoch", &cursor.epoch)
            .append_pair("seq", &cursor.seq.to_string())
            .append_pair("stamp", &cursor.stamp)
            .append_pair("newest_seq", &cursor.newest_seq.to_string())
            .append_pair("newest_stamp", &cursor.newest_stamp);
        self.get(target, url).await
    }

    async fn publish(&self, target: &Target, request: &PublishRequest) -> Result<Publication> {
        self.post(target, route::PUBLISH, request).await
    }

    async fn publications(&self, target: &Target) -> Result<Vec<Publication>> {
        self.get(target, address(target, route::PUBLICATIONS)).await
    }

    async fn heads(&self, target: &Target) -> Result<Heads> {
        self.get(target, address(target, route::HEADS)).await
    }

    async fn segments(&self, target: &Target, site: &str, after: u64) -> Result<SegmentList> {
        let mut url = address(target, route::SEGMENTS);
        url.query_pairs_mut().append_pair("site", site).append_pair("after", &after.to_string());
        self.get(target, url).await
    }

    async fn segment(&self, target: &Target, _site: &str, id: &str) -> Result<Vec<Line>> {
        let mut url = address(target, route::SEGMENT.trim_end_matches("/{id}"));
        if let Ok(mut path) = url.path_segments_mut() {
            path.push(id);
        }
        Ok(Line::parse_all(&self.send(target, Method::GET, url, None::<&()>).await?))
    }
}

/// The route below the edge's address, which may have a path of its own.
fn address(target: &Target, path: &str) -> Url {
    let mut url = target.url.clone();
    url.set_path(&format!("{}{path}", target.url.path().trim_end_matches('/')));
    url.set_query(None);
    url.set_fragment(None);
    // A name and password in the address would travel as a second credential.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}
