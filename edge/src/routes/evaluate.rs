//! Evaluation for servers, and for pages without `beacon.js`.

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::Response;
use beacon_shared::api::{EvaluateRequest, MAX_EVALUATE_BYTES, SiteBundle};
use beacon_shared::error::{Code, Error, Problem, Result};
use serde::Serialize;
use worker::{Cf, Env};

use super::collect::{allow_origin, may_ask};
use super::page;
use super::request::{answer, header as text, json};
use crate::bundles::{self, Live};
use crate::evaluation::{self, Published, has_experiment};
use crate::failure::{Answer, RETRY_AFTER, storage};

#[worker::send]
pub async fn assign(State(env): State<Env>, Path(id): Path<String>, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let has = |site: &SiteBundle| has_experiment(site, &id);
    evaluate(&env, parts, body, has, |site, request| evaluation::assign(site, &id, request)).await
}

#[worker::send]
pub async fn resolve(State(env): State<Env>, Path(key): Path<String>, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let has = |site: &SiteBundle| site.payload.pointer("/features").is_some_and(|f| f.get(&key).is_some());
    evaluate(&env, parts, body, has, |site, request| evaluation::resolve(site, &key, request)).await
}

#[worker::send]
pub async fn resolve_all(State(env): State<Env>, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    evaluate(&env, parts, body, |_| true, evaluation::resolve_all).await
}

async fn evaluate<T: Serialize>(
    env: &Env,
    parts: Parts,
    body: Body,
    has: impl Fn(&SiteBundle) -> bool,
    ask: impl Fn(&Published, &EvaluateRequest) -> Result<T>,
) -> Answer {
    let mut request: EvaluateRequest = json(body, MAX_EVALUATE_BYTES).await?;
    let live = find(env, &request, has).await?;
    let site = live.as_ref().and_then(|(live, id)| Some((live.site(id)?, live.published(id, super::now())?, id)));
    let Some((site, published, id)) = site else {
        return Err(Error::new(Code::NotFound, "No published site has this: check the id, or publish it first.").into());
    };
    may_ask(env, &parts.headers, site).await?;
    if !within_limit(env, &parts.headers, id).await? {
        let message = format!("Too many evaluations in one minute: retry in {RETRY_AFTER} seconds.");
        return Err(Error::new(Code::RateLimited, message).into());
    }
    // A browser speaks for its visitor; a server's address and agent are its own.
    if parts.headers.contains_key("origin") {
        for (name, value) in page::known(&parts.headers, parts.extensions.get::<Cf>()) {
            request.attributes.entry(name).or_insert(value);
        }
    }
    let response: Response = answer(&ask(&published, &request)?)?;
    Ok(allow_origin(response, &parts.headers))
}

/// The site that is meant: the one that is named, or the only one that has what is asked for.
async fn find(
    env: &Env,
    request: &EvaluateRequest,
    has: impl Fn(&SiteBundle) -> bool,
) -> Result<Option<(Live, String)>> {
    if !request.site_id.is_empty() {
        return Ok(Some((bundles::live_with(env, &request.site_id).await?, request.site_id.clone())));
    }
    let Some(live) = bundles::live(env).await? else { return Ok(None) };
    let mut ids = live.sites().filter(|(_, site)| has(site)).map(|(id, _)| id.clone());
    let first = ids.next();
    if ids.next().is_some() {
        let detail = "Several sites have this: name the one that is meant.";
        return Err(Error::invalid(vec![Problem::new("/site_id", detail)]));
    }
    drop(ids);
    Ok(first.map(|id| (live, id)))
}

/// Whether this address may ask about this site once more. An edge without a limiter has no limit.
pub async fn within_limit(env: &Env, headers: &HeaderMap, site: &str) -> Result<bool> {
    let Ok(limiter) = env.rate_limiter("EVALUATIONS") else { return Ok(true) };
    // Only the limiter's counter sees the address; nothing stores it.
    let address = text(headers, "cf-connecting-ip").unwrap_or_default();
    limiter.limit(format!("{site}:{address}")).await.map(|outcome| outcome.success).map_err(storage)
}
