//! Exact sequential tests of counts: how units fall to the arms, against planned shares.
//!
//! The evidence is the Bayes factor of a Dirichlet–multinomial against the shares of the null. Under the null it is a
//! nonnegative martingale that starts at 1, so by Ville's inequality it ever reaches 1/α with a probability of at most
//! α: from the first unit on, however often one looks, without an approximation. Lindon & Malek, Anytime-valid inference
//! for multinomial count data, NeurIPS 2022, arXiv 2011.03567.

use libm::{lgamma, log};

/// Concentrations of the two priors whose Bayes factors are averaged. The wide one finds a broken arm within a few units,
/// the narrow one finds small deviations: for conversions, the lifts that experiments usually have.
pub(super) const CONVERSIONS: [f64; 2] = [10.0, 100.0];
/// For the split of visitors, deviations of a percentage point.
pub(super) const SPLIT: [f64; 2] = [10.0, 1000.0];

/// ln of the Bayes factor of `counts` against the shares `null`, with the prior centred at `planned`. Both lists of
/// shares sum to 1.
fn log_bayes_factor(counts: &[u64], planned: &[f64], null: &[f64], concentration: f64) -> f64 {
    let total = counts.iter().map(|n| *n as f64).sum::<f64>();
    let start = lgamma(concentration) - lgamma(concentration + total);
    counts.iter().zip(planned).zip(null).fold(start, |sum, ((count, planned), null)| {
        if *count == 0 {
            return sum;
        }
        let (count, prior) = (*count as f64, concentration * planned);
        sum + lgamma(prior + count) - lgamma(prior) - count * log(*null)
    })
}

/// ln of the evidence against the null: the mean of the Bayes factors over both priors.
///
/// libm's logarithms are the same on every platform, and so is this.
pub(super) fn log_evidence(concentrations: &[f64; 2], counts: &[u64], planned: &[f64], null: &[f64]) -> f64 {
    let [wide, narrow] = concentrations.map(|c| log_bayes_factor(counts, planned, null, c));
    log_mean(wide, narrow, 0.5)
}

/// ln of `weight`·exp(`first`) + (1 − `weight`)·exp(`second`).
///
/// A weighted mean of e-processes is an e-process (Vovk & Wang, Annals of Statistics 49, 2021), and is never below the
/// weight times either of them: it costs less than dividing alpha between two tests.
pub(super) fn log_mean(first: f64, second: f64, weight: f64) -> f64 {
    let (a, b) = (first + log(weight), second + log(1.0 - weight));
    let (high, low) = (a.max(b), a.min(b));
    if low == f64::NEG_INFINITY || high == f64::INFINITY { high } else { high + libm::log1p(libm::exp(low - high)) }
}

/// The conversions of two arms: given that somebody converted, the arm is a coin with a known bias.
#[derive(Clone, Copy, Debug)]
pub(super) struct Split {
    /// Conversions of the baseline and of the treatment.
    counts: [u64; 2],
    /// Planned shares of both, which sum to 1.
    planned: [f64; 2],
    /// The evidence against shares of 1 each; that against other shares differs by a sum of logarithms.
    constant: f64,
}

impl Split {
    /// `None` when a planned share is not positive.
    pub fn new(counts: [u64; 2], weights: [f64; 2]) -> Option<Self> {
        let whole: f64 = weights.iter().sum();
        let planned = weights.map(|w| w / whole);
        let is_share = planned.iter().all(|p| *p > 0.0 && *p < 1.0);
        is_share.then(|| Self { counts, planned, constant: log_evidence(&CONVERSIONS, &counts, &planned, &[1.0; 2]) })
    }

    /// The chance that a conversion is the treatment's when the lift is `lift`.
    fn shares(&self, lift: f64) -> [f64; 2] {
        let [baseline, treatment] = self.planned;
        let treatment = treatment * (1.0 + lift).max(0.0);
        let whole = baseline + treatment;
        [baseline / whole, treatment / whole]
    }

    /// ln of the evidence against this lift.
    pub fn log_evidence(&self, lift: f64) -> f64 {
        let expected = |(count, share): (&u64, f64)| if *count == 0 { 0.0 } else { *count as f64 * log(share) };
        self.constant - self.counts.iter().zip(self.shares(lift)).map(expected).sum::<f64>()
    }

    /// Returns true if more conversions are the treatment's than the lift would give it.
    pub fn is_above(&self, lift: f64) -> bool {
        let [a, b] = self.counts.map(|n| n as f64);
        b > (a + b) * self.shares(lift)[1]
    }

    /// Returns true if the baseline has a conversion, so that large lifts can be excluded.
    pub fn has_baseline(&self) -> bool {
        self.counts[0] > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values from SciPy's `gammaln`.
    #[test]
    fn bayes_factors() {
        let check = |counts: &[u64], shares: &[f64], concentration, expected: f64| {
            let found = log_bayes_factor(counts, shares, shares, concentration);
            assert!((found - expected).abs() < 1e-9, "{counts:?}: {found}");
        };
        check(&[5210, 4790], &[0.5, 0.5], 10.0, 5.335345789295388);
        check(&[300, 610, 95], &[0.3, 0.6, 0.1], 100.0, -2.2110255382067407);
        check(&[0, 0], &[0.5, 0.5], 10.0, 0.0);
    }

    #[test]
    fn a_split_is_the_same_test() {
        let split = Split::new([120, 90], [2.0, 1.0]).expect("shares");
        let (planned, null) = ([2.0 / 3.0, 1.0 / 3.0], [2.0 / 3.2, 1.2 / 3.2]);
        let expected = log_evidence(&CONVERSIONS, &[120, 90], &planned, &null);
        assert!((split.log_evidence(0.2) - expected).abs() < 1e-9);
        assert!(split.is_above(0.2) && !split.is_above(1.0));
        assert!(Split::new([1, 2], [1.0, 0.0]).is_none());
        assert_eq!(Split::new([1, 2], [1.0, 1.0]).expect("shares").log_evidence(-1.0), f64::INFINITY);
    }
}
