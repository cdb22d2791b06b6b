//! Push and pull.

use beacon_shared::api::{Cursor, MAX_OPS, Op, OpOutcome, PULL_PAGE, PushRequest};
use beacon_shared::model::Kind;
use serde_json::json;

use super::*;
use crate::deps::Deps;
use crate::domain::documents::{pull, push};
use crate::domain::exporting;
use crate::memory::MIGRATIONS;

#[test]
fn the_same_op_takes_effect_once() {
    let edge = MemoryEdge::new();
    let first = op("o1", "sit_1", Kind::Site, 0, site("shop", "Shop"));
    assert_eq!(push_one(&edge, first.clone()), ok("o1", 1, 1));
    assert_eq!(push_one(&edge, first), ok("o1", 1, 1));
    let changes: u32 =
        edge.db.connection().query_row("SELECT COUNT(*) FROM changes", [], |r| r.get(0)).expect("a count");
    assert_eq!(changes, 1);
    assert_eq!(pull(&edge, &Cursor::default()).documents[0].rev, 1);
}

#[test]
fn an_op_from_an_old_revision_is_stale() {
    let edge = MemoryEdge::new();
    push_one(&edge, op("o1", "sit_1", Kind::Site, 0, site("shop", "One")));
    push_one(&edge, op("o2", "sit_1", Kind::Site, 1, site("shop", "Two")));
    let OpOutcome::Stale { current: Some(current), .. } =
        push_one(&edge, op("o3", "sit_1", Kind::Site, 1, site("shop", "Three")))
    else {
        panic!("not stale")
    };
    assert_eq!((current.rev, &current.body["draft"]["name"]), (2, &json!("Two")));
    assert!(matches!(
        push_one(&edge, op("o4", "sit_9", Kind::Site, 4, site("x", "X"))),
        OpOutcome::Stale { current: None, .. }
    ));
}

/// After a restore the same number can mean another revision.
#[test]
fn a_revision_is_its_op_id_and_not_its_number() {
    let edge = MemoryEdge::new();
    push_one(&edge, op("o1", "sit_1", Kind::Site, 0, site("shop", "One")));
    push_one(&edge, op("o2", "sit_1", Kind::Site, 1, site("shop", "After the restore")));
    let from = |base: &str| Op {
        base_op: Some(base.into()),
        ..op("o3", "sit_1", Kind::Site, 2, site("shop", "From before the restore"))
    };
    let OpOutcome::Stale { current: Some(current), .. } = push_one(&edge, from("lost")) else { panic!("not stale") };
    assert_eq!((current.op_id.as_str(), &current.body["draft"]["name"]), ("o2", &json!("After the restore")));
    assert_eq!(push_one(&edge, from("o2")), ok("o3", 3, 3));
    let create = Op { base_op: Some(String::new()), ..op("o4", "sit_2", Kind::Site, 0, site("new", "New")) };
    assert_eq!(push_one(&edge, create), ok("o4", 1, 4));
}

#[test]
fn a_late_duplicate_does_not_bring_its_body_back() {
    let edge = MemoryEdge::new();
    let first = op("o1", "sit_1", Kind::Site, 0, site("shop", "One"));
    push_one(&edge, first.clone());
    push_one(&edge, op("o2", "sit_1", Kind::Site, 1, site("shop", "Two")));
    assert_eq!(push_one(&edge, first), ok("o1", 1, 1));
    let documents = pull(&edge, &Cursor::default()).documents;
    assert_eq!((documents[0].rev, &documents[0].body["draft"]["name"]), (2, &json!("Two")));
}

