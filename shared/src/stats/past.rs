//! What lifts usually are, and what that says about a measured one.

use serde::{Deserialize, Serialize};

/// Experiments from which a workspace's own past is used.
pub const FEWEST_PAST: u64 = 20;
/// The usual size of lifts until then: nine of ten are within ±8%.
const USUAL: f64 = 0.05;
/// A past in which nothing ever had an effect says no more than this.
const SMALLEST: f64 = 0.002;
/// Bisections on doubles end after as many steps as a double has bits.
const STEPS: u32 = 64;

/// How the true lifts of experiments are spread: normally around 0, with this standard deviation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PastLifts {
    /// The standard deviation; 0.05 is 5%.
    pub spread: f64,
    /// Experiments that it was learned from; 0 for the stated default of 5%.
    pub experiments: u64,
}

impl Default for PastLifts {
    fn default() -> Self {
        Self { spread: USUAL, experiments: 0 }
    }
}

impl PastLifts {
    /// Learns from past experiments, given as measured lifts with their standard errors; the default below
    /// [`FEWEST_PAST`].
    ///
    /// Empirical Bayes: the spread with the largest likelihood, where each lift is N(0, spread² + its standard error²)
    /// (van Zwet & Cator, Statistica Neerlandica 75, 2021, arXiv 2009.09440). All experiments must be taken, not only
    /// those with a winner.
    pub fn of(past: &[(f64, f64)]) -> Self {
        let known = |(lift, error): &&(f64, f64)| lift.is_finite() && *error > 0.0 && error.is_finite();
        let past: Vec<&(f64, f64)> = past.iter().filter(known).collect();
        if (past.len() as u64) < FEWEST_PAST {
            return Self::default();
        }
        // The slope of the log-likelihood by the variance; it grows up to the root.
        let slope = |variance: f64| -> f64 {
            let of = |(lift, error): &&(f64, f64)| {
                let whole = variance + error * error;
                lift * lift / (whole * whole) - 1.0 / whole
            };
            past.iter().map(of).sum()
        };
        let (mut low, mut high) = (0.0, past.iter().map(|(lift, _)| lift * lift).fold(0.0, f64::max));
        for _ in 0..STEPS {
            let middle = (low + high) / 2.0;
            if slope(middle) > 0.0 { low = middle } else { high = middle }
        }
        Self { spread: high.sqrt().max(SMALLEST), experiments: past.len() as u64 }
    }

    /// Returns the likely lift behind a measured one: shrunk towards 0, since an experiment that is looked at until it wins
    /// stops at a lucky moment.
    pub fn likely(&self, lift: f64, standard_error: f64) -> f64 {
        let known = self.spread * self.spread;
        lift * known / (known + standard_error * standard_error)
    }
}
