//! Why there is no number, or no decision.

use serde::{Deserialize, Serialize};

/// The confidence sequence decides nothing before every arm has this many units whose number is not 0 (conversions: and
/// as many without): its formula is asymptotic, and looked at from the very start it gives far more false positives than
/// alpha. Units with nothing do not count, since they say nothing about a skewed metric's variance: where 1% of the
/// visitors pay, a wait for 100 visitors gave a false verdict in a third of the experiments without an effect.
pub const MIN_NONZERO: u64 = 50;

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
    /// The confidence sequence decides nothing before 50 conversions in every arm, and 50 units without.
    #[error("too few conversions")]
    TooFewConversions,
    /// The confidence sequence decides nothing before 50 units in every arm have something to count.
    #[error("too few units with something to count")]
    TooFewNonzero,
    /// A quantile needs units on both sides of it: for the confidence sequence, 50 in every arm.
    #[error("too few units")]
    TooFewUnits,
    /// Too few distinct values are near the quantile for it to mean anything.
    #[error("too few distinct values near the quantile")]
    TooFewValues,
    /// The baseline may be zero as far as is known, so that no lift can be excluded.
    #[error("the baseline is not known well enough")]
    UnknownBaseline,
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

impl Reason {
    /// Returns why there is no number, as people read it behind "no estimate".
    pub fn text(self) -> &'static str {
        match self {
            Self::NoUnits => "no visitors yet",
            Self::FewerThanTwoUnits => "fewer than two visitors",
            Self::ZeroBaseline => "the baseline is at zero so far",
            Self::ZeroVariance => "all visitors behave alike so far",
            Self::TooFewConversions => "too few conversions",
            Self::TooFewNonzero => "too few visitors with a value",
            Self::TooFewUnits => "too few visitors",
            Self::TooFewValues => "too few distinct values for a quantile",
            Self::UnknownBaseline => "the baseline isn't known well enough yet",
            Self::ZeroDenominator => "nothing to divide by in one variant",
            Self::NotFinite
            | Self::UnknownParameter
            | Self::DifferentKinds
            | Self::NotMergeable
            | Self::NotReachable => "it can't be computed",
        }
    }
}
