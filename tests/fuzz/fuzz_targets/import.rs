//! A payload from outside: it becomes drafts, and the drafts become a payload again.
#![no_main]

use beacon_shared::eval::definitions::Definitions;
use beacon_shared::bundle::import::{Existing, import};
use beacon_shared::bundle::{at, draft};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let Ok(payload) = serde_json::from_slice::<Value>(data) else { return };
    let made = import(&payload, "sit_1", &Existing::default());
    let again = draft(made.flags.iter(), made.experiments.iter(), made.segments.iter().cloned());
    let definitions = Definitions::parse(&at(&again, 0));
    assert_eq!(definitions.features.len(), made.flags.len());
    assert_eq!(definitions.experiments.len(), made.experiments.len());
});
