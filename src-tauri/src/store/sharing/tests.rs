use beacon_shared::ipc::Summary;

use super::super::migrate::MIGRATIONS;
use super::*;

fn experiment(key: &str) -> Value {
    json!({"schema": 2, "released": null, "newer": 7, "draft": {
        "key": key, "name": key, "site_id": "sit_1", "status": "draft", "variants": [], "coverage": 10_000,
        "hash_attribute": "id", "hash_version": 2, "seed": key, "auto_activate": true, "later": [1],
        "metrics": [
            {"id": "goal", "name": "Bought", "role": "goal", "kind": "conversion", "event": "order", "tomorrow": true},
            {"id": "help", "name": "Calls", "role": "guardrail", "kind": "count", "event": "help", "margin": 0.2},
        ],
    }})
}

/// A database of schema 2: one experiment that nobody else has, one that the edge has, and one of a newer Beacon.
fn old_database(path: &std::path::Path) {
    let old = rusqlite::Connection::open(path).unwrap();
    MIGRATIONS[..2].iter().for_each(|sql| old.execute_batch(sql).unwrap());
    old.pragma_update(None, "user_version", 2).unwrap();
    let insert = "INSERT INTO documents (id, kind, key, base_rev, base_seq, base_deleted, base_body, local_body,
        deleted_local, updated_at, conflict, problems, pending, summary)
        VALUES (?1, 'experiment', ?1, ?2, ?2, ?3, ?4, ?5, 0, 55, NULL, '[]', 0, '{}')";
    let mut newer = experiment("exp_newer");
    newer["schema"] = json!(SCHEMA + 1);
    for (body, pushed) in [(experiment("exp_here"), false), (experiment("exp_pushed"), true), (newer, false)] {
        let (text, base) = (body.to_string(), pushed.then_some(1));
        let id = body["draft"]["key"].as_str();
        old.execute(insert, (id, base, base.map(|_| 0), base.map(|_| text.clone()), &text)).unwrap();
    }
}

fn own(store: &Store) -> Vec<(String, bool)> {
    let mut rows: Vec<Summary> = store.summaries(Kind::Experiment, None).unwrap();
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    rows.into_iter().map(|row| (row.id, row.own_metrics)).collect()
}

#[test]
fn an_old_database_keeps_everything_and_shares_what_nobody_else_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("beacon.db");
    old_database(&path);
    let mut store = Store::open(&path).unwrap();
    assert!(folder.path().join("beacon.v2.backup").exists());
    let expected = [("exp_here", false), ("exp_newer", true), ("exp_pushed", true)];
    assert_eq!(own(&store), expected.map(|(id, own)| (id.to_owned(), own)));

    let row = store.document("exp_here").unwrap().unwrap();
    let body = &row.replica.local.body;
    assert_eq!((row.updated_at, &body["schema"], &body["newer"]), (55, &json!(SCHEMA), &json!(7)));
    assert_eq!(body["draft"]["later"], json!([1]));
    let used = store.summaries_of(Kind::Experiment, &["exp_here".into()]).unwrap().remove(0).metrics;
    let metrics: Vec<Row> = used.iter().map(|id| store.document(id).unwrap().unwrap()).collect();
    let goal = &metrics[0].replica;
    assert!(goal.base.is_none() && goal.pending() && metrics[0].updated_at == 55);
    assert_eq!((&goal.local.body["draft"]["tomorrow"], &goal.local.body["released"]), (&json!(true), &Value::Null));
    assert_eq!(
        body["draft"]["metrics"][1],
        json!({"id": "help", "metric": used[1], "role": "guardrail", "margin": 0.2})
    );
    let row = &store.summaries_of(Kind::Metric, &used[..1]).unwrap()[0];
    assert_eq!((row.name.as_str(), row.measure.as_str()), ("Bought", "visitors with order"));

    drop(store);
    store = Store::open(&path).unwrap();
    assert_eq!(store.documents(Kind::Metric).unwrap().len(), 2, "once is enough");
    let changed = store.share_metrics(&Sharing::All).unwrap();
    assert_eq!(changed.iter().filter(|d| d.kind == Kind::Experiment).count(), 1, "what a newer Beacon wrote stays");
    assert_eq!(store.documents(Kind::Metric).unwrap().len(), 4);
    assert_eq!(store.share_metrics(&Sharing::All).unwrap(), []);
}

#[test]
fn a_metric_that_was_deleted_does_not_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("beacon.db");
    old_database(&path);
    let mut store = Store::open(&path).unwrap();
    let draft = experiment("exp_pushed")["draft"].clone();
    let (id, metric) = lifecycle::share_metrics("exp_pushed", &draft).unwrap().metrics.remove(0);
    let mut deleted = document(id, metric);
    deleted.local.deleted = true;
    store.create(deleted, 1).unwrap();
    assert_eq!(store.share_metrics(&Sharing::One("exp_pushed".into())).unwrap(), []);
    let row = store.document("exp_pushed").unwrap().unwrap();
    assert_eq!(row.replica.local.body["draft"], draft);
}
