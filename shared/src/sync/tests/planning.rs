use serde_json::{Value, json};

use super::draft;
use crate::api::OpOutcome;
use crate::error::Problem;
use crate::model::{Document, Kind};
use crate::sync::{Content, Pulled, Replica, Take};

fn document(rev: u64, content: Content) -> Document {
    let key = content.text("key").to_owned();
    Document {
        id: "d".into(),
        kind: Kind::Flag,
        key,
        rev,
        seq: rev,
        op_id: String::new(),
        deleted: content.deleted,
        body: content.body,
    }
}

fn replica(value: Value) -> Replica {
    Replica::remote(&document(1, draft(value)))
}

fn frozen(r: &mut Replica, id: &str) -> String {
    r.freeze(|| id.into(), 0).map(|op| op.op_id.clone()).unwrap_or_default()
}

#[test]
fn an_op_in_flight_never_changes() {
    let mut r = replica(json!({"a": 1}));
    assert_eq!(frozen(&mut r, "1"), "", "nothing to push");
    r.edit(draft(json!({"a": 2})));
    assert_eq!(frozen(&mut r, "1"), "1");
    let op = r.in_flight.clone();
    r.edit(draft(json!({"a": 3})));
    assert_eq!(frozen(&mut r, "2"), "1", "the retry is the same op");
    assert_eq!(r.in_flight, op);
    r.answer(OpOutcome::Ok { op_id: "1".into(), rev: 2, seq: 2 });
    assert_eq!(frozen(&mut r, "2"), "2", "what was typed meanwhile goes in the next");
    assert_eq!(r.in_flight.as_ref().map(|op| op.base_rev), Some(2));
}

#[test]
fn a_pulled_row_waits_for_the_op_in_flight() {
    let mut r = replica(json!({"a": 1, "b": 1}));
    r.edit(draft(json!({"a": 2, "b": 1})));
    frozen(&mut r, "1");
    let theirs = document(2, draft(json!({"a": 1, "b": 2})));
    assert_eq!(r.pull(&theirs, false), Pulled::Held);
    assert_eq!(r.base.as_ref().map(|b| b.rev), Some(1));
    r.answer(OpOutcome::Stale { op_id: "1".into(), current: Some(theirs.clone()) });
    assert_eq!(r.local, draft(json!({"a": 2, "b": 2})));
    assert_eq!(r.pull(&theirs, false), Pulled::Known);
    assert_eq!(frozen(&mut r, "2"), "2", "a stale op is followed by a new one");
}

#[test]
fn a_rejection_parks_until_the_next_edit() {
    let mut r = replica(json!({"key": "a"}));
    r.edit(draft(json!({"key": "taken"})));
    frozen(&mut r, "1");
    r.answer(OpOutcome::Rejected { op_id: "1".into(), problems: vec![Problem::new("/key", "Taken.")] });
    assert_eq!(frozen(&mut r, "2"), "");
    assert!(r.pending());
    r.edit(draft(json!({"key": "free"})));
    assert_eq!(frozen(&mut r, "2"), "2");
}

#[test]
fn an_old_answer_says_nothing() {
    let mut r = replica(json!({"a": 1}));
    r.edit(draft(json!({"a": 2})));
    frozen(&mut r, "2");
    let before = r.clone();
    r.answer(OpOutcome::Ok { op_id: "1".into(), rev: 9, seq: 9 });
    assert_eq!(r, before);
}

fn conflicted() -> Replica {
    let mut r = replica(json!({"a": 1, "b": 1}));
    r.edit(draft(json!({"a": 2, "b": 1})));
    assert_eq!(r.pull(&document(2, draft(json!({"a": 3, "b": 2}))), false), Pulled::Applied);
    assert!(r.conflict.is_some());
    r
}

#[test]
fn a_conflict_stops_pushing_and_the_rest_goes_on_landing() {
    let mut r = conflicted();
    assert_eq!(frozen(&mut r, "1"), "");
    r.pull(&document(3, draft(json!({"a": 3, "b": 5}))), false);
    assert_eq!(r.local, draft(json!({"a": 2, "b": 5})), "what landed does not conflict with itself");
    assert_eq!(r.conflict.as_ref().map(|c| c.fields.len()), Some(1));
    r.pull(&document(4, draft(json!({"a": 1, "b": 5}))), false);
    assert!(r.conflict.is_none(), "theirs went back to the common base");
    assert_eq!(frozen(&mut r, "1"), "1");
}

#[test]
fn a_person_decides_and_the_rest_stays_merged() {
    let mut mine = conflicted();
    mine.resolve(Take::Mine);
    assert_eq!(mine.local, draft(json!({"a": 2, "b": 2})));
    mine.freeze(|| "1".into(), 0);
    assert_eq!(mine.in_flight.as_ref().map(|op| op.base_rev), Some(2));

    let mut theirs = conflicted();
    theirs.resolve(Take::Theirs);
    assert!(!theirs.pending());

    let mut typed = conflicted();
    typed.edit(draft(json!({"a": 3, "b": 2})));
    assert!(typed.conflict.is_none(), "typing what they have settles it");
}

#[test]
fn a_restored_edge_brings_nothing_back_silently() {
    let mut r = Replica::remote(&document(5, draft(json!({"a": 5}))));
    assert_eq!(r.pull(&document(3, draft(json!({"a": 3}))), false), Pulled::Known, "a late row");
    assert_eq!(r.pull(&document(3, draft(json!({"a": 3}))), true), Pulled::Applied);
    assert_eq!(frozen(&mut r, "1"), "");
    assert!(r.conflict.is_some());

    let mut r = Replica::remote(&document(5, draft(json!({"a": 5}))));
    r.gone();
    assert!(r.conflict.is_some());
    r.resolve(Take::Mine);
    frozen(&mut r, "1");
    assert_eq!(r.in_flight.as_ref().map(|op| op.base_rev), Some(0));
}

#[test]
fn a_merge_that_locks_would_forbid_is_a_conflict() {
    let experiment = |status: &str, weight: u32, phases: Value| {
        draft(json!({
            "key": "k", "name": "n", "site_id": "s", "status": status, "coverage": 10_000, "hash_attribute": "id",
            "hash_version": 2, "seed": "k", "auto_activate": true, "phases": phases,
            "variants": [{"id": "a", "name": "A", "weight": weight}, {"id": "b", "name": "B", "weight": 10_000 - weight}],
            "metrics": [{"id": "m", "name": "M", "role": "goal", "kind": "conversion", "event": "buy"}],
        }))
    };
    let document = |rev, content| Document { kind: Kind::Experiment, ..document(rev, content) };
    let mut r = Replica::remote(&document(1, experiment("draft", 5000, json!([]))));
    let mine = experiment("draft", 1000, json!([]));
    r.edit(mine.clone());
    r.pull(&document(2, experiment("running", 5000, json!([{"started_at": 1, "ended_at": null}]))), false);
    assert_eq!(r.local, mine, "mine waits as it is");
    assert_eq!(r.conflict.as_ref().map(|c| c.fields[0].pointer.clone()).as_deref(), Some("/draft/variants"));
    r.resolve(Take::Theirs);
    assert!(!r.pending());
}

#[test]
fn what_was_never_pushed_and_is_deleted_needs_no_push() {
    let mut r = Replica::new("d", Kind::Flag, json!({"draft": {}}));
    assert!(r.dirty());
    r.edit(Content { deleted: true, ..r.local.clone() });
    assert!(!r.pending());
}
