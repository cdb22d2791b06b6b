//! Many comparisons at once: corrections of p-values.

use serde::{Deserialize, Serialize};

/// How p-values are adjusted for there being several of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Correction {
    /// Not at all.
    #[default]
    None,
    /// Holm's step-down (Scandinavian Journal of Statistics 6, 1979): at most alpha for any false alarm at all.
    Holm,
    /// Benjamini & Hochberg's step-up (JRSS B 57, 1995): at most a share alpha of the alarms is false.
    BenjaminiHochberg,
    /// Times the number of them: like Holm, but weaker.
    Bonferroni,
}

impl Correction {
    /// The adjusted p-values, in the order given. Compare each with alpha.
    pub fn adjust(self, p_values: &[f64]) -> Vec<f64> {
        let count = p_values.len() as f64;
        let mut ranked: Vec<(usize, f64)> = p_values.iter().copied().enumerate().collect();
        ranked.sort_by(|a, b| a.1.total_cmp(&b.1));
        let ranks = (1..=p_values.len()).map(|rank| rank as f64);
        let mut adjusted: Vec<(usize, f64)> = match self {
            Self::None => ranked,
            Self::Bonferroni => ranked.into_iter().map(|(i, p)| (i, p * count)).collect(),
            Self::Holm => {
                let scaled = ranked.into_iter().zip(ranks).map(|((i, p), rank)| (i, p * (count - rank + 1.0)));
                running(scaled, f64::max)
            }
            Self::BenjaminiHochberg => {
                let scaled: Vec<(usize, f64)> =
                    ranked.into_iter().zip(ranks).map(|((i, p), rank)| (i, p * count / rank)).collect();
                running(scaled.into_iter().rev(), f64::min)
            }
        };
        adjusted.sort_by_key(|(i, _)| *i);
        adjusted.into_iter().map(|(_, p)| p.min(1.0)).collect()
    }

    /// The level of each comparison's interval, in the order given: the interval leaves out zero exactly when the adjusted
    /// p-value is below `alpha`.
    ///
    /// With Holm it is alpha by the number of comparisons, so that all intervals together hold their truths with 1 −
    /// alpha; only what Holm found at a later step has the level of that step. After Benjamini & Hochberg it is that of
    /// false coverage (Benjamini & Yekutieli, JASA 100, 2005).
    pub fn levels(self, p_values: &[f64], alpha: f64) -> Vec<f64> {
        let count = p_values.len().max(1) as f64;
        let found = self.adjust(p_values).into_iter().map(|p| p < alpha);
        match self {
            Self::None => vec![alpha; p_values.len()],
            Self::Bonferroni => vec![alpha / count; p_values.len()],
            Self::BenjaminiHochberg => vec![alpha * found.filter(|f| *f).count().max(1) as f64 / count; p_values.len()],
            Self::Holm => {
                let smaller = |p: f64| p_values.iter().filter(|other| **other < p).count() as f64;
                let level = |(p, found): (&f64, bool)| {
                    if found && *p >= alpha / count { alpha / (count - smaller(*p)) } else { alpha / count }
                };
                p_values.iter().zip(found).map(level).collect()
            }
        }
    }
}

/// Each p-value is at least (or most) the one before.
fn running(scaled: impl Iterator<Item = (usize, f64)>, keep: fn(f64, f64) -> f64) -> Vec<(usize, f64)> {
    let mut extreme: Option<f64> = None;
    scaled
        .map(|(i, p)| {
            let kept = extreme.map_or(p, |extreme| keep(extreme, p));
            extreme = Some(kept);
            (i, kept)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values from statsmodels' `multipletests`.
    #[test]
    fn adjusts() {
        let check = |correction: Correction, p: &[f64], expected: &[f64]| {
            let adjusted = correction.adjust(p);
            assert!(adjusted.iter().zip(expected).all(|(a, e)| (a - e).abs() < 1e-12), "{correction:?}: {adjusted:?}");
            assert_eq!(adjusted.len(), expected.len());
        };
        let p = [0.03, 0.002, 0.7, 0.02, 0.02];
        check(Correction::None, &p, &p);
        check(Correction::Holm, &p, &[0.08, 0.01, 0.7, 0.08, 0.08]);
        check(Correction::BenjaminiHochberg, &p, &[0.0375, 0.01, 0.7, 0.1 / 3.0, 0.1 / 3.0]);
        check(Correction::Bonferroni, &p, &[0.15, 0.01, 1.0, 0.1, 0.1]);
        check(Correction::Holm, &[], &[]);
    }

    /// An interval leaves out zero when p is below its level.
    #[test]
    fn intervals_and_adjusted_p_values_agree() {
        let families: [&[f64]; 5] =
            [&[0.03, 0.002, 0.7, 0.02, 0.02], &[0.001, 0.012, 0.02, 0.04], &[0.03, 0.03], &[0.024, 0.026], &[0.01]];
        for (family, correction) in families.iter().flat_map(|f| {
            [Correction::None, Correction::Holm, Correction::BenjaminiHochberg, Correction::Bonferroni].map(|c| (f, c))
        }) {
            let adjusted = correction.adjust(family);
            for ((p, adjusted), level) in family.iter().zip(adjusted).zip(correction.levels(family, 0.05)) {
                assert_eq!(adjusted < 0.05, *p < level, "{correction:?} {family:?}: {p} {adjusted} {level}");
                assert!(level <= 0.05);
            }
        }
    }
}
