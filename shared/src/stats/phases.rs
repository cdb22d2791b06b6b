//! One effect over several phases with different allocations.
//!
//! Adding the visitors of phases that were split differently compares different times: a variant that got most of its
//! visitors in a good week looks better (Simpson's paradox). So each phase is compared by itself, and the effects are
//! combined.

use super::contrast::{contrast, finite};
use super::strata::Stratum;
use super::{Contrast, Reason, Scale};

/// The effect over all phases together, each a pair of baseline and treatment of disjoint visitors.
///
/// Effects are weighted by n₁n₂/(n₁ + n₂), the inverse of their variance if all units vary alike. Weights from measured
/// variances would follow the effects where a variance grows with its mean, and bias the result. A phase without two units in
/// either arm says nothing and is left out.
pub fn over_phases(scale: Scale, phases: &[Stratum]) -> Result<Contrast, Reason> {
    let usable = phases.iter().filter(|(a, b)| a.units().min(b.units()) >= 2);
    let each = usable.map(|(a, b)| {
        let (n, m) = (a.units() as f64, b.units() as f64);
        Ok((n * m / (n + m), contrast(scale, a, b)?))
    });
    let each = each.collect::<Result<Vec<(f64, Contrast)>, Reason>>()?;
    let whole: f64 = each.iter().map(|(weight, _)| weight).sum();
    if each.is_empty() {
        return Err(Reason::NoUnits);
    }
    let sum = |of: &dyn Fn(f64, &Contrast) -> f64| each.iter().map(|(weight, c)| of(weight / whole, c)).sum::<f64>();
    let variance = sum(&|w, c| w * w * c.variance);
    // Satterthwaite's, over the phases.
    let freedom = variance * variance / sum(&|w, c| (w * w * c.variance).powi(2) / c.freedom);
    finite(Contrast {
        scale,
        effect: sum(&|w, c| w * c.effect),
        variance,
        freedom,
        units: each.iter().map(|(_, c)| c.units).sum(),
        baseline: sum(&|w, c| w * c.baseline),
    })
}
