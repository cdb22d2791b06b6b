//! Going back to what is live, and what lists say meanwhile.

use beacon_shared::ipc::{DocumentDiscard, DocumentSummaries, OfKind, PublishCount, Summary};

use super::*;

async fn row(device: &Device, id: &str) -> Summary {
    let request = OfKind { kind: Kind::Experiment, ids: vec![id.to_owned()], first: None };
    device.call::<DocumentSummaries>(request).await.unwrap().remove(0)
}

/// Returns how many changes the button in the frame names: as many as the review lists.
async fn counted(device: &Device) -> usize {
    let count = device.call::<PublishCount>(()).await.unwrap();
    assert_eq!(count, device.call::<PublishReview>(()).await.unwrap().items.len());
    count
}

/// U3, U4: a list says what visitors get beside what the draft intends, and a stop that is not published can be taken
/// back without a new phase.
#[tokio::test]
async fn an_accidental_stop_is_taken_back() {
    let edge = Arc::new(FakeEdge::default());
    let device = Device::connected(&edge).await;
    assert_eq!(counted(&device).await, 0);
    let site = device.add_site("shop").await;
    let id = device.add_experiment(&site.id).await.id;
    let by_id = || ById { id: id.clone() };
    assert_eq!(
        device.call::<DocumentDiscard>(device.confirmed(&id).await).await.unwrap_err().code,
        Code::Locked,
        "nothing is live"
    );
    device.call::<ExperimentStart>(start(&id)).await.unwrap();
    let started = row(&device, &id).await;
    assert_eq!((started.status, started.live_status), (Some(Status::Running), None));
    device.sync().await;
    assert_eq!(counted(&device).await, 3, "the site, the experiment and its metric");
    let ticked = ticks(&device.call::<PublishReview>(()).await.unwrap());
    device.call::<Publish>(ticked).await.unwrap();
    let live = row(&device, &id).await;
    assert_eq!(
        (live.status, live.live_status, live.unpublished),
        (Some(Status::Running), Some(Status::Running), false)
    );
    assert!(live.started_at.is_some() && !live.restarts);
    assert_eq!(counted(&device).await, 0);
    let running = device.call::<ExperimentGet>(by_id()).await.unwrap();

    let stopped = device.call::<ExperimentStop>(by_id()).await.unwrap();
    device
        .call::<ExperimentSave>(save(&stopped, Experiment { name: "Renamed".into(), ..stopped.draft.clone() }))
        .await
        .unwrap();
    let stops = row(&device, &id).await;
    assert_eq!((stops.status, stops.live_status), (Some(Status::Stopped), Some(Status::Running)));
    device.call::<ExperimentStart>(start(&id)).await.unwrap();
    assert!(row(&device, &id).await.restarts);
    device.call::<ExperimentStop>(by_id()).await.unwrap();
    device.call::<DocumentDelete>(device.confirmed(&id).await).await.unwrap_err();
    device.call::<DocumentDelete>(device.confirmed(&site.id).await).await.unwrap_err();
    device.add_site("blog").await;
    assert_eq!(counted(&device).await, 2, "the experiment and the new site");

    device.call::<DocumentDiscard>(device.confirmed(&id).await).await.unwrap();
    let back = device.call::<ExperimentGet>(by_id()).await.unwrap();
    assert_eq!((&back.draft, &back.released), (&running.draft, &running.released));
    device.sync().await;
    let items = device.call::<PublishReview>(()).await.unwrap().items;
    assert_eq!(items.iter().map(|item| item.kind).collect::<Vec<_>>(), [Kind::Site]);
}
