//! Time, randomness, and the ids that are made of both.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use beacon_shared::error::{Code, Error, Result};
use rand::rngs::{StdRng, SysRng};
use rand::{Rng as _, SeedableRng};
use uuid::Builder;

/// Tells the time. A test's clock may stand still.
pub trait Clock: Send + Sync {
    /// Unix milliseconds.
    fn now(&self) -> i64;
}

impl<F: Fn() -> i64 + Send + Sync> Clock for F {
    fn now(&self) -> i64 {
        self()
    }
}

/// The computer's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
}

/// A source of random bytes.
pub trait Rng: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// A cryptographic generator, seeded once: from the operating system, or from a number in a test.
pub struct Generator(Mutex<StdRng>);

impl Generator {
    /// Seeds a generator from the operating system's randomness.
    pub fn from_system() -> Result<Self> {
        StdRng::try_from_rng(&mut SysRng).map(Mutex::new).map(Self).map_err(|_| {
            let message = "This computer gives no random numbers, so Beacon cannot make ids. Restart the computer.";
            Error::new(Code::Storage, message)
        })
    }

    /// Seeds a generator from a number: the same number gives the same bytes.
    pub fn from_seed(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }
}

impl Rng for Generator {
    fn fill(&self, buffer: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(buffer);
    }
}

/// Makes ids and jitter from the app's clock and randomness: the only source of both in the core.
#[derive(Clone)]
pub struct Ids {
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
}

impl Ids {
    /// Ids of this clock and this randomness.
    pub fn new(clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        Self { clock, rng }
    }

    /// Returns a new UUIDv7 without hyphens: ids sort by the millisecond in which they were made.
    pub fn next(&self) -> String {
        let mut random = [0; 10];
        self.rng.fill(&mut random);
        let millis = u64::try_from(self.clock.now()).unwrap_or_default();
        Builder::from_unix_timestamp_millis(millis, &random).into_uuid().simple().to_string()
    }

    /// Returns a random number from 0 up to and including 1.
    pub fn fraction(&self) -> f64 {
        let mut random = [0; 4];
        self.rng.fill(&mut random);
        f64::from(u32::from_le_bytes(random)) / f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_repeat_from_the_same_seed_and_clock() {
        let ids = |seed| Ids::new(Arc::new(|| 1_700_000_000_000), Arc::new(Generator::from_seed(seed)));
        let (first, same, other) = (ids(1), ids(1), ids(2));
        let (a, b) = (first.next(), first.next());
        assert_ne!(a, b);
        assert_eq!((a.as_str(), b.as_str()), (same.next().as_str(), same.next().as_str()));
        assert_ne!(a, other.next());
        assert_eq!(&a[..8], "018bcfe5", "the time comes first");
        assert_eq!(uuid::Uuid::parse_str(&a).unwrap().get_version_num(), 7);
    }

    #[test]
    fn the_system_gives_different_ids() {
        let ids = Ids::new(Arc::new(SystemClock), Arc::new(Generator::from_system().unwrap()));
        assert_ne!(ids.next(), ids.next());
        assert!((0.0..=1.0).contains(&ids.fraction()));
    }
}
