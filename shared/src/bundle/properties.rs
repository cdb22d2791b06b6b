//! Whatever comes in, an answer comes out, and it keeps its promises.

use serde_json::{Value, json};

use crate::eval::definitions::Definitions;
use crate::eval::random::Random;
use crate::eval::*;

/// Random cases of the ordinary run.
const CASES: u64 = 2_000;

fn context<'a>(random: &mut Random, attributes: &'a Value, sticky: &'a StickyDocuments) -> Context<'a> {
    let mut context = Context::new(attributes);
    context.url = ["", "http://x.example/p/1?a=1", "no address", "/p/1", "http://x.example/?=&&?#"][random.below(5)];
    context.qa_mode = random.below(9) == 0;
    context.enabled = random.below(9) != 0;
    context.sticky = (random.below(2) == 0).then_some(sticky);
    if random.below(5) == 0 {
        context.forced_variations.insert("a".to_owned(), [-1, 0, 1, i64::MAX][random.below(4)]);
    }
    context
}

/// Asserts what holds for every result of an experiment.
fn check_result(result: &ExperimentResult<'_>, seed: u64) {
    let count = result.experiment.variations.len();
    assert!(result.variation < count.max(1), "seed {seed}: variation {} of {count}", result.variation);
    assert!(!result.hash_used || result.in_experiment, "seed {seed}: hashed, but not in");
    assert_eq!(result.bucket.is_some(), result.hash_used, "seed {seed}");
    assert!(result.bucket.is_none_or(|b| (0.0..1.0).contains(&b)), "seed {seed}: {:?}", result.bucket);
    let decided = matches!(result.reason, Reason::Hashed | Reason::Sticky);
    assert_eq!(decided, result.hash_used, "seed {seed}: {:?}", result.reason);
    let text = result.to_json().to_string();
    assert!(serde_json::from_str::<Value>(&text).is_ok(), "seed {seed}: {text}");
}

#[test]
fn every_payload_has_an_answer() {
    for seed in 0..CASES {
        let mut random = Random(seed);
        let (payload, attributes) = (random.payload(), random.attributes());
        let definitions = Definitions::parse(&payload);
        let stuck = StickyDocument { assignments: [("a__0".to_owned(), "b".to_owned())].into(), ..Default::default() };
        let sticky = [("id||a".to_owned(), stuck.clone()), ("a||1".to_owned(), stuck)].into();
        let context = context(&mut random, &attributes, &sticky);
        for key in ["f0", "f1", "f2", "f3", "none"] {
            let evaluation = definitions.feature_kept(key, &context);
            let result = evaluation.result;
            let (traced, steps) = definitions.feature_traced(key, &context);
            assert_eq!(traced.to_json(), result.to_json(), "seed {seed}: looking on changes nothing");
            assert!(steps.len() >= 2, "seed {seed}: every answer has its reasons");
            result.experiment.iter().for_each(|result| check_result(result, seed));
            assert!(context.sticky.is_some() || evaluation.assigned.is_empty(), "seed {seed}: nothing to keep");
        }
        for experiment in &definitions.experiments {
            check_result(&definitions.run(experiment, &context), seed);
        }
        let redirect = definitions.redirect(&context);
        assert!(redirect.is_none_or(|r| r.result.in_experiment), "seed {seed}");
        let _ = definitions.sticky_keys(&context);
        let _ = super::at(&payload, random.next() as i64);
    }
}

#[test]
fn anything_at_all_has_an_answer() {
    for seed in 0..CASES {
        let mut random = Random(seed ^ 0xabcd);
        let (payload, attributes) = (random.any(6), random.any(4));
        let definitions = Definitions::parse(&payload);
        let context = Context::new(&attributes);
        for key in definitions.features.keys() {
            let _ = definitions.feature(key, &context).to_json();
        }
        for kind in crate::model::Kind::ALL {
            let _ = crate::validate::document(kind, &payload);
        }
        if let Some(members) = payload.as_object() {
            let parsed = condition::Condition::parse(members);
            let (yes, again) =
                (parsed.matches(&attributes, &definitions.groups), parsed.matches(&attributes, &definitions.groups));
            assert_eq!(yes, again, "seed {seed}: the same question has the same answer");
            let _ = crate::validate::condition("", members);
        }
    }
}

#[test]
fn a_valid_condition_is_never_misunderstood() {
    let mut valid = 0;
    for seed in 0..CASES {
        let condition = Random(seed ^ 0x1234).condition(3);
        let Some(members) = condition.as_object() else { continue };
        if !crate::validate::condition("", members).is_empty() {
            continue;
        }
        valid += 1;
        // What the parser gives up on is written as `Never`.
        let parsed = format!("{:?}", condition::Condition::parse(members));
        assert!(!parsed.contains("Never"), "seed {seed}: {condition} became {parsed}");
    }
    assert!(valid > CASES / 5, "only {valid} of the conditions were valid");
}

#[test]
fn prerequisites_that_multiply_come_to_an_end() {
    // Every feature asks the next one twice: 2^60 ways.
    let feature = |i: u32| {
        let next = format!("f{}", i + 1);
        json!({"defaultValue": 1, "rules": [{"parentConditions": [{"id": next}, {"id": next}], "force": 2}]})
    };
    let features: serde_json::Map<String, Value> = (0..60).map(|i| (format!("f{i}"), feature(i))).collect();
    let definitions = Definitions::parse(&json!({"features": features}));
    let attributes = json!({});
    let context = Context::new(&attributes);
    assert_eq!(definitions.feature("f0", &context).source, Source::CyclicPrerequisite);
}
