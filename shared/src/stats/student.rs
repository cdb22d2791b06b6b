//! Student's t: upper tail and quantile.
//!
//! Not `statrs`: its incomplete beta function stops after 140 terms and subtracts log-gammas, so that with millions of
//! visitors the tail loses digits and the quantile never converges.

use std::f64::consts::PI;

use libm::lgamma as ln_gamma;

use super::normal;

/// From here on Hill's expansion is exact to 14 digits wherever the normal deviate is below [`NEAR`].
const MANY: f64 = 500.0;
/// From here on it is exact to 13 digits everywhere.
const VERY_MANY: f64 = 1e5;
const NEAR: f64 = 6.0;
const MAX_TERMS: u32 = 5_000;
const MAX_STEPS: u32 = 200;

/// P(T > t) for t ≥ 0, without cancellation: a huge t has a tiny tail, not zero.
pub(super) fn upper_tail(t: f64, freedom: f64) -> f64 {
    if t <= 0.0 {
        return 0.5;
    }
    let t2 = t * t;
    if freedom >= MANY {
        let hill = Hill::new(freedom);
        let z = hill.deviate(hill.a * (t2 / freedom).ln_1p());
        if z <= NEAR || freedom >= VERY_MANY {
            return normal::upper_tail(z);
        }
    }
    let (a, b) = (0.5 * freedom, 0.5);
    let (x, y) = (freedom / (freedom + t2), t2 / (freedom + t2));
    let factor = (ln_inverse_beta(a) - a * (t2 / freedom).ln_1p() + b * y.ln()).exp();
    // The fraction converges fast on the near side of the mean of the beta distribution.
    if x < (a + 1.0) / (a + b + 2.0) {
        0.5 * factor * continued_fraction(a, b, x) / a
    } else {
        0.5 - 0.5 * factor * continued_fraction(b, a, y) / b
    }
}

/// The t with P(T > t) = `tail`, for 0 < `tail` < 0.5. `None` when that is not a finite number.
pub(super) fn upper_quantile(tail: f64, freedom: f64) -> Option<f64> {
    if !(tail > 0.0 && tail < 0.5) {
        return None;
    }
    let z = normal::upper_quantile(tail)?;
    if freedom >= VERY_MANY || (freedom >= MANY && z <= NEAR) {
        return Some(Hill::new(freedom).quantile(z)).filter(|t| t.is_finite());
    }
    // Cornish and Fisher's expansion (Abramowitz & Stegun 26.7.5) is nearly there when there are many degrees.
    let (z2, inverse) = (z * z, 1.0 / freedom);
    let correction = inverse * ((z2 + 1.0) / 4.0 + inverse * ((5.0 * z2 + 16.0) * z2 + 3.0) / 96.0);
    // The tail is convex and heavier than the normal one, so from below Newton's steps do not overshoot.
    let mut t = if freedom > 30.0 { z * (1.0 + correction) } else { z };
    let mut last = f64::INFINITY;
    for _ in 0..MAX_STEPS {
        let step = (upper_tail(t, freedom) - tail) / density(t, freedom);
        t += step;
        // The second says that only rounding is left.
        if step.abs() <= 1e-14 * t.abs() || (step.abs() >= last && step.abs() <= 1e-9 * t.abs()) {
            break;
        }
        last = step.abs();
    }
    t.is_finite().then_some(t)
}

/// The t with P(T > t) = `tail`, for any `tail` between 0 and 1.
pub(super) fn quantile_above(tail: f64, freedom: f64) -> Option<f64> {
    match tail {
        _ if tail == 0.5 => Some(0.0),
        _ if tail > 0.5 => upper_quantile(1.0 - tail, freedom).map(|t| -t),
        _ => upper_quantile(tail, freedom),
    }
}

fn density(t: f64, freedom: f64) -> f64 {
    let exponent = ln_inverse_beta(0.5 * freedom) - 0.5 * (freedom + 1.0) * (t * t / freedom).ln_1p();
    exponent.exp() / freedom.sqrt()
}

/// −ln B(a, ½). For a large `a` by the series of Γ(a + ½) / Γ(a), since the log-gammas would cancel.
fn ln_inverse_beta(a: f64) -> f64 {
    if a < 100.0 {
        return ln_gamma(a + 0.5) - ln_gamma(a) - 0.5 * PI.ln();
    }
    let i = 1.0 / a;
    let series =
        i * (-1.0 / 8.0 + i * (1.0 / 128.0 + i * (5.0 / 1024.0 + i * (-21.0 / 32768.0 - i * 399.0 / 262_144.0))));
    0.5 * (a / PI).ln() + series.ln_1p()
}

