use serde_json::{Value, json};

use super::*;
use crate::bundle::{at, draft};
use crate::eval::Context;
use crate::eval::definitions::Definitions;
use crate::eval::random::Random;

fn import(payload: &Value, site_id: &str) -> Import {
    super::import(payload, site_id, &Existing::default())
}

fn exported(import: &Import) -> Value {
    draft(import.flags.iter(), import.experiments.iter(), import.segments.iter().cloned())
}

fn one(rule: &Value) -> Import {
    import(&json!({"features": {"nav": {"defaultValue": "old", "rules": [rule]}}}), "sit_1")
}

/// Returns the payload that GrowthBook writes for a product's ordinary features.
fn ordinary() -> Value {
    json!({
        "features": {
            "banner": {"defaultValue": false, "rules": [
                {"id": "fr_1", "condition": {"country": {"$in": ["NL", "BE"]}}, "force": true},
                {"id": "fr_2", "force": true, "coverage": 0.25, "hashAttribute": "id"}
            ]},
            "checkout": {"defaultValue": "old", "rules": [
                {"parentConditions": [{"id": "banner", "condition": {"value": true}, "gate": true}]},
                {"id": "fr_3", "key": "checkout-test", "seed": "s1", "hashAttribute": "company", "hashVersion": 2,
                 "variations": ["old", "new", "newer"], "weights": [0.3334, 0.3333, 0.3333], "coverage": 0.8,
                 "fallbackAttribute": "id", "bucketVersion": 3, "minBucketVersion": 1,
                 "meta": [{"key": "0", "name": "Control"}, {"key": "1"}, {"key": "2"}],
                 "filters": [{"seed": "pricing", "attribute": "id", "hashVersion": 2, "ranges": [[0.1, 0.6]]}]}
            ]},
            "staff": {"defaultValue": 0, "rules": [
                {"id": "fr_4", "condition": {"id": {"$inGroup": "grp_1"}}, "force": 1},
                {"id": "fr_5", "variations": [1, 2], "namespace": ["ns", 0.25, 0.75]},
                {"id": "fr_6", "force": 3, "seed": "xy", "hashVersion": 2, "range": [0.5, 0.75]}
            ]}
        },
        "experiments": [
            {"key": "hero", "name": "Hero", "status": "running", "variations": [{}, {"urlRedirect": "https://x.example/b"}],
             "weights": [0.5, 0.5], "coverage": 1, "hashVersion": 2, "seed": "h", "hashAttribute": "id",
             "meta": [{"key": "0"}, {"key": "1"}], "persistQueryString": true, "manual": true,
             "urlPatterns": [{"type": "simple", "pattern": "/p/*", "include": true}],
             "condition": {"$not": {"country": "US"}}, "parentConditions": [{"id": "banner", "condition": {"value": true}}],
             "filters": [{"seed": "holdout:all", "attribute": "id", "hashVersion": 2, "ranges": [[0.05, 1]]}]}
        ],
        "savedGroups": {"grp_1": ["v1", "v2", 3]}
    })
}

/// Every feature, experiment and redirect is for this visitor what it was.
fn check_same(before: &Value, after: &Value, attributes: &Value, url: &str, what: &str) {
    let (before, after) = (Definitions::parse(&at(before, 0)), Definitions::parse(&at(after, 0)));
    let mut context = Context::new(attributes);
    context.url = url;
    for key in before.features.keys() {
        let (old, new) = (before.feature(key, &context), after.feature(key, &context));
        let variant =
            |r: &crate::eval::FeatureResult<'_>| r.experiment.as_ref().map(crate::eval::ExperimentResult::key);
        assert_eq!((old.value, variant(&old)), (new.value, variant(&new)), "{what}: {key} for {attributes}");
    }
    assert_eq!(before.experiments.len(), after.experiments.len(), "{what}");
    for (old, new) in before.experiments.iter().zip(&after.experiments) {
        let (old, new) = (before.run(old, &context), after.run(new, &context));
        let outcome = |r: &crate::eval::ExperimentResult<'_>| (r.in_experiment, r.key(), r.bucket);
        assert_eq!(outcome(&old), outcome(&new), "{what}: {attributes} at {url}");
    }
    let target = |d: &Definitions| d.redirect(&context).map(|r| (r.target.map(str::to_owned), r.url));
    assert_eq!(target(&before), target(&after), "{what}: {attributes} at {url}");
}

fn visitors() -> impl Iterator<Item = Value> {
    let countries = ["NL", "BE", "US"];
    (0..400_usize).map(move |i| {
        let mut visitor = json!({"id": format!("v{i}"), "country": countries[i % 3]});
        if i % 4 > 0 {
            visitor["company"] = json!(format!("c{}", i % 50));
        }
        visitor
    })
}

