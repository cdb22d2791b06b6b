//! The workspace's tests: push, pull, publish, keys.

use beacon_shared::api::{
    Action, Cursor, Op, OpOutcome, PULL_PAGE, Publication, PublishRequest, PullResponse, PushRequest, Release, Scope,
    Transition,
};
use beacon_shared::error::{Code, Result};
use beacon_shared::model::{Document, Kind};
use serde_json::{Value, json};

use super::{keys, publishing};
use crate::memory::{ADMIN_KEY, MemoryEdge, now};
use crate::store::{changes, documents, run};

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

fn flag(key: &str, sites: &[&str]) -> Value {
    json!({"schema": 1, "released": null, "draft": {"key": key, "name": key, "site_ids": sites, "enabled": true,
        "kind": "boolean", "default_value": true, "rules": []}})
}

fn command(id: &str) -> PublishRequest {
    PublishRequest { command_id: id.into(), device: "d".into(), release: Vec::new(), transitions: Vec::new(), at: 1 }
}

fn document(edge: &MemoryEdge, id: &str) -> Document {
    let rows = now(run(edge.db.as_ref(), documents::select(id))).expect("a row");
    rows.first::<documents::DocumentRow>().expect("a row").expect("the document").document().expect("a body")
}

/// The draft of a document becomes one that removes it.
fn remove(edge: &MemoryEdge, id: &str) -> u64 {
    let current = document(edge, id);
    let mut body = current.body;
    body["removed"] = json!(true);
    let pushed = push_one(edge, op(&format!("remove_{id}"), id, current.kind, current.rev, body));
    let OpOutcome::Ok { rev, .. } = pushed else { panic!("{pushed:?}") };
    rev
}

#[test]
fn a_release_stamps_when_a_phase_starts() {
    let edge = two_documents();
    edge.clock.set(77);
    publish(&edge, "c1", &[("sit_1", 1), ("exp_1", 1)]).expect("published");
    let body = document(&edge, "exp_1").body;
    assert_eq!(body["released"]["phases"][0]["started"], 77);
    assert_eq!(body["released"], body["draft"]);
}

#[test]
fn a_command_goes_out_whatever_the_draft_is_doing() {
    let edge = two_documents();
    edge.clock.set(77);
    push_one(&edge, op("o3", "flg_1", Kind::Flag, 0, flag("banner", &["sit_1"])));
    publish(&edge, "c1", &[("sit_1", 1), ("exp_1", 1), ("flg_1", 1)]).expect("published");
    // Half-typed drafts, which could not be published.
    for id in ["exp_1", "flg_1"] {
        let mut current = document(&edge, id);
        current.body["draft"]["name"] = json!("");
        push_one(&edge, op(&format!("half_{id}"), id, current.kind, 2, current.body));
    }
    edge.clock.set(99);
    let act = |doc_id: &str, rev, action| Transition { doc_id: doc_id.into(), rev, action };
    let transitions = vec![act("exp_1", 3, Action::Stop), act("flg_1", 3, Action::Kill)];
    let request = PublishRequest { transitions, ..command("c2") };
    let stale = PublishRequest { transitions: vec![act("flg_1", 2, Action::Kill)], ..command("c3") };
    assert_eq!(edge.publish(&stale).expect_err("stale").code, Code::Stale);
    let published = edge.publish(&request).expect("published");
    assert!(published.live);
    assert_eq!(edge.publish(&request).expect("once").seq, published.seq);
    let (experiment, flag) = (document(&edge, "exp_1").body, document(&edge, "flg_1").body);
    for part in ["released", "draft"] {
        assert_eq!(experiment[part]["status"], "stopped", "{part}");
        assert_eq!(experiment[part]["phases"][0]["ended"], 99, "{part}");
        assert_eq!(flag[part]["enabled"], false, "{part}");
    }
    assert_eq!((&flag["draft"]["name"], &flag["released"]["name"]), (&json!(""), &json!("banner")));
}

