use serde_json::{Value, json};

use super::draft;
use crate::api::OpOutcome;
use crate::error::Problem;
use crate::model::{Document, Experiment, Kind};
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
    r.apply_outcome(OpOutcome::Ok { op_id: "1".into(), rev: 2, seq: 2 });
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
    r.apply_outcome(OpOutcome::Stale { op_id: "1".into(), current: Some(theirs.clone()), base_known: true });
    assert_eq!(r.local, draft(json!({"a": 2, "b": 2})));
    assert_eq!(r.pull(&theirs, false), Pulled::Known);
    assert_eq!(frozen(&mut r, "2"), "2", "a stale op is followed by a new one");
}

#[test]
fn a_rejection_parks_until_the_next_edit() {
    let mut r = replica(json!({"key": "a"}));
    r.edit(draft(json!({"key": "taken"})));
    frozen(&mut r, "1");
    r.apply_outcome(OpOutcome::Rejected { op_id: "1".into(), problems: vec![Problem::new("/key", "Taken.")] });
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
    r.apply_outcome(OpOutcome::Ok { op_id: "1".into(), rev: 9, seq: 9 });
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
    mine.resolve(Take::Mine, || "p9".into());
    assert_eq!(mine.local, draft(json!({"a": 2, "b": 2})));
    mine.freeze(|| "1".into(), 0);
    assert_eq!(mine.in_flight.as_ref().map(|op| op.base_rev), Some(2));

    let mut theirs = conflicted();
    theirs.resolve(Take::Theirs, || "p9".into());
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
    r.mark_missing();
    assert!(r.conflict.is_some());
    r.resolve(Take::Mine, || "p9".into());
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
    let mut keeps = r.clone();
    r.resolve(Take::Theirs, || "p9".into());
    assert!(!r.pending());

    keeps.resolve(Take::Mine, || "p9".into());
    let draft: Experiment = serde_json::from_value(keeps.local.body["draft"].clone()).expect("an experiment");
    assert_eq!(draft.phases.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(), ["0", "p9"]);
    let weights = |i: usize| draft.assignment(&draft.phases[i]).weights.iter().map(|w| w.weight).collect::<Vec<_>>();
    assert_eq!(weights(1), [1000, 9000], "what I wanted starts as a new phase, when it is published");
    let live: Experiment = serde_json::from_value(keeps.base.as_ref().expect("a base").content.body["draft"].clone())
        .expect("an experiment");
    assert_eq!(crate::validate::locked_changes(&live, &draft), [], "and the edge takes it");
    assert_eq!(frozen(&mut keeps, "1"), "1");
}

#[test]
fn what_was_never_pushed_and_is_deleted_needs_no_push() {
    let mut r = Replica::new("d", Kind::Flag, json!({"draft": {}}));
    assert!(r.dirty());
    r.edit(Content { deleted: true, ..r.local.clone() });
    assert!(!r.pending());
}

/// Saves made by a window that was behind: review D1 and D2.
mod saves {
    use super::*;

    fn flag(name: &str, hypothesis: &str) -> Value {
        json!({"name": name, "hypothesis": hypothesis})
    }

    fn rules(list: &[(&str, u32)]) -> Value {
        json!({"rules": list.iter().map(|(id, share)| json!({"id": id, "coverage": share})).collect::<Vec<_>>()})
    }

    #[test]
    fn what_a_pull_brought_survives_a_save_from_before_it() {
        let mut r = replica(flag("N", "H1"));
        r.save(&flag("N", "H1"), flag("N1", "H1"));
        frozen(&mut r, "1");
        r.apply_outcome(OpOutcome::Ok { op_id: "1".into(), rev: 2, seq: 2 });
        r.pull(&document(3, draft(flag("N1", "H2"))), false);
        r.save(&flag("N1", "H1"), flag("N12", "H1"));
        assert_eq!(r.local, draft(flag("N12", "H2")));
        assert_eq!(r.conflict, None);
    }

    #[test]
    fn an_edit_lands_on_its_own_element_though_the_list_was_reordered() {
        let mut r = replica(rules(&[("a", 1), ("b", 2)]));
        r.pull(&document(2, draft(rules(&[("b", 2), ("a", 1)]))), false);
        r.save(&rules(&[("a", 1), ("b", 2)]), rules(&[("a", 5000), ("b", 2)]));
        assert_eq!(r.local, draft(rules(&[("b", 2), ("a", 5000)])));
    }

