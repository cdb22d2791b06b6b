//! The clocks of visitors: a clock that is wrong shifts all its events, an event that is late keeps its time.

/// A batch may be this long on its way. Up to it, an older time of sending says nothing of the clock, and shifting by it would
/// date a slow batch behind a fast one that was sent later.
const MAX_WAY: i64 = 30 * 1000;
/// A clock that is off by more than this is marked.
const MAX_SKEW: i64 = 24 * 60 * 60 * 1000;
/// An event that says it happens this long after it was sent is marked.
const MAX_AHEAD: i64 = 5 * 60 * 1000;
/// An event that says it is older than this is dated to it and marked.
const MAX_LATE: i64 = 31 * 24 * 60 * 60 * 1000;

/// The times at which an event happened and arrived.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Times {
    /// Unix milliseconds, by the server's clock.
    pub ts: i64,
    /// Unix milliseconds, by the server's clock.
    pub received_at: i64,
    /// True if the client's clock cannot be right.
    pub skewed: bool,
}

/// Reads the times of one batch.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    now: i64,
    skew: i64,
}

impl Clock {
    /// Compares the client's clock with the server's. `times` are those of the batch's events. A client that does not
    /// say when it sends has a right clock, as far as its events can be true: none may lie in the future, and not all
    /// of them a month back.
    pub fn new(now: i64, sent_at: Option<i64>, times: impl Iterator<Item = i64>) -> Self {
        let newest = times.max().unwrap_or(now);
        let plausible = (now.saturating_sub(MAX_LATE)..=now).contains(&newest);
        let sent_at = sent_at.unwrap_or(if plausible { now } else { newest });
        let skew = now.saturating_sub(sent_at);
        Self { now, skew: if (0..=MAX_WAY).contains(&skew) { 0 } else { skew } }
    }

    /// Returns an event's time by the server's clock, and whether it had to be guessed.
    pub fn read(&self, ts: i64) -> Times {
        let shifted = ts.saturating_add(self.skew);
        let earliest = self.now.saturating_sub(MAX_LATE);
        let ts = shifted.clamp(earliest, self.now);
        let ahead = shifted.saturating_sub(self.now) > MAX_AHEAD;
        let skewed = self.skew.saturating_abs() > MAX_SKEW || shifted < earliest || ahead;
        Times { ts, received_at: self.now, skewed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_790_000_000_000;
    const HOUR: i64 = 60 * 60 * 1000;

    fn read(sent_at: Option<i64>, times: &[i64]) -> (Vec<i64>, bool) {
        let clock = Clock::new(NOW, sent_at, times.iter().copied());
        let read: Vec<Times> = times.iter().map(|ts| clock.read(*ts)).collect();
        (read.iter().map(|t| t.ts - NOW).collect(), read.iter().any(|t| t.skewed))
    }

    #[test]
    fn late_events_keep_their_order_and_their_distance() {
        let late = [NOW - 36 * HOUR, NOW - 12 * HOUR];
        for sent_at in [None, Some(NOW)] {
            assert_eq!(read(sent_at, &late), (vec![-36 * HOUR, -12 * HOUR], false));
        }
    }

    #[test]
    fn a_wrong_clock_is_corrected_by_when_it_says_it_sends() {
        for wrong in [-3 * HOUR, 2 * HOUR] {
            let times = [NOW + wrong - 5000, NOW + wrong];
            assert_eq!(read(Some(NOW + wrong), &times), (vec![-5000, 0], false));
        }
        let years = 3 * 365 * 24 * HOUR;
        assert_eq!(read(Some(NOW - years), &[NOW - years - HOUR]), (vec![-HOUR], true));
    }

    /// An exposure is two seconds on its way, and the conversion that follows it a tenth of one.
    #[test]
    fn a_slow_batch_stays_before_a_fast_one() {
        let arrives = |sent: i64, way: i64| Clock::new(sent + way, Some(sent), std::iter::once(sent)).read(sent).ts;
        let (exposed, converted) = (NOW, NOW + 1_500);
        assert!(arrives(exposed, 2_000) < arrives(converted, 100));
        assert_eq!(arrives(exposed, 2_000), exposed);
    }

    #[test]
    fn without_that_a_batch_from_the_future_is_shifted_as_one() {
        assert_eq!(read(None, &[NOW + 2 * HOUR, NOW + 3 * HOUR]), (vec![-HOUR, 0], false));
        assert_eq!(read(None, &[0, HOUR]), (vec![-HOUR, 0], true));
    }

    #[test]
    fn what_cannot_be_true_is_bounded_and_marked() {
        assert_eq!(read(Some(NOW), &[0]), (vec![-MAX_LATE], true));
        assert_eq!(read(Some(NOW), &[NOW + HOUR]), (vec![0], true));
        assert_eq!(read(Some(NOW), &[NOW + 1000]), (vec![0], false));
        for ts in [i64::MIN, i64::MAX] {
            for sent_at in [None, Some(i64::MIN), Some(i64::MAX)] {
                let (times, _) = read(sent_at, &[ts]);
                assert!((-MAX_LATE..=0).contains(&times[0]), "{ts} {sent_at:?}");
            }
        }
    }
}
