//! The whole edge in memory, for tests: its own router, domain and statements, on SQLite instead of D1.
//!
//! ```
//! let edge = beacon_edge::memory::MemoryEdge::new();
//! let before = edge.copy()?;
//! edge.restore(&before)?;
//! # Ok::<(), beacon_shared::error::Error>(())
//! ```

mod db;
mod ports;

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use axum::Router;
use beacon_shared::api::{
    BatchResponse, CollectRequest, Cursor, Heads, Publication, PublishRequest, PullResponse, PushRequest, PushResponse,
    SegmentList,
};
use beacon_shared::error::{Code, Error, Result};

#[cfg(test)]
pub(crate) use db::MIGRATIONS;
pub use db::{Copy, MemoryDb};
pub use ports::{MemoryClock, MemoryLimiter, MemoryLogs, MemoryObjects};

use crate::deps::Deps;
use crate::digest::Text;
use crate::domain::documents::{pull, push};
use crate::domain::events::Arrival;
use crate::domain::{collecting, exporting, publishing};
use crate::router::router;
use crate::store::changes::{StampRow, select_stamp};
use crate::store::run;

/// The admin key of a [`MemoryEdge`].
pub const ADMIN_KEY: &str = "bcn_memory_admin";

/// An edge in memory. Its methods answer at once.
pub struct MemoryEdge {
    /// The workspace's database.
    pub db: Arc<MemoryDb>,
    /// Bundles and sealed segments.
    pub objects: Arc<MemoryObjects>,
    /// The sites' logs.
    pub logs: Arc<MemoryLogs>,
    /// The edge's clock, which stands still until it is set.
    pub clock: Arc<MemoryClock>,
    /// Limits, which are off until they are set.
    pub limiter: Arc<MemoryLimiter>,
    deps: Deps,
}

impl Default for MemoryEdge {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryEdge {
    /// Starts an edge with an empty workspace.
    ///
    /// # Panics
    ///
    /// SQLite cannot open a database in memory.
    #[allow(clippy::panic)]
    pub fn new() -> Self {
        match MemoryDb::workspace() {
            Ok(db) => Self::on(Arc::new(db)),
            Err(error) => panic!("SQLite in memory: {error}"),
        }
    }

    fn on(db: Arc<MemoryDb>) -> Self {
        let clock = Arc::new(MemoryClock::default());
        let objects = Arc::new(MemoryObjects::default());
        let logs = Arc::new(MemoryLogs::new(Arc::clone(&objects), Arc::clone(&clock)));
        let limiter = Arc::new(MemoryLimiter::default());
        let deps = Deps {
            db: db.clone(),
            objects: objects.clone(),
            cache: Arc::new(ports::NoCache),
            logs: logs.clone(),
            limiter: limiter.clone(),
            clock: clock.clone(),
            background: Arc::new(ports::AtOnce),
            live: Arc::default(),
            keys: Arc::default(),
            admin_key: Some(ADMIN_KEY.into()),
            script: Arc::new(Text::new("/* beacon.js */".to_owned())),
        };
        Self { db, objects, logs, clock, limiter, deps }
    }

    /// Returns what handlers work with.
    pub fn deps(&self) -> Deps {
        self.deps.clone()
    }

    /// Returns the edge's routes.
    pub fn router(&self) -> Router {
        router(self.deps())
    }

    /// Returns the workspace's identity.
    pub fn epoch(&self) -> Result<String> {
        Ok(now(crate::store::meta::get(self.db.as_ref()))?.epoch)
    }

    /// Returns the stamp of the change at a sequence number.
    pub fn stamp(&self, seq: u64) -> Result<String> {
        Ok(now(run(self.db.as_ref(), select_stamp(seq)))?.first::<StampRow>()?.unwrap_or_default().stamp)
    }

    /// Pushes operations.
    pub fn push(&self, request: &PushRequest) -> Result<PushResponse> {
        now(push::push(self.db.as_ref(), "memory", request, self.clock.get()))
    }

    /// Pulls what changed after the cursor.
    pub fn pull(&self, cursor: &Cursor) -> Result<PullResponse> {
        now(pull::pull(self.db.as_ref(), cursor))
    }

    /// Publishes.
    pub fn publish(&self, request: &PublishRequest) -> Result<Publication> {
        now(publishing::publish(&self.deps, "memory", request))
    }

    /// Lists the newest publications.
    pub fn publications(&self) -> Result<Vec<Publication>> {
        now(publishing::list(self.db.as_ref()))
    }

    /// Collects events as if they came from a server with a key.
    pub fn collect(&self, request: &CollectRequest) -> Result<BatchResponse> {
        let body = serde_json::to_vec(request).map_err(|e| Error::new(Code::Internal, e.to_string()))?;
        let batch = crate::domain::events::Batch::parse(&body)?;
        now(collecting::collect(&self.deps, &batch, &Arrival { by_key: true, ..Arrival::default() }))
    }

    /// Lists the segments of a site's log.
    pub fn segments(&self, site: &str, after: u64) -> Result<SegmentList> {
        now(exporting::list(&self.deps, site, after))
    }

    /// Reads a segment's lines.
    pub fn segment(&self, id: &str) -> Result<String> {
        now(exporting::read(&self.deps, id)).map(|segment| String::from_utf8_lossy(&segment.bytes).into_owned())
    }

    /// Returns where every log ends.
    pub fn heads(&self) -> Result<Heads> {
        now(exporting::heads(&self.deps))
    }

    /// Copies the workspace's database, as a provider's backup does: without objects and logs.
    pub fn copy(&self) -> Result<Copy> {
        self.db.copy()
    }

    /// Takes the workspace's database back to an earlier copy.
    pub fn restore(&self, earlier: &Copy) -> Result<()> {
        self.deps.live.forget();
        self.db.restore(earlier)
    }
}

/// Runs a future that never waits, as all do in memory.
///
/// # Panics
///
/// The future waits.
#[allow(clippy::panic)]
pub fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("in memory nothing waits"),
    }
}
