//! The chart in words.

use beacon_shared::stats::{Analysis, percent};

use super::layout::{because, groups, name};

/// What [`super::forest`] shows, for whoever cannot see it.
pub fn words(analysis: &Analysis) -> String {
    let confidence = ((1.0 - analysis.plan.alpha) * 1000.0).round() / 10.0;
    let mut text = format!("Lift over {} with its {confidence} % interval.", name(analysis, analysis.plan.baseline));
    let groups = groups(analysis);
    if groups.iter().all(|(_, rows)| rows.is_empty()) {
        text.push_str(" There is nothing to compare yet.");
    }
    for (metric, rows) in groups {
        for row in rows {
            let what = match row.lift {
                Ok(e) => {
                    let early = if row.comparison.undecided.is_some() { ", too early to decide" } else { "" };
                    format!("{}, from {} to {}{early}", percent(e.effect), percent(e.lower), percent(e.upper))
                }
                Err(reason) => format!("no estimate, {}", because(reason)),
            };
            let better = if row.lower_is_better { " (less is better)" } else { "" };
            text.push_str(&format!(" {}{better}, {}: {what}.", metric.metric.name, row.variant));
        }
    }
    text
}
