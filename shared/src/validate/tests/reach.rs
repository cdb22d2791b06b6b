//! Targeting, and problems that only show between documents.

use serde_json::{Value, json};

use super::{check, experiment_json};
use crate::model::{Experiment, Flag, Kind, Segment};
use crate::validate::*;

/// The experiment with `member` set to `value` has its first problem at `expected`; `""` expects none.
fn with(member: &str, value: Value, expected: &str) {
    let mut base = experiment_json();
    base[member] = Value::Null;
    check(Kind::Experiment, &base, &format!("/{member}"), value, expected);
}

#[test]
fn an_experiments_reach() {
    with("namespace", json!({"key": "n", "from": 0, "until": 10_000}), "");
    with("namespace", json!({"key": "", "from": 0, "until": 1}), "/namespace/key");
    with("namespace", json!({"key": "n", "from": 5, "until": 5}), "/namespace/from");
    with("namespace", json!({"key": "n", "from": 5, "until": 10_001}), "/namespace/until");
    with("holdout", json!({"key": "h", "share": 500}), "");
    with("holdout", json!({"key": "h", "share": 0}), "/holdout/share");
    with("holdout", json!({"key": "h", "share": 10_000}), "/holdout/share");
    with("sticky", json!({}), "");
    with("sticky", json!({"version": 1, "min_version": 2}), "/sticky/min_version");
    with("sticky", json!({"fallback_attribute": "id"}), "/sticky/fallback_attribute");
    with("pages", json!([{"kind": "simple", "pattern": "/cart/*"}, {"kind": "regex", "pattern": "^/a/\\d+$"}]), "");
    with("pages", json!([{"kind": "simple", "pattern": " "}]), "/pages/0/pattern");
    with("pages", json!([{"kind": "regex", "pattern": "(?=a)"}]), "/pages/0/pattern");
    with("pages", json!([{"kind": "regex", "pattern": "^/(a|a)*$"}]), "/pages/0/pattern");
    with("pages", json!([{"kind": "simple", "pattern": "*.shop.example/*/items/*/*?q=*"}]), "");
    with("pages", json!([{"kind": "simple", "pattern": "/*a*a*a*"}]), "/pages/0/pattern");
    with("pages", json!([{"kind": "simple", "pattern": "/a?q=*a*a*a*b"}]), "/pages/0/pattern");
    with("pages", json!([{"kind": "simple", "pattern": "x".repeat(MAX_PATTERN + 1)}]), "/pages/0/pattern");
    with("pages", json!(vec![json!({"kind": "simple", "pattern": "/a"}); MAX_PAGES + 1]), "/pages");
    with("schedule", json!({"from": 1, "until": 2}), "");
    with("schedule", json!({"from": 2, "until": 2}), "/schedule/until");
    with("prerequisites", json!([{"flag": "f", "condition": {"value": true}}]), "");
    with("prerequisites", json!([{"flag": "f", "condition": {}}]), "/prerequisites/0/condition");
    with("prerequisites", json!([{"flag": "f", "condition": {"country": "NL"}}]), "/prerequisites/0/condition");
    with("prerequisites", json!([{"flag": "", "condition": {"value": 1}}]), "/prerequisites/0/flag");
}

#[test]
fn phases_follow_each_other() {
    with("phases", json!([{"started_at": 1, "ended_at": 2}, {"started_at": 2, "ended_at": 3}]), "");
    with("phases", json!([{"started_at": 1, "ended_at": null}, {"started_at": 2, "ended_at": 3}]), "/phases/1/started");
    with("phases", json!([{"started_at": 5, "ended_at": 3}]), "/phases/0/ended");
    with("phases", json!(vec![json!({"started_at": 1, "ended_at": 1}); MAX_PHASES + 1]), "/phases");
}

#[test]
fn redirects_are_whole_addresses_on_named_pages() {
    let mut base = experiment_json();
    base["pages"] = json!([{"kind": "simple", "pattern": "/old"}]);
    base["variants"][1]["redirect"] = Value::Null;
    let to = |address: &str, expected| check(Kind::Experiment, &base, "/variants/1/redirect", json!(address), expected);
    to("https://shop.example/new?x=1", "");
    to("/new", "/variants/1/redirect");
    to("javascript:alert(1)", "/variants/1/redirect");
    to(&format!("https://shop.example/{}", "x".repeat(MAX_URL)), "/variants/1/redirect");
    let mut everywhere = base.clone();
    everywhere["pages"] = json!([]);
    check(Kind::Experiment, &everywhere, "/variants/1/redirect", json!("https://shop.example/new"), "/pages");
}

