//! Expected numbers were computed with SciPy 1.17 from the closed forms that each function documents.

mod analysis;
mod edges;
mod engines;
mod health;
mod lifts;
mod merging;
mod past;
mod phases;
mod planning;
mod snapshot;

use super::*;

fn proportion(units: u64, conversions: u64) -> Proportion {
    Proportion::new(units, conversions).expect("no more conversions than units")
}

fn close(actual: f64, expected: f64, what: &str) {
    within(actual, expected, 1e-7, what);
}

fn within(actual: f64, expected: f64, tolerance: f64, what: &str) {
    let error = (actual - expected).abs() / expected.abs().max(1e-300);
    assert!(error < tolerance, "{what}: {actual} is not {expected} (relative error {error:e})");
}

/// Numbers from a seed: xorshift64* (Vigna 2016), uniform on (0, 1).
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// By Box and Muller.
    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (2.0 * std::f64::consts::PI * self.uniform()).cos()
    }
}
