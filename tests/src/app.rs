//! The app in its real window, driven as a person would drive it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use beacon_shared::theme::Theme;
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::desktop::Desktop;
use crate::processes::Process;
use crate::{built, cache, wait};

const PATIENCE: Duration = Duration::from_secs(20);

/// The window's title on the screen.
const TITLE: &str = "Beacon";

/// Longer than any wait of the driver itself.
const DRIVER_PATIENCE: Duration = Duration::from_secs(40);

/// The delete key, as WebDriver writes it.
const DELETE: &str = "\u{E017}";

/// The app, with the driver that holds its window.
pub struct App {
    window: Client,
    pictures: PathBuf,
    display: String,
    // The app is a child of the driver: one group holds both.
    driver: Process,
}

impl App {
    /// Opens the app on the data in `folder/data`.
    pub async fn open(desktop: &Desktop, folder: &Path) -> Result<Self> {
        Self::open_in(desktop, folder, Theme::Light).await
    }

    /// Opens the app on a desktop whose theme is this one.
    pub async fn open_in(desktop: &Desktop, folder: &Path, theme: Theme) -> Result<Self> {
        let binary = built("BEACON_APP", cache().join("target/debug/beacon"), "cargo xtask build app")?;
        let port = free_port()?;
        let mut command = Command::new("WebKitWebDriver");
        command.arg(format!("--port={port}"));
        desktop.apply(&mut command);
        command.env("TAURI_AUTOMATION", "true").env("TAURI_WEBVIEW_AUTOMATION", "true");
        command.env("BEACON_DATA_DIR", data(folder)).env("BEACON_SYNC_SECONDS", "1");
        let gtk = if theme == Theme::Dark { "Adwaita:dark" } else { "Adwaita" };
        command.env("GTK_THEME", gtk);
        command.env_remove("BEACON_CONNECT_URL").env_remove("BEACON_CONNECT_KEY");
        let mut driver = Process::start("WebKitWebDriver", &mut command, &folder.join("app.log"))?;
        driver.let_run();
        let options = json!({ "webkitgtk:browserOptions": { "binary": binary, "args": [] } });
        let capabilities = options.as_object().cloned().unwrap_or_default();
        let address = format!("http://127.0.0.1:{port}");
        let window = wait::until("The app's window", Duration::from_secs(60), || async {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            Ok(builder.capabilities(capabilities.clone()).connect(&address).await?)
        })
        .await?;
        let pictures = folder.join("pictures");
        std::fs::create_dir_all(&pictures)?;
        Ok(Self { window, pictures, display: desktop.display().to_owned(), driver })
    }

    /// Returns the screen's number of the window, for [`App::close`].
    pub async fn window_number(&self) -> Result<String> {
        let found = self.xdotool(&["search", "--onlyvisible", "--name", TITLE]).await?;
        found.lines().next_back().map(str::to_owned).context("The screen has no window of Beacon.")
    }

    /// Asks the window manager to close the window, as a person does, and waits until it is gone.
    pub async fn close(&self, window: &str) -> Result<()> {
        self.xdotool(&["windowactivate", window, "key", "--clearmodifiers", "alt+F4"]).await?;
        wait::until("The end of the window", PATIENCE, || async {
            match self.xdotool(&["getwindowname", window]).await {
                Ok(name) => bail!("{name} is still there"),
                Err(_) => Ok(()),
            }
        })
        .await
    }

