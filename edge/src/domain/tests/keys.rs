//! Keys.

use beacon_shared::api::Scope;
use beacon_shared::error::Code;

use crate::domain::keys;
use crate::memory::{ADMIN_KEY, MemoryEdge, now};

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

/// An office has one address: a wrong key on one of its machines must not keep the others out.
#[test]
fn a_key_that_was_right_is_right_behind_an_address_with_wrong_ones() {
    let edge = MemoryEdge::new();
    edge.clock.set(7_200_000);
    let insert = "INSERT INTO keys (id, name, sha256, scopes, created_at) VALUES ('k', 'ci', ?1, '[\"read\"]', 0)";
    edge.db.connection().execute(insert, [crate::digest::sha256(b"bcn_right")]).expect("a key");
    let find = |key: &str| now(keys::find(&edge.deps(), key, "office"));
    assert!(find("bcn_right").expect("an answer").is_some());
    edge.limiter.set(1);
    assert_eq!(find("bcn_wrong"), Ok(None));
    assert_eq!(find("bcn_other").map_err(|e| e.code), Err(Code::RateLimited));
    assert!(find("bcn_right").expect("an answer").is_some());
    assert_eq!(find("bcn_unknown").map_err(|e| e.code), Err(Code::RateLimited));
    edge.db.connection().execute("UPDATE keys SET revoked_at = 1", []).expect("revoked");
    assert!(find("bcn_right").is_err(), "and not a moment longer");
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
