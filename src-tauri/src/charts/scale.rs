//! The axis: which lifts are shown, and where.

use beacon_shared::stats::Estimate;

/// Shown when there is nothing to show yet.
const EMPTY: (f64, f64) = (-0.2, 0.2);
const TICKS: f64 = 6.0;
/// A step has a percentage in whole numbers, halves or tenths.
const FINEST: f64 = 0.001;

/// Maps lifts (0.1 is +10%) to pixels.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    step: f64,
    left: f64,
    right: f64,
}

impl Scale {
    /// Wide enough for zero and all of `estimates`, but not wider than is of use: no page loses more than everything,
    /// and an interval that goes on for ever would press the others into a point. What is cut off gets an arrow.
    pub fn new(estimates: &[Estimate], left: i32, right: i32) -> Self {
        let furthest = estimates.iter().map(|e| e.effect).fold(0.0, f64::max);
        let limit = (2.5 * furthest).max(1.0);
        let low = estimates.iter().map(|e| e.lower).fold(0.0, f64::min).max(-1.0);
        let high = estimates.iter().map(|e| e.upper).fold(0.0, f64::max).min(limit);
        let (low, high) = if high - low < FINEST { EMPTY } else { (low, high) };
        let step = step((high - low) / TICKS);
        let padded = (low / step - 0.15).floor() * step;
        Self {
            low: if step > 1.0 { padded } else { padded.max(-1.0) },
            high: (high / step + 0.15).ceil() * step,
            step,
            left: f64::from(left),
            right: f64::from(right),
        }
    }

    /// The pixel of a lift, at the edge when it is outside.
    pub fn pixel(&self, lift: f64) -> i32 {
        let share = (lift.clamp(self.low, self.high) - self.low) / (self.high - self.low);
        (self.left + share * (self.right - self.left)).round() as i32
    }

    /// Returns true if a lift is inside.
    pub fn shows(&self, lift: f64) -> bool {
        (self.low..=self.high).contains(&lift)
    }

    /// Lifts with their labels.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        let first = (self.low / self.step).round() as i64;
        let last = (self.high / self.step).round() as i64;
        (first..=last).map(|i| i as f64 * self.step).map(|lift| (lift, self.label(lift))).collect()
    }

    fn label(&self, lift: f64) -> String {
        let decimals = if self.step < 0.01 - 1e-12 { 1 } else { 0 };
        let sign = match lift {
            _ if lift > 1e-9 => "+",
            _ if lift < -1e-9 => "−",
            _ => "",
        };
        format!("{sign}{:.decimals$}%", (lift * 100.0).abs())
    }
}

/// The next of 1, 2 and 5 times a power of ten.
fn step(wanted: f64) -> f64 {
    let power = 10f64.powf(wanted.max(FINEST).log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|f| f * power >= wanted * (1.0 - 1e-9)).unwrap_or(10.0);
    factor * power
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(lower: f64, effect: f64, upper: f64) -> Estimate {
        Estimate { effect, standard_error: 0.1, lower, upper, p_value: 0.5, ..Estimate::default() }
    }

    fn labels(estimates: &[Estimate]) -> Vec<String> {
        Scale::new(estimates, 0, 100).ticks().into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round_and_include_zero() {
        assert_eq!(labels(&[estimate(0.045, 0.19, 0.334)]), ["−10%", "0%", "+10%", "+20%", "+30%", "+40%"]);
        assert_eq!(labels(&[estimate(-0.012, -0.008, -0.003)])[0], "−1.4%");
        assert!(labels(&[]).contains(&"0%".to_owned()));
    }

    #[test]
    fn what_is_too_far_out_is_cut_off() {
        assert_eq!(labels(&[estimate(-0.999, -0.8, 0.4)])[0], "−100%");
        let scale = Scale::new(&[estimate(-2.6, 1.0, 4.6)], 0, 100);
        assert!(!scale.shows(-2.6) && !scale.shows(4.6) && scale.shows(1.0));
        assert_eq!((scale.pixel(-2.6), scale.pixel(9.0)), (0, 100));
    }

    #[test]
    fn any_estimate_gives_a_bounded_number_of_ticks() {
        for size in [1e-12, 1e-4, 0.03, 0.7, 5.0, 1e3, 1e9] {
            for (lower, upper) in [(-1.0, 1.0), (0.2, 0.3), (-0.3, -0.2), (0.0, 0.0)] {
                let n = labels(&[estimate(lower * size, (lower + upper) / 2.0 * size, upper * size)]).len();
                assert!((3..=11).contains(&n), "{size} {lower} {upper}: {n}");
            }
        }
    }
}