    async fn xdotool(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new("xdotool").args(arguments).env("DISPLAY", &self.display).output().await?;
        if !output.status.success() {
            bail!("xdotool: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Kills the app as a power cut would.
    pub async fn kill(mut self) -> Result<()> {
        self.driver.kill().await
    }

    /// Waits for the element with this test id.
    pub async fn find(&self, id: &str) -> Result<Element> {
        self.find_css(&by_id(id)).await
    }

    /// Waits for the first element that this selector matches.
    pub async fn find_css(&self, css: &str) -> Result<Element> {
        // The driver now and then answers nonsense while the page changes: that is no reason to give up.
        let look = || async { Ok(in_time(css, self.window.find(Locator::Css(css))).await??) };
        match wait::until(&format!("An element {css}"), PATIENCE, look).await {
            Ok(element) => Ok(element),
            Err(error) => {
                let picture = self.picture("missing").await.unwrap_or_default();
                bail!("{error:#}; see {}.", picture.display())
            }
        }
    }

    /// Returns true if the window shows the element now.
    pub async fn shows(&self, id: &str) -> Result<bool> {
        Ok(!self.window.find_all(Locator::Css(&by_id(id))).await?.is_empty())
    }

    /// Clicks.
    pub async fn click(&self, id: &str) -> Result<()> {
        self.click_css(&by_id(id)).await
    }

    /// Clicks the first element that this selector matches.
    pub async fn click_css(&self, css: &str) -> Result<()> {
        let what = format!("A click on {css}");
        // The driver takes a control for visible that is scrolled behind the bar above the page.
        const SHOW: &str = "document.querySelector(arguments[0])?.scrollIntoView({ block: 'nearest' })";
        let click = || async {
            let element = self.find_css(css).await?;
            in_time(css, self.window.execute(SHOW, vec![json!(css)])).await??;
            Ok(in_time(css, element.click()).await??)
        };
        match wait::until(&what, PATIENCE, click).await {
            Ok(()) => Ok(()),
            Err(error) => {
                let picture = self.picture("not-clicked").await.unwrap_or_default();
                bail!("{error:#}; see {}.", picture.display())
            }
        }
    }

    /// Stops the page's timers from now on, and with them autosave.
    pub async fn stop_timers(&self) -> Result<()> {
        self.window.execute("window.setTimeout = () => 0", vec![]).await?;
        Ok(())
    }

    /// Lets an event happen to the window.
    pub async fn dispatch(&self, event: &str) -> Result<()> {
        self.window.execute("window.dispatchEvent(new Event(arguments[0]))", vec![json!(event)]).await?;
        Ok(())
    }

    /// Types at the end of what a field holds, and returns at once.
    pub async fn add_to(&self, id: &str, text: &str) -> Result<()> {
        let field = self.find(id).await?;
        in_time(id, field.send_keys(text)).await?.with_context(|| format!("{id} takes no text"))
    }

    /// Replaces what a field holds by typing.
    pub async fn type_into(&self, id: &str, text: &str) -> Result<()> {
        let field = self.find(id).await?;
        // As a person does it: WebDriver's own "clear" changes the field without an input event.
        let select_all = format!("{}a{}", char::from(Key::Control), char::from(Key::Null));
        in_time(id, field.send_keys(&select_all)).await??;
        let typed = field.send_keys(if text.is_empty() { DELETE } else { text });
        in_time(id, typed).await?.with_context(|| format!("{id} takes no text"))
    }

    /// Presses keys together where the focus is: `ctrl+shift+z`.
    pub async fn press(&self, keys: &str) -> Result<()> {
        let name = |key: &str| match key {
            "ctrl" => String::from(char::from(Key::Control)),
            "shift" => String::from(char::from(Key::Shift)),
            "alt" => String::from(char::from(Key::Alt)),
            "enter" => String::from(char::from(Key::Enter)),
            "escape" => String::from(char::from(Key::Escape)),
            "down" => String::from(char::from(Key::Down)),
            "up" => String::from(char::from(Key::Up)),
            "left" => String::from(char::from(Key::Left)),
            other => other.to_owned(),
        };
        let all: String = keys.split('+').map(name).chain([String::from(char::from(Key::Null))]).collect();
        let focused = self.window.active_element().await?;
        in_time(keys, focused.send_keys(&all)).await?.with_context(|| format!("{keys} is not taken"))
    }

    /// Returns the test id of the element that has the focus.
    pub async fn focused(&self) -> Result<String> {
        let focused = self.window.active_element().await?;
        Ok(in_time("The focus", focused.attr("data-testid")).await??.unwrap_or_default())
    }

    /// Makes the window this many pixels wide and high.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        Ok(in_time("A new size", self.window.set_window_size(width, height)).await??)
    }

    /// Returns the value of a field.
    pub async fn value(&self, id: &str) -> Result<String> {
        Ok(in_time(id, self.find(id).await?.prop("value")).await??.unwrap_or_default())
    }

    /// Returns the text of an element.
    pub async fn text(&self, id: &str) -> Result<String> {
        Ok(in_time(id, self.find(id).await?.text()).await??)
    }

    /// An attribute of an element.
    pub async fn attribute(&self, id: &str, name: &str) -> Result<String> {
        Ok(in_time(id, self.find(id).await?.attr(name)).await??.unwrap_or_default())
    }

    /// Chooses in a list by the value behind the words.
    pub async fn choose(&self, id: &str, value: &str) -> Result<()> {
        Ok(in_time(id, self.find(id).await?.select_by_value(value)).await??)
    }

    /// Ticks a box that is not ticked.
    pub async fn tick(&self, id: &str) -> Result<()> {
        let field = self.find(id).await?;
        if !field.is_selected().await? {
            field.click().await?;
        }
        Ok(())
    }

    /// Waits until all that was typed is in the database.
    pub async fn saved(&self) -> Result<()> {
        wait::until("Saved", PATIENCE, || async {
            match self.text("save-state").await?.as_str() {
                "Saved" => Ok(()),
                other => bail!("the editor says {other:?}"),
            }
        })
        .await
    }

    /// Asks the core through the window. Returns the answer, or the error as `{"error": …}`.
    pub async fn ask(&self, name: &str, request: Value) -> Result<Value> {
        const ASK: &str = "const done = arguments[2]; window.__TAURI__.core.invoke('ipc', { name: arguments[0], request: arguments[1] }).then(done, (error) => done({ error }));";
        let answer = self.window.execute_async(ASK, vec![json!(name), json!(request.to_string())]);
        match in_time(name, answer).await?.with_context(|| format!("{name} was not answered"))? {
            Value::String(text) => Ok(serde_json::from_str(&text)?),
            error => Ok(error),
        }
    }

    /// Asks without waiting for the answer.
    pub async fn begin(&self, name: &str) -> Result<()> {
        const BEGIN: &str =
            "window.__TAURI__.core.invoke('ipc', { name: arguments[0], request: null }).catch(() => {});";
        self.window.execute(BEGIN, vec![json!(name)]).await?;
        Ok(())
    }

    /// Everything the page holds in text and in fields.
    pub async fn contents(&self) -> Result<String> {
        const READ: &str = "return document.documentElement.outerHTML + [...document.querySelectorAll('input, textarea')].map((field) => field.value).join('\\n');";
        Ok(self.window.execute(READ, vec![]).await?.as_str().unwrap_or_default().to_owned())
    }

    /// Scrolls an element to the top of the window.
    pub async fn scroll_to(&self, id: &str) -> Result<()> {
        const SCROLL: &str = "document.querySelector(arguments[0]).scrollIntoView()";
        self.find(id).await?;
        in_time(id, self.window.execute(SCROLL, vec![json!(by_id(id))])).await?.map(drop).map_err(Into::into)
    }

    /// Clicks and returns the milliseconds until the frame after the one in which elements with the other test id are
    /// there.
    pub async fn time_until_painted(&self, click: &str, shown: &str) -> Result<f64> {
        const TIME: &str = "const [click, shown, done] = arguments; const start = performance.now(); \
            const look = () => document.querySelector(shown) \
                ? requestAnimationFrame(() => done(performance.now() - start)) : requestAnimationFrame(look); \
            document.querySelector(click).click(); look();";
        let answer = self.window.execute_async(TIME, vec![json!(by_id(click)), json!(by_id(shown))]);
        in_time(shown, answer).await??.as_f64().context("The page measured nothing.")
    }

    /// Fails when the window shows an error.
    pub async fn shows_no_error(&self) -> Result<()> {
        if let Some(error) = self.window.find_all(Locator::Css(&by_id("error-message"))).await?.first() {
            bail!("The window shows an error: {}", error.text().await?);
        }
        Ok(())
    }

    /// Saves what the window shows; returns the file. The driver's own screenshots wait for ever when nothing moves.
    pub async fn picture(&self, name: &str) -> Result<PathBuf> {
        let file = self.pictures.join(format!("{name}.png"));
        let mut import = Command::new("import");
        let taken = import.args(["-display", &self.display, "-window", TITLE]).arg(&file).status().await?;
        if !taken.success() {
            bail!("The window could not be photographed.");
        }
        Ok(file)
    }
}

/// Returns where the app under test keeps its data.
pub fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}

/// The driver has no limit of its own: a window that hangs would hang the test.
async fn in_time<T>(what: &str, action: impl Future<Output = T>) -> Result<T> {
    let answer = tokio::time::timeout(DRIVER_PATIENCE, action).await;
    answer.with_context(|| format!("{what}: the driver did not answer for {} s", DRIVER_PATIENCE.as_secs()))
}

fn by_id(id: &str) -> String {
    format!("[data-testid=\"{id}\"]")
}

fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
