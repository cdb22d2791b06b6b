use std::sync::Arc;

use beacon_shared::api::{Cursor, OpOutcome};
use beacon_shared::error::Code;
use beacon_shared::ipc::{DocumentRef, SyncState};
use beacon_shared::model::{Document, Kind};
use beacon_shared::sync::{Content, Replica};
use serde_json::{Value, json};

use super::{Setting, Store};
use crate::ids::{Generator, Ids};

fn body(name: &str) -> Value {
    json!({"schema": 1, "draft": {"key": "k", "name": name}, "released": null})
}

fn ids() -> Ids {
    Ids::new(Arc::new(|| 1), Arc::new(Generator::from_seed(1)))
}

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("beacon.db")).unwrap();
    (folder, store)
}

fn reference() -> DocumentRef {
    DocumentRef { kind: Kind::Site, id: "sit_1".into() }
}

fn rename(store: &mut Store, name: &str) {
    let edit = |r: &mut Replica| {
        r.edit(Content { deleted: false, body: body(name) });
        Ok(())
    };
    store.apply("sit_1", 2, edit).unwrap();
}

#[test]
fn everything_survives_reopening() {
    let (folder, mut store) = store();
    store.create(Replica::new("sit_1", Kind::Site, body("One")), 1).unwrap();
    let ops = store.freeze(&ids(), 1, 10).unwrap();
    rename(&mut store, "Two");
    store.set(Setting::Device, Some("me")).unwrap();
    let before = store.document("sit_1").unwrap();
    drop(store);
    let mut store = Store::open(&folder.path().join("beacon.db")).unwrap();
    assert_eq!(store.document("sit_1").unwrap(), before);
    assert_eq!(store.freeze(&ids(), 9, 10).unwrap(), ops, "the op in flight is the same");
    assert_eq!(store.setting(Setting::Device).unwrap().as_deref(), Some("me"));
}

#[test]
fn a_change_that_fails_changes_nothing() {
    let (_folder, mut store) = store();
    store.create(Replica::new("sit_1", Kind::Site, body("One")), 1).unwrap();
    let before = store.document("sit_1").unwrap();
    let refuse = |r: &mut Replica| {
        r.local.deleted = true;
        Err(beacon_shared::error::Error::new(Code::Locked, "No."))
    };
    assert_eq!(store.apply("sit_1", 2, refuse).unwrap_err().code, Code::Locked);
    assert_eq!(store.document("sit_1").unwrap(), before);
}

#[test]
fn the_cursor_waits_for_a_row_that_has_to() {
    let (_folder, mut store) = store();
    let row = |rev: u64, name: &str| Document {
        id: "sit_1".into(),
        kind: Kind::Site,
        key: "k".into(),
        rev,
        seq: rev,
        op_id: String::new(),
        deleted: false,
        body: body(name),
    };
    let cursor = |seq| Cursor { epoch: "e".into(), seq, stamp: "s".into(), ..Cursor::default() };
    assert_eq!(store.pull(&[row(1, "One")], false, &cursor(1), 1).unwrap(), (vec![reference()], true));
    rename(&mut store, "Two");
    let op = store.freeze(&ids(), 2, 10).unwrap().remove(0);
    assert_eq!(store.pull(&[row(2, "Three")], false, &cursor(2), 1).unwrap(), (vec![], false));
    assert_eq!(store.cursor().unwrap().seq, 1);
    let stale = OpOutcome::Stale { op_id: op.op_id, current: Some(row(2, "Three")), base_known: true };
    assert_eq!(store.apply_outcome("sit_1", 3, |r| r.apply_outcome(stale)).unwrap(), Some(reference()));
    assert_eq!(store.tally().unwrap(), super::Tally { pending: 1, conflicts: 1 });
    assert!(store.pull(&[row(2, "Three")], false, &cursor(2), 1).unwrap().1);
    assert!(store.freeze(&ids(), 4, 10).unwrap().is_empty(), "a conflict pushes nothing");
}

