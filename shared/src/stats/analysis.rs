//! What is asked of the engine and what it answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Correction, Guardrail, Health, Prior};
use crate::model::Metric;

/// Which engine decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// Welch's t-test; valid when looked at once.
    Frequentist,
    /// Asymptotic confidence sequence (Waudby-Smith et al., arXiv 2103.06476); valid at every look.
    #[default]
    Sequential,
    /// A Gaussian posterior; decides when the chance to win is beyond 1 − alpha/2.
    Bayesian,
}

/// What to compute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Plan {
    /// Which engine decides.
    pub engine: Engine,
    /// The accepted false-positive rate, 0.05 by default.
    pub alpha: f64,
    /// Tuning of the sequential engine: the sample size at which it is tightest, 5000 by default.
    pub sequential_n: f64,
    /// Variant ids, in any order.
    pub variants: Vec<String>,
    /// What people call the variants, in their order.
    pub names: Vec<String>,
    /// Expected shares of the variants, in their order; only their proportions count.
    pub weights: Vec<f64>,
    /// What to judge by.
    pub metrics: Vec<Metric>,
    /// Index of the variant that the others are compared with; the first by default.
    pub baseline: usize,
    /// Of the Bayesian engine.
    pub prior: Prior,
    /// Of the p-values of goals and secondary metrics over all variants.
    pub correction: Correction,
    /// By metric id, for the metrics that need any.
    pub options: BTreeMap<String, MetricOptions>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            engine: Engine::default(),
            alpha: 0.05,
            sequential_n: 5000.0,
            variants: Vec::new(),
            names: Vec::new(),
            weights: Vec::new(),
            metrics: Vec::new(),
            baseline: 0,
            prior: Prior::default(),
            correction: Correction::None,
            options: BTreeMap::new(),
        }
    }
}

impl Plan {
    /// The metric's options, or the defaults.
    pub fn options_of(&self, metric: &Metric) -> MetricOptions {
        self.options.get(&metric.id).copied().unwrap_or_default()
    }
}

/// How one metric is judged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MetricOptions {
    /// Less is better: bounces, waiting times.
    pub lower_is_better: bool,
    /// Of a guardrail: how much worse, relatively, it may get at most; 0.02 is 2 %.
    pub margin: f64,
}

impl Default for MetricOptions {
    fn default() -> Self {
        Self { lower_is_better: false, margin: 0.02 }
    }
}

/// Why something could not be computed, or decides nothing yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// An arm has no units.
    #[error("an arm has no units")]
    NoUnits,
    /// An arm has fewer than two units.
    #[error("an arm has fewer than two units")]
    FewerThanTwoUnits,
    /// The baseline is zero, so there is no relative effect.
    #[error("the baseline is zero, so there is no relative effect")]
    ZeroBaseline,
    /// Nothing varies.
    #[error("nothing varies")]
    ZeroVariance,
    /// The sequential engine decides nothing before 50 conversions in every arm.
    #[error("too few conversions")]
    TooFewConversions,
    /// The sequential engine decides nothing before 100 units in every arm; and a quantile needs units on both sides.
    #[error("too few units")]
    TooFewUnits,
    /// The denominator of a ratio is zero in an arm.
    #[error("the denominator of a ratio is zero")]
    ZeroDenominator,
    /// A number given or computed is not finite.
    #[error("a number is not finite")]
    NotFinite,
    /// A parameter is outside its range, such as an alpha that is not between 0 and 1.
    #[error("a parameter is outside its range")]
    UnknownParameter,
    /// The arms have samples of different kinds.
    #[error("the arms have samples of different kinds")]
    DifferentKinds,
    /// Quantiles do not add.
    #[error("quantiles do not add")]
    NotMergeable,
    /// No number of units or size of effect reaches what was asked for.
    #[error("cannot be reached")]
    NotReachable,
}

/// An effect with its uncertainty. Relative effects are fractions: 0.1 is +10 %.
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

/// One variant on one metric, against the baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The variant.
    pub variant: String,
    /// Its units (visitors).
    pub units: u64,
    /// How many of them converted; 0 for a metric that is not a conversion.
    pub conversions: u64,
    /// The metric's value: conversion rate, mean per unit, ratio or quantile.
    pub mean: f64,
    /// Relative to the baseline; `Err` says why there is none. The baseline itself has `None`.
    pub relative: Option<Result<Estimate, Reason>>,
    /// In the metric's own unit; likewise.
    pub absolute: Option<Result<Estimate, Reason>>,
    /// Why this comparison decides nothing yet, though it can be computed.
    pub undecided: Option<Reason>,
    /// The p-value after the plan's correction; `None` for guardrails and where there is no p-value.
    #[serde(default)]
    pub adjusted_p: Option<f64>,
    /// Of a guardrail: whether it is safe.
    #[serde(default)]
    pub guardrail: Option<Guardrail>,
}

impl Comparison {
    /// The relative effect, or the absolute one when the baseline is zero.
    pub fn estimate(&self) -> Option<Estimate> {
        self.relative.and_then(Result::ok).or_else(|| self.absolute.and_then(Result::ok))
    }
}

/// All variants on one metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricAnalysis {
    /// Which metric.
    pub metric: Metric,
    /// In the plan's order.
    pub variants: Vec<Comparison>,
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
    /// This variant is better on a goal, and worse on another goal or on a guardrail.
    Conflict {
        /// Its id.
        variant: String,
        /// Id of the metric on which it is worse.
        metric: String,
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
