//! The workspace's tests: push, pull, publish, keys.

use beacon_shared::api::{
    Cursor, Op, OpOutcome, PULL_PAGE, Publication, PublishRequest, PullResponse, PushRequest, Release, Scope,
};
use beacon_shared::error::{Code, Result};
use beacon_shared::model::Kind;
use serde_json::{Value, json};

use super::{keys, publishing};
use crate::memory::{ADMIN_KEY, MemoryEdge, now};
use crate::store::{changes, run};

fn site(key: &str, name: &str) -> Value {
    json!({"schema": 1, "released": null, "draft": {
        "key": key, "name": name, "domains": ["shop.example"], "enabled": true, "time_zone": "UTC"}})
}

fn experiment(status: &str, weights: [u32; 2], released: Value) -> Value {
    json!({"schema": 1, "released": released, "draft": {
        "key": "hero", "name": "Hero", "site_id": "sit_1", "status": status,
        "variants": [{"id": "control", "name": "C", "weight": weights[0], "config": {}},
            {"id": "b", "name": "B", "weight": weights[1], "config": {}}],
        "coverage": 10000, "hash_attribute": "id", "hash_version": 2, "seed": "hero", "auto_activate": true,
        "phases": [{"started_at": 1, "ended_at": null}],
        "metrics": [{"id": "m", "name": "M", "role": "goal", "kind": "conversion", "event": "buy"}]}})
}

fn op(op_id: &str, doc_id: &str, kind: Kind, base_rev: u64, body: Value) -> Op {
    let key = body["draft"]["key"].as_str().unwrap_or_default().to_owned();
    Op { op_id: op_id.into(), doc_id: doc_id.into(), kind, key, base_rev, base_op: None, deleted: false, body, at: 1 }
}

fn push_one(edge: &MemoryEdge, op: Op) -> OpOutcome {
    let request = PushRequest { device: "d".into(), ops: vec![op] };
    edge.push(&request).expect("an answer").outcomes.remove(0)
}

fn pull(edge: &MemoryEdge, cursor: &Cursor) -> PullResponse {
    edge.pull(cursor).expect("an answer")
}

fn ok(op_id: &str, rev: u64, seq: u64) -> OpOutcome {
    OpOutcome::Ok { op_id: op_id.into(), rev, seq }
}

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
        Cursor { op_id: "undone".into(), ..here.clone() },
        Cursor { seq: 99, ..here.clone() },
    ] {
        let answer = pull(&edge, &gone);
        assert!(answer.resync);
        assert_eq!((answer.documents.len(), &answer.cursor), (1, &here));
    }
}

fn publish(edge: &MemoryEdge, command: &str, release: &[(&str, u64)]) -> Result<Publication> {
    let release = release.iter().map(|(id, rev)| Release { doc_id: (*id).into(), rev: *rev }).collect();
    let request =
        PublishRequest { command_id: command.into(), device: "d".into(), release, transitions: Vec::new(), at: 1 };
    edge.publish(&request)
}

fn two_documents() -> MemoryEdge {
    let edge = MemoryEdge::new();
    push_one(&edge, op("o1", "sit_1", Kind::Site, 0, site("shop", "Shop")));
    push_one(&edge, op("o2", "exp_1", Kind::Experiment, 0, experiment("running", [5000, 5000], json!(null))));
    edge
}

#[test]
fn publishing_releases_all_of_it_once() {
    let edge = two_documents();
    let first = publish(&edge, "c1", &[("sit_1", 1), ("exp_1", 1)]).expect("published");
    assert_eq!((first.seq, first.live), (4, true));
    let again = publish(&edge, "c1", &[("sit_1", 1), ("exp_1", 1)]).expect("published before");
    assert_eq!((again.seq, &again.hash), (first.seq, &first.hash));
    let documents = pull(&edge, &Cursor::default()).documents;
    assert!(documents.iter().all(|d| d.rev == 2 && d.body["released"] == d.body["draft"]));
}

