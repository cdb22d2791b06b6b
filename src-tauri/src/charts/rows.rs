//! The rows of a chart: one for each variant on each metric.

use beacon_shared::model::{MetricKind, Role};
use beacon_shared::stats::{Analysis, Comparison, Estimate, MetricAnalysis, Reason};
use beacon_shared::wording::{count, value};

/// One variant on one goal metric.
pub(super) struct Row<'a> {
    /// Its name.
    pub variant: &'a str,
    /// Measure of the metric.
    pub kind: &'a MetricKind,
    /// True if less of it is better.
    pub lower_is_better: bool,
    /// Its numbers.
    pub comparison: &'a Comparison,
    /// The lift, or why there is none.
    pub lift: Result<Estimate, Reason>,
}

impl Row<'_> {
    /// Returns the numbers behind the lift: how many converted, or the metric's value.
    pub fn counts(&self) -> String {
        let visitors = count(self.comparison.units);
        let value = value(self.kind, self.comparison.mean);
        match self.kind {
            MetricKind::Conversion { .. } => format!("{} of {visitors} visitors", count(self.comparison.conversions)),
            MetricKind::Count { .. } | MetricKind::Value { .. } => format!("mean {value} of {visitors} visitors"),
            MetricKind::Ratio { .. } => format!("ratio {value} of {visitors} visitors"),
            MetricKind::Quantile { level, .. } => format!("p{} {value} of {visitors} visitors", level * 100.0),
        }
    }

    /// Returns true if the lift cannot decide yet: conversions that are few are watched by a test that may.
    pub fn is_early(&self) -> bool {
        self.comparison.undecided.is_some() && !self.decided()
    }

    /// Returns true if the lift is on one side of zero, at the level of its interval.
    pub fn decided(&self) -> bool {
        self.lift.is_ok_and(|e| e.lower > 0.0 || e.upper < 0.0)
    }
}

/// The goal metrics with their rows; all metrics when none is a goal.
pub(super) fn groups(analysis: &Analysis) -> Vec<(&MetricAnalysis, Vec<Row<'_>>)> {
    let has_goal = analysis.metrics.iter().any(|m| m.metric.role == Role::Goal);
    let shown = analysis.metrics.iter().filter(|m| !has_goal || m.metric.role == Role::Goal);
    shown.map(|metric| (metric, rows(analysis, metric))).collect()
}

fn rows<'a>(analysis: &'a Analysis, metric: &'a MetricAnalysis) -> Vec<Row<'a>> {
    let lower_is_better = analysis.plan.options_of(&metric.metric).lower_is_better;
    let row = |(index, comparison): (usize, &'a Comparison)| {
        let lift = comparison.relative?;
        Some(Row { variant: name(analysis, index), kind: &metric.metric.kind, lower_is_better, comparison, lift })
    };
    metric.variants.iter().enumerate().filter_map(row).collect()
}

/// Returns the name of the intervals: `95% interval`; without the number where a correction gives them different ones.
pub(super) fn interval(analysis: &Analysis) -> String {
    let groups = groups(analysis);
    let mut alphas = groups.iter().flat_map(|(_, rows)| rows.iter().map(|row| row.comparison.alpha));
    let first = alphas.next().unwrap_or(analysis.plan.alpha);
    if alphas.all(|alpha| alpha == first) {
        format!("{}% interval", ((1.0 - first) * 1000.0).round() / 10.0)
    } else {
        "interval".to_owned()
    }
}

/// The name of the variant at this place, or its id when it has none.
pub(super) fn name(analysis: &Analysis, index: usize) -> &str {
    let name = analysis.plan.names.get(index).filter(|name| !name.trim().is_empty());
    name.or(analysis.plan.variants.get(index)).map_or("the baseline", String::as_str)
}

/// At most `most` characters.
pub(super) fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}
