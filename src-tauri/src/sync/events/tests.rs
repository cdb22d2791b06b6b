use std::sync::Arc;

use beacon_shared::event::Logged;
use beacon_shared::ipc::Notice;
use serde_json::json;

use super::*;
use crate::fixtures::{Device, FakeEdge};

fn pageview(site_id: &str, seq: u64, id: &str) -> Logged {
    serde_json::from_value(json!({
        "seq": seq, "event_id": id, "site_id": site_id, "ts": 1, "type": "pageview", "visitor_id": "v",
        "schema_version": 1,
    }))
    .unwrap()
}

/// A device with a site that is at the edge, and events `1..=n` of it there.
async fn desk(n: u64) -> (Device, Arc<FakeEdge>, String) {
    let edge = Arc::new(FakeEdge::default());
    let device = Device::connected(&edge).await;
    let site = device.add_site("shop").await.id;
    device.sync().await;
    edge.state().events = (1..=n).map(|seq| pageview(&site, seq, &format!("e{seq}"))).collect();
    (device, edge, site)
}

async fn fetched(device: &Device) -> Fetch {
    let target = device.app.session().target().await.unwrap().unwrap();
    fetch(&device.app, &target).await.unwrap()
}

/// The site's log, and how many events are here.
async fn state(device: &Device, site: &str) -> (LogState, u64) {
    let site = site.to_owned();
    device.app.events(move |e| Ok((e.log(&site)?.unwrap_or_default(), e.len(&site)?))).await.unwrap()
}

fn stretches(log: &LogState) -> Vec<(u64, u64)> {
    log.gaps.iter().map(|gap| (gap.first, gap.last)).collect()
}

/// D9: it froze the site's results without a word.
#[tokio::test]
async fn a_lost_segment_is_named_and_stepped_over() {
    let (device, edge, site) = desk(7).await;
    edge.state().gone.insert(3);
    let mut notices = device.app.bus().subscribe();
    let fetch = fetched(&device).await;
    assert!(fetch.sites[0].news && fetch.problem().is_none(), "{fetch:?}");
    let (log, len) = state(&device, &site).await;
    assert_eq!((log.head, len, stretches(&log), log.as_of), (7, 5, vec![(3, 4)], Some(7)));
    assert_eq!(notices.next_now(), Some(Notice::Events));
    device.sync().await;
    assert_eq!(
        device.app.sync().view().events_notes,
        ["Events 3 to 4 of Site shop are missing at the edge since 2023-11-14. Results don't include them."]
    );
}

#[tokio::test]
async fn a_gap_closes_when_the_edge_has_its_events_again() {
    let (mut device, edge, site) = desk(6).await;
    edge.state().gone.insert(3);
    fetched(&device).await;
    edge.state().gone.clear();
    let before = edge.state().log_requests;
    fetched(&device).await;
    assert_eq!(edge.state().log_requests, before, "the edge is not asked again at once");
    device = device.reopen();
    device
        .app
        .events({
            let site = site.clone();
            // Asked an hour and more ago.
            move |events| events.skip(&site, 3, 4, 0)
        })
        .await
        .unwrap();
    fetched(&device).await;
    let (log, len) = state(&device, &site).await;
    assert_eq!((log.head, len, stretches(&log)), (6, 6, vec![]));
}

/// D9: a tail that was sealed in between ended the fetch, after events had arrived.
#[tokio::test]
async fn a_tail_that_was_sealed_since_is_listed_again() {
    let (device, edge, site) = desk(3).await;
    edge.state().sealed_since = 1;
    let fetch = fetched(&device).await;
    assert!(fetch.problem().is_none(), "{fetch:?}");
    assert_eq!(state(&device, &site).await.0.head, 3);
    // A second time is the site's trouble. The window hears of what arrived before it.
    edge.state().events.extend((4..=5).map(|seq| pageview(&site, seq, &format!("e{seq}"))));
    edge.state().sealed_since = 2;
    let mut notices = device.app.bus().subscribe();
    let fetch = fetched(&device).await;
    assert_eq!(fetch.sites[0].result.as_ref().unwrap_err().code, Code::SealedSince);
    assert_eq!((state(&device, &site).await.0.head, notices.next_now()), (4, Some(Notice::Events)));
}