#[test]
fn ordinary_features_come_over_whole_and_go_back() {
    let payload = ordinary();
    let import = import(&payload, "sit_1");
    let said: Vec<_> = import.report.iter().map(|p| (p.pointer.as_str(), p.detail.contains("'company'"))).collect();
    assert_eq!(said, [("/features/checkout/rules/1", true)], "all that is lost is an attribute of pages");
    assert_eq!((import.flags.len(), import.experiments.len(), import.segments.len()), (3, 1, 1));
    let after = exported(&import);
    for visitor in visitors() {
        check_same(&payload, &after, &visitor, "https://x.example/p/1?a=1", "ordinary");
    }
    assert_eq!(
        super::import(&after, "sit_1", &Existing::default()),
        import,
        "importing what was exported gives the same drafts"
    );
}

#[test]
fn an_import_says_what_things_are() {
    let Import { flags, experiments, segments, .. } = import(&ordinary(), "sit_1");
    let checkout = &flags[1];
    assert_eq!((checkout.key.as_str(), checkout.prerequisites[0].flag.as_str()), ("checkout", "banner"));
    let rule = &checkout.rules[0];
    assert_eq!((rule.id.as_str(), rule.coverage, rule.hash_attribute.as_str()), ("fr_3", 8000, "company"));
    let split = rule.experiment.as_ref().expect("a split");
    assert_eq!(split.arms.iter().map(|a| a.weight).collect::<Vec<_>>(), [3334, 3333, 3333]);
    assert_eq!(split.sticky.as_ref().map(|s| (s.version, s.min_version)), Some((3, 1)));
    let namespace = rule.namespace.as_ref().expect("a namespace");
    assert_eq!((namespace.from, namespace.until, namespace.seed.as_str()), (1000, 6000, "pricing"));

    let hero = &experiments[0];
    assert_eq!((hero.status, hero.auto_activate, hero.keep_query), (crate::model::Status::Draft, false, true));
    assert_eq!(hero.audience.holdout.as_ref().map(|h| (h.key.as_str(), h.share)), Some(("all", 500)));
    assert_eq!(hero.variants[1].redirect.as_deref(), Some("https://x.example/b"));
    assert_eq!(hero.variants[1].config, json!({}));
    assert_eq!(segments[0].key, "grp_1");
}

#[test]
fn what_cannot_come_over_is_left_out_and_said() {
    let split = |more: Value| {
        let mut rule = json!({"variations": ["a", "b"]});
        rule.as_object_mut().into_iter().for_each(|r| r.extend(more.as_object().cloned().unwrap_or_default()));
        rule
    };
    for (rule, says) in [
        (split(json!({"contextualBanditRef": "b"})), "contextual bandit"),
        (split(json!({"variations": ["a"]})), "fewer than two"),
        (split(json!({"hashVersion": 3})), "version"),
        (split(json!({"ranges": [[0, 0.1], [0.5, 0.9]]})), "ranges"),
        (split(json!({"meta": [{"key": "a", "passthrough": true}]})), "holdout"),
        (split(json!({"urlPatterns": [{"type": "simple", "pattern": "/"}]})), "pages"),
        (split(json!({"status": "stopped"})), "not running"),
        (split(json!({"filters": [{"seed": "a", "ranges": [[0, 1]]}, {"seed": "b", "ranges": [[0, 1]]}]})), "several"),
        (split(json!({"filters": [{"seed": "a", "ranges": []}]})), "by none"),
        (split(json!({"namespace": ["n", 0.5, 0.5]})), "nobody"),
        (split(json!({"parentConditions": [{"id": "a b", "condition": {}}]})), "cannot be a key"),
        (json!({"force": 1, "coverage": 0.5, "hashVersion": 9}), "version"),
        (json!({"force": 1, "condition": {"id": {"$inGroup": "opaque"}}}), "opaque"),
        (json!({"force": 1, "condition": "{\"country\": \"DE\"}"}), "not an object"),
        (json!({"force": 1, "coverage": 0.00005}), "one visitor in 10,000"),
        (json!({"condition": {}}), "serves nothing"),
        (json!(7), "serves nothing"),
    ] {
        let payload = json!({
            "features": {"nav": {"defaultValue": "old", "rules": [rule]}}, "savedGroups": {"opaque": {"type": "condition"}}
        });
        let import = import(&payload, "sit_1");
        assert_eq!(import.flags[0].rules, [], "{rule}");
        let said: Vec<_> = import.report.iter().filter(|p| p.pointer == "/features/nav/rules/0").collect();
        assert!(said.len() == 1 && said[0].detail.contains(says), "{rule}: {:?}", import.report);
    }
}

