//! Events in, sufficient statistics out.

mod notes;
mod site;
pub mod sqlite;
mod view;
mod zone;

use beacon_shared::error::Result;
use beacon_shared::event::Line;
use beacon_shared::model::Metric;
use beacon_shared::results::Gap;
use beacon_shared::stats::{Reason, Sample};

pub use notes::notes;
pub use site::SiteFacts;
pub use view::view;
pub use zone::Zone;

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

/// Sufficient statistics of one variant, by first-exposure day: the cells add exactly, since each visitor is in one.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Variant id.
    pub variant: String,
    /// Days since 1970-01-01, UTC.
    pub day: i64,
    /// Visitors first exposed on that day.
    pub units: u64,
    /// For each metric of the query, what these visitors did after their exposure. `None` where [`Counts::whole`] has
    /// it, and where the events' values are too large to be added.
    pub samples: Vec<Option<Sample>>,
}

/// Sufficient statistics of one variant over the whole phase, for a metric whose days do not add: a quantile needs all
/// totals at once, and so does a cap at a percentile.
#[derive(Clone, Debug, PartialEq)]
pub struct Whole {
    /// Variant id.
    pub variant: String,
    /// Which metric of the query.
    pub metric: usize,
    /// The numbers.
    pub sample: Sample,
}

/// The answer to a [`Query`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// One for each variant and day that has visitors.
    pub cells: Vec<Cell>,
    /// One for each variant that has visitors and each metric whose days do not add.
    pub whole: Vec<Whole>,
    /// Visitors seen in more than one variant; in no cell.
    pub multiple_exposures: u64,
    /// Exposures left out by a mark: the mark's name, distinct visitors.
    pub excluded: Vec<(String, u64)>,
}

impl Counts {
    /// How many visitors the variant has.
    pub fn units(&self, variant: &str) -> u64 {
        self.cells.iter().filter(|cell| cell.variant == variant).map(|cell| cell.units).sum()
    }

    /// All there is of one metric of the query for one variant.
    pub fn sample(&self, metric: usize, variant: &str) -> std::result::Result<Sample, Reason> {
        let days = self.cells.iter().filter(|cell| cell.variant == variant);
        let days = days.filter_map(|cell| cell.samples.get(metric).and_then(Option::as_ref));
        let whole = self.whole.iter().filter(|whole| whole.metric == metric && whole.variant == variant);
        Sample::merged(days.chain(whole.map(|whole| &whole.sample)))
    }
}

/// The log that a site's events are fetched from, as far as it is on this machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogState {
    /// The edge's id of the log; empty until the edge has named it.
    pub log_id: String,
    /// The last sequence number up to which the log is complete here, apart from the gaps.
    pub head: u64,
    /// Unix milliseconds of its first fetch; `None` for a log that an older Beacon fetched.
    pub since: Option<i64>,
    /// The edge's time up to which everything acknowledged is here.
    pub as_of: Option<i64>,
    /// Lines that a newer edge wrote and this version cannot read.
    pub unreadable: u64,
    /// Events of the site that are here from other logs.
    pub earlier: u64,
    /// What the edge lost, ascending.
    pub gaps: Vec<Gap>,
}

/// Where events lie on this machine. Calls block: use the blocking pool.
///
/// A site has one current log. Calls that name only the site mean that one.
pub trait EventStore: Send + Sync {
    /// The site's current log; `None` before its first fetch.
    fn log(&self, site: &str) -> Result<Option<LogState>>;
    /// Makes the log with this id the site's current one. A new id starts a new log; the events of others are kept.
    fn open_log(&self, site: &str, log_id: &str, now: i64) -> Result<()>;
    /// Gives the current log its id, when it has none.
    fn name_log(&self, site: &str, log_id: &str) -> Result<()>;
    /// Closes the current log for good: the edge's log with its id went back. Its events are kept.
    fn retire_log(&self, site: &str, now: i64) -> Result<()>;
    /// The event ids of the lines from `first` on that are here, at most `most` of them.
    fn event_ids(&self, site: &str, first: u64, most: u32) -> Result<Vec<(u64, Option<String>)>>;
    /// Appends a stretch of the log. What is there already stays as it is, so a repeated fetch does no harm.
    fn append(&self, site: &str, lines: &[Line]) -> Result<()>;
    /// Records what the edge cannot deliver of these lines as a gap, and steps over it.
    fn skip(&self, site: &str, first: u64, last: u64, now: i64) -> Result<()>;
    /// See [`LogState::head`]; 0 when there is no log.
    fn head(&self, site: &str) -> Result<u64>;
    /// How many events of the site are here, from all of its logs.
    fn len(&self, site: &str) -> Result<u64>;
    /// See [`LogState::as_of`].
    fn set_as_of(&self, site: &str, at: i64) -> Result<()>;
    /// See [`LogState::as_of`].
    fn as_of(&self, site: &str) -> Result<Option<i64>>;
    /// Sufficient statistics, never rows.
    fn count(&self, query: &Query) -> Result<Counts>;
}
