//! One experiment, from a draft on the desktop to a visitor's page and back, on real components: the app in its
//! window with a real keychain, the edge on workerd with its state on disk, a real browser with separate visitors.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use beacon_shared::api::{Publication, PullResponse, SegmentList, route};
use beacon_shared::ipc;
use beacon_tests::app::{App, data};
use beacon_tests::desktop::Desktop;
use beacon_tests::edge::Edge;
use beacon_tests::events::Sender;
use beacon_tests::visitors::{Record, Visit, Visitors};
use beacon_tests::wait;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const EXPERIMENT: &str = "home_hero";
const GOAL: &str = "bought";
const VARIANTS: [(&str, &str); 2] = [("control", "Welcome to the shop"), ("treatment", "Save 20% today")];
const PEOPLE: u32 = 300;
const LATE_PEOPLE: u32 = 40;
const BOTS: u32 = 3;
const SOON: Duration = Duration::from_secs(40);

/// The state that the steps hand on to each other.
struct Story {
    folder: PathBuf,
    desktop: Desktop,
    site: String,
    experiment: String,
    metric: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_draft_to_a_page_and_back() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("beacon-story-").tempdir()?.keep();
    println!("The story's pictures, logs and data: {}", folder.display());
    let desktop = Desktop::start(&folder).await?;
    let (site, experiment, metric) = (String::new(), String::new(), String::new());
    let mut story = Story { folder, desktop, site, experiment, metric };

    let app = story.drafts_without_an_edge().await?;
    let mut edge = Edge::start(&story.folder).await?;
    story.connects(&app, &edge).await?;
    story.publishes(&app, &edge).await?;
    let people = story.people_visit(&edge).await?;
    story.results_equal(&app, &edge, &people, "5-results").await?;
    let late = story.the_edge_dies(&app, &mut edge).await?;
    story.results_equal(&app, &edge, &people.and(&late), "6-results").await?;
    story.has_no_key_anywhere(&app, &edge).await
}

impl Story {
    async fn open(&self) -> Result<App> {
        App::open(&self.desktop, &self.folder).await
    }

    /// 1: a first start with no edge and no network; kill -9 costs nothing.
    async fn drafts_without_an_edge(&mut self) -> Result<App> {
        let app = self.open().await?;
        app.shows_no_error().await?;
        self.adds_a_site(&app).await?;
        self.drafts_an_experiment(&app).await?;
        app.shows_no_error().await?;
        app.picture("1-draft").await?;
        app.kill().await?;

        let app = self.open().await?;
        app.click("nav-experiments").await?;
        app.click_css(&row(EXPERIMENT)).await?;
        ensure!(app.value("experiment-name").await? == "Hero", "the draft's name is lost");
        for (i, (id, heading)) in VARIANTS.iter().enumerate() {
            ensure!(app.value(&format!("variant-id-{i}")).await? == *id, "variant {i} is lost");
            let config: Value = serde_json::from_str(&app.value(&format!("variant-config-{i}")).await?)?;
            ensure!(config == json!({ "heading": heading }), "the config of {id} is {config}");
        }
        self.metric_is_defined_once(&app).await?;
        app.shows_no_error().await?;
        app.picture("1-reopened").await?;
        println!("1: the draft survived kill -9, with no edge and no error.");
        Ok(app)
    }

    async fn adds_a_site(&mut self, app: &App) -> Result<()> {
        app.click("nav-sites").await?;
        app.click("site-new").await?;
        app.type_into("site-name", "Shop").await?;
        app.type_into("site-key", "shop").await?;
        app.type_into("site-domains", "shop.example").await?;
        app.tick("site-localhost").await?;
        app.saved().await?;
        self.site = wait::until("The site", SOON, || async { id_of(app, "site.list", "shop").await }).await?;
        Ok(())
    }

