//! The sites' logs, each behind its Durable Object.

use async_trait::async_trait;
use beacon_shared::api::SegmentList;
use beacon_shared::error::Result;
use serde::de::DeserializeOwned;
use worker::send::{IntoSendFuture, SendWrapper};
use worker::{Env, Method, Request, RequestInit};

use super::storage;
use crate::log::{Appended, Entry, Head, Reading, SegmentName};
use crate::ports::Logs;

/// The objects, by the binding `SITE_LOG`.
pub struct ObjectLogs(SendWrapper<Env>);

impl ObjectLogs {
    /// Uses the worker's objects.
    pub fn new(env: Env) -> Self {
        Self(SendWrapper::new(env))
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        site: &str,
        path: &str,
        numbers: &[(&str, u64)],
        body: Option<String>,
    ) -> Result<T> {
        let mut url = url::Url::parse("https://site-log").map_err(storage)?;
        url.set_path(path);
        url.query_pairs_mut().append_pair("site", site);
        for (name, number) in numbers {
            url.query_pairs_mut().append_pair(name, &number.to_string());
        }
        let mut init = RequestInit::new();
        if let Some(body) = body {
            init.with_method(Method::Post).with_body(Some(body.into()));
        }
        let request = Request::new_with_init(url.as_str(), &init).map_err(storage)?;
        let namespace = self.0.durable_object("SITE_LOG").map_err(storage)?;
        let stub = namespace.id_from_name(site).and_then(|id| id.get_stub()).map_err(storage)?;
        let mut response = stub.fetch_with_request(request).await.map_err(storage)?;
        if response.status_code() != 200 {
            return Err(storage(format!("the site log answered {}", response.status_code())));
        }
        response.json().await.map_err(storage)
    }
}

#[async_trait]
impl Logs for ObjectLogs {
    async fn append(&self, site: &str, entries: &[Entry]) -> Result<Appended> {
        let body = serde_json::to_string(entries).map_err(storage)?;
        self.ask(site, "append", &[], Some(body)).into_send().await
    }

    async fn head(&self, site: &str) -> Result<Head> {
        self.ask(site, "head", &[], None).into_send().await
    }

    async fn list(&self, site: &str, after: u64) -> Result<SegmentList> {
        self.ask(site, "segments", &[("after", after)], None).into_send().await
    }

    async fn read(&self, segment: &SegmentName) -> Result<Reading> {
        let range = [("first", segment.first), ("last", segment.last)];
        self.ask(&segment.site, "segment", &range, None).into_send().await
    }
}
