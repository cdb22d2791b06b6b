//! Exporting logs.

use beacon_shared::error::Code;

use super::*;

fn sites(edge: &MemoryEdge, ids: &[String]) {
    for id in ids {
        push_one(edge, op(id, id, Kind::Site, 0, site(&id.replace('_', "-"), "Shop")));
    }
    let release: Vec<(&str, u64)> = ids.iter().map(|id| (id.as_str(), 1)).collect();
    publish(edge, "c1", &release).expect("published");
}

/// D17: one log that failed made the answer about all of them fail.
#[test]
fn a_log_that_fails_is_unknown_and_no_other() {
    let edge = MemoryEdge::new();
    sites(&edge, &["sit_1".into(), "sit_2".into()]);
    edge.logs.fail("sit_1");
    let heads = edge.heads().expect("heads");
    assert_eq!((heads.unknown, heads.complete), (vec!["sit_1".to_owned()], true));
    edge.logs.fail("sit_2");
    assert_eq!(edge.heads().expect_err("none answers").code, Code::Storage);
}

#[test]
fn more_sites_than_one_answer_covers_are_said_to_be_more() {
    for (count, complete) in [(900, true), (901, false)] {
        let edge = MemoryEdge::new();
        sites(&edge, &(0..count).map(|i| format!("sit_{i}")).collect::<Vec<_>>());
        assert_eq!(edge.heads().expect("heads").complete, complete, "{count}");
    }
}
