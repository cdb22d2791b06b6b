//! The edge's own knowledge of a visitor, and the page that asks.

use axum::http::HeaderMap;
use axum::http::header;
use axum::http::request::Parts;
use beacon_shared::api::Scope;
use beacon_shared::error::Result;
use serde_json::{Map, Value, json};

use crate::deps::Deps;
use crate::domain::events::{Arrival, origin, user_agent};
use crate::http::{address, caller, text};
use crate::isolate::live::Entry;
use crate::ports::Place;

/// Returns the attributes that the edge adds for targeting.
pub fn attributes(parts: &Parts) -> Map<String, Value> {
    let agent = user_agent::read(text(&parts.headers, header::USER_AGENT).unwrap_or_default());
    let place = parts.extensions.get::<Place>().cloned().unwrap_or_default();
    let known = [
        ("country", json!(place.country)),
        ("region", json!(place.region)),
        ("device", json!(agent.device)),
        ("browser", json!(agent.browser)),
        ("os", json!(agent.os)),
    ];
    known.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Returns what the edge knows of a request for a site.
pub async fn arrival(deps: &Deps, parts: &Parts) -> Result<Arrival> {
    let headers = &parts.headers;
    let host = origin::host(text(headers, header::ORIGIN), text(headers, header::REFERER));
    // A page speaks for its visitor; only a server, which has no page, speaks with a key.
    let is_server = !from_page(headers) && host.is_none();
    let by_key = is_server && caller(deps, headers).await?.is_some_and(|c| c.may(Scope::Evaluate));
    let purpose = text(headers, "sec-purpose").or_else(|| text(headers, "purpose")).unwrap_or_default();
    Ok(Arrival {
        host,
        by_key,
        address: address(headers),
        user_agent: text(headers, header::USER_AGENT).unwrap_or_default().to_owned(),
        prefetch: purpose.contains("prefetch") || purpose.contains("prerender"),
        place: parts.extensions.get::<Place>().cloned().unwrap_or_default(),
    })
}

/// Returns true if a page asks. A server's address and agent are its own and say nothing of a visitor.
pub fn from_page(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN)
}

/// Fails unless a page of the site asks, or a server with a key.
pub fn check(entry: &Entry, arrival: &Arrival) -> Result<()> {
    origin::check(entry, arrival.host.as_deref(), arrival.by_key)
}
