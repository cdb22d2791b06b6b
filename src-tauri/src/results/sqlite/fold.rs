//! Folds visitors' numbers, one after the other, into sufficient statistics.

use beacon_shared::model::{Metric, MetricKind};
use beacon_shared::stats::{Cap, Mean, Moments, Reason, Sample, Totals, winsorised};

/// The running statistics of a group of visitors.
pub(super) enum Fold {
    /// After.
    Mean(Mean),
    /// Numerator and denominator.
    Ratio(Moments<2>),
    /// After and before; whether both are 0 or 1.
    Cuped(Moments<2>, bool),
    /// Numerator and denominator after, then both before.
    CupedRatio(Box<Moments<4>>),
    /// Every total, for the quantile of this level.
    Totals(Vec<f64>, f64),
}

impl Fold {
    /// Starts empty.
    pub fn new(metric: &Metric) -> Self {
        let adjusted = metric.counting.adjust.is_some();
        match &metric.kind {
            MetricKind::Quantile { level, .. } => Self::Totals(Vec::new(), *level),
            MetricKind::Ratio { .. } if adjusted => Self::CupedRatio(Box::default()),
            MetricKind::Ratio { .. } => Self::Ratio(Moments::default()),
            kind if adjusted => Self::Cuped(Moments::default(), matches!(kind, MetricKind::Conversion { .. })),
            _ => Self::Mean(Mean::default()),
        }
    }

    /// Adds one visitor, as far as it has numbers.
    pub fn push(&mut self, numbers: [f64; 4]) -> Result<(), Reason> {
        let [a, b, ..] = numbers;
        match self {
            Self::Mean(moments) => moments.push([a]),
            Self::Ratio(moments) | Self::Cuped(moments, _) => moments.push([a, b]),
            Self::CupedRatio(moments) => moments.push(numbers),
            Self::Totals(totals, _) => {
                totals.push(a);
                Ok(())
            }
        }
    }

    /// The numbers of the group.
    pub fn sample(self) -> Result<Sample, Reason> {
        Ok(match self {
            Self::Mean(moments) => Sample::Mean(moments),
            Self::Ratio(moments) => Sample::Ratio(moments),
            Self::Cuped(moments, binary) => Sample::Cuped(moments.with_binary([binary; 2])),
            Self::CupedRatio(moments) => Sample::CupedRatio(moments),
            Self::Totals(mut totals, level) => Totals::of(&mut totals, level)?.into(),
        })
    }
}

/// The cap of totals, and the numbers of a visitor that it concerns.
#[derive(Clone, Copy)]
pub(super) struct Winsor {
    cap: f64,
    /// The place of the number of before that is capped like the first one of after, so that both stay alike.
    before: usize,
}

impl Winsor {
    /// No cap.
    pub fn none() -> Self {
        Self { cap: f64::INFINITY, before: 1 }
    }

    /// The cap from the totals of all arms. Where nobody has a total, or the percentile falls among those who have none,
    /// there is nothing to cap: at 0, it would take everything away.
    pub fn new(cap: Cap, totals: &[f64], metric: &Metric) -> Result<Self, Reason> {
        let cap = match cap.amount(totals) {
            Err(Reason::NoUnits) => f64::INFINITY,
            Ok(amount) if amount <= 0.0 => f64::INFINITY,
            amount => amount?,
        };
        Ok(Self { cap, before: metric.kind.aggregates().len() })
    }

    /// Returns true if no number is capped.
    pub fn is_idle(self) -> bool {
        self.cap == f64::INFINITY
    }

    /// Caps the first number of after, and of before when there is one. Of a ratio, the denominator shrinks with it: who
    /// orders more often would otherwise look as if the orders were smaller.
    pub fn apply(self, mut numbers: [f64; 4]) -> [f64; 4] {
        let is_ratio = self.before == 2;
        for start in [0, self.before] {
            let Some(numbers) = numbers.get_mut(start..) else { continue };
            let Some((first, rest)) = numbers.split_first_mut() else { continue };
            let capped = winsorised(*first, self.cap);
            if let Some(denominator) = rest.first_mut().filter(|_| is_ratio && capped < *first) {
                *denominator *= capped / *first;
            }
            *first = capped;
        }
        numbers
    }
}