    async fn drafts_an_experiment(&mut self, app: &App) -> Result<()> {
        app.click("nav-experiments").await?;
        app.click("experiment-new").await?;
        app.type_into("experiment-name", "Hero").await?;
        app.type_into("experiment-key", EXPERIMENT).await?;
        app.type_into("experiment-hypothesis", "A discount in the heading sells more.").await?;
        app.choose("experiment-site", &self.site).await?;
        for (i, (id, heading)) in VARIANTS.iter().enumerate() {
            app.type_into(&format!("variant-id-{i}"), id).await?;
            app.type_into(&format!("variant-name-{i}"), id).await?;
            app.type_into(&format!("variant-weight-{i}"), "50").await?;
            app.type_into(&format!("variant-config-{i}"), &json!({ "heading": heading }).to_string()).await?;
        }
        app.type_into("metric-new-name", "Bought").await?;
        app.type_into("metric-new-event", GOAL).await?;
        app.click("metric-create").await?;
        app.find("metric-open-0").await?;
        app.saved().await?;
        self.experiment = id_of(app, "experiment.list", EXPERIMENT).await?;
        let view = app.ask("experiment.get", json!({ "id": self.experiment })).await?;
        self.metric = view["draft"]["metrics"][0]["metric"].as_str().context("the goal is no document")?.to_owned();
        Ok(())
    }

    /// The experiment's goal leads to its definition, which says who uses it. It is edited there.
    async fn metric_is_defined_once(&self, app: &App) -> Result<()> {
        app.click("metric-open-0").await?;
        ensure!(app.value("metric-event").await? == GOAL, "the goal is lost");
        app.type_into("metric-description", "Visitors who bought something.").await?;
        app.saved().await?;
        app.click_css(&format!("[data-testid=metric-used-by][data-id={}]", self.experiment)).await?;
        app.find("metric-open-0").await?;
        app.click("nav-metrics").await?;
        wait::until("The metric in the list", SOON, || async {
            let listed = app.contents().await?;
            for part in ["metric-row", "Visitors with bought", "1 experiment"] {
                ensure!(listed.contains(part), "the list doesn't say {part:?}");
            }
            Ok(())
        })
        .await?;
        app.picture("1-metrics").await?;
        Ok(())
    }

    /// 2: the key goes into the keychain, and comes back out nowhere.
    async fn connects(&self, app: &App, edge: &Edge) -> Result<()> {
        app.click("nav-settings").await?;
        app.type_into("edge-url", &edge.url).await?;
        app.type_into("edge-key", &edge.key).await?;
        app.click("edge-connect").await?;
        wait::until("The connection", SOON, || async {
            let connection = app.ask("connection.get", Value::Null).await?;
            ensure!(connection["has_key"] == json!(true), "the core says {connection}");
            ensure!(connection["keychain_problem"].is_null(), "the core says {connection}");
            Ok(())
        })
        .await?;
        app.picture("2-connected").await?;
        self.has_no_key_anywhere(app, edge).await?;
        println!("2: connected; the key is in the keychain only.");
        Ok(())
    }

    /// Looks for the key where it must not be: files, logs, answers to the window, the page itself.
    async fn has_no_key_anywhere(&self, app: &App, edge: &Edge) -> Result<()> {
        for place in [data(&self.folder), self.folder.join("app.log"), self.folder.join("desktop.log")] {
            for file in files(&place)? {
                let bytes = std::fs::read(&file)?;
                let found = bytes.windows(edge.key.len()).any(|part| part == edge.key.as_bytes());
                ensure!(!found, "the key is in {}", file.display());
            }
        }
        // Calls that only read, and all that can be asked without naming anything.
        let reading = [".get", ".list", "overview", ".review"];
        for name in ipc::NAMES.iter().filter(|name| reading.iter().any(|end| name.ends_with(end))) {
            let answer = app.ask(name, Value::Null).await?;
            ensure!(!answer.to_string().contains(&edge.key), "{name} answers with the key");
        }
        ensure!(!app.contents().await?.contains(&edge.key), "the window still holds the key");
        Ok(())
    }

