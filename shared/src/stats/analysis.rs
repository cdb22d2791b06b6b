//! What the engine answers.

use serde::{Deserialize, Serialize};

use super::{Guardrail, Health, Plan, Reason};
use crate::model::Metric;

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
    /// In the metric's own unit; `Err` and `None` as in `relative`.
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
