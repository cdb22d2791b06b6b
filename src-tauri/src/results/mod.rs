//! Events in, sufficient statistics out.

pub mod sqlite;
mod view;

use beacon_shared::error::Result;
use beacon_shared::event::Logged;
use beacon_shared::model::Metric;

pub use view::view;

/// What to count: one phase of one experiment.
#[derive(Clone, Debug)]
pub struct Query {
    /// Document id of the site.
    pub site: String,
    /// The experiment's key.
    pub experiment: String,
    /// Unix milliseconds; exposures before it do not count.
    pub from: i64,
    /// Unix milliseconds, exclusive; `None` while the phase runs.
    pub until: Option<i64>,
    /// Variant ids, the baseline first.
    pub variants: Vec<String>,
    /// What to count for each.
    pub metrics: Vec<Metric>,
}

/// Units and outcomes of one variant, by first-exposure day: the cells add exactly, since each visitor is in one.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Variant id.
    pub variant: String,
    /// Days since 1970-01-01, UTC.
    pub day: i64,
    /// Visitors first exposed on that day.
    pub units: u64,
    /// For each metric of the query: how many of them converted after their exposure.
    pub conversions: Vec<u64>,
}

/// The answer to a [`Query`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// One for each variant and day that has visitors.
    pub cells: Vec<Cell>,
    /// Visitors seen in more than one variant; in no cell.
    pub multiple_exposures: u64,
    /// Exposures left out by a mark: the mark's name, distinct visitors.
    pub excluded: Vec<(String, u64)>,
}

/// Where events lie on this machine. Calls block: use the blocking pool.
pub trait EventStore: Send + Sync {
    /// Appends a stretch of a site's log. What is there already stays as it is, so a repeated fetch does no harm.
    fn append(&self, site: &str, events: &[Logged]) -> Result<()>;
    /// The last sequence number up to which the site's log is complete here; 0 when empty.
    fn head(&self, site: &str) -> Result<u64>;
    /// How many events of the site are here.
    fn len(&self, site: &str) -> Result<u64>;
    /// Records the edge's time up to which everything acknowledged is here.
    fn set_as_of(&self, site: &str, at: i64) -> Result<()>;
    /// See [`EventStore::set_as_of`].
    fn as_of(&self, site: &str) -> Result<Option<i64>>;
    /// Sufficient statistics, never rows.
    fn count(&self, query: &Query) -> Result<Counts>;
}
