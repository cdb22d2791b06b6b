//! Notes for people on the events that a site's results are counted from.

use beacon_shared::results::Gap;
use beacon_shared::wording::count;

use super::{LogState, Zone};

/// The attribute that is the visitor's own id.
const VISITOR: &str = "id";
/// The most gaps that are named one by one.
const MOST_GAPS: usize = 5;

/// Sentences about the site with this name; none when all is well.
pub fn notes(site: &str, log: &LogState, zone: &Zone) -> Vec<String> {
    let mut notes: Vec<String> = log.gaps.iter().take(MOST_GAPS).map(|gap| missing(site, gap, zone)).collect();
    let others = log.gaps.iter().skip(MOST_GAPS);
    let (stretches, events) = others.fold((0, 0), |(n, events), gap| (n + 1, events + gap.last - gap.first + 1));
    if stretches > 0 {
        let (events, stretches) = (count(events), count(stretches));
        notes.push(format!("Another {events} events of {site}, in {stretches} stretches, are missing at the edge."));
    }
    if log.earlier > 0 {
        let since = log.since.map(|since| format!(" since {}", zone.date(since))).unwrap_or_default();
        notes.push(format!(
            "The edge has another log of {site}{since}. Beacon reads it from its start, and keeps the {} events from \
             before.",
            count(log.earlier)
        ));
    }
    match log.unreadable {
        0 => {}
        1 => notes.push(format!("Beacon can't read 1 event of {site} that a newer edge wrote. Update Beacon.")),
        n => notes
            .push(format!("Beacon can't read {} events of {site} that a newer edge wrote. Update Beacon.", count(n))),
    }
    notes
}

/// Says that visitors were assigned in groups, where the attribute that decides is not the visitor's own id.
pub fn assigned_in_groups(attribute: &str) -> Option<String> {
    let is_own = attribute.is_empty() || attribute == VISITOR;
    (!is_own).then(|| {
        format!(
            "Variants are assigned by {attribute}, but visitors are counted one by one. Visitors of one {attribute} are \
             alike, so these intervals are too narrow: don't decide by them."
        )
    })
}

fn missing(site: &str, gap: &Gap, zone: &Zone) -> String {
    let since = zone.date(gap.since);
    if gap.first == gap.last {
        return format!(
            "Event {} of {site} is missing at the edge since {since}. Results don't include it.",
            count(gap.first)
        );
    }
    let (first, last) = (count(gap.first), count(gap.last));
    format!("Events {first} to {last} of {site} are missing at the edge since {since}. Results don't include them.")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_764_072_000_000;

    fn gap(first: u64, last: u64) -> Gap {
        Gap { first, last, since: NOON, tried: NOON }
    }

    #[test]
    fn whatever_is_missing_is_named() {
        let log = LogState { gaps: vec![gap(5001, 10_000), gap(12_000, 12_000)], ..LogState::default() };
        assert_eq!(
            notes("Shop", &log, &Zone::UTC),
            [
                "Events 5,001 to 10,000 of Shop are missing at the edge since 2025-11-25. Results don't include them.",
                "Event 12,000 of Shop is missing at the edge since 2025-11-25. Results don't include it.",
            ]
        );
        let many = LogState { gaps: (0..7).map(|n| gap(n * 10 + 1, n * 10 + 2)).collect(), ..LogState::default() };
        let notes = notes("Shop", &many, &Zone::UTC);
        assert_eq!(notes.len(), 6);
        assert_eq!(notes[5], "Another 4 events of Shop, in 2 stretches, are missing at the edge.");
    }

    /// An imported experiment may be assigned by company: a sixth of such experiments without an effect had a verdict.
    #[test]
    fn another_unit_is_said() {
        assert_eq!([assigned_in_groups("id"), assigned_in_groups("")], [None, None]);
        let note = assigned_in_groups("company").unwrap_or_default();
        assert!(note.starts_with("Variants are assigned by company, but visitors are counted one by one."), "{note}");
    }

    #[test]
    fn another_log_and_unreadable_lines_are_said() {
        let log = LogState { earlier: 50_000, since: Some(NOON), unreadable: 3, ..LogState::default() };
        assert_eq!(
            notes("Shop", &log, &Zone::UTC),
            [
                "The edge has another log of Shop since 2025-11-25. Beacon reads it from its start, and keeps the \
                 50,000 events from before.",
                "Beacon can't read 3 events of Shop that a newer edge wrote. Update Beacon.",
            ]
        );
        assert!(notes("Shop", &LogState::default(), &Zone::UTC).is_empty());
    }
}