    /// 3: sync, start, review, publish.
    async fn publishes(&self, app: &App, edge: &Edge) -> Result<()> {
        synced(app).await?;
        app.click("nav-experiments").await?;
        app.click_css(&row(EXPERIMENT)).await?;
        app.click("experiment-start").await?;
        wait::until("The start", SOON, || async {
            let view = app.ask("experiment.get", json!({ "id": self.experiment })).await?;
            ensure!(view["draft"]["status"] == json!("running"), "the draft is {}", view["draft"]["status"]);
            Ok(())
        })
        .await?;
        synced(app).await?;
        app.click("nav-publish").await?;
        for id in [&self.site, &self.experiment] {
            app.tick(&format!("publish-tick-{id}")).await?;
        }
        // The experiment needs its metric, so that is ticked with it.
        let ticked = app.find_css(&format!("[data-testid=publish-tick-{}]:checked", self.metric)).await;
        ensure!(ticked.is_ok(), "the metric isn't ticked with its experiment");
        let review = app.contents().await?;
        ensure!(review.contains(VARIANTS[1].1), "the review does not show what changes on the site");
        app.picture("3-review").await?;
        app.click("publish-run").await?;
        let live = wait::until("The publication", SOON, || async {
            let all: Vec<Publication> = edge.get(route::PUBLICATIONS).await?;
            all.into_iter().find(|publication| publication.live).context("nothing is live")
        })
        .await?;
        wait::until("The live publication on the screen", SOON, || async {
            let shown = app.text("publish-live").await?;
            ensure!(live.hash.get(..7).is_some_and(|start| shown.contains(start)), "it says {shown:?}");
            Ok(())
        })
        .await?;
        app.picture("3-published").await?;
        let metric = app.ask("metric.get", json!({ "id": self.metric })).await?;
        ensure!(metric["released"]["event"] == json!(GOAL), "the metric isn't published: {metric}");
        ensure!(self.bundle_lies_on_disk(&live.hash)?, "R2 holds no object with the hash {}", live.hash);
        println!("3: published {} at sequence number {}.", live.hash, live.seq);
        Ok(())
    }

