//! Sufficient statistics of one or several numbers a visitor has.

use serde::{Deserialize, Serialize};

use super::{Reason, sum::Sum};

/// How many units there are, with the sums and the sums of products of their K numbers.
///
/// K is 1 for a mean or a count, 2 for a ratio (numerator, denominator) or for CUPED (after, before), 4 for a CUPED
/// ratio (numerator and denominator after, then before). Two of them may be merged when they describe DISJOINT sets of
/// visitors, and only then: each visitor is pushed once, with the totals of the whole observation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "Flat", try_from = "Flat")]
pub struct Moments<const K: usize> {
    units: u64,
    sums: [Sum; K],
    /// Only `products[i][j]` with i ≤ j is used.
    products: [[Sum; K]; K],
    /// Which of the numbers are 0 or 1, and so have the variance p(1 − p), with divisor n.
    binary: [bool; K],
    /// Units whose number is not 0.
    nonzero: [u64; K],
    /// Whether a unit's number may be below 0.
    signed: [bool; K],
}

/// A mean or a count per unit.
pub type Mean = Moments<1>;

impl<const K: usize> Default for Moments<K> {
    fn default() -> Self {
        Self {
            units: 0,
            sums: [Sum::default(); K],
            products: [[Sum::default(); K]; K],
            binary: [false; K],
            nonzero: [0; K],
            signed: [false; K],
        }
    }
}

impl<const K: usize> Moments<K> {
    /// From each unit's numbers. Fails on a number that is not finite.
    pub fn of(units: impl IntoIterator<Item = [f64; K]>) -> Result<Self, Reason> {
        let mut moments = Self::default();
        for unit in units {
            moments.push(unit)?;
        }
        Ok(moments)
    }

    /// Of units that have nothing: every number is 0.
    pub fn of_nothing(units: u64) -> Self {
        Self { units, ..Self::default() }
    }

    /// From sums that somebody else made: `products[i][j]`, i ≤ j, is the sum of the products of numbers i and j. Sums
    /// do not tell who had nothing, so every unit counts as having something: see [`Moments::with_nonzero`].
    pub fn from_sums(units: u64, sums: [f64; K], products: [[f64; K]; K]) -> Result<Self, Reason> {
        let moments = Self {
            units,
            sums: sums.map(Sum::from),
            products: products.map(|row| row.map(Sum::from)),
            binary: [false; K],
            nonzero: [units; K],
            signed: [true; K],
        };
        moments.is_finite().then_some(moments).ok_or(Reason::NotFinite)
    }

    /// Says which of the numbers are 0 or 1; their squares then are the numbers themselves.
    #[must_use]
    pub fn with_binary(mut self, binary: [bool; K]) -> Self {
        self.binary = binary;
        for (i, ((row, sum), is)) in self.products.iter_mut().zip(self.sums).zip(binary).enumerate() {
            if let (true, Some(square)) = (is, row.get_mut(i)) {
                *square = sum;
            }
        }
        self
    }

    /// Says how many units have a number that is not 0.
    #[must_use]
    pub fn with_nonzero(self, nonzero: [u64; K]) -> Self {
        Self { nonzero: nonzero.map(|n| n.min(self.units)), ..self }
    }

    /// Adds one unit. Fails on a number that is not finite, and then changes nothing.
    pub fn push(&mut self, unit: [f64; K]) -> Result<(), Reason> {
        let mut next = *self;
        next.units = next.units.saturating_add(1);
        for ((sum, row), (i, x)) in next.sums.iter_mut().zip(next.products.iter_mut()).zip(unit.into_iter().enumerate())
        {
            *sum = sum.plus(Sum::from(x));
            for (product, y) in row.iter_mut().zip(unit).skip(i) {
                *product = product.plus(Sum::product(x, y));
            }
        }
        for ((nonzero, signed), x) in next.nonzero.iter_mut().zip(next.signed.iter_mut()).zip(unit) {
            *nonzero = nonzero.saturating_add(u64::from(x != 0.0));
            *signed |= x < 0.0;
        }
        if !next.is_finite() {
            return Err(Reason::NotFinite);
        }
        *self = next;
        Ok(())
    }

