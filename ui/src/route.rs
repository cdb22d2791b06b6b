//! Which page is shown: the part of the address after `#`.

use gloo_events::EventListener;
use wasm_bindgen::JsValue;
use yew::prelude::*;

/// One document of a list, or one that does not exist yet.
#[derive(Clone, Debug, PartialEq)]
pub enum Which {
    /// The document is made when something is typed.
    New,
    /// By document id.
    Id(String),
}

/// The pages.
#[derive(Clone, Debug, PartialEq)]
pub enum Route {
    /// What to do first.
    Welcome,
    /// All sites, one of them open.
    Sites(Option<Which>),
    /// All experiments, or one.
    Experiments(Option<Which>),
    /// All flags, or one.
    Flags(Option<Which>),
    /// What would change, and the button.
    Publish,
    /// All results, or one experiment's.
    Results(Option<String>),
    /// The connection.
    Settings,
}

impl Route {
    /// The page of an address; an unknown one is the start.
    pub fn parse(hash: &str) -> Self {
        let mut parts = hash.trim_start_matches(['#', '/']).split('/').filter(|p| !p.is_empty());
        let page = parts.next();
        let rest = parts.next().map(str::to_owned);
        let which = |rest: Option<String>| rest.map(|id| if id == "new" { Which::New } else { Which::Id(id) });
        match page {
            Some("sites") => Self::Sites(which(rest)),
            Some("experiments") => Self::Experiments(which(rest)),
            Some("flags") => Self::Flags(which(rest)),
            Some("publish") => Self::Publish,
            Some("results") => Self::Results(rest),
            Some("settings") => Self::Settings,
            _ => Self::Welcome,
        }
    }

    /// The address of a page.
    pub fn hash(&self) -> String {
        let document = |page: &str, which: &Option<Which>| match which {
            None => format!("#/{page}"),
            Some(Which::New) => format!("#/{page}/new"),
            Some(Which::Id(id)) => format!("#/{page}/{id}"),
        };
        match self {
            Self::Welcome => "#/".to_owned(),
            Self::Sites(which) => document("sites", which),
            Self::Experiments(which) => document("experiments", which),
            Self::Flags(which) => document("flags", which),
            Self::Publish => "#/publish".to_owned(),
            Self::Results(None) => "#/results".to_owned(),
            Self::Results(Some(id)) => format!("#/results/{id}"),
            Self::Settings => "#/settings".to_owned(),
        }
    }

    /// Goes there.
    pub fn go(&self) {
        if let Some(window) = web_sys::window() {
            // An address with only another fragment is never refused.
            let _ = window.location().set_hash(&self.hash());
        }
    }

    /// Writes the address without going there: the page that is shown has got a name of its own.
    pub fn rename(&self) {
        if let Some(history) = web_sys::window().and_then(|w| w.history().ok()) {
            let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&self.hash()));
        }
    }
}

/// Where the window is, and how often it went somewhere: going to the same place twice starts it anew.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The page.
    pub route: Route,
    /// Counts the moves.
    pub visit: u32,
}

/// The place, kept up to date.
#[hook]
pub fn use_place() -> Place {
    let place = use_state_eq(|| Place { route: current(), visit: 0 });
    {
        let place = place.clone();
        use_effect_with((), move |()| {
            let listener = web_sys::window().map(|window| {
                EventListener::new(&window, "hashchange", move |_| {
                    place.set(Place { route: current(), visit: place.visit.wrapping_add(1) });
                })
            });
            move || drop(listener)
        });
    }
    (*place).clone()
}

fn current() -> Route {
    let hash = web_sys::window().and_then(|w| w.location().hash().ok());
    Route::parse(&hash.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{Route, Which};

    #[test]
    fn every_page_has_an_address_that_leads_back() {
        let id = || Some(Which::Id("exp_1".to_owned()));
        for route in [
            Route::Welcome,
            Route::Sites(None),
            Route::Sites(Some(Which::New)),
            Route::Experiments(id()),
            Route::Flags(Some(Which::New)),
            Route::Publish,
            Route::Results(None),
            Route::Results(Some("exp_1".to_owned())),
            Route::Settings,
        ] {
            assert_eq!(Route::parse(&route.hash()), route);
        }
        assert_eq!(Route::parse("#/nowhere"), Route::Welcome);
    }
}