    /// The local R2 keeps an object as one file.
    fn bundle_lies_on_disk(&self, hash: &str) -> Result<bool> {
        for file in files(&self.folder.join("edge/r2"))? {
            let found: String =
                Sha256::digest(std::fs::read(&file)?).iter().map(|byte| format!("{byte:02x}")).collect();
            if found == hash {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn visit<'a>(&'a self, edge: &'a str, visitors: u32, bot: bool, seed: u32) -> Visit<'a> {
        Visit { edge, site: &self.site, experiment: EXPERIMENT, goal: GOAL, visitors, bot, seed }
    }

    /// 4: separate visitors in a real browser. Bots come too, and change nothing.
    async fn people_visit(&self, edge: &Edge) -> Result<Record> {
        let record = Visitors::send(&self.visit(&edge.url, PEOPLE, false, 1), &self.folder)?.record().await?;
        Visitors::send(&self.visit(&edge.url, BOTS, true, 2), &self.folder)?.record().await?;
        ensure!(record.visitors() == u64::from(PEOPLE), "only {} visitors were counted", record.visitors());
        ensure!(record.returned > 0, "nobody came back");
        for (id, heading) in VARIANTS {
            ensure!(record.headings.get(id).is_some_and(|shown| shown == heading), "{id} shows {:?}", record.headings);
        }
        let rate = |id: &str| record.of(id).converted as f64 / record.of(id).visitors as f64;
        ensure!(rate("treatment") > rate("control"), "the treatment does not convert better: {record:?}");
        println!("4: the pages recorded {:?}; {} came back and saw the same.", record.variants, record.returned);
        Ok(record)
    }

    /// 5: what the window shows equals what the pages recorded.
    async fn results_equal(&self, app: &App, edge: &Edge, record: &Record, picture: &str) -> Result<()> {
        self.all_events_are_here(app, edge).await?;
        app.click("nav-sites").await?;
        app.click("nav-results").await?;
        app.click_css(&format!("[data-testid=results-open][data-key={EXPERIMENT}]")).await?;
        wait::until("The results", SOON, || async {
            for (id, _) in VARIANTS {
                let units = number(&app.text(&format!("results-units-{id}")).await?)?;
                let conversions = number(&app.text(&format!("results-conversions-{id}")).await?)?;
                let seen = record.of(id);
                let equal = (units, conversions) == (seen.visitors, seen.converted);
                ensure!(equal, "{id}: the window shows {units} and {conversions}, the pages recorded {seen:?}");
            }
            Ok(())
        })
        .await?;
        for part in ["results-verdict", "results-srm", "results-as-of"] {
            ensure!(!app.text(part).await?.is_empty(), "{part} says nothing");
        }
        app.find_css("[data-testid=results-chart] img").await?;
        app.shows_no_error().await?;
        app.picture(picture).await?;
        println!("{picture}: the window shows what the pages recorded: {:?}.", record.variants);
        Ok(())
    }

    /// Waits until the desktop holds as many events as the edge's log.
    async fn all_events_are_here(&self, app: &App, edge: &Edge) -> Result<()> {
        wait::until("All events on the desktop", SOON, || async {
            let list: SegmentList = edge.get(&format!("{}?site={}&after=0", route::SEGMENTS, self.site)).await?;
            let request = json!({ "id": self.experiment, "theme": "light" });
            let here = app.ask("results.get", request).await?["events"].clone();
            ensure!(here == json!(list.head), "the desktop has {here} of {}", list.head);
            Ok(())
        })
        .await
    }

    /// 6: the edge is killed while events arrive and while a sync is in flight.
    async fn the_edge_dies(&self, app: &App, edge: &mut Edge) -> Result<Record> {
        let url = edge.url.clone();
        let late = Visitors::send(&self.visit(&url, LATE_PEOPLE, false, 3), &self.folder)?;
        let sender = Sender::start(&url, &self.site);
        app.click("nav-experiments").await?;
        app.click_css(&row(EXPERIMENT)).await?;
        for round in 0..3 {
            tokio::time::sleep(Duration::from_secs(2)).await;
            app.type_into("experiment-hypothesis", &hypothesis(round)).await?;
            app.saved().await?;
            app.begin("sync.now").await?;
            edge.kill().await?;
            tokio::time::sleep(Duration::from_millis(500)).await;
            edge.restart().await?;
        }
        let late = late.record().await?;
        let acknowledged = sender.finish().await?;
        self.log_holds_once(edge, &acknowledged).await?;
        self.draft_arrived_once(app, edge).await?;
        println!("6: killed three times; {} acknowledged events are there once.", acknowledged.len());
        Ok(late)
    }

    async fn log_holds_once(&self, edge: &Edge, acknowledged: &[String]) -> Result<()> {
        let log = edge.log(&self.site).await?;
        let ids: HashSet<&str> = log.iter().map(|logged| logged.event.event_id.as_str()).collect();
        ensure!(ids.len() == log.len(), "{} events are in the log twice", log.len() - ids.len());
        let gaps = log.iter().zip(1..).find(|(logged, seq)| logged.seq != *seq);
        ensure!(gaps.is_none(), "the log has a gap before {gaps:?}");
        let missing: Vec<_> = acknowledged.iter().filter(|id| !ids.contains(id.as_str())).collect();
        ensure!(missing.is_empty(), "{} acknowledged events are missing: {missing:?}", missing.len());
        ensure!(!acknowledged.is_empty(), "no event was acknowledged");
        Ok(())
    }

    async fn draft_arrived_once(&self, app: &App, edge: &Edge) -> Result<()> {
        synced(app).await?;
        let pulled: PullResponse = edge.get(&format!("{}?epoch=&seq=0&op_id=", route::PULL)).await?;
        let mut found = BTreeMap::new();
        for document in pulled.documents.iter().filter(|document| document.key == EXPERIMENT) {
            found.insert(&document.id, document.body["draft"]["hypothesis"].clone());
        }
        ensure!(found.len() == 1, "the edge has the experiment {} times", found.len());
        ensure!(found.get(&self.experiment) == Some(&json!(hypothesis(2))), "the edge has {found:?}");
        Ok(())
    }
}

fn hypothesis(round: u32) -> String {
    format!("A discount in the heading sells more, even when the edge dies ({round}).")
}

fn row(key: &str) -> String {
    format!("[data-testid=experiment-row][data-key={key}]")
}

async fn synced(app: &App) -> Result<()> {
    wait::until("Sync", SOON, || async {
        let (pending, online) =
            (app.attribute("status-sync", "data-pending").await?, app.attribute("status-sync", "data-online").await?);
        let conflicts = app.attribute("status-sync", "data-conflicts").await?;
        let said = app.text("status-sync").await?;
        ensure!((pending.as_str(), online.as_str()) == ("0", "true"), "the status bar says {said:?}");
        ensure!(conflicts == "0", "conflicts {conflicts}");
        Ok(())
    })
    .await
}

async fn id_of(app: &App, list: &str, key: &str) -> Result<String> {
    let all = app.ask(list, Value::Null).await?;
    let mine = all.as_array().and_then(|all| all.iter().find(|view| view["draft"]["key"] == json!(key)));
    Ok(mine.and_then(|view| view["id"].as_str()).with_context(|| format!("{list} has no {key}: {all}"))?.to_owned())
}

/// A count as the window writes it, with or without thousands separators.
fn number(text: &str) -> Result<u64> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    digits.parse().with_context(|| format!("{text:?} is no count"))
}

fn files(place: &Path) -> Result<Vec<PathBuf>> {
    if place.is_file() {
        return Ok(vec![place.to_path_buf()]);
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(place).with_context(|| format!("{} cannot be read", place.display()))? {
        found.extend(files(&entry?.path())?);
    }
    Ok(found)
}
