//! The edge, as the core sees it: [`Edge`] is the contract, [`http`] the reqwest client.

pub mod http;

use async_trait::async_trait;
use beacon_shared::api::{
    Cursor, Heads, Publication, PublishRequest, PullResponse, PushRequest, PushResponse, SegmentList, WhoAmI,
};
use beacon_shared::error::Result;
use beacon_shared::event::Line;
use url::Url;

use crate::vault::Secret;

/// An edge, and the key to use there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The edge's address.
    pub url: Url,
    /// The API key.
    pub key: Secret,
}

/// What the core asks of an edge. Every error is one that the person can act on.
#[async_trait]
pub trait Edge: Send + Sync {
    /// Tests the address and the key.
    async fn whoami(&self, at: &Target) -> Result<WhoAmI>;
    /// Sends frozen ops.
    async fn push(&self, at: &Target, request: &PushRequest) -> Result<PushResponse>;
    /// Gets documents after the cursor.
    async fn pull(&self, at: &Target, cursor: &Cursor) -> Result<PullResponse>;
    /// Releases and publishes.
    async fn publish(&self, at: &Target, request: &PublishRequest) -> Result<Publication>;
    /// The newest publications, the live one marked.
    async fn publications(&self, at: &Target) -> Result<Vec<Publication>>;
    /// Where every published site's log ends.
    async fn heads(&self, at: &Target) -> Result<Heads>;
    /// The segments of a site's log with a sequence number above `after`.
    async fn segments(&self, at: &Target, site: &str, after: u64) -> Result<SegmentList>;
    /// The lines of one segment.
    async fn segment(&self, at: &Target, site: &str, id: &str) -> Result<Vec<Line>>;
}
