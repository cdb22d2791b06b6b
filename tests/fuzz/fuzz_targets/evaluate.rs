//! `[payload, attributes, url]`: every feature, experiment and redirect has an answer.
#![no_main]

use beacon_shared::eval::definitions::Definitions;
use beacon_shared::eval::{Context, StickyDocuments, payload};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let Ok(input) = serde_json::from_slice::<Value>(data) else { return };
    let attributes = input.get(1).cloned().unwrap_or_default();
    let definitions = Definitions::parse(&payload::at(input.get(0).unwrap_or(&Value::Null), 0));
    let documents = StickyDocuments::new();
    let mut context = Context::new(&attributes);
    context.url = input.get(2).and_then(Value::as_str).unwrap_or_default();
    context.sticky = Some(&documents);
    for key in definitions.features.keys() {
        let evaluation = definitions.feature_kept(key, &context);
        let (traced, _) = definitions.feature_traced(key, &context);
        assert_eq!(traced.to_json(), evaluation.result.to_json());
    }
    for experiment in &definitions.experiments {
        let result = definitions.run(experiment, &context);
        assert!(result.variation < experiment.variations.len().max(1));
    }
    let _ = definitions.redirect(&context);
});
