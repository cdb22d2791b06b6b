//! A draft of any kind: its problems are found, and what has none can be published.
#![no_main]

use beacon_shared::bundle;
use beacon_shared::model::{Document, Kind};
use beacon_shared::validate;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|data: &[u8]| {
    let Ok(draft) = serde_json::from_slice::<Value>(data) else { return };
    for kind in Kind::ALL {
        let problems = validate::document(kind, &draft);
        assert!(problems.iter().all(|p| p.pointer.is_empty() || p.pointer.starts_with('/')));
        let body = json!({"schema": 1, "draft": draft, "released": draft});
        let document = Document { id: "x".into(), kind, key: String::new(), rev: 1, seq: 1, op_id: String::new(), deleted: false, body };
        let _ = bundle::bundle(1, &[document]);
    }
});
