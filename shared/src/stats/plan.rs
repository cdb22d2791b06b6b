//! What is asked of the engine.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Correction, PastLifts, Prior};
use crate::model::{Metric, Role};

/// Which engine decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// Welch's t-test; valid when looked at once.
    Frequentist,
    /// Asymptotic confidence sequence (Waudby-Smith et al., arXiv 2103.06476); valid at every look.
    #[default]
    Sequential,
    /// A test with a planned end: Lan and DeMets' boundary of O'Brien and Fleming's kind until then, and a rising one after
    /// it; valid at every look. The planned units are [`Plan::sequential_n`].
    PlannedEnd,
    /// A Gaussian posterior; decides when the chance to win is beyond 1 − alpha/2.
    Bayesian,
}

impl Engine {
    /// Returns true if its decisions hold however often somebody looks.
    pub fn holds_at_every_look(self) -> bool {
        matches!(self, Self::Sequential | Self::PlannedEnd)
    }
}

/// What to compute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Plan {
    /// Which engine decides.
    pub engine: Engine,
    /// The accepted false-positive rate, 0.05 by default.
    pub alpha: f64,
    /// Tuning of the sequential engine: the units of two arms together at which it is tightest, 5000 by default. A plan
    /// fixes it before the first look: a sequence that is tuned to the data is no sequence.
    pub sequential_n: f64,
    /// Visitors of all variants together that the experiment is planned for; `None` without a plan.
    pub planned: Option<u64>,
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
    /// Of the Bayesian engine: it decides when the expected loss of what it would keep is below this lift; 0.001 is 0.1%.
    /// `None` decides by the chance to win. Such decisions keep no error rate: on average they lose no more than this, if
    /// true lifts are spread as the prior says.
    pub accepted_loss: Option<f64>,
    /// What lifts usually are, for the likely lift.
    pub past: PastLifts,
    /// Of the p-values of the goals over all variants; Holm's by default.
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
            planned: None,
            variants: Vec::new(),
            names: Vec::new(),
            weights: Vec::new(),
            metrics: Vec::new(),
            baseline: 0,
            prior: Prior::default(),
            accepted_loss: None,
            past: PastLifts::default(),
            correction: Correction::Holm,
            options: BTreeMap::new(),
        }
    }
}

impl Plan {
    /// The metric's options, or the defaults.
    pub fn options_of(&self, metric: &Metric) -> MetricOptions {
        self.options.get(&metric.id).copied().unwrap_or_default()
    }

    /// The planned shares of two variants; equal ones where the plan has none.
    pub(super) fn weights_of(&self, first: usize, second: usize) -> [f64; 2] {
        if self.weights.is_empty() {
            return [1.0; 2];
        }
        [first, second].map(|index| self.weights.get(index).copied().unwrap_or_default())
    }

    /// Returns how many comparisons the guardrails make with the baseline.
    pub(super) fn guarded(&self) -> usize {
        let guardrails = self.metrics.iter().filter(|metric| metric.role == Role::Guardrail).count();
        (guardrails * self.variants.len().saturating_sub(1)).max(1)
    }
}

/// How one metric is judged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MetricOptions {
    /// Less is better: bounces, waiting times.
    pub lower_is_better: bool,
    /// Relative loss that a guardrail tolerates; 0.02 is 2%.
    pub margin: f64,
    /// The smallest lift that is worth finding, upwards or where less is better downwards; 0.05 is 5%. `None` where nothing
    /// is planned: then nothing is ever not worth waiting for.
    pub smallest_lift: Option<f64>,
}

impl Default for MetricOptions {
    fn default() -> Self {
        Self { lower_is_better: false, margin: 0.02, smallest_lift: None }
    }
}