#[test]
fn a_kind_of_a_newer_version_is_passed_over_until_this_one_knows_it() {
    let (_folder, mut store) = store();
    let newer = r#"{"id": "hol_1", "kind": "holdout", "key": "h", "rev": 1, "seq": 1, "deleted": false, "body": {}}"#;
    let site = r#"{"id": "sit_1", "kind": "site", "key": "k", "rev": 1, "seq": 2, "deleted": false,
        "body": {"schema": 1, "draft": {"name": "One"}, "released": null}}"#;
    let rows = [newer, site].map(|text| serde_json::from_str::<Document>(text).unwrap());
    let cursor = Cursor { epoch: "e".into(), seq: 2, stamp: "s".into(), ..Cursor::default() };
    assert_eq!(store.pull(&rows, false, &cursor, 1).unwrap(), (vec![reference()], true), "nothing behind it waits");
    assert_eq!(store.document("hol_1").unwrap(), None);
    let again = |store: &mut super::Store, kinds| store.write(|t| super::read_again_if_updated(t, kinds)).unwrap();
    again(&mut store, Kind::ALL.len());
    assert_eq!(store.cursor().unwrap().seq, 2, "the same version reads on");
    again(&mut store, Kind::ALL.len() + 1);
    assert_eq!(store.cursor().unwrap().seq, 0, "a newer one reads again");
    assert_eq!(store.pull(&rows[1..], false, &cursor, 1).unwrap(), (vec![], true), "and knows the rest");
}

#[test]
fn what_a_newer_version_wrote_is_changed_by_no_call() {
    let (_folder, mut store) = store();
    let mut newer = body("One");
    newer["schema"] = serde_json::json!(beacon_shared::model::SCHEMA + 1);
    store.create(Replica::new("sit_1", Kind::Site, newer), 1).unwrap();
    let before = store.document("sit_1").unwrap();
    let delete = |r: &mut Replica| {
        r.local.deleted = true;
        Ok(())
    };
    assert_eq!(store.apply("sit_1", 2, delete).unwrap_err().code, Code::Invalid);
    assert_eq!(store.document("sit_1").unwrap(), before);
}

#[test]
fn the_documents_belong_to_one_workspace_whatever_its_address() {
    let (_folder, mut store) = store();
    assert_eq!(store.workspace().unwrap(), None);
    store.connect("https://a.example", "w1").unwrap();
    store.create(Replica::new("sit_1", Kind::Site, body("One")), 1).unwrap();
    let op = store.freeze(&ids(), 1, 10).unwrap().remove(0);
    store.apply_outcome("sit_1", 1, |r| r.apply_outcome(OpOutcome::Ok { op_id: op.op_id, rev: 4, seq: 4 })).unwrap();
    store.connect("https://moved.example", "w1").unwrap();
    assert!(store.freeze(&ids(), 2, 10).unwrap().is_empty(), "nothing is new there");
    assert_eq!(store.connect("https://b.example", "w2").unwrap_err().code, Code::NotConnected);
    assert_eq!(store.setting(Setting::Edge).unwrap().as_deref(), Some("https://moved.example"));
    let (_other_folder, mut other) = self::store();
    assert_eq!(other.add_copies(store.detached_copies().unwrap(), 3).unwrap(), 1);
    assert_eq!(other.add_copies(store.detached_copies().unwrap(), 3).unwrap(), 0, "once is enough");
    assert_eq!(other.freeze(&ids(), 3, 10).unwrap()[0].base_rev, 0);
}

#[test]
fn a_database_from_before_workspaces_had_ids_knows_its_own() {
    let (_folder, mut store) = store();
    let cursor = Cursor { epoch: "w1".into(), seq: 1, stamp: "s".into(), ..Cursor::default() };
    store.pull(&[], false, &cursor, 1).unwrap();
    assert_eq!(store.workspace().unwrap().as_deref(), Some("w1"));
    store.connect("https://a.example", "w1").unwrap();
}

#[test]
fn a_full_disk_says_so_and_keeps_what_was_there() {
    let (_folder, mut store) = store();
    store.create(Replica::new("sit_1", Kind::Site, body("One")), 1).unwrap();
    let pages: i64 = store.connection.pragma_query_value(None, "page_count", |r| r.get(0)).unwrap();
    store.connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
    let large = Replica::new("sit_2", Kind::Site, body(&"x".repeat(100_000)));
    let error = store.create(large, 2).unwrap_err();
    assert_eq!(error.code, Code::Storage);
    assert!(error.message.contains("full"), "{}", error.message);
    assert_eq!(store.documents(Kind::Site).unwrap().len(), 1);
}

