//! What is around every page, in the real window: search, keys, news with a way back, the theme and the site.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use beacon_tests::app::App;
use beacon_tests::desktop::Desktop;
use beacon_tests::wait;
use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard};

const SOON: Duration = Duration::from_secs(40);
/// One window at a time: two on one slow computer wait for each other.
static TURN: Mutex<()> = Mutex::const_new(());

struct Window {
    app: App,
    // Ends after the app in it.
    desktop: Desktop,
    _turn: MutexGuard<'static, ()>,
}

async fn open(name: &str) -> Result<(Window, PathBuf)> {
    let turn = TURN.lock().await;
    let folder = tempfile::Builder::new().prefix(&format!("beacon-{name}-")).tempdir()?.keep();
    println!("The pictures, logs and data: {}", folder.display());
    let desktop = Desktop::start(&folder).await?;
    let app = App::open(&desktop, &folder).await?;
    Ok((Window { app, desktop, _turn: turn }, folder))
}

async fn says(app: &App, id: &str, words: &str) -> Result<()> {
    wait::until(&format!("{words:?} at {id}"), SOON, || async {
        let said = app.text(id).await?;
        ensure!(said.contains(words), "{id} says {said:?}");
        Ok(())
    })
    .await
}

/// Waits until the bar above the page names this document.
async fn is_open(app: &App, name: &str) -> Result<()> {
    wait::until(&format!("{name} to be open"), SOON, || async {
        let open = app.attribute("breadcrumb", "title").await?;
        ensure!(open == name, "{open:?} is open");
        Ok(())
    })
    .await
}

async fn has_focus(app: &App, id: &str) -> Result<()> {
    wait::until(&format!("The focus at {id}"), SOON, || async {
        let focused = app.focused().await?;
        ensure!(focused == id, "{focused:?} has it");
        Ok(())
    })
    .await
}

async fn rows(app: &App, list: &str) -> Result<usize> {
    Ok(app.ask(list, Value::Null).await?.as_array().map_or(0, Vec::len))
}

async fn add_a_site(app: &App, name: &str, domains: &str) -> Result<()> {
    app.click("nav-sites").await?;
    app.click("site-new").await?;
    app.type_into("site-name", name).await?;
    app.type_into("site-domains", domains).await?;
    app.saved().await
}

async fn add_a_flag(app: &App, name: &str) -> Result<()> {
    app.click("nav-flags").await?;
    app.click("flag-new").await?;
    app.type_into("flag-name", name).await?;
    app.saved().await
}

/// U8, U10, U14, U17: the keyboard alone leads to a document and back, and the frame says what waits for publishing.
#[tokio::test(flavor = "multi_thread")]
async fn the_keyboard_leads_everywhere() -> Result<()> {
    let (window, _folder) = open("keyboard").await?;
    let app = &window.app;
    says(app, "nav-publish", "Nothing to publish").await?;
    add_a_site(app, "Shop", "shop.example").await?;
    says(app, "nav-publish", "Review 1 change").await?;
    add_a_flag(app, "Express checkout").await?;
    add_a_flag(app, "Läden").await?;
    ensure!(app.value("flag-key").await? == "laeden", "the key is {}", app.value("flag-key").await?);
    says(app, "nav-publish", "Review 3 changes").await?;

    app.press("escape").await?;
    app.press("escape").await?;
    has_focus(app, "flag-row").await?;
    app.press("ctrl+k").await?;
    has_focus(app, "palette-field").await?;
    app.type_into("palette-field", "excheck").await?;
    wait::until("The only fit", SOON, || async {
        let offered = app.attribute("palette-entry", "aria-label").await?;
        ensure!(offered == "Express checkout", "{offered:?} is offered");
        Ok(())
    })
    .await?;
    app.picture("palette").await?;
    app.press("enter").await?;
    is_open(app, "Express checkout").await?;
    ensure!(!app.shows("palette").await?, "the palette is still open");
    app.press("alt+left").await?;
    app.find("flag-row").await?;
    app.press("down").await?;
    app.press("down").await?;
    has_focus(app, "flag-row").await?;
    app.press("enter").await?;
    is_open(app, "Express checkout").await?;
    app.press("ctrl+k").await?;
    app.type_into("palette-field", "zzzz").await?;
    app.press("escape").await?;
    wait::until("The palette to close", SOON, || async {
        ensure!(!app.shows("palette").await?, "it is open");
        Ok(())
    })
    .await?;
    is_open(app, "Express checkout").await?;
    // The sidebar leads to the list, whatever is open.
    app.click("nav-flags").await?;
    app.find("flag-new").await?;
    window.app.kill().await
}