    #[test]
    fn weights_are_never_mixed_by_a_save() {
        let weights = |a: u32| json!({"variants": [{"id": "a", "weight": a}, {"id": "b", "weight": 10_000 - a}]});
        let mut r = replica(weights(5000));
        r.pull(&document(2, draft(weights(7000))), false);
        r.save(&weights(5000), weights(2000));
        let fields = r.conflict.as_ref().map(|c| c.fields.clone()).unwrap_or_default();
        assert_eq!(fields.len(), 1);
        assert_eq!((&fields[0].mine, &fields[0].theirs), (&weights(2000)["variants"], &weights(7000)["variants"]));
    }

    #[test]
    fn two_people_in_one_field_are_asked() {
        let mut r = replica(flag("N", "H1"));
        r.pull(&document(2, draft(flag("N", "H2"))), false);
        r.save(&flag("N", "H1"), flag("N", "H1 and more"));
        let open = r.conflict.clone().expect("a conflict");
        assert_eq!(open.fields.iter().map(|f| f.pointer.as_str()).collect::<Vec<_>>(), ["/draft/hypothesis"]);
        assert_eq!((open.theirs.rev, &open.fields[0].theirs), (2, &json!("H2")));
        assert_eq!(r.local, draft(flag("N", "H1 and more")), "what was typed stays in the field");
        r.save(&flag("N", "H1 and more"), flag("N", "H1 and more still"));
        assert!(r.conflict.is_some(), "typing on does not decide it");
        let mut theirs = r.clone();
        theirs.resolve(Take::Theirs, || "p".into());
        assert_eq!(theirs.local, draft(flag("N", "H2")));
        r.resolve(Take::Mine, || "p".into());
        assert_eq!(frozen(&mut r, "1"), "1");
        assert_eq!(r.in_flight.as_ref().map(|op| op.base_rev), Some(2));
    }

    /// Seed 3353 of the simulation: what is in one place is partly mine and partly pulled.
    #[test]
    fn an_old_window_takes_back_no_part_of_what_was_pulled() {
        let variants = |a: &str, b: &str, weight: u32| json!({"variants": [{"id": "a", "name": a, "weight": weight}, {"id": "b", "name": b, "weight": 10 - weight}]});
        let mut r = Replica { kind: Kind::Experiment, ..replica(variants("A", "B", 5)) };
        r.save(&variants("A", "B", 5), variants("mine", "B", 5));
        r.pull(&Document { kind: Kind::Experiment, ..document(2, draft(variants("A", "theirs", 5))) }, false);
        assert_eq!((r.local.clone(), r.conflict.clone()), (draft(variants("mine", "theirs", 5)), None));
        r.save(&variants("mine", "B", 5), variants("mine", "B", 3));
        let open = r.conflict.clone().expect("a question");
        assert_eq!(open.fields[0].theirs, variants("A", "theirs", 5)["variants"]);
    }

    #[test]
    fn what_is_contested_while_an_op_is_in_flight_is_asked_after_the_answer() {
        let mut r = replica(flag("N", "H1"));
        r.edit(draft(flag("N1", "H1")));
        r.pull(&document(2, draft(flag("N", "H2"))), false);
        frozen(&mut r, "1");
        r.save(&flag("N1", "H1"), flag("N1", "mine"));
        assert_eq!(r.conflict, None);
        assert_eq!(r.local, draft(flag("N1", "mine")));
        r.apply_outcome(OpOutcome::Ok { op_id: "1".into(), rev: 3, seq: 3 });
        let fields = r.conflict.as_ref().map(|c| c.fields.clone()).unwrap_or_default();
        assert_eq!(fields.iter().map(|f| (&f.mine, &f.theirs)).collect::<Vec<_>>(), [(&json!("mine"), &json!("H2"))]);
    }

    #[test]
    fn a_device_never_conflicts_with_itself() {
        let mut r = replica(flag("N", "H1"));
        r.save(&flag("N", "H1"), flag("N", "from one window"));
        r.save(&flag("N", "H1"), flag("N", "from another"));
        assert_eq!((r.local.clone(), r.conflict.clone()), (draft(flag("N", "from another")), None));
        frozen(&mut r, "1");
        r.apply_outcome(OpOutcome::Ok { op_id: "1".into(), rev: 2, seq: 2 });
        r.save(&flag("N", "H1"), flag("N", "from a third"));
        assert_eq!(
            (r.local.clone(), r.conflict.clone()),
            (draft(flag("N", "from a third")), None),
            "not even after a push"
        );
        let typed = r.clone();
        r.save(&flag("N", "from a third"), flag("N", "from a third"));
        assert_eq!(r, typed, "a save without a change is none");
    }
}