/// D5: the cursor of the old log was continued in the new one, and its first events were never read.
#[tokio::test]
async fn another_log_is_read_from_its_start() {
    let (device, edge, site) = desk(5).await;
    fetched(&device).await;
    {
        let mut state = edge.state();
        state.log_id = Some("other".into());
        state.events = (1..=3).map(|seq| pageview(&site, seq, &format!("f{seq}"))).collect();
    }
    assert!(fetched(&device).await.sites[0].news);
    let (log, len) = state(&device, &site).await;
    assert_eq!((log.log_id.as_str(), log.head, log.earlier, len), ("other", 3, 5, 8));
    device.sync().await;
    let note = &device.app.sync().view().events_notes[0];
    assert!(note.starts_with("The edge has another log of Site shop since 2023-11-14."), "{note}");
    // Back again: the first log goes on where it was.
    {
        let mut state = edge.state();
        state.log_id = None;
        state.events = (1..=6).map(|seq| pageview(&site, seq, &format!("e{seq}"))).collect();
    }
    fetched(&device).await;
    let (log, len) = state(&device, &site).await;
    assert_eq!((log.log_id.as_str(), log.head, len), ("log", 6, 9));
}

/// Events of before logs had an id.
async fn without_id(device: &Device, site: &str, ids: &[&str]) {
    let lines: Vec<Line> = ids
        .iter()
        .zip(1..)
        .map(|(id, seq)| Line::parse(&serde_json::to_vec(&pageview(site, seq, id)).unwrap()).unwrap())
        .collect();
    let site = site.to_owned();
    device.app.events(move |events| events.append(&site, &lines)).await.unwrap();
}

#[tokio::test]
async fn a_log_without_an_id_is_adopted_only_where_its_events_agree() {
    let cases = [
        (vec!["e1", "e2", "e3"], 5, (0, 5)),
        (vec!["e1", "x2", "e3"], 5, (3, 8)),
        // The edge's log is shorter than what is here.
        (vec!["e1", "e2", "e3"], 2, (3, 5)),
    ];
    for (here, there, expected) in cases {
        let (device, edge, site) = desk(0).await;
        without_id(&device, &site, &here).await;
        edge.state().events = (1..=there).map(|seq| pageview(&site, seq, &format!("e{seq}"))).collect();
        fetched(&device).await;
        let (log, len) = state(&device, &site).await;
        assert_eq!((log.log_id.as_str(), log.head), ("log", there), "{here:?}");
        assert_eq!((log.earlier, len), expected, "{here:?}");
    }
}

#[tokio::test]
async fn one_request_tells_that_no_site_has_news() {
    let (device, edge, site) = desk(3).await;
    device.add_site("other").await;
    device.sync().await;
    fetched(&device).await;
    let before = edge.state().log_requests;
    fetched(&device).await;
    assert_eq!(edge.state().log_requests, before);
    edge.state().without_heads = true;
    edge.state().events.push(pageview(&site, 4, "e4"));
    fetched(&device).await;
    assert_eq!(state(&device, &site).await.0.head, 4, "an older edge is asked site by site");
}

/// An edge without events of a site has no log of it, and so no id.
#[tokio::test]
async fn a_log_that_begins_later_is_not_taken_for_another() {
    let (device, edge, site) = desk(0).await;
    edge.state().without_heads = true;
    edge.state().log_id = Some(String::new());
    fetched(&device).await;
    edge.state().log_id = None;
    edge.state().events = (1..=3).map(|seq| pageview(&site, seq, &format!("e{seq}"))).collect();
    fetched(&device).await;
    edge.state().log_id = Some(String::new());
    let events = std::mem::take(&mut edge.state().events);
    fetched(&device).await;
    edge.state().log_id = None;
    edge.state().events = events;
    fetched(&device).await;
    let (log, len) = state(&device, &site).await;
    assert_eq!((log.log_id.as_str(), log.head, log.earlier, len), ("log", 3, 0, 3));
}

