//! The chart as text.

use beacon_shared::stats::Analysis;
use beacon_shared::wording::signed_percent;

use super::rows::{groups, interval, name};

/// Returns what [`super::forest`] shows, for people who can't see it.
pub fn alt_text(analysis: &Analysis) -> String {
    let mut text = format!("Lift over {} with its {}.", name(analysis, analysis.plan.baseline), interval(analysis));
    let groups = groups(analysis);
    if groups.iter().all(|(_, rows)| rows.is_empty()) {
        text.push_str(" There is nothing to compare yet.");
    }
    for (metric, rows) in groups {
        for row in rows {
            let what = match row.lift {
                Ok(e) => {
                    let early = if row.is_early() { ", too early to decide" } else { "" };
                    format!(
                        "{}, from {} to {}{early}",
                        signed_percent(e.effect),
                        signed_percent(e.lower),
                        signed_percent(e.upper)
                    )
                }
                Err(reason) => format!("no estimate, {}", reason.text()),
            };
            let better = if row.lower_is_better { " (less is better)" } else { "" };
            text.push_str(&format!(" {}{better}, {}: {what}.", metric.metric.name, row.variant));
        }
    }
    text
}