/// U26, U27 and what was deleted: nothing done is final.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_comes_back() -> Result<()> {
    let (window, _folder) = open("deleted").await?;
    let app = &window.app;
    add_a_site(app, "Kiosk", "https://Kiosk.Example/path, shop.example").await?;
    app.click("site-name").await?;
    wait::until("The domains", SOON, || async {
        let domains = app.value("site-domains").await?;
        ensure!(domains == "kiosk.example\nshop.example", "they are {domains:?}");
        Ok(())
    })
    .await?;
    add_a_flag(app, "Express checkout").await?;
    app.click("flag-rule-add").await?;
    has_focus(app, "rule-coverage-0").await?;
    app.type_into("rule-coverage-0", "12,5").await?;
    app.click("rule-remove-0").await?;
    says(app, "toast", "Rule removed").await?;
    app.click("toast-undo").await?;
    wait::until("The rule", SOON, || async {
        let share = app.value("rule-coverage-0").await?;
        ensure!(share == "12.5", "its share is {share:?}");
        Ok(())
    })
    .await?;
    app.saved().await?;
    app.click("delete").await?;
    has_focus(app, "delete-keep").await?;
    app.click("delete-confirm").await?;
    says(app, "toast", "Flag deleted").await?;
    ensure!(rows(app, "flag.list").await? == 0, "the flag is still there");
    app.picture("deleted").await?;
    app.click("toast-undo").await?;
    app.click("flag-row").await?;
    wait::until("The flag", SOON, || async {
        let share = app.value("rule-coverage-0").await?;
        ensure!(share == "12.5", "its share is {share:?}");
        Ok(())
    })
    .await?;
    window.app.kill().await
}

/// The theme and the site that were chosen are there after a restart.
#[tokio::test(flavor = "multi_thread")]
async fn the_window_comes_back_as_it_was_chosen() -> Result<()> {
    let (window, folder) = open("chosen").await?;
    let app = &window.app;
    add_a_site(app, "Shop", "shop.example").await?;
    ensure!(!app.shows("site-switcher").await?, "one site needs no choice");
    add_a_site(app, "Kiosk", "kiosk.example").await?;
    add_a_flag(app, "On both").await?;
    let sites = app.ask("site.list", Value::Null).await?;
    let kiosk = sites[0]["id"].as_str().unwrap_or_default().to_owned();
    ensure!(sites[0]["draft"]["key"] == "kiosk", "the sites are {sites}");
    app.click("nav-flags").await?;
    app.click("flag-new").await?;
    app.type_into("flag-name", "Shop only").await?;
    app.click(&format!("flag-site-{kiosk}")).await?;
    app.saved().await?;
    app.choose("site-switcher", &kiosk).await?;
    app.click("nav-flags").await?;
    one_row(app, "on_both").await?;
    app.click("nav-settings").await?;
    app.click("theme-dark").await?;
    themed(app, "dark").await?;
    app.picture("dark").await?;
    is_kept(&folder, "dark").await?;
    window.app.kill().await?;

    let app = App::open(&window.desktop, &folder).await?;
    themed(&app, "dark").await?;
    app.click("nav-flags").await?;
    one_row(&app, "on_both").await?;
    app.kill().await
}

/// Waits until the webview has written a choice: it does so a moment after the click.
async fn is_kept(folder: &Path, choice: &str) -> Result<()> {
    let wanted: Vec<u8> = choice.encode_utf16().flat_map(u16::to_le_bytes).collect();
    wait::until(&format!("{choice} on disk"), SOON, || async {
        for file in std::fs::read_dir(folder.join("home/data/dev.beacon.desktop/localstorage"))? {
            let bytes = std::fs::read(file?.path())?;
            if bytes.windows(wanted.len()).any(|part| part == wanted) {
                return Ok(());
            }
        }
        bail!("it is in no file")
    })
    .await
}

async fn themed(app: &App, theme: &str) -> Result<()> {
    app.find_css(&format!("html[data-theme={theme}]")).await.map(drop)
}

async fn one_row(app: &App, key: &str) -> Result<()> {
    wait::until("The rows of the site", SOON, || async {
        app.find_css(&format!("[data-testid=flag-row][data-key={key}]")).await?;
        let listed = app.contents().await?.matches("data-testid=\"flag-row\"").count();
        ensure!(listed == 1, "{listed} rows");
        Ok(())
    })
    .await
}
