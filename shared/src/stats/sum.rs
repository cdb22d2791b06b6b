//! Sums that lose nothing that matters.

use serde::{Deserialize, Serialize};

/// Splits a double into two halves of 26 bits (Dekker 1971).
const SPLITTER: f64 = 134_217_729.0;

/// A sum of doubles with about 106 bits: the unevaluated sum of two doubles, the second below the first one's last bit.
///
/// An ordinary double forgets a visitor's cent among a billion large amounts, and a variance is a small difference of
/// two such sums. With twice the digits, sums of any order agree to about 1e-30, so cells can be merged in any order,
/// and raw moments serve without centring. Every step is an exact transformation of IEEE arithmetic (Dekker, Numerische
/// Mathematik 18, 1971; Knuth's two-sum), so native and wasm agree to the last bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(into = "(f64, f64)", from = "(f64, f64)")]
pub struct Sum {
    high: f64,
    low: f64,
}

impl From<(f64, f64)> for Sum {
    fn from((high, low): (f64, f64)) -> Self {
        Self::two_sum(high, low)
    }
}

impl From<Sum> for (f64, f64) {
    fn from(sum: Sum) -> Self {
        (sum.high, sum.low)
    }
}

impl From<f64> for Sum {
    fn from(value: f64) -> Self {
        Self { high: value, low: 0.0 }
    }
}

impl From<u64> for Sum {
    fn from(value: u64) -> Self {
        // Both halves have fewer than 53 bits, so neither conversion rounds.
        Self::two_sum((value >> 32) as f64 * 4_294_967_296.0, (value & 0xffff_ffff) as f64)
    }
}

impl Sum {
    /// x · y without rounding, for magnitudes below about 1e150.
    pub fn product(x: f64, y: f64) -> Self {
        let high = x * y;
        let (x1, x2) = split(x);
        let (y1, y2) = split(y);
        let low = ((x1 * y1 - high) + x1 * y2 + x2 * y1) + x2 * y2;
        Self { high, low }
    }

    /// The nearest double.
    pub fn value(self) -> f64 {
        self.high
    }

    /// Returns true if the sum is finite.
    pub fn is_finite(self) -> bool {
        self.high.is_finite() && self.low.is_finite()
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let Self { high, low } = Self::two_sum(self.high, other.high);
        let tail = Self::two_sum(self.low, other.low);
        let first = Self::fast_two_sum(high, low + tail.high);
        Self::fast_two_sum(first.high, first.low + tail.low)
    }

    /// This without the other.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        self.plus(Self { high: -other.high, low: -other.low })
    }

    /// Both multiplied.
    #[must_use]
    pub fn times(self, other: Self) -> Self {
        let product = Self::product(self.high, other.high);
        Self::fast_two_sum(product.high, product.low + (self.high * other.low + self.low * other.high))
    }

    /// This divided by a number that is not zero.
    #[must_use]
    pub fn over(self, divisor: f64) -> Self {
        let first = self.high / divisor;
        let rest = self.minus(Self::product(first, divisor));
        let second = rest.high / divisor;
        let rest = rest.minus(Self::product(second, divisor));
        Self::fast_two_sum(first, second).plus(Self::from(rest.high / divisor))
    }

    fn two_sum(a: f64, b: f64) -> Self {
        let high = a + b;
        let virtual_b = high - a;
        Self { high, low: (a - (high - virtual_b)) + (b - virtual_b) }
    }

    /// For |a| ≥ |b|.
    fn fast_two_sum(a: f64, b: f64) -> Self {
        let high = a + b;
        Self { high, low: b - (high - a) }
    }
}

fn split(x: f64) -> (f64, f64) {
    let scaled = SPLITTER * x;
    let high = scaled - (scaled - x);
    (high, x - high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_forgotten() {
        let sum = [1e20, 1.0, -1e20, 1e-9].into_iter().map(Sum::from).fold(Sum::default(), Sum::plus);
        assert_eq!(sum.value(), 1.000000001);
        let third = Sum::from(1.0).over(3.0);
        assert!(third.times(Sum::from(3.0)).minus(Sum::from(1.0)).value().abs() < 1e-31);
        assert_eq!(Sum::from(u64::MAX).minus(Sum::from(u64::MAX - 7)).value(), 7.0);
        assert_eq!(Sum::product(1e9 + 1.0, 1e9 - 1.0).minus(Sum::from(1e18)).value(), -1.0);
    }

    #[test]
    fn a_sum_survives_json() {
        let sum = Sum::from(0.1).plus(Sum::from(1e-20));
        let text = serde_json::to_string(&sum).expect("serialises");
        assert_eq!(serde_json::from_str::<Sum>(&text).expect("parses"), sum);
    }
}
