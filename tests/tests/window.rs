//! Nothing typed is changed and nothing done is final, in the real window: each test is a fault that people met.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use beacon_tests::app::App;
use beacon_tests::desktop::Desktop;
use beacon_tests::edge::Edge;
use beacon_tests::wait;
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};

const SOON: Duration = Duration::from_secs(40);
/// One window at a time: two on one slow computer wait for each other.
static TURN: Mutex<()> = Mutex::const_new(());
/// Longer than the time in which keystrokes in one field are one step of undo.
const PAUSE: Duration = Duration::from_millis(1_200);

/// A window on data of its own.
struct Window {
    app: App,
    folder: PathBuf,
    // Ends after the app in it.
    desktop: Desktop,
    _turn: MutexGuard<'static, ()>,
}

impl Window {
    async fn open(name: &str) -> Result<Self> {
        let turn = TURN.lock().await;
        let folder = tempfile::Builder::new().prefix(&format!("beacon-{name}-")).tempdir()?.keep();
        println!("The pictures, logs and data: {}", folder.display());
        let desktop = Desktop::start(&folder).await?;
        let app = App::open(&desktop, &folder).await?;
        Ok(Self { app, folder, desktop, _turn: turn })
    }
}

/// The draft of the only document of a list.
async fn draft(app: &App, list: &str) -> Result<Value> {
    let all = app.ask(list, Value::Null).await?;
    Ok(all.get(0).with_context(|| format!("{list} is empty: {all}"))?["draft"].clone())
}

async fn says(app: &App, id: &str, words: &str) -> Result<()> {
    wait::until(&format!("{words:?} at {id}"), SOON, || async {
        let said = app.text(id).await?;
        ensure!(said.contains(words), "{id} says {said:?}");
        Ok(())
    })
    .await
}

async fn holds(app: &App, id: &str, value: &str) -> Result<()> {
    wait::until(&format!("{value:?} in {id}"), SOON, || async {
        let held = app.value(id).await?;
        ensure!(held == value, "{id} holds {held:?}");
        Ok(())
    })
    .await
}

async fn add_a_site(app: &App) -> Result<()> {
    app.click("nav-sites").await?;
    app.click("site-new").await?;
    app.type_into("site-name", "Shop").await?;
    app.type_into("site-domains", "shop.example").await?;
    app.saved().await
}

/// A draft that could start: named, on the site, with a goal.
async fn add_an_experiment(app: &App) -> Result<()> {
    app.click("nav-experiments").await?;
    app.click("experiment-new").await?;
    app.type_into("experiment-name", "Home hero").await?;
    app.type_into("metric-new-name", "Orders").await?;
    app.type_into("metric-new-event", "order").await?;
    app.click("metric-create").await?;
    app.find("metric-open-0").await?;
    app.saved().await
}

/// U1: a percent field keeps what was typed, says what is wrong with it, and does not let it go live.
#[tokio::test(flavor = "multi_thread")]
async fn a_percent_field_keeps_what_was_typed() -> Result<()> {
    let window = Window::open("percent").await?;
    let app = &window.app;
    add_a_site(app).await?;
    add_an_experiment(app).await?;
    for (field, pointer) in [("experiment-coverage", "/coverage"), ("variant-weight-1", "/variants/1/weight")] {
        for (typed, problem) in [
            ("150", "between 0% and 100%"),
            ("", "Enter a percentage"),
            ("abc", "Enter a number"),
            ("33.333", "two decimals"),
        ] {
            app.type_into(field, typed).await?;
            says(app, &format!("{field}-note"), problem).await?;
            app.click("experiment-name").await?;
            holds(app, field, typed).await?;
            says(app, &format!("{field}-note"), problem).await?;
            app.saved().await?;
            let kept = draft(app, "experiment.list").await?.pointer(&format!("{pointer}_text")).cloned();
            ensure!(kept == Some(json!(typed)), "{field} stored {kept:?} of {typed:?}");
            app.click("experiment-start").await?;
            ensure!(draft(app, "experiment.list").await?["status"] == "draft", "it started with {typed:?} in {field}");
        }
        app.type_into(field, "33,3").await?;
        app.click("experiment-name").await?;
        holds(app, field, "33,3").await?;
        app.saved().await?;
        let stored = draft(app, "experiment.list").await?;
        ensure!(stored.pointer(pointer) == Some(&json!(3_330)), "{field} stored {stored} of 33,3");
        ensure!(stored.pointer(&format!("{pointer}_text")).is_none(), "{field} still keeps a text: {stored}");
    }
    app.picture("percent").await?;
    // What is not a number yet is there after a restart too.
    app.type_into("experiment-coverage", "150").await?;
    app.saved().await?;
    window.app.kill().await?;
    let app = App::open(&window.desktop, &window.folder).await?;
    app.click("nav-experiments").await?;
    app.click("experiment-row").await?;
    holds(&app, "experiment-coverage", "150").await?;
    says(&app, "problems", "between 0% and 100%").await?;
    app.kill().await
}