#[test]
fn after_a_restore_nothing_acknowledged_is_overwritten() {
    // Review D12: the edge went from 5 back to 3, and somebody else made 4', 5' and 6' there.
    let at = |rev: u64, op_id: &str, value: Value| Document { op_id: op_id.into(), ..document(rev, draft(value)) };
    let mut clean = Replica::remote(&at(5, "o5", json!({"a": 5, "b": 1})));
    assert_eq!(clean.pull(&at(6, "x6", json!({"a": 3, "b": 1})), true), Pulled::Applied);
    assert_eq!(clean.conflict.as_ref().map(|c| c.fields[0].pointer.as_str()), Some("/draft/a"));
    let mut same = Replica::remote(&at(5, "o5", json!({"a": 5})));
    assert_eq!(same.pull(&at(5, "o5", json!({"a": 5})), true), Pulled::Known);

    let mut typed = Replica::remote(&at(5, "o5", json!({"a": 5})));
    typed.edit(draft(json!({"a": 6})));
    frozen(&mut typed, "1");
    assert_eq!(typed.in_flight.as_ref().and_then(|op| op.base_op.as_deref()), Some("o5"), "the edge compares it");
}

/// Seed 852 of the simulation: both sides made the document, so its base lacks what they contradict each other in.
#[test]
fn a_document_lost_while_it_is_in_conflict_stays_whole() {
    let mut r = Replica::new("d", Kind::Flag, draft(json!({"key": "k", "name": "mine"})).body);
    r.pull(&document(1, draft(json!({"key": "k", "name": "theirs"}))), false);
    assert!(r.conflict.is_some());
    r.edit(Content { deleted: true, ..r.local.clone() });
    r.mark_missing();
    assert_eq!(r.local.body["draft"]["name"], "theirs", "whoever brings it back brings all of it");
}

/// Seed 2755 of the simulation: one device brings a lost document back from an older revision than another one has.
#[test]
fn what_a_restore_lost_is_no_common_ground_when_somebody_brings_it_back() {
    let mut acknowledged = replica(json!({"a": "mine", "b": 1}));
    acknowledged.mark_missing();
    acknowledged.resolve(Take::Mine, || "p".into());
    assert!(acknowledged.pending(), "it is to be brought back");
    acknowledged.pull(&document(1, draft(json!({"a": "older", "b": 1}))), false);
    let fields = acknowledged.conflict.as_ref().map(|c| c.fields.clone()).unwrap_or_default();
    assert_eq!(fields.iter().map(|f| (&f.mine, &f.theirs)).collect::<Vec<_>>(), [(&json!("mine"), &json!("older"))]);
    let mut given_up = replica(json!({"a": "mine"}));
    given_up.mark_missing();
    given_up.resolve(Take::Theirs, || "p".into());
    assert!(given_up.local.deleted && !given_up.pending(), "the edge has nothing to delete");
}

/// What was asked while an op was in flight is asked until somebody decides, not until the op comes back.
#[test]
fn a_question_outlives_the_answer_to_the_op_in_flight() {
    let content = |name: &str, coverage: u64| draft(json!({"name": name, "coverage": coverage}));
    let mut r = replica(json!({"name": "N", "coverage": 1}));
    r.edit(content("N1", 1));
    frozen(&mut r, "1");
    r.edit(content("N1", 2));
    assert!(r.ask_about(&[Problem::new("/coverage", "It runs.")]));
    r.apply_outcome(OpOutcome::Ok { op_id: "1".into(), rev: 2, seq: 2 });
    let asked = |r: &Replica| {
        let open = r.conflict.as_ref().expect("a conflict");
        (open.theirs.rev, open.fields[0].mine.clone(), open.fields[0].theirs.clone())
    };
    assert_eq!(asked(&r), (2, json!(2), json!(1)));
    r.pull(&Document { op_id: "1".into(), ..document(2, content("N1", 1)) }, false);
    assert_eq!(asked(&r), (2, json!(2), json!(1)), "its own row decides nothing");
    assert!(frozen(&mut r, "2").is_empty(), "and nothing is pushed");
    let mut theirs = r.clone();
    theirs.resolve(Take::Theirs, || "p".into());
    assert_eq!((theirs.local.clone(), theirs.pending()), (content("N1", 1), false));
    r.resolve(Take::Mine, || "p".into());
    assert_eq!((frozen(&mut r, "2").as_str(), r.in_flight.as_ref().map(|op| op.base_rev)), ("2", Some(2)));
}
