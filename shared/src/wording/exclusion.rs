use super::count;
use crate::results::{Counted, Excluded, Exclusion};

/// Returns the sentence that says what a result leaves out, and why: `Left out: 30 exposures of 12 visitors (bots).`
pub fn left_out(excluded: &Excluded) -> String {
    let what = match (excluded.what, excluded.events) {
        (Counted::Exposures, 1) => "exposure",
        (Counted::Exposures, _) => "exposures",
        (Counted::Outcomes, 1) => "event",
        (Counted::Outcomes, _) => "events",
    };
    let visitors = if excluded.visitors == 1 { "visitor" } else { "visitors" };
    let reason = match excluded.reason {
        Exclusion::Bot => "bots",
        Exclusion::Prefetch => "pages that were loaded ahead and never seen",
        Exclusion::Preview => "previews of a draft",
        Exclusion::Forced => "a variant chosen by hand",
        Exclusion::SeveralVariants => "seen in several variants",
        Exclusion::UnknownVariant => "a variant that this phase doesn't have",
        Exclusion::NoPhase => "sent without a phase",
        Exclusion::BeforeStart => "received before this phase began",
        Exclusion::Repeated => "the same order id was counted already",
    };
    format!("Left out: {} {what} of {} {visitors} ({reason}).", count(excluded.events), count(excluded.visitors))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exclusion_is_a_sentence() {
        let excluded = |what, reason, visitors, events| Excluded { what, reason, visitors, events };
        let cases = [
            (
                excluded(Counted::Exposures, Exclusion::Bot, 1200, 3000),
                "Left out: 3,000 exposures of 1,200 visitors (bots).",
            ),
            (
                excluded(Counted::Outcomes, Exclusion::Repeated, 1, 1),
                "Left out: 1 event of 1 visitor (the same order id was counted already).",
            ),
        ];
        for (excluded, sentence) in cases {
            assert_eq!(left_out(&excluded), sentence);
        }
    }
}
