//! A measured share, and what was promised of it.

/// What is promised of a share of runs.
#[derive(Clone, Copy, Debug)]
pub enum Promise {
    /// It is this, within Monte Carlo error.
    About(f64),
    /// It is this at most, but for Monte Carlo error.
    AtMost(f64),
    /// It is this at least, but for Monte Carlo error.
    AtLeast(f64),
    /// Nothing: it is shown as a warning.
    Nothing,
}

/// One measured share.
#[derive(Clone, Debug)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// Of how many runs it was so.
    pub share: f64,
    /// How many runs there were.
    pub runs: usize,
    /// What should come out.
    pub promise: Promise,
}

impl Row {
    /// Of these runs.
    pub fn new(what: impl Into<String>, promise: Promise, hits: impl ExactSizeIterator<Item = bool>) -> Self {
        let runs = hits.len();
        let share = hits.filter(|hit| *hit).count() as f64 / runs.max(1) as f64;
        Self { what: what.into(), share, runs, promise }
    }

    /// Four Monte Carlo standard errors of the promise.
    pub fn tolerance(&self) -> f64 {
        let share = match self.promise {
            Promise::About(p) | Promise::AtMost(p) | Promise::AtLeast(p) => p,
            Promise::Nothing => self.share,
        };
        4.0 * (share * (1.0 - share) / self.runs.max(1) as f64).sqrt()
    }

    /// Returns true if the promise is kept.
    pub fn holds(&self) -> bool {
        match self.promise {
            Promise::About(p) => (self.share - p).abs() <= self.tolerance(),
            Promise::AtMost(p) => self.share <= p + self.tolerance(),
            Promise::AtLeast(p) => self.share >= p - self.tolerance(),
            Promise::Nothing => true,
        }
    }
}
