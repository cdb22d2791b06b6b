//! Whether the numbers can be trusted at all.

use serde::{Deserialize, Serialize};

use super::srm::{Srm, srm};
use super::{Plan, Sample};

/// The share of visitors in more than one variant above which the split cannot be trusted.
pub const MAX_MULTIPLE_EXPOSURES: f64 = 0.01;

/// With fewer units than this in an arm, any estimate is a guess.
pub const FEW_UNITS: u64 = 100;

/// Units that a metric does not know of, though another metric does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingData {
    /// The metric's id.
    pub metric: String,
    /// The variant's id.
    pub variant: String,
    /// How many of the variant's units the metric has no number for.
    pub units: u64,
}

/// Whether the numbers can be trusted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// Sample ratio mismatch.
    pub srm: Srm,
    /// Visitors who were seen in more than one variant; they are left out.
    pub multiple_exposures: u64,
    /// That is above 1% of all visitors.
    pub multiple_exposures_alarm: bool,
    /// Variants with fewer than [`FEW_UNITS`] units.
    #[serde(default)]
    pub too_few_units: Vec<String>,
    /// Metrics that have no number for some units.
    #[serde(default)]
    pub missing: Vec<MissingData>,
}

/// Checks what the samples show. A variant's units are those of the metric that knows most of them; quantiles do not
/// take part, since they may count something else.
pub(super) fn health(plan: &Plan, samples: &[Vec<Sample>], multiple_exposures: u64) -> Health {
    let counted = |metric: usize, variant: usize| match samples.get(metric).and_then(|s| s.get(variant)) {
        Some(Sample::Quantile(_)) => None,
        Some(sample) => Some(sample.units()),
        None => Some(0),
    };
    let metrics = samples.len().max(plan.metrics.len());
    let units: Vec<u64> = (0..plan.variants.len())
        .map(|v| (0..metrics).filter_map(|m| counted(m, v)).max().unwrap_or_default())
        .collect();
    let mut missing = Vec::new();
    for (m, metric) in plan.metrics.iter().enumerate() {
        for (v, (variant, units)) in plan.variants.iter().zip(&units).enumerate() {
            let unknown = counted(m, v).map_or(0, |known| units.saturating_sub(known));
            if unknown > 0 {
                missing.push(MissingData { metric: metric.id.clone(), variant: variant.clone(), units: unknown });
            }
        }
    }
    let total = units.iter().fold(multiple_exposures, |sum, n| sum.saturating_add(*n));
    let share = if total == 0 { 0.0 } else { multiple_exposures as f64 / total as f64 };
    let few = plan.variants.iter().zip(&units).filter(|(_, n)| **n < FEW_UNITS);
    Health {
        srm: srm(&units, &plan.weights),
        multiple_exposures,
        multiple_exposures_alarm: share > MAX_MULTIPLE_EXPOSURES,
        too_few_units: few.map(|(variant, _)| variant.clone()).collect(),
        missing,
    }
}