#[test]
fn redirects_lead_away_from_the_experiments_pages() {
    let redirect = |pages: &Value, keep_query: bool, address: &str| {
        let mut draft = experiment_json();
        draft["pages"] = pages.clone();
        draft["keep_query"] = json!(keep_query);
        draft["variants"][1]["redirect"] = json!(address);
        let problems = document(Kind::Experiment, &draft);
        problems.first().map_or(String::new(), |problem| problem.pointer.clone())
    };
    let on = |pattern: &str| json!([{"kind": "simple", "pattern": pattern}]);
    let back = "/variants/1/redirect";
    for (pages, keep_query, address, expected) in [
        (on("/"), false, "https://shop.example/?lp=v3", back),
        (on("/"), false, "https://shop.example", back),
        (on("/"), false, "https://shop.example/#top", back),
        (on("/"), false, "https://shop.example/b", ""),
        (on("/cart"), false, "https://shop.example/CART/", back),
        (on("/cart/*"), false, "https://shop.example/cart/new", back),
        (on("/cart/*"), false, "https://shop.example/cart", ""),
        (on("*"), false, "https://other.example/", back),
        (on("shop.example/*"), false, "https://other.example/a", ""),
        (on("/a?lp=v1"), false, "https://shop.example/a?lp=v3", ""),
        (on("/a?lp=v1"), true, "https://shop.example/a?lp=v3", ""),
        (on("/a?lp=v1"), false, "https://shop.example/a", ""),
        (on("/a?lp=v1"), true, "https://shop.example/a", back),
        (on("/a?lp=*"), true, "https://shop.example/a?x=1", back),
        (json!([{"kind": "regex", "pattern": "^/old"}]), false, "https://shop.example/older", back),
        (json!([{"kind": "regex", "pattern": "^/old$"}]), false, "https://shop.example/older", ""),
        (
            json!([{"kind": "simple", "pattern": "/"}, {"kind": "simple", "pattern": "/?lp=v3", "include": false}]),
            false,
            "https://shop.example/?lp=v3",
            "",
        ),
        (json!([{"kind": "simple", "pattern": "/b", "include": false}]), false, "https://shop.example/c", back),
    ] {
        assert_eq!(redirect(&pages, keep_query, address), expected, "{address} on {pages}");
    }
}

#[test]
fn conditions_name_the_part_that_is_wrong() {
    let at = |condition: Value, expected: &str| with("condition", condition, expected);
    for sound in [
        json!({"country": "NL", "n": 1, "b": true, "list": ["a"], "missing": null}),
        json!({"$or": [{"a": 1}, {"$not": {"b": {"$gt": 1, "$lt": "z"}}}]}),
        json!({"tags": {"$all": ["a", {"$regex": "^b"}], "$size": {"$gt": 1}}}),
        json!({"carts": {"$elemMatch": {"total": {"$gt": 1}}}, "n": {"$elemMatch": {"$eq": 1}}}),
        json!({"id": {"$inGroup": "staff"}, "$savedGroup": {"id": "loyal"}}),
        json!({"v": {"$vgte": "1.2.3"}, "t": {"$type": "array"}, "e": {"$exists": false}}),
        json!({"$groups": {"$in": ["a"]}}),
    ] {
        at(sound, "");
    }
    for (condition, pointer) in [
        (json!({"n": {"$near": 1}}), "/n/$near"),
        (json!({"n": {"$gt": 1, "x": 2}}), "/n"),
        (json!({"n": {"x": 2}}), "/n"),
        (json!({"n": {"$gt": [1]}}), "/n/$gt"),
        (json!({"n": {"$eq": {"a": 1}}}), "/n/$eq"),
        (json!({"n": {"$in": "NL"}}), "/n/$in"),
        (json!({"n": {"$in": ["NL", ["BE"]]}}), "/n/$in/1"),
        (json!({"n": {"$in": vec![1; MAX_LIST + 1]}}), "/n/$in"),
        (json!({"n": {"$regex": "(?<=a)b"}}), "/n/$regex"),
        (json!({"n": {"$regex": 1}}), "/n/$regex"),
        (json!({"n": {"$exists": 1}}), "/n/$exists"),
        (json!({"n": {"$type": "date"}}), "/n/$type"),
        (json!({"n": {"$vgt": 1}}), "/n/$vgt"),
        (json!({"n": {"$inGroup": ""}}), "/n/$inGroup"),
        (json!({"a/b": {"$near": 1}}), "/a~1b/$near"),
        (json!({"$or": []}), "/$or"),
        (json!({"$and": [1]}), "/$and/0"),
        (json!({"$in": ["NL"]}), "/$in"),
        (json!({"": 1}), "/"),
        (json!({"$savedGroup": "loyal"}), "/$savedGroup"),
    ] {
        at(condition, &format!("/condition{pointer}"));
    }
}

