//! Events that are left out are counted, by reason.

use beacon_shared::results::{Counted, Excluded, Exclusion};

use super::*;

fn exposures(reason: Exclusion, visitors: u64, events: u64) -> Excluded {
    Excluded { what: Counted::Exposures, reason, visitors, events }
}

fn outcomes(reason: Exclusion, visitors: u64, events: u64) -> Excluded {
    Excluded { what: Counted::Outcomes, reason, visitors, events }
}

#[test]
fn exposures_are_left_out_by_reason() {
    let mut log = Log::new();
    log.exposed("a", "control", 1).marks = vec![Mark::Bot, Mark::Prefetch];
    log.exposed("a", "treatment", 2).marks = vec![Mark::Bot];
    log.exposed("b", "control", 3).marks = vec![Mark::Bot, Mark::ClockSkew];
    log.exposed("c", "control", 4).marks = vec![Mark::ClockSkew];
    log.exposed("d", "control", 5).marks = vec![Mark::Preview];
    log.exposed("e", "control", 5).marks = vec![Mark::Forced];
    let other = log.exposed("f", "control", 5);
    other.marks = vec![Mark::Forced];
    other.phase = Some("0".into());
    log.exposed("g", "control", 6);
    log.exposed("g", "treatment", 7);
    log.exposed("g", "treatment", 8);
    log.exposed("h", "removed", 9);
    log.exposed("i", "control", 9).phase = None;
    log.exposed("j", "control", 9).received_at = START - DAY - 1;
    log.exposed("k", "control", 9).received_at = START - DAY;
    let counts = log.count();
    assert_eq!(table(&counts), [row("control", 20_000, 2, [0, 0])]);
    assert_eq!(
        counts.excluded,
        [
            exposures(Exclusion::Bot, 2, 3),
            exposures(Exclusion::Prefetch, 1, 1),
            exposures(Exclusion::Preview, 1, 1),
            exposures(Exclusion::Forced, 1, 1),
            exposures(Exclusion::SeveralVariants, 1, 3),
            exposures(Exclusion::UnknownVariant, 1, 1),
            exposures(Exclusion::NoPhase, 1, 1),
            exposures(Exclusion::BeforeStart, 1, 1),
        ]
    );
}

/// Only exposures had a line, so a bot's orders vanished without a word.
#[test]
fn outcomes_are_left_out_by_reason() {
    let mut log = Log::new();
    log.exposed("a", "control", 10);
    log.did("a", "signup", 11).marks = vec![Mark::Bot];
    log.did("a", "o'rder", 12).marks = vec![Mark::Bot];
    log.exposed("b", "control", 10);
    log.did("b", "o'rder", 13).marks = vec![Mark::Forced];
    log.did("b", "signup", 14).id = Some("1".into());
    log.did("b", "signup", 15).id = Some("1".into());
    log.did("a", "signup", 16).id = Some("1".into());
    // Of no metric, of before the exposure, of nobody in the experiment, and of one who is left out.
    log.did("a", "other", 17).marks = vec![Mark::Bot];
    log.did("a", "signup", 9).marks = vec![Mark::Bot];
    log.did("stranger", "signup", 17).marks = vec![Mark::Bot];
    log.exposed("c", "control", 10);
    log.exposed("c", "treatment", 10);
    log.did("c", "signup", 17).marks = vec![Mark::Bot];
    let counts = log.count();
    assert_eq!(table(&counts), [row("control", 20_000, 2, [1, 0])]);
    assert_eq!(
        counts.excluded,
        [
            exposures(Exclusion::SeveralVariants, 1, 2),
            outcomes(Exclusion::Bot, 1, 2),
            outcomes(Exclusion::Forced, 1, 1),
            outcomes(Exclusion::Repeated, 2, 2),
        ]
    );
}
