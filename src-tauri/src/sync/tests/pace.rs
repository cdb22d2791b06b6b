//! The times at which the loops sync. The clock is tokio's and stands still while anything works, so hours pass in
//! milliseconds.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use beacon_shared::error::Code;
use beacon_shared::ipc::{ConnectionInput, ConnectionSave, SyncNow};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::{edit, pageview};
use crate::fixtures::{Device, FakeEdge, Fault, KEY, URL};
use crate::sync::drive;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

struct Driven {
    device: Device,
    edge: Arc<FakeEdge>,
    driver: JoinHandle<()>,
}

impl Driven {
    async fn connected() -> Self {
        let edge = Arc::new(FakeEdge::default());
        let device = Device::connected(&edge).await;
        let driver = tokio::spawn(drive(device.app.clone()));
        Self { device, edge, driver }
    }

    /// Waits until it is so, and returns how long that took.
    async fn until(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) -> Duration {
        let begin = Instant::now();
        let waiting = async {
            while !is_so(self) {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(3600), waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
        begin.elapsed()
    }

    fn requests(&self) -> u64 {
        self.edge.state().requests
    }

    fn pushes(&self) -> usize {
        self.edge.state().pushes.len()
    }

    /// Lets the edge fail until the back-off is long.
    async fn down_for(&self, cycles: u64) {
        self.edge.fault(Fault::Down);
        let before = self.requests();
        self.until("failures", |d| d.requests() >= before + cycles).await;
        self.until("the report", |d| d.device.app.sync().view().problem.is_some()).await;
        // Past the pause in which an edit would belong to the one before.
        sleep(Duration::from_secs(3)).await;
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Types a letter every 150 ms.
async fn type_letters(d: &Driven, site: &beacon_shared::ipc::DocumentView<beacon_shared::model::Site>, letters: usize) {
    for n in 0..letters {
        edit(&d.device, site, |s| s.name = "x".repeat(n + 1)).await;
        sleep(Duration::from_millis(150)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn connecting_wakes_the_driver() {
    let edge = Arc::new(FakeEdge::default());
    let device = Device::new(&edge);
    let d = Driven { driver: tokio::spawn(drive(device.app.clone())), edge, device };
    d.device.add_site("shop").await;
    sleep(Duration::from_secs(20)).await;
    let input = ConnectionInput { url: URL.into(), key: Some(KEY.into()), choice: None };
    d.device.call::<ConnectionSave>(input).await.unwrap();
    let waited = d.until("the first push", |d| !d.edge.state().docs().is_empty()).await;
    assert!(waited < Duration::from_secs(1), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_sentence_is_one_push() {
    let d = Driven::connected().await;
    let site = d.device.add_site("shop").await;
    d.until("the site", |d| d.pushes() == 1).await;
    sleep(Duration::from_secs(1)).await;
    type_letters(&d, &site, 40).await;
    d.until("the sentence", |d| d.pushes() == 2).await;
    sleep(Duration::from_secs(60)).await;
    assert_eq!(d.pushes(), 2, "six seconds of typing are one push");
}

#[tokio::test(start_paused = true)]
async fn who_types_without_a_pause_is_pushed_every_fifteen_seconds() {
    let d = Driven::connected().await;
    let site = d.device.add_site("shop").await;
    d.until("the site", |d| d.pushes() == 1).await;
    sleep(Duration::from_secs(1)).await;
    type_letters(&d, &site, 400).await;
    let pushes = d.pushes();
    assert!((4..=6).contains(&pushes), "{pushes} pushes in a minute");
}

#[tokio::test(start_paused = true)]
async fn a_desktop_that_nobody_uses_asks_less_than_five_thousand_times_a_day() {
    let d = Driven::connected().await;
    for n in 0..20 {
        d.device.add_site(&format!("shop{n}")).await;
    }
    d.until("the sites", |d| d.edge.state().docs().len() == 20).await;
    sleep(Duration::from_secs(600)).await;
    let before = d.requests();
    // The loops repeat themselves: a sixth of a day stands for the day.
    sleep(DAY / 6).await;
    let day = (d.requests() - before) * 6;
    println!("{day} requests a day");
    assert!((1_000..=5_000).contains(&day), "{day} requests");
}

/// Case B35.
#[tokio::test(start_paused = true)]
async fn an_edit_ends_a_long_backoff() {
    let d = Driven::connected().await;
    d.down_for(6).await;
    d.edge.fault(Fault::None);
    d.device.add_site("shop").await;
    let waited = d.until("the push", |d| !d.edge.state().docs().is_empty()).await;
    assert!(waited < Duration::from_secs(1), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn the_networks_return_ends_a_long_backoff() {
    let d = Driven::connected().await;
    d.down_for(6).await;
    d.edge.fault(Fault::None);
    d.device.app.sync().wake();
    let waited = d.until("the sync", |d| d.device.app.sync().view().online).await;
    assert!(waited < Duration::from_secs(1), "{waited:?}");
    assert_eq!(d.device.app.sync().view().problem, None);
}

/// The waits of a process stand still while the computer sleeps; its clock does not.
#[tokio::test(start_paused = true)]
async fn the_computers_waking_ends_a_long_backoff() {
    let d = Driven::connected().await;
    d.down_for(6).await;
    d.edge.fault(Fault::None);
    d.device.clock.fetch_add(8 * 60 * 60 * 1000, Ordering::SeqCst);
    let waited = d.until("the sync", |d| d.device.app.sync().view().online).await;
    assert!(waited < Duration::from_secs(6), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn without_any_signal_the_edges_return_is_seen_within_a_minute() {
    let d = Driven::connected().await;
    d.down_for(12).await;
    d.edge.fault(Fault::None);
    let waited = d.until("the sync", |d| d.device.app.sync().view().online).await;
    assert!(waited <= Duration::from_secs(60), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn typing_while_the_edge_is_down_does_not_hammer_it() {
    let d = Driven::connected().await;
    let site = d.device.add_site("shop").await;
    d.until("the site", |d| d.pushes() == 1).await;
    d.down_for(6).await;
    let before = d.requests();
    type_letters(&d, &site, 400).await;
    let asked = d.requests() - before;
    assert!(asked < 30, "{asked} requests in a minute of typing");
}

/// Events that cannot be read are the events' trouble: drafts go out as before.
#[tokio::test(start_paused = true)]
async fn a_broken_log_keeps_no_draft_waiting() {
    let d = Driven::connected().await;
    let site = d.device.add_site("shop").await;
    d.until("the site", |d| d.pushes() == 1).await;
    {
        let mut state = d.edge.state();
        state.events = vec![pageview(&site.id, 1)];
        state.broken_from = Some(1);
    }
    d.until("the events' trouble", |d| d.device.app.sync().view().events_problem.is_some()).await;
    sleep(Duration::from_secs(1200)).await;
    assert_eq!(d.device.app.sync().view().problem, None, "the documents are well");
    d.device.add_site("other").await;
    let waited = d.until("the push", |d| d.edge.state().docs().len() == 2).await;
    assert!(waited < Duration::from_secs(3), "{waited:?}");
    d.edge.state().broken_from = None;
    d.until("the events", |d| d.device.app.sync().view().events_problem.is_none()).await;
}

#[tokio::test(start_paused = true)]
async fn a_locked_keychain_is_asked_once_until_the_person_asks() {
    let edge = Arc::new(FakeEdge::default());
    let device = Device::connected(&edge).await.reopen();
    device.keychain.locked.store(true, Ordering::SeqCst);
    let d = Driven { driver: tokio::spawn(drive(device.app.clone())), edge, device };
    sleep(DAY).await;
    assert_eq!(d.device.keychain.asked.load(Ordering::SeqCst), 1, "no prompt comes back by itself");
    assert_eq!(d.device.call::<SyncNow>(()).await.unwrap_err().code, Code::Keychain);
    assert_eq!(d.device.keychain.asked.load(Ordering::SeqCst), 2, "the person asked");
    d.device.keychain.locked.store(false, Ordering::SeqCst);
    d.device.call::<SyncNow>(()).await.unwrap();
    d.device.add_site("shop").await;
    d.until("the push", |d| !d.edge.state().docs().is_empty()).await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_key_waits_for_another_one() {
    let d = Driven::connected().await;
    d.edge.state().key = "bcn_new".into();
    d.until("the refusal", |d| d.device.app.sync().view().problem.is_some()).await;
    let before = d.requests();
    sleep(DAY).await;
    assert!(d.requests() - before <= 1, "a refused key is not tried again");
    d.device
        .call::<ConnectionSave>(ConnectionInput { url: URL.into(), key: Some("bcn_new".into()), choice: None })
        .await
        .unwrap();
    d.device.add_site("shop").await;
    d.until("the push", |d| !d.edge.state().docs().is_empty()).await;
}
