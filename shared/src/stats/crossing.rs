//! How probable it is that a statistic that is looked at again and again ever leaves its boundaries.
//!
//! With θ expected standard errors at the end, the statistic times √t is a Brownian motion with drift θ, t the share of the
//! units that are there. Its density within the boundaries goes from look to look by numerical integration (Armitage,
//! McPherson & Rowe, JRSS A 132, 1969).

use std::f64::consts::PI;

/// Points of the grid between both boundaries. At 30 looks the spacing is a quarter of a step's standard deviation, and
/// the probability right to four digits.
const POINTS: usize = 160;
/// Looks between which a step is shorter than the grid can follow are passed over.
const MOST_LOOKS: u32 = 60;

/// Returns the probability to be beyond `half_width` (standard errors, by the share of the units that are there) on either
/// side at one of `looks` looks at even distances, if `drift` standard errors are expected at the end.
pub(super) fn ever_beyond(half_width: impl Fn(f64) -> f64, drift: f64, looks: u32) -> f64 {
    let looks = looks.clamp(1, MOST_LOOKS);
    let step = 1.0 / f64::from(looks);
    let mut grid = vec![(0.0, 1.0)];
    for look in 1..=looks {
        let part = f64::from(look) * step;
        // Beyond eight standard errors around the drift there is nothing.
        let reach = (half_width(part) * part.sqrt()).min(drift.abs() * part + 8.0 * part.sqrt());
        grid = after(&grid, reach, drift * step, step);
    }
    (1.0 - grid.iter().map(|(_, mass)| mass).sum::<f64>()).clamp(0.0, 1.0)
}

/// The probabilities at the points of a grid between −`reach` and `reach` one step later, by the midpoint rule.
fn after(grid: &[(f64, f64)], reach: f64, drift: f64, variance: f64) -> Vec<(f64, f64)> {
    let width = 2.0 * reach / POINTS as f64;
    let scale = width / (2.0 * PI * variance).sqrt();
    let mass = |place: f64| -> f64 {
        let from = |(before, mass): &(f64, f64)| {
            let distance = place - before - drift;
            mass * (-distance * distance / (2.0 * variance)).exp()
        };
        scale * grid.iter().map(from).sum::<f64>()
    };
    let places = (0..POINTS).map(|i| -reach + (i as f64 + 0.5) * width);
    places.map(|place| (place, mass(place))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::normal;

    #[test]
    fn known_boundaries() {
        let check = |found: f64, expected: f64| assert!((found - expected).abs() < 3e-4, "{found} is not {expected}");
        // One look is a plain test: 5%, and 80% at 2.8016 standard errors.
        check(ever_beyond(|_| 1.959964, 0.0, 1), 0.05);
        check(ever_beyond(|_| 1.959964, 2.801585, 1), 0.8);
        // Looking five times at 1.96: 14.2% (Armitage, McPherson & Rowe, table 2); Pocock's and O'Brien & Fleming's
        // constants for 5 looks (Jennison & Turnbull, Group sequential methods, 2000, tables 2.1 and 2.3).
        let five = ever_beyond(|_| 1.959964, 0.0, 5);
        assert_eq!((five * 1000.0).round(), 142.0, "{five}");
        check(ever_beyond(|_| 2.413, 0.0, 5), 0.05);
        check(ever_beyond(|t| 2.040 / t.sqrt(), 0.0, 5), 0.05);
        check(ever_beyond(|_| 2.413, 2.8, 60), ever_beyond(|_| 2.413, -2.8, 60));
    }

    /// Looked at all the time, the probability is known: reflection at a constant level of the Brownian motion.
    #[test]
    fn many_looks_come_near_to_all_the_time() {
        let (level, drift) = (2.2414, 2.8);
        let always =
            normal::upper_tail(level - drift) + (2.0 * drift * level).exp() * normal::upper_tail(level + drift);
        let found = ever_beyond(|t| level / t.sqrt(), drift, 60);
        assert!(found < always && found > always - 0.03, "{found} of {always}");
    }
}
