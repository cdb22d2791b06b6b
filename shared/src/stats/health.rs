//! Whether the numbers can be trusted at all.

use serde::{Deserialize, Serialize};

use super::exact::{SPLIT, log_evidence};
use super::srm::{SRM_ALPHA, Srm, watched};
use super::{Plan, Sample, Traffic};

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
    /// The same visitors by the variant they saw first, in the plan's order; empty where that is not known.
    #[serde(default)]
    pub multiple_by_first: Vec<u64>,
    /// True if more than 1% of all visitors saw several variants, by a test that holds however often somebody looks.
    pub multiple_exposures_alarm: bool,
    /// They are not spread over the variants like those who stay: a variant's numbers lack a kind of visitor.
    #[serde(default)]
    pub multiple_unlike: bool,
    /// Variants with fewer than [`FEW_UNITS`] units.
    #[serde(default)]
    pub too_few_units: Vec<String>,
    /// Metrics that have no number for some units.
    #[serde(default)]
    pub missing: Vec<MissingData>,
}

impl Health {
    /// Returns true if the numbers cannot be trusted.
    pub fn is_alarming(&self) -> bool {
        self.srm.alarm || self.multiple_exposures_alarm || self.multiple_unlike
    }
}

/// Checks what the samples show. A variant's units are those of the metric that knows most of them; quantiles do not
/// take part, since they may count something else.
pub(super) fn health(plan: &Plan, samples: &[Vec<Sample>], traffic: &Traffic) -> Health {
    let counted = |metric: usize, variant: usize| match samples.get(metric).and_then(|s| s.get(variant)) {
        Some(Sample::Quantile(_)) => None,
        Some(sample) => {
            let open = plan.metrics.get(metric).map_or(0, |metric| traffic.open_of(&metric.id, variant));
            Some(sample.units().saturating_add(open))
        }
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
    let few = plan.variants.iter().zip(&units).filter(|(_, n)| **n < FEW_UNITS);
    Health {
        srm: split(plan, traffic, &units),
        multiple_exposures: traffic.several,
        multiple_by_first: traffic.several_by_first.clone(),
        multiple_exposures_alarm: too_many_several(traffic, &units),
        multiple_unlike: unlike(traffic, &units),
        too_few_units: few.map(|(variant, _)| variant.clone()).collect(),
        missing,
    }
}

/// Checks the split of the visitors whom the plan's weights assigned.
fn split(plan: &Plan, traffic: &Traffic, units: &[u64]) -> Srm {
    let Some(drawn) = &traffic.drawn else { return watched(units, &plan.weights, &traffic.days) };
    let of_variant =
        |v: usize| drawn.iter().filter_map(|day| day.units.get(v)).fold(0, |sum: u64, n| sum.saturating_add(*n));
    let units: Vec<u64> = (0..plan.variants.len()).map(of_variant).collect();
    watched(&units, &plan.weights, drawn)
}

/// Returns true if more than 1% of the visitors were seen in several variants, by an exact sequential test: among few
/// visitors, one developer who tries both variants is no alarm.
fn too_many_several(traffic: &Traffic, units: &[u64]) -> bool {
    let others = units.iter().fold(0u64, |sum, n| sum.saturating_add(*n));
    let share = traffic.several as f64 / (traffic.several.saturating_add(others)).max(1) as f64;
    let most = [MAX_MULTIPLE_EXPOSURES, 1.0 - MAX_MULTIPLE_EXPOSURES];
    let evidence = log_evidence(&SPLIT, &[traffic.several, others], &most, &most);
    share > MAX_MULTIPLE_EXPOSURES && evidence > -SRM_ALPHA.ln()
}

/// Returns true if those who are left out were first seen in one variant more than in another, compared with those who
/// stay: whom a variant drives out is missing from its numbers.
fn unlike(traffic: &Traffic, units: &[u64]) -> bool {
    let all: Vec<f64> = units.iter().zip(&traffic.several_by_first).map(|(n, s)| (n + s) as f64).collect();
    let whole: f64 = all.iter().sum();
    if all.len() < 2 || all.iter().any(|n| *n <= 0.0) {
        return false;
    }
    let shares: Vec<f64> = all.iter().map(|n| n / whole).collect();
    log_evidence(&SPLIT, &traffic.several_by_first, &shares, &shares) > -SRM_ALPHA.ln()
}