#[test]
fn a_taken_key_is_rejected_and_free_again_after_a_delete() {
    let edge = MemoryEdge::new();
    push_one(&edge, op("o1", "sit_1", Kind::Site, 0, site("shop", "One")));
    let taken = op("o2", "sit_2", Kind::Site, 0, site("shop", "Two"));
    let OpOutcome::Rejected { problems, .. } = push_one(&edge, taken.clone()) else { panic!("not rejected") };
    assert_eq!(problems[0].pointer, "/key");
    push_one(&edge, Op { deleted: true, ..op("o3", "sit_1", Kind::Site, 1, site("shop", "One")) });
    assert_eq!(push_one(&edge, taken), ok("o2", 1, 3));
}

#[test]
fn what_is_malformed_is_rejected() {
    let edge = MemoryEdge::new();
    let pointer = |op: Op| match push_one(&edge, op) {
        OpOutcome::Rejected { problems, .. } => problems[0].pointer.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(pointer(op("o", "sit_1", Kind::Site, 0, json!({"schema": 1}))), "/body");
    assert_eq!(pointer(op("o", "sit_1", Kind::Site, 0, site("a", &"x".repeat(70_000)))), "");
    let mut other_key = op("o", "sit_1", Kind::Site, 0, site("a", "A"));
    other_key.key = "b".into();
    assert_eq!(pointer(other_key), "/key");
    let mut released = site("a", "A");
    released["released"] = released["draft"].clone();
    assert_eq!(pointer(op("o", "sit_1", Kind::Site, 0, released)), "/released");
}

#[test]
fn pull_pages_through_everything_and_says_when_there_is_more() {
    let edge = MemoryEdge::new();
    let total = PULL_PAGE + 3;
    for i in 0..total {
        push_one(&edge, op(&format!("o{i}"), &format!("sit_{i}"), Kind::Site, 0, site(&format!("k{i}"), "N")));
    }
    let first = pull(&edge, &Cursor::default());
    assert_eq!((first.documents.len(), first.more, first.resync), (PULL_PAGE, true, false));
    let second = pull(&edge, &first.cursor);
    assert_eq!((second.documents.len(), second.more, second.resync), (3, false, false));
    let third = pull(&edge, &second.cursor);
    assert_eq!((third.documents.len(), third.resync, &third.cursor), (0, false, &second.cursor));
}

#[test]
fn a_cursor_from_a_workspace_that_is_gone_starts_over() {
    let edge = MemoryEdge::new();
    push_one(&edge, op("o1", "sit_1", Kind::Site, 0, site("a", "A")));
    let here = pull(&edge, &Cursor::default()).cursor;
    for gone in [
        Cursor { epoch: "other".into(), ..here.clone() },
        Cursor { stamp: "undone".into(), ..here.clone() },
        Cursor { seq: 99, ..here.clone() },
        Cursor { newest_seq: 1, newest_stamp: "undone".into(), ..here.clone() },
        Cursor { newest_seq: 1, newest_stamp: "undone".into(), ..Cursor::default() },
    ] {
        let answer = pull(&edge, &gone);
        assert!(answer.resync);
        assert_eq!((answer.documents.len(), &answer.cursor), (1, &here));
    }
}

#[test]
fn replaced_bodies_go_and_ops_stay() {
    const MINUTE: i64 = 60_000;
    let edge = MemoryEdge::new();
    edge.clock.set(1000 * MINUTE);
    let pushes = [("o1", "d", 0), ("o2", "d", 1), ("o3", "e", 2), ("o4", "d", 30), ("o5", "d", MINUTE)];
    for (rev, (op_id, device, at)) in (0..).zip(pushes) {
        let op = Op { at, ..op(op_id, "sit_1", Kind::Site, rev, site("shop", op_id)) };
        edge.push(&PushRequest { device: device.into(), ops: vec![op], ..PushRequest::default() }).expect("pushed");
    }
    let kept = || -> Vec<String> {
        let connection = edge.db.connection();
        let mut select = connection.prepare("SELECT op_id FROM changes WHERE body <> '' ORDER BY seq").expect("SQL");
        select.query_map((), |row| row.get(0)).expect("rows").map(|row| row.expect("a row")).collect()
    };
    assert_eq!(kept(), ["o3", "o4", "o5"]);
    // A retry of an op whose body is gone is answered as before, and changes nothing.
    let retry = op("o1", "sit_1", Kind::Site, 0, site("shop", "o1"));
    assert_eq!(push_one(&edge, retry), ok("o1", 1, 1));
    assert_eq!(document(&edge, "sit_1").body["draft"]["name"], "o5");
    // Pull and its cursor need no bodies.
    let cursor = Cursor {
        epoch: edge.epoch().expect("an epoch"),
        seq: 1,
        stamp: edge.stamp(1).expect("a stamp"),
        ..Cursor::default()
    };
    assert_eq!((pull(&edge, &cursor).resync, pull(&edge, &cursor).documents.len()), (false, 1));
    edge.clock.set(200 * 24 * 60 * MINUTE);
    push_one(&edge, Op { at: edge.clock.get(), ..op("o6", "sit_1", Kind::Site, 5, site("shop", "o6")) });
    assert_eq!(kept(), ["o6"]);
}

/// Bodies went by the device's clock, and what was published went too.
#[test]
fn what_was_published_and_what_is_newest_keep_their_bodies() {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    let edge = MemoryEdge::new();
    edge.clock.set(1000 * DAY);
    // The device's clock is 91 days behind.
    let push = |op_id: &str, doc: &str, rev| {
        let at = edge.clock.get() - 91 * DAY;
        push_one(&edge, Op { at, ..op(op_id, doc, Kind::Site, rev, site(doc, op_id)) })
    };
    let kept = || -> Vec<String> {
        let connection = edge.db.connection();
        let mut select = connection.prepare("SELECT op_id FROM changes WHERE body <> '' ORDER BY seq").expect("SQL");
        select.query_map((), |row| row.get(0)).expect("rows").map(|row| row.expect("a row")).collect()
    };
    push("o1", "other", 0);
    push("o2", "shop", 0);
    publish(&edge, "c1", &[("shop", 1)]).expect("published");
    assert_eq!(kept(), ["o1", "o2", "c1:shop"]);
    let mut draft = document(&edge, "shop").body;
    for (rev, day) in [(2, 1001), (3, 1092)] {
        edge.clock.set(day * DAY);
        draft["draft"]["name"] = json!(format!("Shop {rev}"));
        let pushed = push_one(&edge, op(&format!("o{}", rev + 1), "shop", Kind::Site, rev, draft.clone()));
        assert!(matches!(pushed, OpOutcome::Ok { .. }), "{pushed:?}");
    }
    assert_eq!(kept(), ["o1", "c1:shop", "o4"], "o1 is its document's newest; o2 and o3 were replaced");
}

#[test]
fn a_restore_takes_the_workspace_back_and_keeps_its_epoch() {
    let edge = MemoryEdge::new();
    push_one(&edge, op("o1", "sit_1", Kind::Site, 0, site("shop", "One")));
    let (epoch, earlier) = (edge.epoch().expect("an epoch"), edge.copy().expect("a copy"));
    push_one(&edge, op("o2", "sit_1", Kind::Site, 1, site("shop", "Two")));
    let cursor = pull(&edge, &Cursor::default()).cursor;
    edge.restore(&earlier).expect("restored");
    assert_eq!((document(&edge, "sit_1").op_id.as_str(), edge.epoch().expect("an epoch")), ("o1", epoch));
    assert!(pull(&edge, &cursor).resync);
}

#[test]
fn a_restored_server_takes_nothing_from_a_device_that_knows_more() {
    let edge = MemoryEdge::new();
    push_one(&edge, op("o1", "sit_1", Kind::Site, 0, site("shop", "One")));
    let earlier = edge.copy().expect("a copy");
    push_one(&edge, op("o2", "sit_1", Kind::Site, 1, site("shop", "Two")));
    let undone = edge.stamp(2).expect("a stamp");
    edge.restore(&earlier).expect("restored");
    let push = |newest_seq, newest_stamp: &str| {
        let next = Op { base_op: Some("o1".into()), ..op("o3", "sit_1", Kind::Site, 1, site("shop", "Three")) };
        let repeated = op("o1", "sit_1", Kind::Site, 0, site("shop", "One"));
        let outcome = |op: Op| {
            let (device, newest_stamp) = ("d".to_owned(), newest_stamp.to_owned());
            let answer =
                edge.push(&PushRequest { device, ops: vec![op], newest_seq, newest_stamp }).expect("an answer");
            (answer.restored, answer.outcomes.into_iter().next().expect("an outcome"))
        };
        (outcome(repeated), outcome(next))
    };
    let stamp = edge.stamp(1).expect("a stamp");
    let (repeated, next) = push(2, &undone);
    assert_eq!(repeated, (true, ok("o1", 1, 1)), "what is in is said");
    assert!(matches!(next, (true, OpOutcome::Stale { current: Some(_), base_known: true, .. })));
    assert_eq!(push(1, &stamp).1, (false, ok("o3", 2, 2)));
    // A retry brought the op back under its number: the server still is another one than the device knew.
    assert!(push(2, &undone).1.0);
}

/// Two devices send again what a restore has undone. The last change gets its old number and op id, after another past.
#[test]
fn a_restore_is_noticed_although_the_same_change_came_back_under_its_number() {
    let edge = MemoryEdge::new();
    push_one(&edge, op("o1", "sit_1", Kind::Site, 0, site("shop", "One")));
    let earlier = edge.copy().expect("a copy");
    push_one(&edge, op("o2", "sit_2", Kind::Site, 0, site("two", "Two")));
    push_one(&edge, op("o3", "sit_1", Kind::Site, 1, site("shop", "Three")));
    let cursor = pull(&edge, &Cursor::default()).cursor;
    edge.restore(&earlier).expect("restored");
    push_one(&edge, op("o4", "sit_4", Kind::Site, 0, site("four", "Four")));
    assert_eq!(push_one(&edge, op("o3", "sit_1", Kind::Site, 1, site("shop", "Three"))), ok("o3", 2, 3));
    let again = pull(&edge, &cursor);
    assert!(again.resync);
    assert_eq!(again.documents.len(), 2);
}

/// A newer desktop may know kinds that this edge does not.
#[test]
fn an_op_of_an_unknown_kind_is_refused_by_itself() {
    let edge = MemoryEdge::new();
    let ops =
        [op("o1", "hol_1", Kind::Site, 0, site("h", "H")), op("o2", "sit_1", Kind::Site, 0, site("shop", "Shop"))];
    let mut request = json!(PushRequest { device: "d".into(), ops: ops.to_vec(), ..PushRequest::default() });
    request["ops"][0]["kind"] = json!("holdout");
    let request: PushRequest = serde_json::from_value(request).expect("a request");
    let outcomes = edge.push(&request).expect("an answer").outcomes;
    assert!(matches!(&outcomes[0], OpOutcome::Rejected { problems, .. } if problems[0].pointer == "/kind"));
    assert_eq!(outcomes[1], ok("o2", 1, 1));
}

/// The free plan allows 50 statements in one request, and the key takes two.
#[test]
fn a_full_push_stays_within_the_free_plan() {
    let edge = MemoryEdge::new();
    let counted = Counted::new(&edge);
    let new = |i| op(&format!("o{i}"), &format!("sit_{i}"), Kind::Site, 0, site(&format!("k{i}"), "N"));
    let request = PushRequest { device: "d".into(), ops: (0..MAX_OPS).map(new).collect(), ..PushRequest::default() };
    let answer = now(push::push(&counted, "test", &request, 0)).expect("an answer");
    assert!(answer.outcomes.iter().all(|outcome| matches!(outcome, OpOutcome::Ok { .. })));
    let statements = counted.statements.load(Ordering::Relaxed);
    assert!(statements + 2 <= 50, "{statements} statements");
}

/// The questions that devices ask all the time cost the same in every workspace.
#[test]
fn no_push_pull_or_question_about_events_reads_a_whole_table() {
    let edge = two_documents();
    publish(&edge, "c1", &[("sit_1", 1)]).expect("published");
    let counted = Arc::new(Counted::new(&edge));
    let request = PushRequest {
        device: "d".into(),
        ops: vec![op("o9", "exp_9", Kind::Experiment, 0, experiment("draft", [5000, 5000], json!(null)))],
        ..PushRequest::default()
    };
    now(push::push(counted.as_ref(), "test", &request, 0)).expect("an answer");
    now(pull::pull(counted.as_ref(), &Cursor::default())).expect("an answer");
    let deps = Deps { db: counted.clone(), ..edge.deps() };
    now(exporting::heads(&deps)).expect("an answer");
    assert_eq!(*lock(&counted.scans), BTreeSet::new());
}

#[test]
fn a_page_of_large_documents_is_cut_by_its_bytes() {
    let edge = MemoryEdge::new();
    for n in 0..50 {
        let mut body = site(&format!("shop{n}"), "Shop");
        body["draft"]["notes"] = json!("x".repeat(60_000));
        assert!(matches!(
            push_one(&edge, op(&format!("o{n}"), &format!("sit_{n}"), Kind::Site, 0, body)),
            OpOutcome::Ok { .. }
        ));
    }
    let (mut cursor, mut pages) = (Cursor::default(), Vec::new());
    loop {
        let page = pull(&edge, &cursor);
        pages.push(page.documents.len());
        cursor = page.cursor;
        if !page.more {
            break;
        }
    }
    assert_eq!((pages.len(), pages.iter().sum::<usize>()), (2, 50), "{pages:?}");
}

/// A workspace from before documents knew their op ids.
#[test]
fn an_older_database_is_migrated() {
    let db = MemoryDb::empty().expect("SQLite");
    let [first, rest @ ..] = MIGRATIONS else { panic!("no migrations") };
    db.connection().execute_batch(first).expect("the first migration");
    let body = site("shop", "Shop").to_string();
    let change =
        "INSERT INTO changes (seq, op_id, doc_id, kind, key, rev, base_rev, device, actor, at, deleted, schema, body)
        VALUES (?1, ?2, 'sit_1', 'site', 'shop', ?1, ?1 - 1, 'd', 'a', 1, 0, 1, ?3)";
    for (seq, op_id) in [(1, "o1"), (2, "o2")] {
        db.connection().execute(change, (seq, op_id, &body)).expect("a change");
    }
    let document = "INSERT INTO docs (id, kind, key, rev, seq, deleted, schema, body)
        SELECT doc_id, kind, key, rev, seq, deleted, schema, body FROM changes WHERE seq = 2";
    db.connection().execute(document, ()).expect("a document");
    for migration in rest {
        db.connection().execute_batch(migration).expect("a later migration");
    }
    let pulled = now(pull::pull(&db, &Cursor::default())).expect("an answer");
    assert_eq!((pulled.documents[0].op_id.as_str(), pulled.cursor.seq, pulled.cursor.stamp.as_str()), ("o2", 2, ""));
    assert!(!now(pull::pull(&db, &pulled.cursor)).expect("an answer").resync);
    let edit = Op { base_op: Some("o2".into()), ..op("o3", "sit_1", Kind::Site, 2, site("shop", "Edited")) };
    let request = PushRequest { device: "d".into(), ops: vec![edit], ..PushRequest::default() };
    let answer = now(push::push(&db, "test", &request, 0)).expect("an answer");
    assert_eq!(answer.outcomes, [ok("o3", 3, 3)]);
}