/// B22.
#[test]
fn attributes_that_no_page_has_are_named() {
    let split = |attribute: &str| json!({"variations": [0, 1], "hashAttribute": attribute});
    for (rule, expected) in [
        (json!({"condition": {"deviceType": "mobile"}, "force": true}), vec!["'deviceType'", "'device' instead"]),
        (split("device_id"), vec!["'device_id'", "takes part", "'id' instead"]),
        (json!({"force": 1, "coverage": 0.5, "hashAttribute": "company"}), vec!["'company'", "your own server"]),
        (json!({"force": 1, "condition": {"$or": [{"$not": {"plan.name": "pro"}}]}}), vec!["'plan.name'", "missing"]),
        (json!({"force": 1, "filters": [{"seed": "a", "attribute": "org", "ranges": [[0, 0.5]]}]}), vec!["'org'"]),
        (json!({"variations": [0, 1], "fallbackAttribute": "deviceId"}), vec!["'deviceId'"]),
        (json!({"force": 1, "condition": {"utm.source": "x", "did.order": {"$gt": 1}, "country": "DE"}}), vec![]),
        (json!({"force": 1, "hashAttribute": "company"}), vec![]),
        (split("id"), vec![]),
    ] {
        let experiment = rule.get("variations").map(|_| {
            let mut experiment = rule.clone();
            experiment["key"] = json!("e");
            experiment
        });
        let payload = json!({
            "features": {"nav": {"defaultValue": 0, "rules": [rule]}},
            "experiments": experiment.into_iter().collect::<Vec<_>>()
        });
        let report = import(&payload, "sit_1").report;
        let about = |pointer: &str| -> Vec<&str> {
            report
                .iter()
                .filter(|p| p.pointer == pointer && p.detail.contains("pages don't have"))
                .map(|p| p.detail.as_str())
                .collect()
        };
        let pointers = if payload["experiments"][0].is_null() { 1 } else { 2 };
        for pointer in ["/features/nav/rules/0", "/experiments/0"].into_iter().take(pointers) {
            let said = about(pointer);
            assert_eq!(said.len(), usize::from(!expected.is_empty()), "{rule}: {report:?}", rule = payload);
            assert!(expected.iter().all(|text| said.iter().any(|detail| detail.contains(text))), "{said:?}");
        }
    }
}

#[test]
fn keys_that_beacon_cannot_have_are_said() {
    let payload = json!({
        "features": {"a/b c": {"defaultValue": 1}}, "savedGroups": {"x y": ["1"]}, "encryptedFeatures": "…",
        "experiments": [{"key": "e", "variations": [1, 2], "urlPatterns": []}, 3]
    });
    let pointers: Vec<String> = import(&payload, "sit_1").report.into_iter().map(|p| p.pointer).collect();
    assert_eq!(
        pointers,
        ["/savedGroups/x y", "/features/a~1b c", "/experiments/0", "/experiments/1", "/encryptedFeatures"]
    );
}

#[test]
fn a_late_gate_is_left_out_and_an_early_one_becomes_the_flags() {
    let gate = json!({"parentConditions": [{"id": "other", "condition": {"value": true}, "gate": true}]});
    let early = one(&gate);
    assert_eq!((early.flags[0].prerequisites.len(), early.report.len()), (1, 0));
    let rules = json!([{"id": "a", "force": 1, "condition": {"os": "Linux"}}, gate]);
    let late = import(&json!({"features": {"nav": {"defaultValue": 0, "rules": rules}}}), "sit_1");
    assert_eq!((late.flags[0].prerequisites.len(), late.report.len()), (0, 1));
}

