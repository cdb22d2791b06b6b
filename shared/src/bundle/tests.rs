use serde_json::{Value, json};

use super::*;
use crate::eval::definitions::Definitions;
use crate::eval::{Context, StickyDocuments};
use crate::model::{Assignment, Document, Kind, Phase, Sticky, WHOLE};

fn document(id: &str, kind: Kind, draft: Value, released: Value, deleted: bool) -> Document {
    let body = json!({"schema": 1, "draft": draft, "released": released});
    Document { id: id.into(), kind, key: id.into(), rev: 1, seq: 1, op_id: String::new(), deleted, body }
}

/// The bundles of the sites among these documents, by id.
fn sites(documents: &[Document]) -> BTreeMap<String, SiteBundle> {
    let live = |kind| documents.iter().filter(move |d| d.kind == kind && !d.deleted && !d.body["released"].is_null());
    fn released<T: serde::de::DeserializeOwned>(d: &Document) -> T {
        T::deserialize(&d.body["released"]).expect("a definition")
    }
    let segments = Segments::new(live(Kind::Segment).map(released::<Segment>));
    let bundle = |d: &Document| {
        let mut builder = SiteBuilder::new(&d.id, released(d), &segments);
        live(Kind::Flag).for_each(|flag| builder.add_flag(&flag.id, &released(flag)));
        live(Kind::Experiment).for_each(|e| builder.add_experiment(&e.id, &released(e)));
        (d.id.clone(), builder.finish())
    };
    live(Kind::Site).map(bundle).collect()
}

fn site(enabled: bool) -> Value {
    json!({"key": "s", "name": "S", "domains": ["s.example"], "enabled": enabled, "time_zone": "UTC"})
}

fn an_experiment(key: &str, status: &str) -> Value {
    json!({
        "key": key, "name": "E", "site_id": "sit_1", "status": status,
        "variants": [
            {"id": "control", "name": "C", "weight": 3000, "config": {"h": 1}},
            {"id": "b", "name": "B", "weight": 7000, "config": {"h": 2}}
        ],
        "coverage": 5000, "hash_attribute": "id", "hash_version": 2, "seed": "first-key", "auto_activate": true,
        "phases": [{"started_at": 1, "ended_at": 2}, {"started_at": 3, "ended_at": null}],
        "metrics": []
    })
}

#[test]
fn only_the_released_part_of_what_runs_is_served() {
    let documents = [
        document("exp_3", Kind::Experiment, an_experiment("draft", "running"), json!(null), false),
        document("exp_2", Kind::Experiment, an_experiment("gone", "running"), an_experiment("gone", "running"), true),
        document(
            "exp_1",
            Kind::Experiment,
            an_experiment("edited", "running"),
            an_experiment("live", "running"),
            false,
        ),
        document("exp_0", Kind::Experiment, an_experiment("over", "stopped"), an_experiment("over", "stopped"), false),
        document("sit_1", Kind::Site, site(true), site(true), false),
    ];
    let payload = &sites(&documents)["sit_1"].payload;
    assert_eq!(
        payload["experiments"],
        json!([{
            "key": "live", "name": "E", "status": "running", "variations": [{"h": 1}, {"h": 2}],
            "meta": [{"key": "control", "name": "C"}, {"key": "b", "name": "B"}],
            "weights": [0.3, 0.7], "coverage": 0.5, "hashAttribute": "id", "hashVersion": 2, "seed": "first-key",
            "phase": "1", "autoActivate": true, "bucketVersion": 0
        }])
    );
}

#[test]
fn a_disabled_site_gets_nothing() {
    let documents = [
        document("sit_1", Kind::Site, site(false), site(false), false),
        document("exp_1", Kind::Experiment, an_experiment("e", "running"), an_experiment("e", "running"), false),
    ];
    assert_eq!(sites(&documents)["sit_1"].payload, json!({"features": {}, "experiments": []}));
}