#[test]
fn one_stale_document_keeps_all_from_being_released() {
    let edge = two_documents();
    push_one(&edge, op("o3", "sit_1", Kind::Site, 1, site("shop", "Edited meanwhile")));
    let error = publish(&edge, "c1", &[("exp_1", 1), ("sit_1", 1)]).expect_err("stale");
    assert_eq!(error.code, Code::Stale);
    assert!(pull(&edge, &Cursor::default()).documents.iter().all(|d| d.body["released"].is_null()));
}

/// The statement itself, without the check before it: that is what holds when a push comes in between.
#[test]
fn the_release_statement_is_all_or_nothing() {
    let edge = two_documents();
    let entry = |id: &str, rev| changes::Entry {
        id: id.into(),
        rev,
        op_id: format!("c:{id}"),
        deleted: None,
        schema: None,
        phases: None,
        body: None,
    };
    let entries = [entry("exp_1", 1), entry("sit_1", 7)];
    // In two statements, as a large publication is written.
    for entry in &entries {
        let all = r#"[["exp_1",1],["sit_1",7]]"#;
        now(run(edge.db.as_ref(), changes::publish(std::slice::from_ref(entry), all, "d", "a", 1))).expect("run");
    }
    let count = now(run(edge.db.as_ref(), changes::count_published("c"))).expect("run");
    assert_eq!(count.0[0]["count"], 0);
}

#[test]
fn what_is_invalid_is_not_published() {
    let edge = MemoryEdge::new();
    push_one(&edge, op("o2", "exp_1", Kind::Experiment, 0, experiment("running", [5000, 4000], json!(null))));
    let error = publish(&edge, "c1", &[("exp_1", 1)]).expect_err("invalid");
    assert_eq!(error.code, Code::Invalid);
    assert!(error.problems.iter().any(|p| p.pointer == "/exp_1/site_id"));
    assert!(error.problems.iter().any(|p| p.pointer.starts_with("/exp_1/variants")));
}

#[test]
fn the_allocation_of_what_runs_is_locked() {
    let edge = two_documents();
    publish(&edge, "c1", &[("sit_1", 1), ("exp_1", 1)]).expect("published");
    // With the time at which its phase started.
    let released = pull(&edge, &Cursor::default()).documents.remove(1).body["released"].clone();
    let edit = experiment("running", [9000, 1000], released.clone());
    let OpOutcome::Rejected { problems, .. } = push_one(&edge, op("o9", "exp_1", Kind::Experiment, 2, edit)) else {
        panic!("not rejected")
    };
    assert_eq!(problems[0].pointer, "/variants");
    let stop = experiment("stopped", [5000, 5000], released);
    assert!(matches!(push_one(&edge, op("o10", "exp_1", Kind::Experiment, 2, stop)), OpOutcome::Ok { .. }));
}

#[test]
fn an_older_publication_never_replaces_a_newer_one() {
    let edge = two_documents();
    let old = now(publishing::prepare(&edge.deps())).expect("prepared");
    let newer = publish(&edge, "c2", &[("sit_1", 1)]).expect("published");
    let late = now(publishing::finish(&edge.deps(), "test", "c1", &old)).expect("stored");
    assert!(newer.live && !late.live);
}

#[test]
fn keys_are_found_by_digest_until_they_are_revoked() {
    let edge = MemoryEdge::new();
    let insert = "INSERT INTO keys (id, name, sha256, scopes, created_at) VALUES ('k', 'ci', ?1, '[\"read\"]', 0)";
    edge.db.connection().execute(insert, [crate::digest::sha256(b"bcn_x")]).expect("a key");
    edge.clock.set(7_200_000);
    let find = |key: &str| now(keys::find(&edge.deps(), key, "")).expect("an answer");
    assert!(find(ADMIN_KEY).is_some_and(|c| c.may(Scope::Publish)));
    assert!(find("bcn_x").is_some_and(|c| c.may(Scope::Read) && !c.may(Scope::Write)));
    let used: i64 = edge.db.connection().query_row("SELECT last_used_at FROM keys", [], |r| r.get(0)).expect("used");
    assert_eq!((find("bcn_y"), used), (None, 7_200_000));
    edge.db.connection().execute("UPDATE keys SET revoked_at = 1", []).expect("revoked");
    assert_eq!(find("bcn_x"), None);
}
