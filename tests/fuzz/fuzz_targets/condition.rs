//! `[condition, attributes]`: what is valid is evaluated, and twice the same.
#![no_main]

use beacon_shared::eval::condition::{Condition, Groups};
use beacon_shared::validate;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let Ok(input) = serde_json::from_slice::<Value>(data) else { return };
    let Some(source) = input.get(0).and_then(Value::as_object) else { return };
    let attributes = input.get(1).cloned().unwrap_or_default();
    let _ = validate::condition("", source);
    let condition = Condition::parse(source);
    let groups = Groups::new();
    assert_eq!(condition.matches(&attributes, &groups), condition.matches(&attributes, &groups));
});
