//! Numbers from a seed, the same on every machine.

use std::f64::consts::PI;

/// xorshift64* (Vigna, ACM Transactions on Mathematical Software 42, 2016).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Any seed serves: it is stirred first (splitmix64).
    pub fn new(seed: u64) -> Self {
        let z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Self((z ^ (z >> 31)) | 1)
    }

    fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    }

    /// Between 0 and 1, neither of them.
    pub fn uniform(&mut self) -> f64 {
        (self.bits() as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// Standard normal, by Box and Muller.
    pub fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (2.0 * PI * self.uniform()).cos()
    }

    /// Returns how many of `n` come true with probability `p`, from one success to the next.
    pub fn binomial(&mut self, n: u64, p: f64) -> u64 {
        if p > 0.5 {
            return n - self.binomial(n, 1.0 - p);
        }
        if p <= 0.0 {
            return 0;
        }
        let (mut count, mut at, by) = (0, 0.0, (-p).ln_1p());
        loop {
            at += (self.uniform().ln() / by).floor() + 1.0;
            if at > n as f64 {
                return count;
            }
            count += 1;
        }
    }

    /// Poisson, by counting arrivals; for small means.
    pub fn poisson(&mut self, mean: f64) -> u64 {
        let (mut count, mut time) = (0, 0.0);
        loop {
            time -= self.uniform().ln();
            if time > mean {
                return count;
            }
            count += 1;
        }
    }

    /// Of median 1, with this standard deviation of its logarithm.
    pub fn lognormal(&mut self, sigma: f64) -> f64 {
        (sigma * self.normal()).exp()
    }
}