#[test]
fn what_is_live_is_deleted_by_publishing_its_removal_only() {
    let edge = two_documents();
    publish(&edge, "c1", &[("sit_1", 1), ("exp_1", 1)]).expect("published");
    let live = document(&edge, "exp_1");
    let delete = |rev, body| Op { deleted: true, ..op("delete", "exp_1", Kind::Experiment, rev, body) };
    let OpOutcome::Rejected { problems, .. } = push_one(&edge, delete(2, live.body)) else { panic!("not rejected") };
    assert_eq!(problems[0].pointer, "/deleted");
    let rev = remove(&edge, "exp_1");
    publish(&edge, "c2", &[("exp_1", rev)]).expect("published");
    let gone = document(&edge, "exp_1");
    assert_eq!((gone.deleted, gone.rev, &gone.body["released"]), (true, rev + 1, &json!(null)));
    // Its key is free.
    let body = experiment("draft", [5000, 5000], json!(null));
    assert!(matches!(push_one(&edge, op("o9", "exp_2", Kind::Experiment, 0, body)), OpOutcome::Ok { .. }));
}

#[test]
fn a_removal_that_something_live_needs_is_refused() {
    let edge = two_documents();
    let segment = json!({"schema": 1, "released": null, "draft": {"key": "vip", "name": "VIP",
        "type": "list", "attribute": "id", "values": ["a"]}});
    let mut needs = flag("banner", &["sit_1"]);
    needs["draft"]["rules"] = json!([{"id": "r1", "condition": {"id": {"$inGroup": "vip"}}, "value": false,
        "coverage": 10000, "hash_attribute": "id", "hash_version": 2, "seed": ""}]);
    for (id, kind, body) in [("seg_1", Kind::Segment, segment), ("flg_1", Kind::Flag, needs)] {
        let pushed = push_one(&edge, op(id, id, kind, 0, body));
        assert!(matches!(pushed, OpOutcome::Ok { .. }), "{pushed:?}");
    }
    publish(&edge, "c1", &[("sit_1", 1), ("exp_1", 1), ("seg_1", 1), ("flg_1", 1)]).expect("published");
    for (id, user) in [("seg_1", "flag \"banner\""), ("sit_1", "experiment \"Hero\"")] {
        let rev = remove(&edge, id);
        let error = publish(&edge, &format!("remove_{id}"), &[(id, rev)]).expect_err("needed");
        assert_eq!((error.code, error.problems[0].pointer.as_str()), (Code::Invalid, format!("/{id}").as_str()));
        assert!(error.message.contains(user), "{}", error.message);
    }
    // Together with what needs it, it goes.
    let (flag, segment) = (remove(&edge, "flg_1"), document(&edge, "seg_1").rev);
    publish(&edge, "c9", &[("flg_1", flag), ("seg_1", segment)]).expect("published");
}

/// Case D24: neither the number of documents nor their size is a ceiling.
#[test]
fn ten_thousand_documents_are_published_at_once() {
    let edge = MemoryEdge::new();
    push_one(&edge, op("o0", "sit_1", Kind::Site, 0, site("shop", "Shop")));
    let mut connection = edge.db.connection();
    let transaction = connection.transaction().expect("a transaction");
    for i in 0..10_000 {
        let mut body = flag(&format!("flag_{i}"), &["sit_1"]);
        body["draft"]["description"] = json!("x".repeat(500));
        let insert = "INSERT INTO changes (seq, op_id, doc_id, kind, key, rev, base_rev, device, actor, at, deleted, schema, body)
            VALUES (?1, ?2, ?3, 'flag', ?4, 1, 0, 'd', 'a', 1, 0, 1, ?5)";
        let row = (i + 2, format!("o{}", i + 1), format!("flg_{i}"), format!("flag_{i}"), body.to_string());
        transaction.execute(insert, row).expect("a change");
    }
    let copy = "INSERT INTO docs (id, kind, key, rev, seq, op_id, deleted, schema, body)
        SELECT doc_id, kind, key, rev, seq, op_id, deleted, schema, body FROM changes WHERE kind = 'flag'";
    transaction.execute(copy, ()).expect("documents");
    transaction.commit().expect("committed");
    drop(connection);
    let ids: Vec<String> = (0..10_000).map(|i| format!("flg_{i}")).collect();
    let release: Vec<(&str, u64)> = ids.iter().map(|id| (id.as_str(), 1)).chain([("sit_1", 1)]).collect();
    let published = publish(&edge, "c1", &release).expect("published");
    assert_eq!(published.seq, 20_002);
    let released = "SELECT COUNT(*) FROM docs WHERE rev = 2 AND body -> 'released' = body -> 'draft'";
    let count: usize = edge.db.connection().query_row(released, (), |row| row.get(0)).expect("a count");
    assert_eq!(count, 10_001);
    // One that moved on keeps all of them out.
    push_one(&edge, op("late", "sit_1", Kind::Site, 2, document(&edge, "sit_1").body));
    let again: Vec<(&str, u64)> = release.iter().map(|(id, _)| (*id, 2)).collect();
    assert_eq!(publish(&edge, "c2", &again).expect_err("stale").code, Code::Stale);
}