#[test]
fn the_history_of_a_document_is_bounded_by_its_bytes() {
    let (_folder, mut store) = store();
    store.create(Replica::new("sit_1", Kind::Site, body("0")), 0).unwrap();
    for i in 1..=100 {
        let edit = |r: &mut Replica| {
            r.edit(Content { deleted: false, body: body(&i.to_string().repeat(20_000)) });
            Ok(())
        };
        store.apply("sit_1", i * 60_000, edit).unwrap();
    }
    let sql = "SELECT SUM(LENGTH(body)), MAX(at) FROM changes";
    let (bytes, newest): (i64, i64) = store.connection.query_row(sql, [], |r| Ok((r.get(0)?, r.get(1)?))).unwrap();
    assert!((3 << 20..=4 << 20).contains(&bytes), "{bytes} bytes");
    assert_eq!(newest, 6_000_000, "the newest entries are kept");
}

#[test]
fn quick_changes_are_one_entry_of_the_history() {
    let (_folder, mut store) = store();
    store.create(Replica::new("sit_1", Kind::Site, body("One")), 0).unwrap();
    let mut at = |now: i64, name: &str| {
        let edit = |r: &mut Replica| {
            r.edit(Content { deleted: false, body: body(name) });
            Ok(())
        };
        store.apply("sit_1", now, edit).unwrap();
        let count = "SELECT COUNT(*), MAX(began_at) FROM changes";
        store.connection.query_row(count, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))).unwrap()
    };
    assert_eq!(at(10_000, "Two"), (1, 0));
    assert_eq!(at(30_000, "Three"), (1, 0), "30 s after the first");
    assert_eq!(at(30_001, "Four"), (2, 30_001));
    assert_eq!(at(20_000, "Five"), (3, 30_001), "a clock that went back begins an entry");
}

#[test]
fn lists_and_counts_read_no_bodies() {
    let (_folder, mut store) = store();
    store.create(Replica::new("sit_1", Kind::Site, body("One")), 1).unwrap();
    store.connection.execute("UPDATE documents SET local_body = 'not JSON', base_body = 'neither'", []).unwrap();
    let summaries = store.summaries(Kind::Site, None).unwrap();
    let ids: Vec<String> = summaries.iter().map(|s| s.id.clone()).chain(["sit_none".to_owned()]).collect();
    assert_eq!(store.summaries_of(Kind::Site, &ids).unwrap(), summaries);
    assert_eq!(store.summaries_of(Kind::Flag, &ids).unwrap(), []);
    assert_eq!(
        (summaries[0].name.as_str(), summaries[0].sync, summaries[0].readable),
        ("One", SyncState::Pending, false)
    );
    assert_eq!(store.tally().unwrap(), super::Tally { pending: 1, conflicts: 0 });
}

#[test]
fn a_database_of_the_first_version_is_filled_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("beacon.db");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(super::migrate::MIGRATIONS[0]).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    let insert = "INSERT INTO documents (id, kind, key, base_rev, base_seq, base_deleted, base_body, local_body,
        deleted_local, updated_at, conflict, problems) VALUES (?1, 'site', 'k', 3, 7, 0, ?2, ?3, 0, 1, NULL, '[]')";
    old.execute(insert, ("sit_1", body("One").to_string(), body("One").to_string())).unwrap();
    old.execute(insert, ("sit_2", body("One").to_string(), body("Two").to_string())).unwrap();
    drop(old);
    let mut store = Store::open(&path).unwrap();
    assert_eq!(store.tally().unwrap(), super::Tally { pending: 1, conflicts: 0 });
    assert_eq!(store.summaries(Kind::Site, None).unwrap().len(), 2);
    assert_eq!(store.summaries(Kind::Site, Some(1)).unwrap().len(), 1);
    let op = store.freeze(&ids(), 2, 10).unwrap().remove(0);
    assert_eq!((op.doc_id.as_str(), op.base_rev, op.base_op), ("sit_2", 3, None));
    assert!(folder.path().join("beacon.v1.backup").exists());
}
