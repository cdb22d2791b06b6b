//! The addresses of the window: every page, document and part of an editor has one, in the hash.

use beacon_shared::model::Kind;
use wasm_bindgen::{JsCast, closure::Closure};
use yew::prelude::*;

/// A page of the navigation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Page {
    #[default]
    Sites,
    Experiments,
    Flags,
    Metrics,
    Publish,
    Results,
    Settings,
}

impl Page {
    /// All pages, in the order of the navigation.
    pub const ALL: [Self; 7] =
        [Self::Sites, Self::Experiments, Self::Flags, Self::Metrics, Self::Publish, Self::Results, Self::Settings];

    /// Returns the kind of documents that the page edits.
    pub fn kind(self) -> Option<Kind> {
        match self {
            Self::Sites => Some(Kind::Site),
            Self::Experiments | Self::Results => Some(Kind::Experiment),
            Self::Flags => Some(Kind::Flag),
            Self::Metrics => Some(Kind::Metric),
            Self::Publish | Self::Settings => None,
        }
    }

    /// Returns the page's name in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sites => "sites",
            Self::Experiments => "experiments",
            Self::Flags => "flags",
            Self::Metrics => "metrics",
            Self::Publish => "publish",
            Self::Results => "results",
            Self::Settings => "settings",
        }
    }
}

/// The document or tab that a page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Open {
    /// The list, or all that the page has.
    #[default]
    List,
    /// A document that is not saved yet.
    New,
    /// Import and export.
    Import,
    /// A document.
    Document(String),
}

/// An address: `#/experiments/exp_1/metrics` is the metrics of one experiment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    pub page: Page,
    pub open: Open,
    /// The part of an editor that is scrolled to; may be empty.
    pub section: String,
}

impl Route {
    pub fn page(page: Page) -> Self {
        Self { page, ..Self::default() }
    }

    pub fn new(page: Page, open: Open) -> Self {
        Self { page, open, section: String::new() }
    }

    pub fn document(page: Page, id: &str) -> Self {
        Self::new(page, Open::Document(id.to_owned()))
    }

    /// Reads a hash such as `#/flags/new`. What is not an address is the first page.
    pub fn parse(hash: &str) -> Self {
        let mut parts = hash.trim_start_matches('#').split('/').skip(1).map(decoded);
        let name = parts.next().unwrap_or_default();
        let Some(page) = Page::ALL.into_iter().find(|page| page.as_str() == name) else { return Self::default() };
        let open = match parts.next().as_deref() {
            None | Some("") => Open::List,
            Some("new") => Open::New,
            Some("import") => Open::Import,
            Some(id) => Open::Document(id.to_owned()),
        };
        Self { page, open, section: parts.next().unwrap_or_default() }
    }

    /// Returns the address as a hash.
    pub fn hash(&self) -> String {
        let open = match &self.open {
            Open::List => String::new(),
            Open::New => "/new".to_owned(),
            Open::Import => "/import".to_owned(),
            Open::Document(id) => format!("/{}", encoded(id)),
        };
        let section = if self.section.is_empty() { String::new() } else { format!("/{}", encoded(&self.section)) };
        format!("#/{}{open}{section}", self.page.as_str())
    }
}

/// Ids and sections are plain; anything else is escaped, so that it stays one part of the address.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
        out
    })
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, behind)) = rest.split_first() {
        let escape = behind.get(..2).filter(|_| *byte == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match escape.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(value) => {
                bytes.push(value);
                rest = &behind[2..];
            }
            None => {
                bytes.push(*byte);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The way to other addresses, from the context.
#[derive(Clone, PartialEq)]
pub struct Router {
    pub route: Route,
    /// Opens an address; back leads here again.
    pub go: Callback<Route>,
    /// Puts an address in the place of this one, such as that of a document that was just created.
    pub replace: Callback<Route>,
}

impl Default for Router {
    fn default() -> Self {
        Self { route: Route::default(), go: Callback::noop(), replace: Callback::noop() }
    }
}

#[hook]
pub fn use_router() -> Router {
    use_context::<Router>().unwrap_or_default()
}

/// Keeps the address of the window and hears of back and forward. For the window itself; pages use [`use_router`].
#[hook]
pub fn use_address() -> Router {
    let route = use_state_eq(|| Route::parse(&address()));
    {
        let route = route.setter();
        use_effect_with((), move |()| {
            let changed = Closure::<dyn Fn()>::new(move || route.set(Route::parse(&address())));
            for event in ["popstate", "hashchange"] {
                if let Some(window) = web_sys::window() {
                    // Without it back and forward do nothing; everything else works.
                    let _ = window.add_event_listener_with_callback(event, changed.as_ref().unchecked_ref());
                }
            }
            // As long as the window.
            changed.forget();
        });
    }
    let way = |push: bool| {
        let route = route.setter();
        Callback::from(move |to: Route| {
            write(&to, push);
            route.set(to);
        })
    };
    Router { route: (*route).clone(), go: way(true), replace: way(false) }
}

/// Goes through the window's history.
pub fn travel(steps: i32) {
    if let Some(history) = web_sys::window().and_then(|window| window.history().ok()) {
        // At its end the window stays where it is.
        let _ = history.go_with_delta(steps);
    }
}

/// Returns true if the window is at this address now.
pub fn address_is(route: &Route) -> bool {
    Route::parse(&address()) == *route
}

fn address() -> String {
    web_sys::window().and_then(|window| window.location().hash().ok()).unwrap_or_default()
}

/// Writes the address into the window's history, behind the present one or in its place.
fn write(route: &Route, push: bool) {
    let hash = route.hash();
    let Some(history) = web_sys::window().and_then(|window| window.history().ok()) else { return };
    let nothing = wasm_bindgen::JsValue::NULL;
    // A webview that refuses leaves the page as it is shown, only without its address.
    let _ = match push && hash != address() {
        true => history.push_state_with_url(&nothing, "", Some(&hash)),
        false => history.replace_state_with_url(&nothing, "", Some(&hash)),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_leads_back_to_its_route() {
        let opens =
            [Open::List, Open::New, Open::Import, Open::Document("exp_01a-b".into()), Open::Document("a/ü %".into())];
        for page in Page::ALL {
            for open in &opens {
                for section in ["", "metrics", "a/b"] {
                    let route = Route { page, open: open.clone(), section: section.to_owned() };
                    // A list has no parts.
                    if section.is_empty() || *open != Open::List {
                        assert_eq!(Route::parse(&route.hash()), route, "{}", route.hash());
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_no_address_is_the_first_page() {
        for hash in ["", "#", "#/", "#/nowhere/x", "experiments", "#%"] {
            assert_eq!(Route::parse(hash), Route::default(), "{hash}");
        }
        assert_eq!(Route::parse("#/flags/"), Route::page(Page::Flags));
        assert_eq!(Route::parse("#/results/exp_1%"), Route::document(Page::Results, "exp_1%"));
    }
}