#[test]
fn a_site_that_did_not_change_keeps_its_bundle() {
    let edge = MemoryEdge::new();
    for i in [1, 2] {
        let (id, key) = (format!("sit_{i}"), format!("shop{i}"));
        push_one(&edge, op(&id, &id, Kind::Site, 0, site(&key, "Shop")));
    }
    push_one(&edge, op("f", "flg_1", Kind::Flag, 0, flag("banner", &["sit_1"])));
    publish(&edge, "c1", &[("sit_1", 1), ("sit_2", 1)]).expect("published");
    let bundles = |site: &str| edge.objects.names().iter().filter(|name| name.contains(&format!("/{site}-"))).count();
    assert_eq!((bundles("sit_1"), bundles("sit_2")), (1, 1));
    publish(&edge, "c2", &[("flg_1", 1)]).expect("published");
    assert_eq!((bundles("sit_1"), bundles("sit_2")), (2, 1));
}

#[test]
fn replaced_bodies_go_and_ops_stay() {
    const MINUTE: i64 = 60_000;
    let edge = MemoryEdge::new();
    edge.clock.set(1000 * MINUTE);
    let mut rev = 0;
    for (op_id, device, at) in [("o1", "d", 0), ("o2", "d", 1), ("o3", "e", 2), ("o4", "d", 30), ("o5", "d", MINUTE)] {
        let op = Op { at, ..op(op_id, "sit_1", Kind::Site, rev, site("shop", op_id)) };
        edge.push(&PushRequest { device: device.into(), ops: vec![op] }).expect("pushed");
        rev += 1;
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
    let cursor = Cursor { epoch: edge.epoch().expect("an epoch"), seq: 1, op_id: "o1".into() };
    assert_eq!((pull(&edge, &cursor).resync, pull(&edge, &cursor).documents.len()), (false, 1));
    edge.clock.set(200 * 24 * 60 * MINUTE);
    push_one(&edge, Op { at: edge.clock.get(), ..op("o6", "sit_1", Kind::Site, 5, site("shop", "o6")) });
    assert_eq!(kept(), ["o6"]);
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
fn wrong_keys_do_not_reach_the_database_twice() {
    let edge = MemoryEdge::new();
    edge.clock.set(1_000_000);
    let find = |key: &str, address: &str| now(keys::find(&edge.deps(), key, address));
    assert_eq!(find("bcn_later", "a").expect("an answer"), None);
    let insert = "INSERT INTO keys (id, name, sha256, scopes, created_at) VALUES ('k', 'ci', ?1, '[\"read\"]', 0)";
    edge.db.connection().execute(insert, [crate::digest::sha256(b"bcn_later")]).expect("a key");
    assert_eq!(find("bcn_later", "a").expect("an answer"), None, "remembered as wrong");
    edge.clock.pass(61_000);
    assert!(find("bcn_later", "a").expect("an answer").is_some());
    edge.db.connection().execute("DROP TABLE keys", ()).expect("dropped");
    assert_eq!(find("no-prefix", "a").expect("no database"), None);
    edge.limiter.set(2);
    let outcomes: Vec<bool> =
        (0..4).map(|_| find("no-prefix", "b").is_err_and(|e| e.code == Code::RateLimited)).collect();
    assert_eq!(outcomes, [false, false, true, true]);
    assert_eq!(find("bcn_other", "b").map_err(|e| e.code), Err(Code::RateLimited), "without the database");
}
