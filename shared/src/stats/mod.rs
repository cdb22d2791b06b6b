//! Sufficient statistics in, decisions out. Pure; no sampling; `statrs` for the distributions.
//!
//! The way: [`Sample`]s of disjoint visitors are merged; two of them make a [`Contrast`] (an effect with its variance);
//! an engine judges it ([`frequentist`], [`sequential`], [`bayesian`]); [`analyse`] does so for a whole [`Plan`] and
//! adds health checks and a verdict. [`Snapshot`] keeps all that a number came from.

mod analyse;
mod analysis;
mod bandit;
mod bayesian;
mod contrast;
mod correction;
mod crossing;
mod decide;
mod estimate;
mod exact;
mod frequentist;
mod guardrail;
mod health;
mod lift;
mod means;
mod moments;
mod normal;
mod past;
mod phases;
mod plan;
mod planned_end;
mod planner;
mod power;
mod proportion;
mod quantile;
mod reason;
mod sample;
mod sequential;
mod share_above;
mod snapshot;
mod srm;
mod strata;
mod student;
mod sum;
mod totals;
mod traffic;
mod verdict;
mod winsor;

pub use analyse::{analyse, estimate};
pub use analysis::{Analysis, Comparison, MetricAnalysis, Standing, State, Verdict};
pub use bandit::{ArmPosterior, MIN_BANDIT_UNITS, arm_posteriors, bandit_weights, best_arm_probabilities};
pub use bayesian::{Posterior, Prior, bayesian};
pub use contrast::{Contrast, Scale, contrast};
pub use correction::Correction;
pub use estimate::Estimate;
pub use frequentist::{Outcome, Tail, frequentist};
pub use guardrail::{Guardrail, GuardrailState, non_inferiority};
pub use health::{FEW_UNITS, Health, MAX_MULTIPLE_EXPOSURES, MissingData};
pub use moments::{Mean, Moments};
pub use past::{FEWEST_PAST, PastLifts};
pub use phases::over_phases;
pub use plan::{Engine, MetricOptions, Plan};
pub use planner::{PLAN_LOOKS, PLAN_POWER, history, phase_plan, suggested_margin};
pub use power::{Goal, History, Judge, Remaining, minimum_detectable_effect, remaining, sample_size};
pub use proportion::Proportion;
pub use quantile::Quantile;
pub use reason::{MIN_NONZERO, Reason};
pub use sample::Sample;
pub use sequential::{Mixture, sequential};
pub use snapshot::{Cell, ENGINE_VERSION, Inputs, Snapshot, SnapshotError};
pub use srm::{SRM_ALPHA, Srm, srm};
pub use strata::{Stratum, stratified_contrast};
pub use sum::Sum;
pub use totals::Totals;
pub use traffic::{Arrivals, Traffic};
pub use winsor::winsorised;

pub use crate::model::Cap;

#[cfg(test)]
mod tests;