/// A rule as GrowthBook may write it, with numbers that fall between Beacon's parts too.
fn rule(random: &mut Random) -> Value {
    let share = |r: &mut Random| [0.0, 0.1, 0.12345, 1.0 / 3.0, 0.5, 0.99999, 1.0, 0.00005][r.below(8)];
    let mut rule = if random.below(2) == 0 {
        json!({"force": random.below(3)})
    } else {
        let n = 2 + random.below(3);
        json!({"variations": (0..n).collect::<Vec<_>>(), "meta": (0..n).map(|i| json!({"key": format!("m{i}")})).collect::<Vec<_>>()})
    };
    let mut maybe = |chance: usize, name: &str, value: Value| {
        if chance == 0 {
            rule[name] = value;
        }
    };
    maybe(random.below(2), "coverage", json!(share(random)));
    maybe(random.below(4), "seed", json!(["s", "größe"][random.below(2)]));
    maybe(random.below(2), "hashVersion", json!(1 + random.below(2)));
    maybe(random.below(3), "hashAttribute", json!(["id", "company"][random.below(2)]));
    maybe(random.below(5), "namespace", json!(["n", share(random), share(random)]));
    let seed = ["a", "namespace:b"][random.below(2)];
    let filter = json!({"seed": seed, "ranges": [[share(random), share(random)]]});
    maybe(random.below(4), "filters", json!([filter]));
    maybe(random.below(3), "range", json!([share(random), share(random)]));
    maybe(random.below(3), "condition", json!({"country": {"$in": ["NL", "US"]}}));
    maybe(random.below(6), "weights", json!([[0.2, 0.8], [0.5, 0.5]][random.below(2)]));
    rule
}

#[test]
fn what_is_not_said_to_be_lost_is_the_same_for_everybody() {
    let mut whole = 0;
    for seed in 0..300 {
        let mut random = Random(seed);
        let rules: Vec<Value> = (0..1 + random.below(3)).map(|_| rule(&mut random)).collect();
        let experiments: Vec<Value> = (0..random.below(2))
            .map(|_| {
                let mut experiment = rule(&mut random);
                experiment["key"] = json!("e");
                experiment
            })
            .filter(|e| e.get("variations").is_some())
            .collect();
        let payload = json!({"features": {"f": {"defaultValue": 9, "rules": rules}}, "experiments": experiments});
        let import = import(&payload, "sit_1");
        let lost = import.report.iter().any(|p| p.detail.contains("left out"));
        if lost {
            continue;
        }
        whole += 1;
        let after = exported(&import);
        visitors().for_each(|visitor| check_same(&payload, &after, &visitor, "", &format!("seed {seed}: {payload}")));
    }
    assert!(whole > 100, "only {whole} payloads came over whole");
}

#[test]
fn what_is_there_stays_as_it_is_and_is_not_referred_to_by_mistake() {
    let list = |values: Value| Members::List {
        attribute: "id".into(),
        values: values.as_array().cloned().unwrap_or_default(),
    };
    let existing = Existing {
        flags: ["shop".to_owned()].into(),
        experiments: ["hero".to_owned()].into(),
        segments: [("vip".to_owned(), list(json!(["z"]))), ("staff".to_owned(), list(json!(["ann"])))].into(),
    };
    let ask = |group: &str| json!({"force": 1, "condition": {"id": {"$inGroup": group}}});
    let waits = json!({"force": 1, "parentConditions": [{"id": "shop", "condition": {"value": true}}]});
    let payload = json!({
        "features": {
            "nav": {"defaultValue": 0, "rules": [ask("vip"), ask("staff"), ask("nobodys"), waits]},
            "shop": {"defaultValue": 1}
        },
        "experiments": [{"key": "hero", "variations": [1, 2]}],
        "savedGroups": {"vip": ["a"], "staff": ["ann"]}
    });
    let import = super::import(&payload, "sit_1", &existing);
    assert_eq!(import.flags.iter().map(|f| (f.key.as_str(), f.rules.len())).collect::<Vec<_>>(), [("nav", 2)]);
    assert_eq!((import.experiments.len(), import.segments.len()), (0, 0));
    let pointers: Vec<&str> = import.report.iter().map(|p| p.pointer.as_str()).collect();
    let expected =
        ["/savedGroups/vip", "/features/nav/rules/0", "/features/nav/rules/3", "/features/shop", "/experiments/0"];
    assert_eq!(pointers, expected);
}

#[test]
fn nothing_breaks_an_import() {
    for seed in 0..2_000 {
        let mut random = Random(seed);
        let payload = if seed % 5 == 0 { random.any(4) } else { random.payload() };
        let import = import(&payload, "sit_1");
        let _ = exported(&import);
        assert!(import.report.iter().all(|p| !p.detail.is_empty()));
    }
}

#[test]
fn a_redirect_to_the_experiments_own_page_is_a_problem_of_the_draft() {
    let experiment = json!({
        "key": "landing", "variations": [{}, {"urlRedirect": "https://shop.example/?lp=v3"}], "weights": [0, 1],
        "urlPatterns": [{"type": "simple", "pattern": "/"}],
    });
    let imported = import(&json!({"features": {}, "experiments": [experiment]}), "sit_1");
    let problems = crate::validate::experiment(&imported.experiments[0]);
    assert!(problems.iter().any(|problem| problem.pointer == "/variants/1/redirect"), "{problems:?}");
}
