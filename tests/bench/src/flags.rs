//! A hundred flags for two hundred visitors. Each flag has a rule whose condition has three operators, and the last one
//! fails for most, and an experiment.

use std::hint::black_box;

use beacon_shared::eval::definitions::Definitions;
use beacon_shared::eval::{Context, Source};
use serde_json::{Map, Value, json};

/// Number of flags.
pub const FLAGS: usize = 100;
/// Number of visitors who ask for all of them.
pub const VISITORS: usize = 200;

/// The definitions, as GrowthBook's clients read them too.
pub fn payload() -> Value {
    let feature = |i: usize| {
        json!({"defaultValue": "off", "rules": [
            {"id": "some", "force": "some", "condition": {
                "country": {"$in": ["NL", "BE", "DE", "FR"]}, "plan": {"$ne": "free"}, "visits": {"$gt": 40}}},
            {"id": "test", "key": format!("test-{i}"), "hashVersion": 2, "hashAttribute": "id", "coverage": 1,
             "variations": ["a", "b"], "weights": [0.5, 0.5], "meta": [{"key": "a"}, {"key": "b"}]}
        ]})
    };
    let features: Map<String, Value> = (0..FLAGS).map(|i| (format!("flag-{i}"), feature(i))).collect();
    json!({"features": features})
}

/// The attributes of each visitor.
pub fn visitors() -> Vec<Value> {
    let countries = ["NL", "BE", "DE", "US"];
    let visitor = |i: usize| {
        json!({"id": format!("0190a5e4-7b1e-7c3a-9f00-{i:012}"), "country": countries[i % 4], "plan": "pro",
               "visits": i % 50, "browser": "firefox"})
    };
    (0..VISITORS).map(visitor).collect()
}

/// The visitors as the evaluator sees them.
pub fn contexts(visitors: &[Value]) -> Vec<Context<'_>> {
    visitors.iter().map(Context::new).collect()
}

/// Evaluates every flag for every visitor; says how many an experiment decided.
pub fn round(definitions: &Definitions, contexts: &[Context<'_>]) -> usize {
    let mut experiments = 0;
    for context in contexts {
        for key in definitions.features.keys() {
            let result = black_box(definitions.feature(black_box(key), context));
            experiments += usize::from(result.source == Source::Experiment);
        }
    }
    experiments
}
