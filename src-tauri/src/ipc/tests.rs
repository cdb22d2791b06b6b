use std::collections::BTreeSet;

use beacon_shared::ipc::NAMES;

use super::HANDLED;

#[test]
fn every_declared_call_has_one_handler() {
    let declared: BTreeSet<_> = NAMES.iter().collect();
    let handled: BTreeSet<_> = HANDLED.iter().collect();
    assert_eq!(handled, declared);
    assert_eq!(HANDLED.len(), NAMES.len(), "no call is declared or handled twice");
}