/// Its numbers after the end are given a second time, to other events.
#[tokio::test]
async fn a_log_that_went_back_is_read_again() {
    let (device, edge, site) = desk(5).await;
    fetched(&device).await;
    edge.state().events.truncate(3);
    fetched(&device).await;
    edge.state().events.extend(["new4", "new5"].iter().zip(4..).map(|(id, seq)| pageview(&site, seq, id)));
    fetched(&device).await;
    let (log, len) = state(&device, &site).await;
    assert_eq!((log.log_id.as_str(), log.head, log.earlier, len), ("log", 5, 5, 10));
    let path = device.folder.path().join("events.db");
    let count = "SELECT count(*) FROM events WHERE event_id IS NOT NULL";
    let different: u64 = rusqlite::Connection::open(path).unwrap().query_row(count, [], |row| row.get(0)).unwrap();
    assert_eq!(different, 7, "e1 to e5 once, and two new ones");
}

/// D17: one site's trouble was everybody's.
#[tokio::test]
async fn one_sites_trouble_is_its_own() {
    let (device, edge, site) = desk(0).await;
    let other = device.add_site("other").await.id;
    device.sync().await;
    {
        let mut state = edge.state();
        state.sealed_since = 2;
        state.events = [pageview(&site, 1, "e1"), pageview(&other, 1, "f1"), pageview(&other, 2, "f2")].into();
    }
    let fetch = fetched(&device).await;
    assert!(fetch.trouble.is_none(), "{fetch:?}");
    assert_eq!(fetch.problem(), Some("Events of Site shop: The tail was sealed: list again."));
    assert_eq!(state(&device, &other).await.0.head, 2);
    device.sync().await;
    assert_eq!(state(&device, &site).await.0.head, 1);
}

/// D17: a log that does not answer ended the fetch, and later sites starved.
#[tokio::test]
async fn a_log_that_fails_keeps_no_other_site_back() {
    let (device, edge, first) = desk(0).await;
    let second = device.add_site("other").await.id;
    device.sync().await;
    for (failing, healthy) in [(&first, &second), (&second, &first)] {
        let n = state(&device, healthy).await.0.head + 1;
        {
            let mut state = edge.state();
            state.failing = [failing.clone()].into();
            state.events.push(pageview(healthy, n, &format!("{healthy}-{n}")));
        }
        let fetch = fetched(&device).await;
        assert!(fetch.trouble.is_none(), "{fetch:?}");
        let failed: Vec<&str> = fetch.sites.iter().filter(|s| s.result.is_err()).map(|s| s.site.as_str()).collect();
        assert_eq!(failed, [failing.as_str()]);
        assert_eq!(state(&device, healthy).await.0.head, n);
    }
}

/// An answer that breaks off looks like no network; the other sites are asked all the same, unless the edge is away.
#[tokio::test]
async fn a_log_that_never_arrives_whole_starves_no_other_site() {
    let (device, edge, first) = desk(0).await;
    let second = device.add_site("other").await.id;
    device.sync().await;
    for (n, starving, healthy) in [(1, &first, &second), (2, &second, &first)] {
        {
            let mut state = edge.state();
            state.starving = [starving.clone()].into();
            for site in [starving, healthy] {
                state.events.push(pageview(site, n, &format!("{site}-{n}")));
            }
        }
        let fetch = fetched(&device).await;
        assert!(fetch.trouble.is_none(), "{fetch:?}");
        let failed: Vec<&str> = fetch.sites.iter().filter(|s| s.result.is_err()).map(|s| s.site.as_str()).collect();
        assert_eq!(failed, [starving.as_str()]);
        assert_eq!(state(&device, healthy).await.0.head, n);
    }
}

/// Sites beyond the edge's bound were taken for complete.
#[tokio::test]
async fn a_site_that_the_heads_do_not_cover_is_asked_itself() {
    let (device, edge, site) = desk(3).await;
    edge.state().incomplete_heads = true;
    fetched(&device).await;
    assert_eq!(state(&device, &site).await.0.head, 3);
}
