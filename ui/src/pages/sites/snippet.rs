//! The line for a site's pages.

use yew::prelude::*;

use crate::widgets::{Copyable, Note};

#[derive(Properties, PartialEq)]
pub struct SnippetProps {
    /// Document id of the site.
    pub site: String,
    /// The edge's address, once there is one.
    pub edge: Option<String>,
}

#[component]
pub fn Snippet(props: &SnippetProps) -> Html {
    let edge = props.edge.as_deref().unwrap_or("https://your-edge.example").trim_end_matches('/');
    let id = &props.site;
    let tag = format!(r#"<script src="{edge}/beacon.js?site={id}" data-site-id="{id}" defer></script>"#);
    let note = if props.edge.is_some() {
        "Paste it into the <head> of every page, as high as possible. It works once the site is published."
    } else {
        "Connect an edge in Settings. Its address then replaces your-edge.example."
    };
    html! { <Copyable title="Snippet" text={tag} testid="site-snippet"><Note text={note} /></Copyable> }
}
