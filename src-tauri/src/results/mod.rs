//! Events in, sufficient statistics out.

mod cancel;
mod metrics;
mod notes;
mod plan;
mod site;
pub mod sqlite;
#[cfg(test)]
mod tests;
mod zone;

use std::collections::BTreeMap;

use beacon_shared::error::Result;
use beacon_shared::event::Line;
use beacon_shared::model::Metric;
use beacon_shared::results::{Excluded, Gap};
use beacon_shared::stats::{Cell, Reason, Sample};

pub use cancel::{Begun, Cancel, Counting};
pub use metrics::{DefinitionPart, JudgedBy, judged_by};
pub use notes::{assigned_in_groups, notes};
pub use plan::{Analysed, analyse_phase, phase_plan};
pub use site::SiteFacts;
pub use zone::Zone;

/// A question to the events: one phase of one experiment.
#[derive(Clone, Debug)]
pub struct Query {
    /// Document id of the site.
    pub site: String,
    /// The experiment's key.
    pub experiment: String,
    /// The phase's id: exposures that carry it count.
    pub phase: String,
    /// Unix milliseconds when the phase went live, if it did. What arrived more than a day earlier is not of this
    /// phase.
    pub started: Option<i64>,
    /// Unix milliseconds when the phase's end went live. Outcomes of metrics without a window end here.
    pub ended: Option<i64>,
    /// Unix milliseconds up to which all events are here, if that is known: windows that end later are still open.
    pub as_of: Option<i64>,
    /// The site's time zone.
    pub zone: Zone,
    /// The phase's variant ids, the baseline first.
    pub variants: Vec<String>,
    /// The metrics to count.
    pub metrics: Vec<Metric>,
}

/// The visitors of one variant who were first exposed on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed {
    /// Variant id.
    pub variant: String,
    /// Days since 1970-01-01 in the site's time zone.
    pub day: i64,
    /// Number of visitors.
    pub units: u64,
}

/// The answer to a [`Query`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// One for each variant and day that has visitors.
    pub exposed: Vec<Exposed>,
    /// The same, of the visitors who were in no earlier phase.
    pub newcomers: Vec<Exposed>,
    /// One for each metric, variant and day, where the events' values can be added; for a metric whose days do not add,
    /// one for each variant. Each visitor is in one cell of a metric, so cells add exactly.
    pub cells: Vec<Cell>,
    /// Visitors seen in more than one variant of the phase, by the one they saw first; in no cell.
    pub several_by_first: BTreeMap<String, u64>,
    /// Events that were left out.
    pub excluded: Vec<Excluded>,
    /// Visitors whose window is still open, by metric id and variant, where there are any. They are in no cell of that
    /// metric: their outcome may still change, and a treatment that only speeds people up would look better.
    pub open_windows: BTreeMap<String, BTreeMap<String, u64>>,
    /// Metrics whose cap caps nothing, since the percentile falls among the visitors who have nothing.
    pub idle_caps: Vec<String>,
}

impl Counts {
    /// Returns how many visitors the variant has.
    pub fn units(&self, variant: &str) -> u64 {
        self.exposed.iter().filter(|exposed| exposed.variant == variant).map(|exposed| exposed.units).sum()
    }

    /// Returns how many visitors were seen in more than one variant.
    pub fn several(&self) -> u64 {
        self.several_by_first.values().sum()
    }

    /// Returns all there is of one metric for one variant.
    pub fn sample(&self, metric: &str, variant: &str) -> std::result::Result<Sample, Reason> {
        let cells = self.cells.iter().filter(|cell| cell.metric == metric && cell.variant == variant);
        Sample::merged(cells.map(|cell| &cell.sample))
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
    /// Stretches that the edge lost, ascending.
    pub gaps: Vec<Gap>,
}

/// The events on this machine. Calls block: use the blocking pool.
///
/// A site has one current log. Calls that name only the site mean that one.
pub trait EventStore: Send + Sync {
    /// The site's current log; `None` before its first fetch.
    fn log(&self, site: &str) -> Result<Option<LogState>>;
    /// Makes the log with this id the site's current one. A new id starts a new log; the events of others are kept.
    fn open_log(&self, site: &str, log_id: &str, now: i64) -> Result<()>;
    /// Gives the current log its id when it has none, and no other log of the site has that id.
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
    /// Counts the site's events that are here, from all of its logs.
    fn len(&self, site: &str) -> Result<u64>;
    /// See [`LogState::as_of`].
    fn set_as_of(&self, site: &str, at: i64) -> Result<()>;
    /// See [`LogState::as_of`].
    fn as_of(&self, site: &str) -> Result<Option<i64>>;
    /// Sufficient statistics, never rows. Holds no other call up, and ends soon after it is cancelled, with
    /// [`Code::Cancelled`](beacon_shared::error::Code::Cancelled).
    fn count(&self, query: &Query, cancel: &Cancel) -> Result<Counts>;
    /// The same for everybody who visited the site since `since` (Unix milliseconds), as if the first of the query's variants
    /// had been shown at their first event: what the site's visitors do without the experiment.
    fn history(&self, query: &Query, since: i64, cancel: &Cancel) -> Result<Counts>;
}
