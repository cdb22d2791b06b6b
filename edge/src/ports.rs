//! The edge's needs of its surroundings, as traits. `platform` fills these on Cloudflare, `memory` in tests; everything
//! between them and the requests compiles and runs natively.

use std::pin::Pin;

use async_trait::async_trait;
use beacon_shared::api::SegmentList;
use beacon_shared::error::Result;

use crate::log::{Appended, Entry, Head, Reading, SegmentName};
use crate::sql::{Rows, Statement};

/// The workspace's SQL database.
#[async_trait]
pub trait Db: Send + Sync {
    /// Runs all statements in one transaction, or none; returns the rows of each.
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Rows>>;
}

/// Large immutable objects, strongly consistent.
#[async_trait]
pub trait Objects: Send + Sync {
    /// Returns an object's bytes.
    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>>;
    /// Stores an object.
    async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<()>;
}

/// A copy of immutable texts near the visitors. It may forget or fail at any time.
#[async_trait]
pub trait Cache: Send + Sync {
    /// Returns a text.
    async fn get(&self, key: &str) -> Option<String>;
    /// Keeps a text.
    async fn put(&self, key: &str, text: &str);
}

/// The logs of all sites, each behind its single writer.
#[async_trait]
pub trait Logs: Send + Sync {
    /// Appends events to a site's log. They are on disk when this returns.
    async fn append(&self, site: &str, entries: &[Entry]) -> Result<Appended>;
    /// Returns where a site's log ends.
    async fn head(&self, site: &str) -> Result<Head>;
    /// Lists the segments of a site's log with a number above `after`.
    async fn list(&self, site: &str, after: u64) -> Result<SegmentList>;
    /// Reads a segment's bytes or says where they lie.
    async fn read(&self, segment: &SegmentName) -> Result<Reading>;
}

/// A kind of request that is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Limit {
    /// Batches of one site from one address.
    Collect,
    /// Batches of one site from everywhere.
    Site,
    /// Evaluations of one site from one address.
    Evaluate,
    /// Wrong keys and unknown sites from one address.
    Refused,
}

/// Counts requests over a minute.
#[async_trait]
pub trait Limiter: Send + Sync {
    /// Counts one request and returns true while it is within the limit.
    async fn allow(&self, limit: Limit, key: &str) -> Result<bool>;
}

/// The time.
pub trait Clock: Send + Sync {
    /// Returns Unix milliseconds.
    fn now(&self) -> i64;
}

/// Work that an answer does not wait for.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs work after the answer.
pub trait Background: Send + Sync {
    /// Runs the task to its end.
    fn run(&self, task: Task);
}

/// The place that a request's connection comes from.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// The region's name.
    pub region: Option<String>,
}
