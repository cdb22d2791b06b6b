use serde_json::{Value, json};

use super::*;

/// `condition` on `attributes` is `expected`; the group `staff` holds 1, "2" and "ann".
fn check(condition: Value, attributes: Value, expected: bool) {
    let groups = Groups::from([("staff".to_owned(), Group::parse(&json!([1, "2", "ann"])))]);
    let parsed = Condition::parse(condition.as_object().expect("a condition is an object"));
    assert_eq!(parsed.matches(&attributes, &groups), expected, "{condition} on {attributes}");
}

#[test]
fn an_empty_condition_is_true_for_everybody() {
    check(json!({}), json!({}), true);
    check(json!({"$or": []}), json!({}), true);
    check(json!({"$and": []}), json!({}), true);
    check(json!({"$nor": []}), json!({}), false);
}

#[test]
fn literals_compare_as_javascript_does() {
    check(json!({"n": "5"}), json!({"n": 5}), true);
    check(json!({"n": 5}), json!({"n": "5"}), true);
    check(json!({"n": 5}), json!({"n": " 5 "}), true);
    check(json!({"n": 0}), json!({}), true);
    check(json!({"n": 0}), json!({"n": {}}), false);
    check(json!({"n": true}), json!({"n": "x"}), true);
    check(json!({"n": false}), json!({}), false);
    check(json!({"n": null}), json!({}), true);
    check(json!({"n": "1"}), json!({"n": 1.0}), true);
    check(json!({"n": {"a": 1}}), json!({"n": {"a": 1.0}}), true);
    check(json!({"n": "inf"}), json!({"n": 1}), false);
}

#[test]
fn comparisons() {
    check(json!({"n": {"$gt": "9", "$lt": "11"}}), json!({"n": 10}), true);
    check(json!({"n": {"$gt": "9"}}), json!({"n": "10"}), false);
    check(json!({"n": {"$gte": 0}}), json!({}), true);
    check(json!({"n": {"$lt": "x"}}), json!({"n": 1}), false);
    check(json!({"n": {"$gte": "x"}}), json!({"n": 1}), false);
}

#[test]
fn lists_and_groups() {
    check(json!({"n": {"$in": ["a", 1]}}), json!({"n": ["z", "a"]}), true);
    check(json!({"n": {"$in": "a"}}), json!({"n": "a"}), false);
    check(json!({"n": {"$nin": "a"}}), json!({"n": "b"}), false);
    check(json!({"n": {"$ini": ["ÄB"]}}), json!({"n": "äb"}), true);
    check(json!({"id": {"$inGroup": "staff"}}), json!({"id": "2"}), true);
    check(json!({"id": {"$inGroup": "staff"}}), json!({"id": 2}), false);
    check(json!({"id": {"$inGroup": "none"}}), json!({"id": 2}), false);
    check(json!({"id": {"$notInGroup": "none"}}), json!({"id": 2}), true);
    check(json!({"t": {"$all": ["a", {"$regex": "^b"}]}}), json!({"t": ["bb", "a"]}), true);
    check(json!({"t": {"$elemMatch": {"n": {"$gt": 1}}}}), json!({"t": [{"n": 1}, {"n": 2}]}), true);
    check(json!({"t": {"$size": {"$gt": 1}}}), json!({"t": [1, 2]}), true);
    check(json!({"t.1": 2}), json!({"t": [1, 2]}), true);
}

#[test]
fn versions_sort_as_versions() {
    for (smaller, larger) in
        [("1.2.9", "1.2.10"), ("1.0.0-rc.1", "1.0.0"), ("1.0.0-alpha", "1.0.0-beta"), ("", "0.0.1")]
    {
        check(json!({"v": {"$vlt": larger}}), json!({"v": smaller}), true);
        check(json!({"v": {"$vgte": larger}}), json!({"v": smaller}), false);
    }
    check(json!({"v": {"$veq": "v1.2.3+linux"}}), json!({"v": "1.2.3"}), true);
}

#[test]
fn what_is_not_understood_is_true_for_nobody() {
    for test in
        [json!({"$near": 1}), json!({"$regex": "("}), json!({"$regex": 1}), json!({"$type": 1}), json!({"$all": 1})]
    {
        check(json!({"n": test}), json!({"n": 1}), false);
    }
    check(json!({"$and": 1}), json!({}), false);
    check(json!({"$or": [1]}), json!({}), false);
}

#[test]
fn absurd_nesting_is_bounded() {
    let mut deep = json!({"a": 1});
    for _ in 0..100 {
        deep = json!({"$and": [deep]});
    }
    check(deep, json!({"a": 1}), false);
    let mut deep = json!({"$eq": 1});
    for _ in 0..101 {
        deep = json!({"$not": deep});
    }
    check(json!({"a": deep}), json!({"a": 1}), false);
}