#[test]
fn a_killed_flag_serves_null_and_a_rollout_has_its_own_seed() {
    let flag = |enabled: bool| {
        json!({
            "key": "nav", "name": "Nav", "site_ids": ["sit_1"], "enabled": enabled, "default_value": false,
            "rules": [{"id": "r1", "coverage": 2500, "value": true, "condition": {"country": "DE"}}]
        })
    };
    let serve = |enabled: bool| {
        let documents = [
            document("sit_1", Kind::Site, site(true), site(true), false),
            document("flg_1", Kind::Flag, flag(enabled), flag(enabled), false),
        ];
        sites(&documents)["sit_1"].payload["features"]["nav"].clone()
    };
    assert_eq!(serve(false), json!({"defaultValue": null}));
    assert_eq!(
        serve(true),
        json!({"defaultValue": false, "rules": [{
            "id": "r1", "force": true, "condition": {"country": "DE"},
            "coverage": 0.25, "hashAttribute": "id", "hashVersion": 2, "seed": "nav:r1"
        }]})
    );
}

#[test]
fn the_order_of_documents_does_not_change_the_bytes() {
    let mut documents = vec![
        document("sit_1", Kind::Site, site(true), site(true), false),
        document("exp_1", Kind::Experiment, an_experiment("a", "running"), an_experiment("a", "running"), false),
        document("exp_2", Kind::Experiment, an_experiment("b", "running"), an_experiment("b", "running"), false),
    ];
    let bytes = serde_json::to_string(&sites(&documents)).expect("JSON");
    documents.reverse();
    assert_eq!(serde_json::to_string(&sites(&documents)).expect("JSON"), bytes);
}

#[test]
fn an_experiment_says_who_where_and_when() {
    let mut e = an_experiment("e", "running");
    let members = json!({
        "namespace": {"key": "home", "from": 0, "until": 5000}, "holdout": {"key": "all", "share": 500},
        "sticky": {"version": 2, "min_version": 1, "fallback_attribute": "device"},
        "pages": [{"kind": "simple", "pattern": "/sale/*"}], "keep_query": true,
        "schedule": {"from": 10, "until": 20}, "prerequisites": [{"flag": "shop", "condition": {"value": true}}],
        "condition": {"$savedGroup": {"id": "loyal"}}
    });
    e.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
    e["variants"][1]["redirect"] = json!("https://s.example/new");
    let loyal = json!({"key": "loyal", "name": "L", "type": "condition", "condition": {"$or": [
        {"visits": {"$gt": 3}}, {"$savedGroup": {"id": "staff"}}, {"$savedGroup": {"id": "gone"}}]}});
    let staff = json!({"key": "staff", "name": "S", "type": "list", "attribute": "id", "values": ["ann", 7]});
    let documents = [
        document("sit_1", Kind::Site, site(true), site(true), false),
        document("exp_1", Kind::Experiment, e.clone(), e, false),
        document("seg_1", Kind::Segment, loyal.clone(), loyal, false),
        document("seg_2", Kind::Segment, staff.clone(), staff, false),
    ];
    let payload = &sites(&documents)["sit_1"].payload;
    assert_eq!(payload["savedGroups"], json!({"staff": ["ann", 7]}));
    let served = &payload["experiments"][0];
    for (member, expected) in [
        (
            "filters",
            json!([
            {"seed": "holdout:all", "attribute": "id", "hashVersion": 2, "ranges": [[0.05, 1.0]]},
            {"seed": "namespace:home", "attribute": "id", "hashVersion": 2, "ranges": [[0.0, 0.5]]}]),
        ),
        ("bucketVersion", json!(2)),
        ("minBucketVersion", json!(1)),
        ("fallbackAttribute", json!("device")),
        ("urlPatterns", json!([{"type": "simple", "pattern": "/sale/*", "include": true}])),
        ("persistQueryString", json!(true)),
        ("parentConditions", json!([{"id": "shop", "condition": {"value": true}}])),
        ("variations", json!([{"h": 1}, {"h": 2, "urlRedirect": "https://s.example/new"}])),
        ("schedule", json!({"from": 10, "until": 20})),
        (
            "condition",
            json!({"$and": [{"$or": [{"visits": {"$gt": 3}}, {"$and": [{"id": {"$inGroup": "staff"}}]}, {"$and": [{"$not": {}}]}]}]}),
        ),
    ] {
        assert_eq!(served[member], expected, "{member}");
    }
    let running = |now| at(payload, now)["experiments"].as_array().expect("a list").len();
    assert_eq!([9, 10, 19, 20].map(running), [0, 1, 1, 0]);
    assert_eq!(at(payload, 15)["experiments"][0].get("schedule"), None);
    let timeline = Timeline::of(payload);
    assert_eq!([0, 10, 19, 20, 99].map(|now| timeline.period(now)), [0, 1, 1, 2, 2]);
}

