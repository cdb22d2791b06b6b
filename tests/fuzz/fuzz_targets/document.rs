//! A draft of any kind: its problems are found, and what has none can be published.
#![no_main]

use beacon_shared::bundle::{Segments, SiteBuilder};
use beacon_shared::model::{Experiment, Flag, Kind, Segment, Site, Status};
use beacon_shared::validate;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, from_value, json};

fuzz_target!(|data: &[u8]| {
    let Ok(draft) = serde_json::from_slice::<Value>(data) else { return };
    for kind in Kind::ALL {
        let problems = validate::document(kind, &draft);
        assert!(problems.iter().all(|p| p.pointer.is_empty() || p.pointer.starts_with('/')));
    }
    let segments = Segments::new(from_value::<Segment>(draft.clone()).into_iter());
    let site = json!({"key": "x", "name": "X", "domains": ["x.example"], "enabled": true, "time_zone": "UTC"});
    let mut builder = SiteBuilder::new("x", from_value::<Site>(site).expect("a site"), &segments);
    if let Ok(flag) = from_value::<Flag>(draft.clone()) {
        builder.add_flag("flag", &Flag { site_ids: vec!["x".to_owned()], ..flag });
    }
    if let Ok(experiment) = from_value::<Experiment>(draft) {
        let running = Experiment { site_id: "x".to_owned(), status: Status::Running, ..experiment };
        builder.add_experiment("experiment", &running);
    }
    let _ = builder.finish();
});
