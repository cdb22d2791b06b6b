use std::sync::Arc;
use std::time::Duration;

use beacon_shared::error::{Code, Error};
use tokio::time::{Instant, sleep_until};

use crate::app::{App, Signal, Signals};
use crate::ids::{Clock, Ids};

/// A push follows an edit when nothing was edited for this long, so that a sentence is one push.
pub(super) const QUIET: Duration = Duration::from_secs(2);
/// A push follows the first edit after this long, even when the person goes on typing.
pub(super) const LONGEST_DELAY: Duration = Duration::from_secs(15);
/// A sync that failed is not repeated sooner than this, whatever happens.
const BREATH: Duration = Duration::from_millis(250);
/// Somebody works for this long after the last change.
const ACTIVE: Duration = Duration::from_secs(120);

/// The time between two looks at the clock, in a loop that waits for the edge.
const LOOK: Duration = Duration::from_secs(5);
/// A clock that went this much further than the wait has slept with the computer, or was set.
const SLEPT: i64 = 10_000;

const BACKOFF: Duration = Duration::from_secs(2);
/// The longest back-off from an edge that does not answer: a request into a dead network costs nobody anything.
const LONGEST_UNREACHABLE: Duration = Duration::from_secs(60);
/// The longest back-off from an edge that answers with an error.
const LONGEST_REFUSED: Duration = Duration::from_secs(300);

/// The waits between the attempts of one sync loop.
pub(super) struct Wait {
    signals: Signals,
    ids: Ids,
    clock: Arc<dyn Clock>,
    edits_count: bool,
    failures: u32,
    last_edit: Option<Instant>,
    active_until: Instant,
}

impl Wait {
    pub(super) fn new(app: &App) -> Self {
        let (signals, ids, clock) = (app.sync().signals(), app.ids(), app.clock());
        Self { signals, ids, clock, edits_count: true, failures: 0, last_edit: None, active_until: Instant::now() }
    }

    /// The waits of a loop that has nothing to do after an edit.
    pub(super) fn ignoring_edits(self) -> Self {
        Self { edits_count: false, ..self }
    }

    /// Waits after an attempt that succeeded: for the period, or until an edit has been followed by a pause.
    /// `changed` says that the attempt found something new.
    pub(super) async fn after_success(&mut self, changed: bool, idle: Duration, active: Duration) {
        self.failures = 0;
        let now = Instant::now();
        if changed {
            self.active_until = now + ACTIVE;
        }
        let period = if now < self.active_until { active.min(idle) } else { idle };
        if self.signal_until(now + period).await == Some(Signal::Edit) {
            self.pause_in_typing().await;
        }
    }

    /// Waits after an attempt that failed. An edit after a pause ends the wait at once, and so does a wake. What only
    /// the person can mend waits for a wake.
    pub(super) async fn after_failure(&mut self, error: &Error) {
        let failed = Instant::now();
        if needs_the_person(error) {
            while self.signals.next().await != Signal::Wake {}
            self.failures = 0;
            return;
        }
        self.failures += 1;
        let longest = if error.code == Code::Unreachable { LONGEST_UNREACHABLE } else { LONGEST_REFUSED };
        let pause = backoff(self.failures, longest, self.ids.fraction());
        let edited_before = self.last_edit;
        let clock = Arc::clone(&self.clock);
        let signal = tokio::select! {
            signal = self.signal_until(failed + pause) => signal,
            () = wake_from_sleep(clock) => Some(Signal::Wake),
        };
        match signal {
            Some(Signal::Edit) if edited_before.is_some_and(|edit| edit.elapsed() < QUIET) => {
                self.pause_in_typing().await;
            }
            Some(Signal::Edit) => sleep_until(failed + BREATH).await,
            Some(Signal::Wake) => {
                self.failures = 0;
                sleep_until(failed + BREATH).await;
            }
            None => {}
        }
    }

    /// Waits until nothing was edited for [`QUIET`], but not longer than [`LONGEST_DELAY`].
    async fn pause_in_typing(&mut self) {
        let latest = Instant::now() + LONGEST_DELAY;
        while self.signal_until(latest.min(Instant::now() + QUIET)).await == Some(Signal::Edit) {}
    }

    /// The next signal that counts, or `None` when there is none before the time.
    async fn signal_until(&mut self, deadline: Instant) -> Option<Signal> {
        loop {
            let signal = tokio::select! {
                biased;
                signal = self.signals.next() => signal,
                () = sleep_until(deadline) => return None,
            };
            if signal == Signal::Wake {
                return Some(signal);
            }
            if self.edits_count {
                self.last_edit = Some(Instant::now());
                self.active_until = Instant::now() + ACTIVE;
                return Some(signal);
            }
        }
    }
}

/// Waits until the computer has slept: its network is another one, and the waits stood still meanwhile.
async fn wake_from_sleep(clock: Arc<dyn Clock>) {
    loop {
        let before = clock.now();
        tokio::time::sleep(LOOK).await;
        let expected = i64::try_from(LOOK.as_millis()).unwrap_or_default();
        if clock.now() - before - expected > SLEPT {
            return;
        }
    }
}

/// Returns true if the same attempt fails again until the person does something: asking a keychain that refused would
/// show its prompt again, a refused key stays refused, and another workspace stays another one.
fn needs_the_person(error: &Error) -> bool {
    matches!(error.code, Code::Unauthorized | Code::Keychain | Code::NotConnected)
}

/// Doubles with every failure. The jitter, up to half, keeps many devices from coming back all at once.
fn backoff(failures: u32, longest: Duration, fraction: f64) -> Duration {
    let full = BACKOFF.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(longest);
    full.mul_f64(0.5 + fraction / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_backoff_grows_to_a_limit_and_is_spread() {
        assert_eq!(backoff(1, LONGEST_REFUSED, 1.0), BACKOFF);
        assert_eq!(backoff(1, LONGEST_REFUSED, 0.0), BACKOFF / 2);
        assert_eq!(backoff(3, LONGEST_REFUSED, 1.0), BACKOFF * 4);
        assert_eq!(backoff(u32::MAX, LONGEST_REFUSED, 1.0), LONGEST_REFUSED);
        assert_eq!(backoff(u32::MAX, LONGEST_UNREACHABLE, 1.0), LONGEST_UNREACHABLE);
    }
}