#[test]
fn a_flag_gates_splits_and_keeps_its_schedule() {
    let flag = json!({
        "key": "nav", "name": "Nav", "site_ids": ["sit_1"], "enabled": true, "default_value": "old",
        "prerequisites": [{"flag": "shop", "condition": {"value": true}}], "schedule": {"from": 100},
        "rules": [
            {"id": "r1", "coverage": 10000, "value": "", "schedule": {"from": 50, "until": 200}, "seed": "s",
             "namespace": {"key": "n", "from": 1, "until": 2}, "hash_attribute": "account",
             "experiment": {"key": "nav-test", "arms": [
                {"id": "a", "weight": 5000, "value": "old"}, {"id": "b", "name": "B", "weight": 5000, "value": "new"}]}}
        ]
    });
    let documents = [
        document("sit_1", Kind::Site, site(true), site(true), false),
        document("flg_1", Kind::Flag, flag.clone(), flag, false),
    ];
    let served = &sites(&documents)["sit_1"].payload["features"]["nav"];
    assert_eq!(
        *served,
        json!({"defaultValue": "old", "rules": [
            {"parentConditions": [{"id": "shop", "condition": {"value": true}, "gate": true}], "schedule": {"from": 100}},
            {"id": "r1", "key": "nav-test", "variations": ["old", "new"], "weights": [0.5, 0.5],
             "meta": [{"key": "a"}, {"key": "b", "name": "B"}], "hashAttribute": "account", "hashVersion": 2, "seed": "s",
             "filters": [{"seed": "namespace:n", "attribute": "account", "hashVersion": 2, "ranges": [[0.0001, 0.0002]]}],
             "schedule": {"from": 100, "until": 200}}
        ]})
    );
}

#[test]
fn segments_in_a_circle_are_nobody() {
    let segment = |key: &str, other: &str| json!({"key": key, "name": "S", "type": "condition", "condition": {"$savedGroup": {"id": other}}});
    let mut e = an_experiment("e", "running");
    e["condition"] = json!({"$savedGroup": {"id": "a"}});
    let documents = [
        document("sit_1", Kind::Site, site(true), site(true), false),
        document("exp_1", Kind::Experiment, e.clone(), e, false),
        document("seg_1", Kind::Segment, segment("a", "b"), segment("a", "b"), false),
        document("seg_2", Kind::Segment, segment("b", "a"), segment("b", "a"), false),
    ];
    let payload = &sites(&documents)["sit_1"].payload;
    let condition = payload["experiments"][0]["condition"].as_object().expect("a condition");
    let condition = crate::eval::condition::Condition::parse(condition);
    assert!(!condition.matches(&json!({"id": "x"}), &crate::eval::condition::Groups::new()));
}

