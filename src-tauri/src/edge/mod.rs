//! The edge, as the core sees it: [`Edge`] is the contract, [`http`] the reqwest client.

pub mod http;

use async_trait::async_trait;
use beacon_shared::api::{
    Cursor, Heads, Publication, PublishRequest, PullResponse, PushRequest, PushResponse, SegmentList, WhoAmI,
};
use beacon_shared::error::Result;
use beacon_shared::event::Line;
use url::{Host, Url};

use crate::vault::Secret;

/// An edge, and the key to use there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The edge's address.
    pub url: Url,
    /// The API key.
    pub key: Secret,
}

/// The requests of the core to an edge. Every error is one that the person can act on.
#[async_trait]
pub trait Edge: Send + Sync {
    /// Tests the address and the key, and returns the edge's identity.
    async fn whoami(&self, target: &Target) -> Result<WhoAmI>;
    /// Sends frozen operations.
    async fn push(&self, target: &Target, request: &PushRequest) -> Result<PushResponse>;
    /// Gets documents after the cursor.
    async fn pull(&self, target: &Target, cursor: &Cursor) -> Result<PullResponse>;
    /// Releases and publishes.
    async fn publish(&self, target: &Target, request: &PublishRequest) -> Result<Publication>;
    /// Returns the newest publications, the live one marked.
    async fn publications(&self, target: &Target) -> Result<Vec<Publication>>;
    /// Returns where every published site's log ends.
    async fn heads(&self, target: &Target) -> Result<Heads>;
    /// Returns the segments of a site's log with a sequence number above `after`.
    async fn segments(&self, target: &Target, site: &str, after: u64) -> Result<SegmentList>;
    /// Returns the lines of one segment.
    async fn segment(&self, target: &Target, site: &str, id: &str) -> Result<Vec<Line>>;
}

/// Returns true if the address stays on this computer, so that nobody can listen on the way.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_computer_is_loopback() {
        let loopback = |url: &str| is_loopback(&Url::parse(url).unwrap());
        for here in ["http://localhost:1/", "http://127.0.0.1/", "http://127.9.9.9/", "http://[::1]:1/"] {
            assert!(loopback(here), "{here}");
        }
        for there in ["http://localhost.example/", "http://127.0.0.1.example/", "http://10.0.0.1/", "http://[::2]/"] {
            assert!(!loopback(there), "{there}");
        }
    }
}
