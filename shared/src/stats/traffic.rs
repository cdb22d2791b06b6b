//! The visitors behind an analysis, beyond what the metrics' samples say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// First exposures of one day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrivals {
    /// Days since 1970-01-01 in the site's time zone.
    pub day: i64,
    /// Numbers of visitors who were first exposed to each of the plan's variants, in their order.
    pub units: Vec<u64>,
}

/// Who came, and who is not in the samples.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Traffic {
    /// Days in ascending order; empty where they are not known.
    pub days: Vec<Arrivals>,
    /// The days' visitors whom the plan's weights assigned, where others kept their variant of an earlier phase. The split
    /// of these can be checked. `None` if the weights assigned all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drawn: Option<Vec<Arrivals>>,
    /// Visitors seen in more than one variant, who are in none of the samples.
    pub several: u64,
    /// The same visitors by the variant they saw first, in the plan's order; empty where that is not known.
    pub several_by_first: Vec<u64>,
    /// By metric id, visitors of each variant whose window is still open, who are in none of the metric's samples.
    pub open: BTreeMap<String, Vec<u64>>,
}

impl Traffic {
    /// Only that this many visitors were seen in several variants.
    pub fn of_several(several: u64) -> Self {
        Self { several, ..Self::default() }
    }

    /// Returns how many days there are from the first to the last one with visitors; `None` where days are not known.
    pub fn span(&self) -> Option<u64> {
        let (first, last) = (self.days.first()?, self.days.last()?);
        u64::try_from(last.day.saturating_sub(first.day)).ok()?.checked_add(1)
    }

    /// Returns how many visitors came on all days together.
    pub fn visitors(&self) -> u64 {
        let of_day = |day: &Arrivals| day.units.iter().fold(0, |sum: u64, n| sum.saturating_add(*n));
        self.days.iter().map(of_day).fold(0, u64::saturating_add)
    }

    /// Returns how many visitors of the variant at this place are within the metric's window.
    pub fn open_of(&self, metric: &str, variant: usize) -> u64 {
        self.open.get(metric).and_then(|open| open.get(variant)).copied().unwrap_or_default()
    }
}
