//! The metrics, or the open one.

mod editor;
mod list;

use beacon_shared::model::MetricDefinition;
use yew::prelude::*;

use super::documents::use_opening;
use crate::router::{Open, Page, use_router};
use crate::state::use_document;
use crate::widgets::ErrorBanner;
use editor::MetricEditor;
pub use editor::{KINDS, kind_of_event};
use list::List;

#[component]
pub fn Metrics() -> Html {
    let route = use_router().route;
    let id = match &route.open {
        Open::Document(id) => Some(id.as_str()),
        _ => None,
    };
    let document = use_document::<MetricDefinition>(id);
    let opening = use_opening(Page::Metrics, &route.open);
    if id.is_none() && route.open != Open::New {
        return html! { <List /> };
    }
    if id.is_some() && document.value.is_none() {
        return html! { <ErrorBanner error={document.error} on_retry={document.reload} /> };
    }
    html! {
        <MetricEditor key={opening.number} document={document.value} on_created={opening.on_created}
            on_close={opening.on_close} />
    }
}
