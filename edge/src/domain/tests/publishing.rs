//! Publishing: releases, commands, removals, and what is live afterwards.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use beacon_shared::api::{Action, Transition};
use beacon_shared::error::Code;
use beacon_shared::lifecycle::{self, Released};

use super::*;
use crate::deps::Deps;
use crate::domain::{live, publishing};
use crate::ports::Objects as _;
use crate::store::{changes, publications};

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

/// The release is made in SQL; what it makes is what the lifecycle says.
#[test]
fn sql_releases_as_the_lifecycle_does() {
    let edge = two_documents();
    push_one(&edge, op("o3", "flg_1", Kind::Flag, 0, flag("banner", &["sit_1"])));
    edge.clock.set(77);
    let ids = ["sit_1", "exp_1", "flg_1"];
    for (rev, command) in [(1, "c1"), (2, "c2")] {
        let before = ids.map(|id| document(&edge, id));
        publish(&edge, command, &ids.map(|id| (id, rev))).expect("published");
        for before in before {
            let expected = lifecycle::release(before.kind, &before.body, 77).expect("a release");
            assert_eq!(Released::Live(document(&edge, &before.id).body), expected, "{}", before.id);
        }
        edge.clock.set(99);
    }
    let rev = remove(&edge, "flg_1");
    let marked = document(&edge, "flg_1");
    publish(&edge, "c3", &[("flg_1", rev)]).expect("published");
    let expected = lifecycle::release(marked.kind, &marked.body, 99).expect("a release");
    assert_eq!(Released::Removed(document(&edge, "flg_1").body), expected);
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
        revision: Revision { rev, ..Revision::default() },
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
        let terms = changes::Terms { all, checked: None, device: "d", actor: "a", now: 1 };
        now(run(edge.db.as_ref(), changes::publish(std::slice::from_ref(entry), &terms))).expect("run");
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
fn a_release_stamps_when_a_phase_starts() {
    let edge = two_documents();
    edge.clock.set(77);
    publish(&edge, "c1", &[("sit_1", 1), ("exp_1", 1)]).expect("published");
    let body = document(&edge, "exp_1").body;
    assert_eq!(body["released"]["phases"][0]["started"], 77);
    assert_eq!(body["released"], body["draft"]);
}

/// After a restore, a number comes back for another revision than the one that was reviewed.
#[test]
fn a_revision_that_was_not_reviewed_is_not_published_under_the_same_number() {
    let edge = two_documents();
    push_one(&edge, op("o3", "flg_1", Kind::Flag, 0, flag("banner", &["sit_1"])));
    publish(&edge, "c1", &[("sit_1", 1), ("flg_1", 1)]).expect("published");
    let seen = |op_id: &str| Revision { rev: 2, op_id: op_id.into() };
    for (command_id, op_id, is_seen) in [("c2", "another", false), ("c3", "c1:flg_1", true)] {
        let release = vec![Release { doc_id: "flg_1".into(), revision: seen(op_id) }];
        let answer = edge.publish(&PublishRequest { release, ..command(command_id) });
        assert_eq!(answer.map_err(|e| e.code).map(drop), if is_seen { Ok(()) } else { Err(Code::Stale) });
    }
    for (command_id, op_id, is_seen) in [("c4", "c1:flg_1", false), ("c5", "c3:flg_1", true)] {
        let kill = Transition {
            doc_id: "flg_1".into(),
            revision: Revision { rev: 3, op_id: op_id.into() },
            action: Action::Kill,
        };
        let answer = edge.publish(&PublishRequest { transitions: vec![kill], ..command(command_id) });
        assert_eq!(answer.map_err(|e| e.code).map(drop), if is_seen { Ok(()) } else { Err(Code::Stale) });
    }
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
    let act = |doc_id: &str, rev, action| Transition { doc_id: doc_id.into(), revision: revision(rev), action };
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
    for i in 0..9_999 {
        let mut body = flag(&format!("flag_{i}"), &["sit_1"]);
        body["draft"]["description"] = json!("x".repeat(500));
        let insert = "INSERT INTO changes (seq, op_id, doc_id, kind, key, rev, base_rev, device, actor, at, deleted, schema, body)
            VALUES (?1, ?2, ?3, 'flag', ?4, 1, 0, 'd', 'a', 1, 0, 1, ?5)";
        let row = (i + 2, format!("o{}", i + 1), format!("flg_{i:036}"), format!("flag_{i}"), body.to_string());
        transaction.execute(insert, row).expect("a change");
    }
    let copy = "INSERT INTO docs (id, kind, key, rev, seq, op_id, deleted, schema, body)
        SELECT doc_id, kind, key, rev, seq, op_id, deleted, schema, body FROM changes WHERE kind = 'flag'";
    transaction.execute(copy, ()).expect("documents");
    transaction.commit().expect("committed");
    drop(connection);
    let ids: Vec<String> = (0..9_999).map(|i| format!("flg_{i:036}")).collect();
    let release: Vec<(&str, u64)> = ids.iter().map(|id| (id.as_str(), 1)).chain([("sit_1", 1)]).collect();
    let counted = Arc::new(Counted::new(&edge));
    let deps = Deps { db: counted.clone(), ..edge.deps() };
    let request = PublishRequest {
        release: release.iter().map(|(id, rev)| Release { doc_id: (*id).into(), revision: revision(*rev) }).collect(),
        ..command("c1")
    };
    let published = now(publishing::publish(&deps, "test", &request)).expect("published");
    assert_eq!(published.seq, 20_000);
    let statements = counted.statements.load(Ordering::Relaxed);
    assert!(statements <= 45, "{statements} statements, and the free plan allows 50 in one request, its key included");
    let released = "SELECT COUNT(*) FROM docs WHERE rev = 2 AND body -> 'released' = body -> 'draft'";
    let count: usize = edge.db.connection().query_row(released, (), |row| row.get(0)).expect("a count");
    assert_eq!(count, 10_000);
    // The flags came in several pages, and all are served.
    let served = now(live::site(&edge.deps(), "sit_1")).expect("a site");
    assert_eq!((0..9_999).find(|i| !served.has_flag(&format!("flag_{i}"))), None);
    // Again, when the revisions' op ids are a publication's, with a command id as long as a UUID.
    let again = PublishRequest {
        release: release.iter().map(|(id, _)| Release { doc_id: (*id).into(), revision: revision(2) }).collect(),
        ..command(&"c".repeat(36))
    };
    edge.publish(&again).expect("published again");
    let third = PublishRequest {
        release: release.iter().map(|(id, _)| Release { doc_id: (*id).into(), revision: revision(3) }).collect(),
        ..command(&"e".repeat(36))
    };
    edge.publish(&third).expect("published a third time");
    // A thousand removals are checked together: each by itself would read all that is live again.
    let mark = "UPDATE docs SET body = json_set(body, '$.removed', json('true')) WHERE key LIKE 'flag_1___'";
    assert_eq!(edge.db.connection().execute(mark, ()).expect("marked"), 1_000);
    let removals: Vec<(&str, u64)> = ids[1_000..2_000].iter().map(|id| (id.as_str(), 4)).collect();
    publish(&edge, "removals", &removals).expect("removed");
    // One that moved on keeps all of them out.
    push_one(&edge, op("late", "sit_1", Kind::Site, 4, document(&edge, "sit_1").body));
    let again: Vec<(&str, u64)> = release.iter().map(|(id, _)| (*id, 4)).collect();
    assert_eq!(publish(&edge, "c2", &again).expect_err("stale").code, Code::Stale);
}

/// Two publications at once are each right by themselves and not together: one takes a segment away, the other needs it.
#[test]
fn two_publications_at_once_are_checked_against_each_other() {
    let edge = MemoryEdge::new();
    let segment = json!({"schema": 1, "released": null, "draft": {"key": "vip", "name": "VIP",
        "type": "list", "attribute": "id", "values": ["a"]}});
    let mut needs = flag("banner", &["sit_1"]);
    needs["draft"]["rules"] =
        json!([{"id": "r1", "condition": {"id": {"$inGroup": "vip"}}, "value": false, "coverage": 10000}]);
    for (id, kind, body) in
        [("sit_1", Kind::Site, site("shop", "Shop")), ("seg_1", Kind::Segment, segment), ("flg_1", Kind::Flag, needs)]
    {
        assert!(matches!(push_one(&edge, op(id, id, kind, 0, body)), OpOutcome::Ok { .. }));
    }
    publish(&edge, "c1", &[("sit_1", 1), ("seg_1", 1)]).expect("published");
    let rev = remove(&edge, "seg_1");
    let removal = Release { doc_id: "seg_1".into(), revision: revision(rev) };
    let other = PublishRequest { release: vec![removal], ..command("c3") };
    let between = Between { deps: edge.deps(), other: Mutex::new(Some(other)) };
    let deps = Deps { db: Arc::new(between), ..edge.deps() };
    let release = vec![Release { doc_id: "flg_1".into(), revision: revision(1) }];
    let answer = now(publishing::publish(&deps, "test", &PublishRequest { release, ..command("c2") }));
    assert_eq!(answer.map_err(|e| e.code).map(drop), Err(Code::Invalid));
    assert!(document(&edge, "seg_1").deleted);
    assert!(document(&edge, "flg_1").body["released"].is_null());
}

/// Lets another publication come in just before the first one is written.
struct Between {
    deps: Deps,
    other: Mutex<Option<PublishRequest>>,
}

#[async_trait]
impl Db for Between {
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Rows>> {
        let is_write = statements.iter().any(|s| s.sql.contains("INSERT INTO changes"));
        let other = if is_write { lock(&self.other).take() } else { None };
        if let Some(other) = other {
            publishing::publish(&self.deps, "other", &other).await?;
        }
        self.deps.db.batch(statements).await
    }
}

#[test]
fn a_site_gets_no_more_than_a_page_can_load() {
    let edge = MemoryEdge::new();
    push_one(&edge, op("o0", "sit_1", Kind::Site, 0, site("shop", "Shop")));
    let mut release = vec![("sit_1".to_owned(), 1)];
    for i in 100..360 {
        let mut body = flag(&format!("flag_{i}"), &["sit_1"]);
        body["draft"]["default_value"] = json!("x".repeat(16_000));
        let id = format!("flg_{i}");
        assert!(matches!(push_one(&edge, op(&id, &id, Kind::Flag, 0, body)), OpOutcome::Ok { .. }));
        release.push((id, 1));
    }
    let named = |release: &[(String, u64)]| release.iter().map(|(id, rev)| (id.clone(), *rev)).collect::<Vec<_>>();
    let send = |command: &str, release: Vec<(String, u64)>| {
        let release: Vec<(&str, u64)> = release.iter().map(|(id, rev)| (id.as_str(), *rev)).collect();
        publish(&edge, command, &release)
    };
    let error = send("c1", named(&release)).expect_err("too much");
    assert_eq!((error.code, error.problems[0].pointer.as_str()), (Code::Invalid, "/flg_100"));
    assert!(error.message.contains("The site \"Shop\" would load more than 4 MB"), "{}", error.message);
    assert!(pull(&edge, &Cursor::default()).documents.iter().all(|d| d.body["released"].is_null()));
    send("c2", named(&release[..241])).expect("240 flags fit");
    assert_eq!(send("c3", named(&release[241..])).expect_err("no more do").problems[0].pointer, "/flg_340");
}

#[test]
fn ids_and_parameters_have_limits() {
    let edge = two_documents();
    for (doc_id, op_id, pointer) in
        [("d".repeat(65), "o".into(), "/release/0/doc_id"), ("d".into(), "o".repeat(161), "/release/0/revision/op_id")]
    {
        let release = vec![Release { doc_id, revision: Revision { rev: 1, op_id } }];
        let error = edge.publish(&PublishRequest { release, ..command("c1") }).expect_err("too long");
        assert_eq!((error.code, error.problems[0].pointer.as_str()), (Code::Invalid, pointer));
    }
    let release = |i| Release { doc_id: format!("flg_{i}"), revision: revision(1) };
    let request = PublishRequest { release: (0..=10_000).map(release).collect(), ..command("c1") };
    assert_eq!(edge.publish(&request).expect_err("too many").code, Code::TooLarge);
    let long = publications::insert(&"x".repeat(2_000_001), 1, "", 1, "");
    assert_eq!(now(edge.db.batch(vec![long])).expect_err("as D1").code, Code::Storage);
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

/// D36: rolling back is publishing an earlier index again.
#[test]
fn an_earlier_index_can_be_live_again() {
    let edge = MemoryEdge::new();
    push_one(&edge, op("o1", "sit_1", Kind::Site, 0, site("shop", "Shop")));
    push_one(&edge, op("f", "flg_1", Kind::Flag, 0, flag("banner", &["sit_1"])));
    let first = publish(&edge, "c1", &[("sit_1", 1)]).expect("published");
    let flags = || {
        edge.deps().live.forget();
        let site = now(live::site(&edge.deps(), "sit_1")).expect("a site");
        site.has_flag("banner")
    };
    assert!(!flags());
    let second = publish(&edge, "c2", &[("flg_1", 1)]).expect("published");
    assert!(flags());
    let again = publications::insert("c3", second.seq, &first.hash, 9, "test");
    now(edge.db.batch(vec![again, publications::flip("c3")])).expect("rolled back");
    assert!(!flags());
}

/// A publication from before there was an index is served on.
#[test]
fn a_bundle_of_all_sites_is_still_served() {
    let edge = MemoryEdge::new();
    let bundle = json!({"seq": 3, "sites": {"sit_1": {"domains": ["shop.example"], "allow_localhost": false,
        "enabled": true, "payload": {"features": {"banner": {"defaultValue": true}}, "experiments": []}}}});
    now(edge.deps().objects.put("bundles/3-abc.json", bundle.to_string().into_bytes())).expect("stored");
    let old = publications::insert("c1", 3, "abc", 9, "test");
    now(edge.db.batch(vec![old, publications::flip("c1")])).expect("published");
    for _ in 0..2 {
        let site = now(live::site(&edge.deps(), "sit_1")).expect("a site");
        assert!(site.has_flag("banner"));
        // Another isolate has the index in its memory and the site not yet.
        let index = now(live::index(&edge.deps(), live::Reader::Collector)).expect("an index").expect("an index");
        let deps = Deps { live: Arc::default(), ..edge.deps() };
        assert!(now(live::load_site(&deps, "sit_1", &index.sites["sit_1"])).expect("a site").has_flag("banner"));
    }
}

/// An experiment goes live with its metrics, and no metric goes while something live is judged by it.
#[test]
fn an_experiment_needs_its_metrics() {
    let edge = MemoryEdge::new();
    push_one(&edge, op("o1", "sit_1", Kind::Site, 0, site("shop", "Shop")));
    let mut judged = experiment("running", [5000, 5000], json!(null));
    judged["draft"]["metrics"] = json!([{"id": "m", "metric": "met_1", "role": "goal"}]);
    push_one(&edge, op("o2", "exp_1", Kind::Experiment, 0, judged));
    let metric = json!({"schema": 3, "released": null, "draft": {"key": "buy", "name": "Buy", "kind": "conversion", "event": ""}});
    push_one(&edge, op("o3", "met_1", Kind::Metric, 0, metric.clone()));
    let pointers =
        |error: beacon_shared::error::Error| error.problems.into_iter().map(|p| p.pointer).collect::<Vec<_>>();
    let error = publish(&edge, "c1", &[("sit_1", 1), ("exp_1", 1)]).expect_err("the metric is not ticked");
    assert!(error.problems[0].detail.contains("Tick the metric too"), "{error:?}");
    assert_eq!(pointers(error), ["/exp_1/metrics/0/metric"]);
    let error = publish(&edge, "c2", &[("sit_1", 1), ("exp_1", 1), ("met_1", 1)]).expect_err("the metric has no event");
    assert_eq!(pointers(error), ["/met_1/event"]);
    let mut finished = metric;
    finished["draft"]["event"] = json!("buy");
    push_one(&edge, op("o4", "met_1", Kind::Metric, 1, finished));
    publish(&edge, "c3", &[("sit_1", 1), ("exp_1", 1), ("met_1", 2)]).expect("published together");
    let rev = remove(&edge, "met_1");
    let error = publish(&edge, "c4", &[("met_1", rev)]).expect_err("the experiment is judged by it");
    assert_eq!(pointers(error), ["/met_1"]);
    for name in edge.objects.names() {
        let object = now(edge.objects.get(&name)).expect("read").expect("an object");
        let text = String::from_utf8_lossy(&object).into_owned();
        assert!(!text.contains("met_1") && !text.contains("metrics"), "websites get no metrics: {text}");
    }
}
