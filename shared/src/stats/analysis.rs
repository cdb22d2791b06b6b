//! What is asked of the engine and what it answers.

use serde::{Deserialize, Serialize};

use crate::model::Metric;

/// Which engine decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// Welch's t-test; valid when looked at once.
    Frequentist,
    /// Asymptotic confidence sequence (Waudby-Smith et al., arXiv 2103.06476); valid at every look.
    Sequential,
}

/// What to compute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Which engine decides.
    pub engine: Engine,
    /// The accepted false-positive rate, 0.05 by default.
    pub alpha: f64,
    /// Tuning of the sequential engine: the sample size at which it is tightest, 5000 by default.
    pub sequential_n: f64,
    /// Variant ids, the baseline first.
    pub variants: Vec<String>,
    /// What people call the variants, in their order.
    pub names: Vec<String>,
    /// Expected shares of the variants, in their order; they sum to 1.
    pub weights: Vec<f64>,
    /// What to judge by.
    pub metrics: Vec<Metric>,
}

/// Why something could not be computed, or decides nothing yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// An arm has no units.
    NoUnits,
    /// An arm has fewer than two units.
    FewerThanTwoUnits,
    /// The baseline is zero, so there is no relative effect.
    ZeroBaseline,
    /// Nothing varies.
    ZeroVariance,
    /// The sequential engine decides nothing before 50 conversions in every arm.
    TooFewConversions,
}

/// An effect with its uncertainty. Relative effects are fractions: 0.1 is +10 %.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The point estimate.
    pub effect: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Lower end of the 1 − alpha interval.
    pub lower: f64,
    /// Upper end of the 1 − alpha interval.
    pub upper: f64,
    /// Two-sided.
    pub p_value: f64,
}

/// One variant on one metric, against the baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The variant.
    pub variant: String,
    /// Its units (visitors).
    pub units: u64,
    /// How many of them converted.
    pub conversions: u64,
    /// Mean per unit: the conversion rate.
    pub mean: f64,
    /// Relative to the baseline; `Err` says why there is none. The baseline itself has `None`.
    pub relative: Option<Result<Estimate, Reason>>,
    /// In the metric's own unit; likewise.
    pub absolute: Option<Result<Estimate, Reason>>,
    /// Why this comparison decides nothing yet, though it can be computed.
    pub undecided: Option<Reason>,
}

/// All variants on one metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricAnalysis {
    /// Which metric.
    pub metric: Metric,
    /// The baseline first, in the plan's order.
    pub variants: Vec<Comparison>,
}

/// Sample ratio mismatch: Pearson's χ² of the units against the expected shares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Srm {
    /// `None` when there are no units or fewer than two live arms.
    pub p_value: Option<f64>,
    /// p < 0.001.
    pub alarm: bool,
}

/// Whether the numbers can be trusted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// Sample ratio mismatch.
    pub srm: Srm,
    /// Visitors who were seen in more than one variant; they are left out.
    pub multiple_exposures: u64,
    /// That is above 1 % of all visitors.
    pub multiple_exposures_alarm: bool,
}

/// The answer, for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Too little data to say anything.
    TooEarly,
    /// The numbers cannot be trusted; see the health checks.
    Untrustworthy,
    /// No variant is different enough from the baseline yet.
    Undecided,
    /// This variant is better.
    Winner {
        /// Its id.
        variant: String,
    },
    /// Every variant that differs is worse.
    Loser {
        /// The worst one's id.
        variant: String,
    },
}

/// The decision and the numbers it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// What was asked.
    pub plan: Plan,
    /// In the plan's order.
    pub metrics: Vec<MetricAnalysis>,
    /// Whether the numbers can be trusted.
    pub health: Health,
    /// The answer.
    pub verdict: Verdict,
    /// The answer in a sentence that a product manager can repeat, with its reason.
    pub sentence: String,
}
