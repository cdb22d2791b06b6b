//! An effect, as an engine gives it.

use serde::{Deserialize, Serialize};

/// An effect with its uncertainty. Relative effects are fractions: 0.1 is +10%.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Estimate {
    /// The point estimate; of the Bayesian engine, the posterior mean.
    pub effect: f64,
    /// Its standard error; of the Bayesian engine, the posterior standard deviation.
    pub standard_error: f64,
    /// Lower end of the 1 − alpha interval.
    pub lower: f64,
    /// Upper end of the 1 − alpha interval.
    pub upper: f64,
    /// Two-sided; of the Bayesian engine, twice the smaller posterior tail, which under a flat prior is the z-test's.
    pub p_value: f64,
    /// Probability that the variant is better; of the Bayesian engine.
    pub chance_to_win: Option<f64>,
    /// Expected loss of keeping the baseline, and of shipping the variant; of the Bayesian engine.
    pub risk: Option<[f64; 2]>,
}
