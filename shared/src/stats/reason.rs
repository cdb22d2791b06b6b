//! Why there is no number, or no decision.

use serde::{Deserialize, Serialize};

/// The sequential engine decides nothing before every arm has this many conversions: its formula is asymptotic, and
/// looked at from the very start it gives far more false positives than alpha.
pub const MIN_CONVERSIONS: u64 = 50;
/// The fewest units in every arm before the sequential engine decides on a metric that is not a conversion.
pub const MIN_UNITS: u64 = 100;

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
    /// The sequential engine decides nothing before 50 conversions in every arm.
    #[error("too few conversions")]
    TooFewConversions,
    /// The sequential engine decides nothing before 100 units in every arm; and a quantile needs units on both sides.
    #[error("too few units")]
    TooFewUnits,
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
            Self::TooFewUnits => "too few visitors",
            Self::ZeroDenominator => "nothing to divide by in one variant",
            Self::NotFinite
            | Self::UnknownParameter
            | Self::DifferentKinds
            | Self::NotMergeable
            | Self::NotReachable => "it can't be computed",
        }
    }
}
