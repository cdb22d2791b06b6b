//! What the engine answers.

use serde::{Deserialize, Serialize};

use super::{Engine, Estimate, Guardrail, Health, Plan, Reason};
use crate::model::Metric;

/// One variant on one metric, against the baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The variant.
    pub variant: String,
    /// Its units (visitors).
    pub units: u64,
    /// Number of them that converted; 0 for a metric that is not a conversion.
    pub conversions: u64,
    /// Its units that have something to count: who converted, whose number is not 0.
    pub nonzero: u64,
    /// Visitors whose window is still open; they are not among the units.
    pub open: u64,
    /// The metric's value: conversion rate, mean per unit, ratio or quantile.
    pub mean: f64,
    /// Relative to the baseline; `Err` says why there is none. The baseline itself has `None`.
    pub relative: Option<Result<Estimate, Reason>>,
    /// In the metric's own unit; `Err` and `None` as in `relative`.
    pub absolute: Option<Result<Estimate, Reason>>,
    /// Why the confidence sequence has to wait. The exact test of conversions does not: it may decide before.
    pub undecided: Option<Reason>,
    /// The p-value of no difference, which decides; 1 where nothing can be said. The baseline itself has `None`.
    pub p_value: Option<f64>,
    /// True if the metric is higher than the baseline's.
    pub higher: bool,
    /// The p-value after the plan's correction; of goals.
    pub adjusted_p: Option<f64>,
    /// One minus the confidence of both intervals, after the plan's correction.
    pub alpha: f64,
    /// The state of a guardrail.
    pub guardrail: Option<Guardrail>,
    /// Multiple of the present number of visitors that decides an open goal, if the lift stays as measured; `None` where it
    /// is decided, or no number would decide it.
    #[serde(default)]
    pub more: Option<f64>,
    /// The likely lift: the measured one, shrunk by what lifts usually are. `None` where that does not fit the interval.
    #[serde(default)]
    pub likely: Option<f64>,
    /// True if a lift as large as the plan's smallest is excluded: of a goal.
    #[serde(default)]
    pub futile: bool,
}

impl Comparison {
    /// The relative effect, or the absolute one when the baseline is zero.
    pub fn estimate(&self) -> Option<Estimate> {
        self.relative.and_then(Result::ok).or_else(|| self.absolute.and_then(Result::ok))
    }

    /// Returns true if the difference is beyond chance, after the plan's correction; with an accepted loss, if keeping what
    /// looks better is expected to lose less than that.
    pub fn is_significant(&self, plan: &Plan) -> bool {
        if let (Engine::Bayesian, Some(accepted)) = (plan.engine, plan.accepted_loss) {
            let risk = self.relative.and_then(Result::ok).and_then(|lift| lift.risk);
            return risk.is_some_and(|[keeping, shipping]| keeping.min(shipping) < accepted);
        }
        self.adjusted_p.or(self.p_value).is_some_and(|p| p < plan.alpha)
    }
}

/// All variants on one metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricAnalysis {
    /// The metric.
    pub metric: Metric,
    /// In the plan's order.
    pub variants: Vec<Comparison>,
}

/// Where one variant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Too little data on every goal.
    Waiting,
    /// Neither better nor worse yet.
    Open,
    /// Neither better nor worse, and on every goal a lift as large as the planned one is excluded.
    Futile,
    /// Better on a goal and worse on nothing, but a guardrail is not cleared yet.
    Ahead,
    /// Better on a goal, worse on nothing, and every guardrail is safe.
    Ready,
    /// Better on a goal, and worse on another goal or on a guardrail.
    Mixed,
    /// Worse on a goal or a guardrail, and better on none.
    Worse,
}

/// Where one variant stands, with the metrics that say so, by their ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The variant's id.
    pub variant: String,
    /// Where it stands.
    pub state: State,
    /// Goals on which it is better.
    pub better: Vec<String>,
    /// Goals and guardrails on which it is worse.
    pub worse: Vec<String>,
    /// Guardrails that are not cleared.
    pub uncleared: Vec<String>,
}

/// The answer, for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Too little data to say anything.
    TooEarly,
    /// The numbers cannot be trusted; see the health checks.
    Untrustworthy,
    /// No variant is ahead of the baseline, and at least one may still be.
    Undecided,
    /// No variant is better, and those that are not worse are not worth waiting for: the lift that the experiment was
    /// planned for is excluded.
    Futile,
    /// This variant is ready to ship; of several that are, it is better than all others.
    Winner {
        /// Its id.
        variant: String,
    },
    /// These variants are ready to ship, and which of them is best is open.
    Winners {
        /// Their ids, at least two.
        variants: Vec<String>,
    },
    /// These variants are better on a goal, but not cleared by every guardrail yet.
    Ahead {
        /// Their ids.
        variants: Vec<String>,
    },
    /// Every variant is worse.
    Loser {
        /// The first one's id.
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
    /// The question.
    pub plan: Plan,
    /// In the plan's order.
    pub metrics: Vec<MetricAnalysis>,
    /// Signs of whether the numbers can be trusted.
    pub health: Health,
    /// One for each variant but the baseline, in the plan's order.
    pub standings: Vec<Standing>,
    /// Days on which visitors came, where they are known.
    pub days: Option<u64>,
    /// Visitors of those days.
    #[serde(default)]
    pub visitors: u64,
    /// The answer.
    pub verdict: Verdict,
    /// The answer in a sentence that a product manager can repeat, with its reason.
    pub sentence: String,
}