/// Lentz's evaluation of the continued fraction of the incomplete beta function.
fn continued_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let keep = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / keep(1.0 - (a + b) * x / (a + 1.0));
    let mut result = d;
    for m in 1..=MAX_TERMS {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / keep(1.0 + even * d);
        c = keep(1.0 + even / c);
        result *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / keep(1.0 + odd * d);
        c = keep(1.0 + odd / c);
        result *= d * c;
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    result
}

/// Hill's expansion (Algorithm 395, Communications of the ACM 13, 1970): the normal deviate with the same tail as t, as
/// a function of w = a ln(1 + t² / freedom).
struct Hill {
    freedom: f64,
    a: f64,
    b: f64,
}

impl Hill {
    fn new(freedom: f64) -> Self {
        let a = freedom - 0.5;
        Self { freedom, a, b: 48.0 * a * a }
    }

    /// By how much √w falls short of the deviate, as a factor.
    fn factor(&self, w: f64) -> f64 {
        let second = (((-0.4 * w - 3.3) * w - 24.0) * w - 85.5) / (0.8 * w * w + 100.0 + self.b);
        (second + w + 3.0) / self.b + 1.0
    }

    fn deviate(&self, w: f64) -> f64 {
        self.factor(w) * w.sqrt()
    }

    /// The t whose deviate is `z`. The factor hardly depends on w, so a few rounds settle it.
    fn quantile(&self, z: f64) -> f64 {
        let w = (0..4).fold(z * z, |w, _| (z / self.factor(w)).powi(2));
        (self.freedom * (w / self.a).exp_m1()).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(actual: f64, expected: f64, what: &str) {
        assert!((actual / expected - 1.0).abs() < 1e-12, "{what}: {actual} is not {expected}");
    }

    /// Expected values from SciPy 1.17; the far tails and the last rows are mpmath's, with 40 digits.
    #[test]
    fn tails() {
        let cases = [
            (0.3, 1.0, 0.4072264209222577),
            (1.732, 40.0, 0.04548989924321518),
            (2.5, 3.7, 0.03591101145591339),
            (40.0, 12.5, 7.145766481858474e-15),
            (8.0, 250.0, 2.326400759458774e-14),
            (1.2, 99_000.0, 0.1150711060177275),
            (25.0, 99_999.0, 8.108961561846011e-138),
            (1.7, 100_000.0, 0.04456701762433149),
            (37.0, 2e6, 7.238743231738503e-300),
            (5.0, 2e9, 2.866515960383865e-07),
            (0.01, 500.0, 0.49601263799651646),
            (1.96, 500.0, 0.025275394909882973),
            (5.9, 501.5, 3.3471123110797334e-9),
            (6.1, 500.0, 1.0629004489660159e-9),
            (4.4, 2000.0, 5.697_338_640_403_993e-6),
            (30.0, 50_000.5, 2.708_395_599_996_611e-196),
        ];
        for (t, freedom, expected) in cases {
            close(upper_tail(t, freedom), expected, &format!("tail of {t} at {freedom}"));
        }
        assert_eq!(upper_tail(0.0, 7.0), 0.5);
    }

    #[test]
    fn quantiles() {
        let cases = [
            (0.025, 1.0, 12.706204736174705),
            (0.025, 2.2, 3.948720749712724),
            (0.025, 77.3, 1.991131073731062),
            (0.025, 8000.0, 1.9602605625503746),
            (0.0005, 3.0, 12.923978636687481),
            (0.025, 2e9, 1.9599639857261901),
            (0.25, 1e6, 0.6744899955310875),
            (0.4, 5.0, 0.2671808657041451),
            (0.025, 500.0, 1.9647198374673678),
            (0.0005, 900.0, 3.3013698793832075),
            (1e-9, 500.0, 6.1104699508084925),
            (1e-12, 700.0, 7.1632873457044173),
            (0.025, 19_873.5, 1.9600833602544476),
            (0.45, 501.0, 0.12572505921338402),
        ];
        for (tail, freedom, expected) in cases {
            let t = upper_quantile(tail, freedom).expect("in range");
            close(t, expected, &format!("quantile of {tail} at {freedom}"));
        }
        assert_eq!(upper_quantile(0.0, 5.0), None);
        assert_eq!(upper_quantile(0.5, 5.0), None);
    }
}
