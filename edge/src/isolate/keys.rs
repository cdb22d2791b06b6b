//! Keys that an isolate has met, by digest and never by the key itself.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::sync::lock;

/// Milliseconds for which an isolate remembers a wrong key or an address with too many of them.
const REFUSED_FOR: i64 = 60_000;
/// Milliseconds until an isolate notes the use of a key again.
const TOUCH_EVERY: i64 = 60 * 60 * 1000;
/// The most names that an isolate remembers of each kind.
const MAX_REMEMBERED: usize = 1_000;

/// Names with the time at which they were met.
#[derive(Default)]
pub struct Times(Mutex<BTreeMap<String, i64>>);

impl Times {
    /// Remembers a name.
    pub fn remember(&self, name: &str, now: i64) {
        let mut names = lock(&self.0);
        if names.len() >= MAX_REMEMBERED {
            names.clear();
        }
        names.insert(name.to_owned(), now);
    }

    fn within(&self, name: &str, now: i64, bound: i64) -> bool {
        lock(&self.0).get(name).is_some_and(|at| (0..bound).contains(&(now - at)))
    }
}

/// An isolate's memory of keys.
#[derive(Default)]
pub struct KeyMemory {
    /// Digests of keys that nobody holds.
    pub wrong: Times,
    /// Addresses that sent too many of them.
    pub blocked: Times,
    /// Digests of keys whose use was noted.
    pub touched: Times,
}

impl KeyMemory {
    /// Returns true if the key was found wrong within the last minute.
    pub fn is_wrong(&self, sha256: &str, now: i64) -> bool {
        self.wrong.within(sha256, now, REFUSED_FOR)
    }

    /// Returns true if the address was refused within the last minute.
    pub fn is_blocked(&self, address: &str, now: i64) -> bool {
        self.blocked.within(address, now, REFUSED_FOR)
    }

    /// Returns true if the use of the key has to be noted again.
    pub fn touch_is_due(&self, sha256: &str, now: i64) -> bool {
        !self.touched.within(sha256, now, TOUCH_EVERY)
    }
}