#[test]
fn conditions_have_limits() {
    let mut deep = json!({"a": 1});
    for _ in 0..=MAX_CONDITION_DEPTH {
        deep = json!({"$and": [deep]});
    }
    assert!(condition("", deep.as_object().expect("an object")).iter().any(|p| p.detail.contains("levels deep")));
    let wide = json!({"$or": vec![json!({"a": 1}); MAX_CONDITION_PARTS + 1]});
    assert_eq!(condition("/c", wide.as_object().expect("an object"))[0].pointer, "/c");
    let mut legal = json!({"a": {"$elemMatch": {"b": {"$not": {"$eq": 1}}}}});
    for _ in 0..MAX_CONDITION_DEPTH - 6 {
        legal = json!({"$and": [legal]});
    }
    assert_eq!(condition("", legal.as_object().expect("an object")), []);
    let legal = crate::eval::condition::Condition::parse(legal.as_object().expect("an object"));
    assert!(legal.matches(&json!({"a": [{"b": 2}]}), &Default::default()), "what is valid is evaluated");
}

#[test]
fn segments_and_metrics() {
    let list = json!({"key": "staff", "name": "Staff", "type": "list", "attribute": "id", "values": ["a", 1]});
    let check_list = |pointer, value, expected| check(Kind::Segment, &list, pointer, value, expected);
    check_list("/values", json!([]), "");
    check_list("/values", json!([true]), "/values/0");
    check_list("/values", json!(vec![1; MAX_SEGMENT + 1]), "/values");
    check_list("/attribute", json!(""), "/attribute");
    let condition = json!({"key": "loyal", "name": "Loyal", "type": "condition", "condition": {"visits": 1}});
    check(Kind::Segment, &condition, "/condition", json!({}), "/condition");
    check(Kind::Segment, &condition, "/condition", json!({"visits": {"$gt": 3}}), "");
    let metric = json!({"key": "signup", "name": "Sign-up", "kind": "conversion", "event": "signup"});
    check(Kind::Metric, &metric, "/event", json!("signup"), "");
    check(Kind::Metric, &metric, "/event", json!(" "), "/event");
}

#[test]
fn a_flags_rules() {
    let base = json!({
        "key": "nav", "name": "Navigation", "site_ids": ["sit_1"], "enabled": true, "default_value": "old",
        "prerequisites": [], "schedule": {}, "rules": [{
            "id": "r1", "coverage": 10000, "value": "x", "hash_attribute": "id", "hash_version": 2, "note": "",
            "prerequisites": [], "experiment": {"key": "nav-test", "arms": [
                {"id": "a", "weight": 5000, "value": "old"}, {"id": "b", "weight": 5000, "value": "new"}]}
        }]
    });
    let check = |pointer, value, expected| check(Kind::Flag, &base, pointer, value, expected);
    check("/rules/0/value", json!(1), "");
    check("/rules/0/experiment/arms/1/value", json!(1), "/rules/0/experiment/arms/1/value");
    check("/rules/0/experiment/arms/1/weight", json!(1), "/rules/0/experiment/arms");
    check("/rules/0/experiment/arms/1/id", json!("a"), "/rules/0/experiment/arms/1/id");
    check("/rules/0/experiment/key", json!(""), "/rules/0/experiment/key");
    check("/rules/0/hash_version", json!(3), "/rules/0/hash_version");
    check("/rules/0/hash_attribute", json!(""), "/rules/0/hash_attribute");
    check("/rules/0/note", json!("x".repeat(MAX_TEXT + 1)), "/rules/0/note");
    check(
        "/rules/0/prerequisites",
        json!([{"flag": "nav", "condition": {"value": 1}}]),
        "/rules/0/prerequisites/0/flag",
    );
    check("/prerequisites", json!([{"flag": "nav", "condition": {"value": 1}}]), "/prerequisites/0/flag");
    check("/schedule", json!({"from": 3, "until": 1}), "/schedule/until");
    check("/site_ids", json!(["a", "a"]), "/site_ids/1");
    check("/site_ids", json!((0..=MAX_SITES).map(|i| i.to_string()).collect::<Vec<_>>()), "/site_ids");
}