/// U2: undo and redo in fields and over the whole document.
#[tokio::test(flavor = "multi_thread")]
async fn every_edit_can_be_taken_back() -> Result<()> {
    let window = Window::open("undo").await?;
    let app = &window.app;
    add_a_site(app).await?;
    add_an_experiment(app).await?;
    app.type_into("experiment-hypothesis", "Bigger is better.").await?;
    tokio::time::sleep(PAUSE).await;
    app.add_to("experiment-hypothesis", " Always.").await?;
    app.press("ctrl+z").await?;
    holds(app, "experiment-hypothesis", "Bigger is better.").await?;
    app.press("ctrl+z").await?;
    holds(app, "experiment-hypothesis", "").await?;
    app.press("ctrl+shift+z").await?;
    holds(app, "experiment-hypothesis", "Bigger is better.").await?;
    app.add_to("experiment-hypothesis", " Yes.").await?;
    holds(app, "experiment-hypothesis", "Bigger is better. Yes.").await?;

    app.type_into("variant-weight-1", "30").await?;
    app.click("variant-add").await?;
    ensure!(app.focused().await? == "variant-name-2", "the new variant has not the focus: {}", app.focused().await?);
    holds(app, "variant-weight-2", "0").await?;
    app.click("variant-remove-2").await?;
    wait::until("The removal", SOON, || async {
        ensure!(!app.shows("variant-name-2").await?, "it is still there");
        Ok(())
    })
    .await?;
    app.press("ctrl+z").await?;
    holds(app, "variant-name-2", "Treatment 2").await?;
    app.saved().await?;
    let variants = draft(app, "experiment.list").await?["variants"].clone();
    ensure!(variants.as_array().is_some_and(|all| all.len() == 3), "what came back is not saved: {variants}");

    // A field that belongs to no draft.
    app.click("nav-settings").await?;
    app.type_into("edge-url", "https://beacon.example").await?;
    app.press("ctrl+z").await?;
    wait::until("The address without what was typed", SOON, || async {
        let held = app.value("edge-url").await?;
        ensure!(held.len() < "https://beacon.example".len(), "it still holds {held:?}");
        Ok(())
    })
    .await?;
    window.app.kill().await
}

/// U6, U7: every problem is shown where it is, and listed by the primary button as a link.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_to_do_is_said_and_leads_there() -> Result<()> {
    let window = Window::open("problems").await?;
    let app = &window.app;
    add_a_site(app).await?;
    app.click("nav-experiments").await?;
    app.click("experiment-new").await?;
    ensure!(app.focused().await? == "experiment-name", "the first field has not the focus");
    app.type_into("experiment-hypothesis", "Something").await?;
    app.saved().await?;
    app.click("experiment-start").await?;
    says(app, "problems", "things left before you can start").await?;
    says(app, "experiment-name-note", "Enter a name.").await?;
    app.click_css("[data-testid=problem-link][data-pointer='/metrics']").await?;
    ensure!(app.focused().await? == "metric-new-name", "the link leads to {}", app.focused().await?);
    app.click("nav-experiments").await?;
    app.click("experiment-row").await?;
    says(app, "experiment-name-note", "Enter a name.").await?;
    says(app, "problems", "things left before you can start").await?;
    app.picture("problems").await?;

    app.click("nav-flags").await?;
    app.click("flag-new").await?;
    app.type_into("flag-name", "Checkout").await?;
    app.click("flag-rule-add").await?;
    for (typed, problem) in
        [("[\"DE\"]", "Write an object"), ("{\"country\": {\"$foo\": 1}}", "$foo"), ("{\"a\": ", "JSON")]
    {
        app.type_into("rule-condition-0", typed).await?;
        says(app, "rule-condition-0-note", problem).await?;
        app.saved().await?;
        app.click("nav-flags").await?;
        app.click("flag-row").await?;
        says(app, "rule-condition-0-note", problem).await?;
    }
    app.click("problem-link").await?;
    ensure!(app.focused().await? == "rule-condition-0", "the link leads to {}", app.focused().await?);
    window.app.kill().await
}

