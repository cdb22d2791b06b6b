use beacon_shared::sync::mutant::Mutant;

use super::{kill, play};

#[test]
fn two_hundred_histories_hold() {
    for seed in 1..=200 {
        if let Err(error) = play(seed) {
            panic!("{error:#}");
        }
    }
}

/// A simulation that cannot tell a broken variant from the real thing proves nothing.
#[test]
fn every_mutant_is_killed_within_three_hundred_histories() {
    let survivors: Vec<Mutant> = Mutant::ALL.into_iter().filter(|mutant| kill(*mutant, 300).is_none()).collect();
    assert_eq!(survivors, []);
}
