//! The collector's two addresses.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use beacon_shared::api::{BatchResponse, CollectRequest, Refused, Scope, SiteBundle};
use beacon_shared::error::{Code, Error, Problem, Result};
use beacon_shared::event::{MAX_BATCH, MAX_BODY_BYTES};
use worker::{Cf, Env, Method, RequestInit, Stub};

use super::request::{answer, caller, header as text, json};
use crate::bundles;
use crate::events::{agent, origin, validate};
use crate::failure::{Answer, storage};
use crate::site_log::{Appended, Entry};

#[worker::send]
pub async fn collect(State(env): State<Env>, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let batch: CollectRequest = json(body, MAX_BODY_BYTES).await?;
    if batch.events.len() > MAX_BATCH {
        return Err(Error::new(Code::TooLarge, format!("Send at most {MAX_BATCH} events at a time.")).into());
    }
    if batch.events.is_empty() {
        return Err(Error::invalid(vec![Problem::new("/events", "Send at least one event.")]).into());
    }
    let live = bundles::live_with(&env, &batch.site_id).await?;
    if let Some(site) = live.site(&batch.site_id) {
        may_ask(&env, &parts.headers, site).await?;
    }
    let context = context(&parts.headers, parts.extensions.get::<Cf>(), &batch);
    let (entries, refused) = sort(&batch, &context)?;
    let duplicates = if entries.is_empty() { 0 } else { append(&env, &batch.site_id, &entries).await?.duplicates };
    let response = answer(&BatchResponse { accepted: entries.len(), duplicates, refused })?;
    Ok(allow_origin(response, &parts.headers))
}

/// A preflight has no body and so no site: any published site's page may ask.
#[worker::send]
pub async fn preflight(State(env): State<Env>, request: Request) -> Answer {
    let host = page(request.headers());
    let live = bundles::live(&env).await?;
    let known =
        live.is_some_and(|live| live.sites().any(|(_, site)| origin::check(site, host.as_deref(), false).is_ok()));
    if !known {
        return Err(Error::new(Code::SiteRefused, "No published site has this page's host: add and publish it.").into());
    }
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
        (header::ACCESS_CONTROL_MAX_AGE, "60"),
    ];
    Ok(allow_origin((StatusCode::NO_CONTENT, headers).into_response(), request.headers()))
}

/// Whether a page of the site asks, or a server with a key for evaluation.
pub async fn may_ask(env: &Env, headers: &HeaderMap, site: &SiteBundle) -> Result<()> {
    let host = page(headers);
    let by_key = headers.get(header::ORIGIN).is_none()
        && host.is_none()
        && caller(env, headers).await?.is_some_and(|c| c.may(Scope::Evaluate));
    origin::check(site, host.as_deref(), by_key)
}

fn page(headers: &HeaderMap) -> Option<String> {
    origin::host(text(headers, "origin"), text(headers, "referer"))
}

/// Lets the page that asked read the answer.
pub fn allow_origin(mut response: Response, request: &HeaderMap) -> Response {
    let headers = response.headers_mut();
    if let Some(origin) = request.get(header::ORIGIN) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
    }
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    response
}

fn context(headers: &HeaderMap, cf: Option<&Cf>, batch: &CollectRequest) -> validate::Context {
    let purpose = text(headers, "sec-purpose").or_else(|| text(headers, "purpose")).unwrap_or_default();
    validate::Context {
        site_id: batch.site_id.clone(),
        now: super::now(),
        agent: agent::read(text(headers, "user-agent").unwrap_or_default()),
        webdriver: batch.webdriver,
        prefetch: purpose.contains("prefetch") || purpose.contains("prerender"),
        country: cf.and_then(Cf::country),
        region: cf.and_then(Cf::region),
    }
}

/// What goes into the log, and what never will.
fn sort(batch: &CollectRequest, context: &validate::Context) -> Result<(Vec<Entry>, Vec<Refused>)> {
    let mut entries = Vec::with_capacity(batch.events.len());
    let mut refused = Vec::new();
    for (index, value) in batch.events.iter().enumerate() {
        match validate::event(value, context) {
            Ok(event) => {
                let body = serde_json::to_string(&event)
                    .map_err(|e| Error::new(Code::Internal, format!("An event cannot be written: {e}.")))?;
                entries.push(Entry { id: event.event_id, body });
            }
            Err(problems) => refused.push(Refused { index, problems }),
        }
    }
    Ok((entries, refused))
}

/// The one sink: the site's log has it on disk when this returns.
async fn append(env: &Env, site: &str, entries: &[Entry]) -> Result<Appended> {
    let body = serde_json::to_string(entries).map_err(storage)?;
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(body.into()));
    let request = worker::Request::new_with_init(&log_url("append", site, &[])?, &init).map_err(storage)?;
    let mut response = log(env, site)?.fetch_with_request(request).await.map_err(storage)?;
    if response.status_code() != 200 {
        return Err(storage(format!("the site log answered {}", response.status_code())));
    }
    response.json().await.map_err(storage)
}

/// The object that writes a site's log.
pub fn log(env: &Env, site: &str) -> Result<Stub> {
    let namespace = env.durable_object("SITE_LOG").map_err(storage)?;
    namespace.id_from_name(site).and_then(|id| id.get_stub()).map_err(storage)
}

/// An address inside that object.
pub fn log_url(path: &str, site: &str, numbers: &[(&str, u64)]) -> Result<String> {
    let mut url = url::Url::parse("https://site-log").map_err(storage)?;
    url.set_path(path);
    url.query_pairs_mut().append_pair("site", site);
    for (name, number) in numbers {
        url.query_pairs_mut().append_pair(name, &number.to_string());
    }
    Ok(url.into())
}