/// U5, U12, X1, X2: what was imported is shown as what it is, keeps its key when it is renamed, and the order that was
/// typed.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_imported_stays_what_it_is() -> Result<()> {
    let window = Window::open("imported").await?;
    let app = &window.app;
    add_a_site(app).await?;
    app.click("nav-flags").await?;
    app.click("flag-exchange").await?;
    let payload = json!({
        "features": {"banner": {"defaultValue": "grey", "rules": [{
            "key": "btn-test", "variations": ["blue", "red"], "weights": [0.5, 0.5], "hashAttribute": "id", "hashVersion": 2
        }]}},
        "experiments": [{"key": "old_test", "seed": "old_test", "variations": [{}, {"h": 1}], "hashVersion": 2}]
    });
    app.type_into("exchange-payload", &payload.to_string()).await?;
    app.click("exchange-import").await?;
    says(app, "exchange-done", "1 flag").await?;
    app.click("exchange-close").await?;
    app.click("flag-row").await?;
    for words in ["A/B split", "btn-test", "blue", "red", "50%"] {
        says(app, "rule-experiment-0", words).await?;
    }
    ensure!(!app.shows("rule-value-0").await?, "a value is shown that nobody is served");
    says(app, "state", "Not live").await?;
    app.picture("imported-split").await?;
    app.type_into("flag-name", "Another banner").await?;
    app.saved().await?;
    ensure!(draft(app, "flag.list").await?["key"] == "banner", "the flag's key followed its name");

    app.click("nav-experiments").await?;
    app.click("experiment-row").await?;
    app.type_into("experiment-name", "Something else").await?;
    app.saved().await?;
    let renamed = draft(app, "experiment.list").await?;
    ensure!(renamed["key"] == "old_test" && renamed["seed"] == "old_test", "key or seed followed the name: {renamed}");
    let config = r#"{"z_order": 1, "banner": {"b": 2, "a": [1, 2]}}"#;
    app.type_into("variant-config-1", config).await?;
    app.click("experiment-name").await?;
    app.saved().await?;
    holds(app, "variant-config-1", config).await?;
    window.app.kill().await
}

/// U3, U4: chips tell what visitors get and what the draft intends, and what is not published can be discarded.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_published_can_be_discarded() -> Result<()> {
    let window = Window::open("discard").await?;
    let app = &window.app;
    let edge = Edge::start(&window.folder).await?;
    add_a_site(app).await?;
    app.click("nav-settings").await?;
    app.type_into("edge-url", &edge.url).await?;
    app.type_into("edge-key", &edge.key).await?;
    app.click("edge-connect").await?;
    add_an_experiment(app).await?;
    says(app, "state", "Draft").await?;
    app.click("experiment-start").await?;
    says(app, "state", "Starts when published").await?;
    what_is_new_is_said_in_words(app).await?;
    publish(app).await?;
    app.click("nav-experiments").await?;
    says(app, "state", "Running · day 1").await?;
    app.click("experiment-row").await?;
    says(app, "state", "Running · day 1").await?;
    ensure!(!app.shows("discard").await?, "there is nothing to discard");

    app.type_into("experiment-hypothesis", "Not what runs.").await?;
    app.click("experiment-stop").await?;
    says(app, "state", "Stops when published").await?;
    says(app, "state", "Running · day 1").await?;
    app.picture("stops-when-published").await?;
    app.click("discard").await?;
    holds(app, "experiment-hypothesis", "").await?;
    wait::until("The chip without the stop", SOON, || async {
        let said = app.text("state").await?;
        ensure!(said == "Running · day 1", "it says {said:?}");
        Ok(())
    })
    .await?;
    ensure!(
        draft(app, "experiment.list").await?["phases"].as_array().is_some_and(|p| p.len() == 1),
        "another phase began"
    );
    app.click("experiment-name").await?;
    app.press("ctrl+z").await?;
    holds(app, "experiment-hypothesis", "Not what runs.").await?;
    window.app.kill().await
}

/// U9, U20: the review says a new experiment in words, and ticks what it needs with it.
async fn what_is_new_is_said_in_words(app: &App) -> Result<()> {
    app.click("nav-publish").await?;
    let ids = [row_of(app, "experiment.list").await?, row_of(app, "site.list").await?];
    app.find_css(&format!("[data-testid=publish-tick-{}]:not(:disabled)", ids[0])).await?;
    app.tick(&format!("publish-tick-{}", ids[0])).await?;
    app.find_css(&format!("[data-testid=publish-tick-{}]:checked", ids[1])).await?;
    let item = format!("[data-testid=publish-row][data-id={}]", ids[0]);
    let said = app.find_css(&item).await?.text().await?;
    for words in ["New", "Shop", "Control 50%", "Treatment 50%", "Needs", "Orders (Goal)", "Technical details"] {
        ensure!(said.contains(words), "{words:?} is missing in {said:?}");
    }
    let (first, _) = said.split_once("Technical details").unwrap_or_default();
    for raw in ["sit_", "5000", "{}"] {
        ensure!(!first.contains(raw), "{raw:?} is no word for people: {said:?}");
    }
    app.picture("review").await.map(drop)
}

async fn row_of(app: &App, list: &str) -> Result<String> {
    let all = app.ask(list, Value::Null).await?;
    Ok(all[0]["id"].as_str().with_context(|| format!("{list} is empty: {all}"))?.to_owned())
}

/// Publishes everything that is ready.
async fn publish(app: &App) -> Result<()> {
    wait::until("Everything to be synced", SOON, || async {
        let pending = app.attribute("status-sync", "data-pending").await?;
        ensure!(pending == "0", "{pending} pending");
        Ok(())
    })
    .await?;
    app.click("nav-publish").await?;
    app.click("publish-all").await?;
    app.click("publish-run").await?;
    app.find("publish-done").await.map(drop)
}
