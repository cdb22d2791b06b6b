use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use beacon_shared::error::{Code, Error};
use rusqlite::InterruptHandle;

/// Ends a count that nobody waits for any more. Clones are the same switch.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<Switch>);

#[derive(Default)]
struct Switch {
    cancelled: AtomicBool,
    /// The connection that counts.
    counting: Mutex<Option<InterruptHandle>>,
}

impl std::fmt::Debug for Switch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Switch").field(&self.cancelled).finish()
    }
}

impl Cancel {
    /// Asks the count to end, and interrupts its statement.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::SeqCst);
        if let Some(counting) = &*lock(&self.0.counting) {
            counting.interrupt();
        }
    }

    /// Returns true if the count should end.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::SeqCst)
    }

    /// Lets a connection be interrupted. One that is cancelled already finds that out by [`Cancel::is_cancelled`].
    pub fn interrupts(&self, connection: InterruptHandle) {
        *lock(&self.0.counting) = Some(connection);
    }
}

/// The counts under way, by the experiment's document id.
#[derive(Debug, Default)]
pub struct Counting(Mutex<Vec<(String, Cancel)>>);

impl Counting {
    /// Notes a count until the result is dropped, which also ends it.
    pub fn begin(self: &Arc<Self>, experiment: &str) -> Begun {
        let cancel = Cancel::default();
        lock(&self.0).push((experiment.to_owned(), cancel.clone()));
        Begun { counting: Arc::clone(self), cancel }
    }

    /// Ends the counts of an experiment.
    pub fn cancel(&self, experiment: &str) {
        lock(&self.0).iter().filter(|(id, _)| id == experiment).for_each(|(_, cancel)| cancel.cancel());
    }

    /// Returns how many counts are under way.
    #[cfg(test)]
    pub fn under_way(&self) -> usize {
        lock(&self.0).len()
    }
}

/// A count under way.
#[derive(Debug)]
pub struct Begun {
    counting: Arc<Counting>,
    cancel: Cancel,
}

impl Begun {
    /// Returns the switch that ends it.
    pub fn cancel(&self) -> Cancel {
        self.cancel.clone()
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.cancel.cancel();
        lock(&self.counting.0).retain(|(_, cancel)| !Arc::ptr_eq(&cancel.0, &self.cancel.0));
    }
}

/// The error of a count that was cancelled.
pub fn cancelled() -> Error {
    Error::new(Code::Cancelled, "This count was cancelled. Count again to see the results.")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
