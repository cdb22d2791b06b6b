//! The notes of a result on the events that it was counted from.

use serde::{Deserialize, Serialize};

use crate::event::Mark;

/// A stretch of a site's log that the edge acknowledged and can no longer deliver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// First sequence number that is missing.
    pub first: u64,
    /// Last sequence number that is missing.
    pub last: u64,
    /// Unix milliseconds: when it was found.
    pub since: i64,
    /// Unix milliseconds: when the edge was last asked for it.
    pub tried: i64,
}

/// Events that a result leaves out for one reason. Exclusions are counted, never hidden.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excluded {
    /// The sort of event.
    pub what: Counted,
    /// Reason.
    pub reason: Exclusion,
    /// Visitors with such an event.
    pub visitors: u64,
    /// Number of events.
    pub events: u64,
}

/// The two sorts of events that a result is counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// A visitor saw a variant.
    Exposures,
    /// A visitor who is in the experiment did what a metric counts.
    Outcomes,
}

/// The reason why events are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exclusion {
    /// See [`Mark::Bot`].
    Bot,
    /// See [`Mark::Prefetch`].
    Prefetch,
    /// See [`Mark::Preview`].
    Preview,
    /// See [`Mark::Forced`].
    Forced,
    /// The visitor was seen in several variants of the phase.
    SeveralVariants,
    /// The phase does not have the variant.
    UnknownVariant,
    /// The event names no phase.
    NoPhase,
    /// The edge received the event more than a day before the phase began.
    BeforeStart,
    /// An earlier event has the same id of the site's own: an order that was sent again.
    Repeated,
}

impl Exclusion {
    /// The exclusion that a mark stands for; `None` for a mark that excludes nothing.
    pub fn of(mark: Mark) -> Option<Self> {
        match mark {
            Mark::Bot => Some(Self::Bot),
            Mark::Prefetch => Some(Self::Prefetch),
            Mark::Preview => Some(Self::Preview),
            Mark::Forced => Some(Self::Forced),
            Mark::ClockSkew => None,
        }
    }
}