    /// Both together, for disjoint sets of visitors.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        if self.units == 0 || other.units == 0 {
            return if self.units == 0 { *other } else { *self };
        }
        let mut merged = *self;
        merged.units = merged.units.saturating_add(other.units);
        for (a, b) in merged.sums.iter_mut().zip(other.sums) {
            *a = a.plus(b);
        }
        for (i, (row, others)) in merged.products.iter_mut().zip(other.products).enumerate() {
            for (a, b) in row.iter_mut().zip(others).skip(i) {
                *a = a.plus(b);
            }
        }
        for (a, b) in merged.binary.iter_mut().zip(other.binary) {
            *a &= b;
        }
        for (a, b) in merged.nonzero.iter_mut().zip(other.nonzero) {
            *a = a.saturating_add(b);
        }
        for (a, b) in merged.signed.iter_mut().zip(other.signed) {
            *a |= b;
        }
        merged
    }

    /// Returns true if number `i` is said to be 0 or 1: see [`Moments::with_binary`].
    pub fn is_binary(&self, i: usize) -> bool {
        self.binary.get(i) == Some(&true)
    }

    /// Visitors.
    pub fn units(&self) -> u64 {
        self.units
    }

    /// Returns how many units have a number `i` that is not 0.
    pub fn nonzero(&self, i: usize) -> u64 {
        self.nonzero.get(i).copied().unwrap_or_default()
    }

    /// Returns true if number `i` of a unit may be below 0.
    pub fn is_signed(&self, i: usize) -> bool {
        self.signed.get(i) == Some(&true)
    }

    /// The sum of number `i` over all units; 0 when there is no such number.
    pub fn sum(&self, i: usize) -> f64 {
        self.sums.get(i).map_or(0.0, |sum| sum.value())
    }

    /// The mean of number `i`; 0 without units.
    pub fn mean(&self, i: usize) -> f64 {
        if self.units == 0 { 0.0 } else { self.sum(i) / self.units as f64 }
    }

    /// Sample covariance of numbers `i` and `j` over units, with divisor n − 1, or n when both are binary; the variance
    /// when they are the same. 0 with fewer than two units.
    pub fn covariance(&self, i: usize, j: usize) -> f64 {
        let (low, high) = (i.min(j), i.max(j));
        let of = |at: usize| self.sums.get(at).copied();
        let product = self.products.get(low).and_then(|row| row.get(high)).copied();
        let (Some(a), Some(b), Some(product)) = (of(i), of(j), product) else { return 0.0 };
        if self.units < 2 {
            return 0.0;
        }
        let n = self.units as f64;
        let both_binary = self.is_binary(i) && self.is_binary(j);
        let divisor = if both_binary { n } else { n - 1.0 };
        let centred = product.minus(a.times(b).over(n)).value() / divisor;
        if i == j { centred.max(0.0) } else { centred }
    }

    fn is_finite(&self) -> bool {
        self.sums.iter().chain(self.products.iter().flatten()).all(|sum| sum.is_finite())
    }
}

/// How moments are written: the products by rows, i ≤ j.
#[derive(Serialize, Deserialize)]
struct Flat {
    units: u64,
    sums: Vec<Sum>,
    products: Vec<Sum>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    binary: Vec<bool>,
    /// Empty in what an engine before version 2 wrote: then every unit counts.
    #[serde(default)]
    nonzero: Vec<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    signed: Vec<bool>,
}

impl<const K: usize> From<Moments<K>> for Flat {
    fn from(m: Moments<K>) -> Self {
        let products = m.products.iter().enumerate().flat_map(|(i, row)| row.iter().skip(i).copied()).collect();
        let binary = if m.binary.contains(&true) { m.binary.to_vec() } else { Vec::new() };
        let signed = if m.signed.contains(&true) { m.signed.to_vec() } else { Vec::new() };
        Self { units: m.units, sums: m.sums.to_vec(), products, binary, nonzero: m.nonzero.to_vec(), signed }
    }
}

impl<const K: usize> TryFrom<Flat> for Moments<K> {
    type Error = String;

    fn try_from(flat: Flat) -> Result<Self, String> {
        let wrong = || format!("These are not the moments of {K} numbers.");
        let sums = <[Sum; K]>::try_from(flat.sums).map_err(|_| wrong())?;
        let flags = |given: Vec<bool>| {
            if given.is_empty() { Ok([false; K]) } else { <[bool; K]>::try_from(given).map_err(|_| wrong()) }
        };
        let (binary, signed) = (flags(flat.binary)?, flags(flat.signed)?);
        let nonzero = if flat.nonzero.is_empty() {
            [flat.units; K]
        } else {
            <[u64; K]>::try_from(flat.nonzero).map_err(|_| wrong())?
        };
        let mut products = [[Sum::default(); K]; K];
        let mut given = flat.products.into_iter();
        for (i, row) in products.iter_mut().enumerate() {
            for product in row.iter_mut().skip(i) {
                *product = given.next().ok_or_else(wrong)?;
            }
        }
        let moments = Self { units: flat.units, sums, products, binary, nonzero, signed };
        if given.next().is_some() || !moments.is_finite() {
            return Err(wrong());
        }
        Ok(moments)
    }
}
