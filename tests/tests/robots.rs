//! Bots are marked by the edge, and left out.

use anyhow::Result;
use beacon_shared::event::{EventType, Mark};
use beacon_tests::edge::Edge;
use beacon_tests::visitors::{Visit, Visitors};
use beacon_tests::workspace;

const ROBOTS: u32 = 3;

#[tokio::test(flavor = "multi_thread")]
async fn a_headless_browser_as_it_is_counts_as_a_robot() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("beacon-robots-").tempdir()?;
    let edge = Edge::start(folder.path()).await?;
    workspace::publish(&edge).await?;
    let (site, experiment, goal) = (workspace::SITE, workspace::EXPERIMENT, workspace::GOAL);
    let visit = |visitors, bot| Visit { edge: &edge.url, site, experiment, goal, visitors, bot, seed: 7 };
    Visitors::send(&visit(ROBOTS, true), folder.path())?.record().await?;
    Visitors::send(&visit(2, false), folder.path())?.record().await?;

    let log = edge.log(site).await?;
    let (robots, people): (Vec<_>, Vec<_>) = log.iter().partition(|event| event.event.marks.contains(&Mark::Bot));
    let exposures = |events: &[&beacon_shared::event::Logged]| {
        events.iter().filter(|logged| logged.event.kind == EventType::Exposure).count()
    };
    assert_eq!(exposures(&robots), ROBOTS as usize, "each robot's exposure is kept, with its mark");
    assert!(robots.iter().all(|logged| !logged.event.counts()), "what is marked is left out of results");
    assert_eq!(exposures(&people), 2, "people in the same browser are not robots");
    assert!(people.iter().all(|logged| logged.event.counts()));
    Ok(())
}