fn flag(key: &str, needs: &str) -> Flag {
    let needs = if needs.is_empty() { json!([]) } else { json!([{"flag": needs, "condition": {"value": true}}]) };
    let json = json!({
        "key": key, "name": key, "site_ids": ["s"], "enabled": true, "default_value": true, "prerequisites": needs,
    });
    serde_json::from_value(json).expect("a flag")
}

fn running(key: &str, more: Value) -> Experiment {
    let mut json = experiment_json();
    json["key"] = json!(key);
    json["status"] = json!("running");
    let members = json.as_object_mut().expect("an object");
    members.extend(more.as_object().expect("an object").clone());
    serde_json::from_value(json).expect("an experiment")
}

/// Returns the places of the workspace's problems, as `id pointer`.
fn located(documents: &Workspace) -> Vec<String> {
    workspace(documents).into_iter().map(|(id, problem)| format!("{id} {}", problem.pointer)).collect()
}

#[test]
fn what_is_referred_to_exists() {
    let experiment = running(
        "e",
        json!({
            "prerequisites": [{"flag": "gone", "condition": {"value": 1}}],
            "condition": {"$or": [{"id": {"$inGroup": "gone"}}, {"$savedGroup": {"id": "gone"}}, {"id": {"$inGroup": "here"}}]},
            "metrics": [
                {"id": "own", "name": "Own", "role": "secondary", "kind": "count", "event": "o"},
                {"id": "here", "metric": "met_here", "role": "goal"}, {"id": "gone", "metric": "met_gone", "role": "goal"},
            ],
        }),
    );
    let metric =
        serde_json::from_value(json!({"key": "m", "name": "M", "kind": "count", "event": "e"})).expect("a metric");
    let here: Segment =
        serde_json::from_value(json!({"key": "here", "name": "H", "type": "list", "attribute": "id", "values": []}))
            .expect("a segment");
    let documents = Workspace {
        experiments: [("e".to_owned(), experiment)].into(),
        flags: [("f".to_owned(), flag("f", "other"))].into(),
        segments: [("s".to_owned(), here)].into(),
        metrics: [("met_here".to_owned(), metric)].into(),
    };
    assert_eq!(
        located(&documents),
        [
            "e /condition/$or/0/id/$inGroup",
            "e /condition/$or/1/$savedGroup/id",
            "e /prerequisites/0/flag",
            "f /prerequisites/0/flag",
            "e /metrics/2/metric",
        ]
    );
}

#[test]
fn circles_are_found() {
    let flags = [("1", flag("a", "b")), ("2", flag("b", "c")), ("3", flag("c", "a")), ("4", flag("d", "a"))];
    let documents =
        Workspace { flags: flags.into_iter().map(|(id, f)| (id.to_owned(), f)).collect(), ..Workspace::default() };
    assert_eq!(located(&documents), ["1 /prerequisites", "2 /prerequisites", "3 /prerequisites"]);

    let segment = |key: &str, other: &str| -> Segment {
        let condition = json!({"$savedGroup": {"id": other}});
        serde_json::from_value(json!({"key": key, "name": key, "type": "condition", "condition": condition}))
            .expect("a segment")
    };
    let segments = [("1".to_owned(), segment("x", "y")), ("2".to_owned(), segment("y", "x"))].into();
    assert_eq!(located(&Workspace { segments, ..Workspace::default() }), ["1 /condition", "2 /condition"]);
}

#[test]
fn namespaces_do_not_overlap_and_holdouts_agree() {
    let part = |from: u32, until: u32| json!({"namespace": {"key": "n", "from": from, "until": until}});
    let overlapping = |a: Value, b: Value| {
        let experiments = [("1".to_owned(), running("a", a)), ("2".to_owned(), running("b", b))].into();
        located(&Workspace { experiments, ..Workspace::default() })
    };
    assert_eq!(overlapping(part(0, 5000), part(5000, 10_000)), [""; 0]);
    assert_eq!(overlapping(part(0, 5001), part(5000, 10_000)), ["1 /namespace", "2 /namespace"]);
    let held = |share: u32| json!({"holdout": {"key": "h", "share": share}});
    assert_eq!(overlapping(held(500), held(500)), [""; 0]);
    assert_eq!(overlapping(held(500), held(600)), ["2 /holdout/share"]);
}