/// Returns the experiment as it is served after each of its phases: the second and the fourth keep the seed and move the weights.
fn served_phases() -> Vec<Value> {
    let mut e = an_experiment("hero", "running");
    e["coverage"] = json!(10_000);
    let mut phases = Vec::new();
    let served = [("p1", "hero", 5_000), ("p2", "hero", 1_000), ("p3", "hero:p3", 5_000), ("p4", "hero:p3", 9_500)];
    let serve = |(id, seed, weight): (&str, &str, u32)| {
        let weights = json!([{"variant": "control", "weight": weight}, {"variant": "b", "weight": WHOLE - weight}]);
        phases.push(json!({"id": id, "assignment": {
            "seed": seed, "weights": weights, "coverage": 10_000, "hash_attribute": "id", "hash_version": 2}}));
        e["phases"] = json!(phases);
        let documents = [
            document("sit_1", Kind::Site, site(true), site(true), false),
            document("exp_1", Kind::Experiment, e.clone(), e.clone(), false),
        ];
        sites(&documents)["sit_1"].payload["experiments"][0].clone()
    };
    served.into_iter().map(serve).collect()
}

#[test]
fn visitors_stay_in_a_phase_that_keeps_the_seed_and_move_in_one_that_does_not() {
    // beacon.js reads the same file.
    let expected: Value = serde_json::from_str(include_str!("phases.json")).expect("phases");
    let served = served_phases();
    assert_eq!(json!(served), expected["served"]);
    let definitions: Vec<Definitions> =
        served.iter().map(|e| Definitions::parse(&json!({"features": {}, "experiments": [e]}))).collect();
    let seen = |first: usize, id: &str| {
        let attributes = json!({"id": id});
        let mut kept = StickyDocuments::new();
        let mut variants = vec![Value::Null; first];
        for definitions in &definitions[first..] {
            let known = kept.clone();
            let mut context = Context::new(&attributes);
            context.sticky = Some(&known);
            let run = definitions.run_kept(&definitions.experiments[0], &context);
            variants.push(json!(run.result.key()));
            run.assigned.into_iter().for_each(|assignment| assignment.store(&mut kept));
        }
        Value::Array(variants)
    };
    for (id, variants) in expected["visitors"].as_object().expect("visitors") {
        let first = variants.as_array().expect("a list").iter().take_while(|v| v.is_null()).count();
        assert_eq!(seen(first, id), *variants, "{id}");
        assert!(first > 0 || variants[0] == variants[1], "{id}");
        assert_eq!(variants[2], variants[3], "{id}");
    }
}

#[test]
fn a_bucket_version_is_of_the_seed_and_of_the_experiments_own_count() {
    let versions = |sticky: [(&str, u32, u32); 3]| {
        let mut e: Experiment = serde_json::from_value(an_experiment("e", "running")).expect("an experiment");
        e.phases.clear();
        sticky.map(|(seed, version, min_version)| {
            let sticky = Some(Sticky { version, min_version, ..Sticky::default() });
            let mut assignment = Assignment { seed: seed.to_owned(), ..e.next_assignment() };
            assignment.audience.sticky = sticky;
            e.phases.push(Phase { assignment: Some(assignment), ..Phase::default() });
            e.bucket_versions()
        })
    };
    assert_eq!(versions([("a", 0, 0), ("a", 0, 0), ("b", 0, 0)]), [(0, 0), (0, 0), (1, 0)]);
    // An imported experiment goes on counting; a new seed keeps nobody out.
    assert_eq!(versions([("a", 3, 1), ("b", 3, 1), ("b", 3, 1)]), [(3, 1), (4, 1), (4, 1)]);
    // Visitors from before a raised least version are out, those from after it are not.
    assert_eq!(versions([("a", 1, 0), ("b", 1, 0), ("b", 2, 2)]), [(1, 0), (2, 0), (3, 3)]);
    assert_eq!(versions([("a", 1, 1), ("b", 1, 1), ("c", 1, 1)]), [(1, 1), (2, 1), (3, 1)]);
}
