use serde_json::{Value, json};

use super::draft;
use crate::sync::{Content, Merged, merge};

fn three(base: Value, mine: Value, theirs: Value) -> Merged {
    merge(Some(&draft(base)), &draft(mine), &draft(theirs))
}

fn pointers(merged: &Merged) -> Vec<&str> {
    merged.conflicts.iter().map(|c| c.pointer.as_str()).collect()
}

#[test]
fn changes_in_different_fields_are_both_kept() {
    let m = three(json!({"a": 1, "b": 1}), json!({"a": 2, "b": 1}), json!({"a": 1, "b": 3, "new": 0}));
    assert!(m.conflicts.is_empty());
    assert_eq!(m.content, draft(json!({"a": 2, "b": 3, "new": 0})));
}

#[test]
fn the_same_change_on_both_sides_is_no_conflict() {
    let m = three(json!({"a": 1}), json!({"a": 2}), json!({"a": 2}));
    assert!(m.conflicts.is_empty());
}

#[test]
fn a_conflict_keeps_mine_and_its_base_and_lets_the_rest_land() {
    let m = three(json!({"a": 1, "b": 1}), json!({"a": 2, "b": 1}), json!({"a": 3, "b": 4}));
    assert_eq!(pointers(&m), ["/draft/a"]);
    assert_eq!((&m.conflicts[0].base, &m.conflicts[0].mine, &m.conflicts[0].theirs), (&json!(1), &json!(2), &json!(3)));
    assert_eq!(m.content, draft(json!({"a": 2, "b": 4})));
    assert_eq!(m.base, Some(draft(json!({"a": 1, "b": 4}))));
}

#[test]
fn weights_of_two_people_are_never_mixed() {
    let variants = |a: u32, config: &str| json!({"variants": [{"id": "a", "weight": a, "config": config}, {"id": "b", "weight": 10_000 - a}]});
    let m = three(variants(5000, "x"), variants(2000, "x"), variants(7000, "x"));
    assert_eq!(pointers(&m), ["/draft/variants"]);
    let m = three(variants(5000, "x"), variants(2000, "x"), variants(5000, "y"));
    assert_eq!(pointers(&m), ["/draft/variants"], "a weight against a config asks, too");
    let m = three(
        json!({"variants": [{"id": "a", "weight": 1, "name": "A"}, {"id": "b", "weight": 1, "name": "B"}]}),
        json!({"variants": [{"id": "a", "weight": 1, "name": "A2"}, {"id": "b", "weight": 1, "name": "B"}]}),
        json!({"variants": [{"id": "a", "weight": 1, "name": "A"}, {"id": "b", "weight": 1, "name": "B2"}]}),
    );
    assert!(m.conflicts.is_empty(), "texts of different variants merge while the allocation stands");
}

#[test]
fn lists_merge_by_element() {
    let rule = |id: &str, v: u32| json!({"id": id, "value": v});
    let list = |rules: &[Value]| json!({"rules": rules});
    let base = list(&[rule("a", 1), rule("b", 1), rule("c", 1)]);
    let mine = list(&[rule("a", 2), rule("b", 1), rule("mine", 1), rule("c", 1)]);
    let theirs = list(&[rule("c", 1), rule("a", 1), rule("theirs", 1)]);
    let m = three(base.clone(), mine.clone(), theirs);
    assert!(m.conflicts.is_empty());
    assert_eq!(m.content, draft(list(&[rule("c", 1), rule("a", 2), rule("mine", 1), rule("theirs", 1)])));

    let m = three(base.clone(), mine, list(&[rule("b", 1), rule("c", 1)]));
    assert_eq!(pointers(&m), ["/draft/rules/a"], "deleted there, edited here");
    assert_eq!(m.content.body["draft"]["rules"][0], rule("a", 2));

    let m = three(
        base,
        list(&[rule("b", 1), rule("a", 1), rule("c", 1)]),
        list(&[rule("c", 1), rule("b", 1), rule("a", 1)]),
    );
    assert_eq!(pointers(&m), ["/draft/rules/order"]);
}

#[test]
fn unnamed_elements_make_the_list_one_unit() {
    let m = three(json!({"metrics": []}), json!({"metrics": [{"id": "x"}, {"id": "x"}]}), json!({"metrics": [{}]}));
    assert_eq!(pointers(&m), ["/draft/metrics"]);
}

#[test]
fn deleting_against_editing_asks() {
    let base = draft(json!({"a": 1}));
    let gone = Content { deleted: true, ..base.clone() };
    let edited = draft(json!({"a": 2}));
    assert_eq!(merge(Some(&base), &gone, &base).content, gone);
    assert_eq!(merge(Some(&base), &base, &gone).content, gone);
    assert_eq!(pointers(&merge(Some(&base), &gone, &edited)), ["/deleted"]);
    assert_eq!(pointers(&merge(Some(&base), &edited, &gone)), ["/deleted"]);
}

#[test]
fn only_the_edge_writes_what_is_released() {
    let (mut base, mut mine, mut theirs) = (draft(json!({})), draft(json!({})), draft(json!({})));
    base.body["released"] = json!({"a": 1});
    mine.body["released"] = json!({"a": 2});
    theirs.body["released"] = json!({"a": 3});
    let m = merge(Some(&base), &mine, &theirs);
    assert!(m.conflicts.is_empty());
    assert_eq!(m.content.body["released"], json!({"a": 3}));
}

#[test]
fn without_common_ground_every_difference_asks() {
    let m = merge(None, &draft(json!({"a": 1, "b": 1})), &draft(json!({"a": 1, "b": 2})));
    assert_eq!(pointers(&m), ["/draft/b"]);
    let again = merge(m.base.as_ref(), &m.content, &draft(json!({"a": 1, "b": 2})));
    assert_eq!(pointers(&again), ["/draft/b"], "and goes on asking");
}
